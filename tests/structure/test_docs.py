"""The documents agree with the code: links, routes, error codes and entities."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib import errors
from chalicelib.access.permissions import PERMISSIONS, Action
from chalicelib.dynamodb.table import Item
from chalicelib.errors import ApiError

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
API = ROOT / "docs" / "api.md"
DATA_MODEL = ROOT / "docs" / "data-model.md"
OPERATIONS, DEPLOYMENT = ROOT / "docs" / "operations.md", ROOT / "docs" / "deployment.md"
# The name of the stage, and parameters that only emulators need.
NOT_IN_STAGE_TABLE = {"Stage", "S3AddressingStyle", "LiveBaseUrl", "AllowLoopbackWebhooks"}

_CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_CODE_ARGUMENT = re.compile(r"""\bcode=["'](\w+)["']""")
_GATEWAY_CODE = re.compile(r'"code": "(\w+)"')

ACTIONS = {
    f"{method} {path}": getattr(entry.view_function, "action", Action.PUBLIC)
    for path, methods in app.routes.items()
    for method, entry in methods.items()
    if method not in {"HEAD", "OPTIONS"}
}
ROUTES = list(ACTIONS)
FUNCTIONS = sorted(
    "".join(word.capitalize() for word in path.stem.removeprefix("policy-").split("_"))
    for path in (ROOT / ".chalice").glob("policy-*.json")
)


def find_subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """Yield the direct and indirect subclasses of `base` in chalicelib."""
    for child in base.__subclasses__():
        if child.__module__.startswith("chalicelib."):
            yield child
        yield from find_subclasses(child)


ENTITIES = sorted(set(find_subclasses(Item)), key=lambda entity: entity.__name__)


def _codes() -> set[str]:
    """Return all error codes: of the error classes, of `code=` arguments and of the gateway."""
    sources = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    gateway = (ROOT / "infra" / "resources.yaml").read_text()
    of_classes = {error.code for error in find_subclasses(ApiError)}
    return of_classes | set(_CODE_ARGUMENT.findall(sources)) | set(_GATEWAY_CODE.findall(gateway))


def _prose(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return _CODE_BLOCK.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub creates for the headings of a page."""
    anchors: dict[str, int] = {}
    for heading in _HEADING.findall(_prose(page)):
        words = re.sub(r"[^\w\- ]", "", _LINK.sub(r"\1", heading).lower()).replace(" ", "-")
        anchors[words] = anchors.get(words, -1) + 1
    return {f"{word}-{n}" if n else word for word, last in anchors.items() for n in range(last + 1)}


def _section(page: Path, heading: str) -> str:
    """Return the text below `heading`, up to the next heading of any level."""
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page.read_text(), re.M | re.S)
    return match[1] if match else ""


def _name(value: Any) -> str:
    """Return the test id of a parameter."""
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_has_a_target(page: Path) -> None:
    for text, target in _LINK.findall(_prose(page)):
        if target.startswith(("https://", "mailto:")):
            continue
        address, _, anchor = target.partition("#")
        linked = (page.parent / address).resolve() if address else page
        assert linked.exists(), target
        assert linked.is_relative_to(ROOT), target
        assert not anchor or anchor in _anchors(linked), target
        if text.startswith("`test_"):
            assert f"def {text.strip('`')}(" in linked.read_text(), text


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_has_a_section(route: str) -> None:
    assert f"### `{route}`\n" in API.read_text()


def test_every_described_route_exists() -> None:
    described = re.findall(r"^### `(.+)`$", API.read_text(), re.MULTILINE)
    assert set(described) <= set(ROUTES)
    assert len(described) == len(set(described))


@pytest.mark.parametrize("route", ROUTES)
def test_the_section_of_a_route_begins_with_its_action(route: str) -> None:
    action = ACTIONS[route]
    beginning = "*Public.*" if action is Action.PUBLIC else f"`{action}`"
    assert _section(API, f"`{route}`").lstrip().startswith(beginning)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.PUBLIC])
def test_the_permission_table_agrees_with_the_code(action: Action) -> None:
    lines = _section(API, "Who may do what").splitlines()
    table = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    roles, scope, routes = next(cells for cells in table if cells[0] == f"`{action}`")[1:]
    permission = PERMISSIONS[action]
    allowed = {"site staff"} if permission.staff else {str(role) for role in permission.roles}
    assert set(filter(None, roles.split(", "))) == allowed
    assert scope == (f"`{permission.scope}`" if permission.scope else "no API token")
    if permission.scope:
        expected = {route for route in ROUTES if ACTIONS[route] is action}
        assert set(re.findall("`(.+?)`", routes)) == expected


@pytest.mark.parametrize("code", sorted(_codes()))
def test_every_error_code_is_explained(code: str) -> None:
    assert f"`{code}`" in _section(API, "Errors")


def _list_raised_codes() -> Iterator[tuple[str, str]]:
    """Yield the error class and the code of each call with a `code=` argument."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                for keyword in call.keywords:
                    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                        yield call.func.id, keyword.value.value


@pytest.mark.parametrize(("error", "code"), sorted(set(_list_raised_codes())))
def test_every_error_class_lists_its_codes(error: str, code: str) -> None:
    error_class = getattr(errors, error)
    assert code in error_class.codes and error_class.code in error_class.codes


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: str(entity.__name__))
def test_every_entity_is_described_with_its_attributes(entity: type[Item]) -> None:
    """An entity has a table row; a base of entities may have only a list item.

    Inherited attributes are described once, at the base, which the entity's row names.
    """
    link, description = _description(entity)
    assert description, "add a table row or a list item"
    assert link is not None or entity.__subclasses__(), "add a table row"
    if link is not None:
        assert (DATA_MODEL.parent / link).resolve() == Path(inspect.getfile(entity))
    base = entity.__mro__[1]
    assert base is Item or base.__name__ in description
    own = set(entity.get_attributes()) - set(base.get_attributes())
    assert {name for name in own if f"`{name}`" not in description} == set()


def _description(entity: type[Item]) -> tuple[str | None, str]:
    """Return the link in the entity's table row, and the row with the list item about the entity.

    Both are in the section "Items" of the data model. The link is None if there is no row.
    """
    items = DATA_MODEL.read_text().partition("\n## Items\n")[2].partition("\n## ")[0]
    name = entity.__name__
    row = re.search(rf"^\| \[{name}\]\((.+?)\) \|.*$", items, re.M)
    details = re.search(rf"^- \*\*{name}\*\*.*\n(?:  .*\n)*", items, re.M)
    text = (row[0] if row else "") + (details[0] if details else "")
    return (row[1] if row else None), text


def test_every_index_is_described() -> None:
    described = _section(DATA_MODEL, "Indexes")
    assert {name for name in Item._indexes if f"`{name}`" not in described} == set()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_make_target_on_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = re.findall(r"(?:^|`|\$ )make ([a-z0-9]+)", page.read_text(), re.M)
    assert set(commands) <= targets


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_function_and_event_on_a_page_exists(page: Path) -> None:
    """Events that a reader saves from a dead letter need not exist."""
    text = page.read_text()
    assert set(re.findall(r"FUNCTION=(\w+)", text)) <= {*FUNCTIONS, "APIHandler"}
    events = set(re.findall(r"EVENT=(events/\S+?\.json)", text))
    assert {event for event in events if not (ROOT / event).exists()} == set()


def test_every_function_is_in_the_table_of_functions() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", _section(OPERATIONS, "What runs"), re.M)
    assert sorted(name.replace("API", "Api") for name in listed) == FUNCTIONS


def test_every_setting_of_a_stage_is_explained() -> None:
    resources = (ROOT / "infra" / "resources.yaml").read_text()
    parameters = re.search(r"^Parameters:\n(.*?)^\w", resources, re.M | re.S)
    names = set(re.findall(r"^  (\w+):", parameters[1] if parameters else "", re.M))
    explained = set(re.findall(r"`(\w+)`", _section(DEPLOYMENT, "Stages")))
    assert names - explained == NOT_IN_STAGE_TABLE


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = [target for _, target in _LINK.findall((folder / "README.md").read_text())]
    assert listed == sorted(page.name for page in folder.glob("0*.md"))
