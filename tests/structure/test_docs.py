"""The documents keep up with the code: links, routes, error codes, entities."""

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
# The stage's own name, and what only emulators need.
NOT_TO_BE_SET = {"Stage", "S3AddressingStyle"}

_CODE_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_CODE_GIVEN = re.compile(r"""\bcode=["'](\w+)["']""")
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


def _family(base: type[Any]) -> Iterator[type[Any]]:
    """All subclasses of `base`, their subclasses too, that are ours."""
    for child in base.__subclasses__():
        if child.__module__.startswith("chalicelib."):
            yield child
        yield from _family(child)


ENTITIES = sorted(set(_family(Item)), key=lambda entity: entity.__name__)


def _codes() -> set[str]:
    """Every code that a caller can meet: of the errors, of their special cases, of the gateway."""
    sources = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    gateway = (ROOT / "infra" / "resources.yaml").read_text()
    general = {error.code for error in _family(ApiError)}
    return general | set(_CODE_GIVEN.findall(sources)) | set(_GATEWAY_CODE.findall(gateway))


def _prose(page: Path) -> str:
    return _CODE_BLOCK.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    anchors: dict[str, int] = {}
    for heading in _HEADING.findall(_prose(page)):
        words = re.sub(r"[^\w\- ]", "", _LINK.sub(r"\1", heading).lower()).replace(" ", "-")
        anchors[words] = anchors.get(words, -1) + 1
    return {f"{word}-{n}" if n else word for word, last in anchors.items() for n in range(last + 1)}


def _section(page: Path, heading: str) -> str:
    """What stands below `heading`, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page.read_text(), re.M | re.S)
    return found[1] if found else ""


def _name(value: Any) -> str:
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else str(value)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_points_at_something(page: Path) -> None:
    for text, target in _LINK.findall(_prose(page)):
        if target.startswith(("https://", "mailto:")):
            continue
        address, _, anchor = target.partition("#")
        found = (page.parent / address).resolve() if address else page
        assert found.exists(), target
        assert found.is_relative_to(ROOT), target
        assert not anchor or anchor in _anchors(found), target
        if text.startswith("`test_"):
            assert f"def {text.strip('`')}(" in found.read_text(), text


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_has_a_section(route: str) -> None:
    assert f"### `{route}`\n" in API.read_text()


def test_no_route_is_described_that_is_not_there() -> None:
    described = re.findall(r"^### `(.+)`$", API.read_text(), re.MULTILINE)
    assert set(described) <= set(ROUTES)
    assert len(described) == len(set(described))


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_begins_with_what_it_lets_a_caller_do(route: str) -> None:
    action = ACTIONS[route]
    begins = "*Public.*" if action is Action.PUBLIC else f"`{action}`"
    assert _section(API, f"`{route}`").lstrip().startswith(begins)


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.PUBLIC])
def test_the_table_of_permissions_is_the_one_of_the_code(action: Action) -> None:
    lines = _section(API, "Who may do what").splitlines()
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    roles, scope, routes = next(cells for cells in rows if cells[0] == f"`{action}`")[1:]
    rule = PERMISSIONS[action]
    who = {"site staff"} if rule.staff else {str(role) for role in rule.roles}
    assert set(filter(None, roles.split(", "))) == who
    assert scope == (f"`{rule.scope}`" if rule.scope else "no API token")
    if rule.scope:
        ours = {route for route in ROUTES if ACTIONS[route] is action}
        assert set(re.findall("`(.+?)`", routes)) == ours


@pytest.mark.parametrize("code", sorted(_codes()))
def test_every_error_code_is_explained(code: str) -> None:
    assert f"`{code}`" in _section(API, "Errors")


def _raised() -> Iterator[tuple[str, str]]:
    """Error and code of every failure that the code names."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                for given in call.keywords:
                    if given.arg == "code" and isinstance(given.value, ast.Constant):
                        yield call.func.id, given.value.value


@pytest.mark.parametrize(("error", "code"), sorted(set(_raised())))
def test_every_error_says_when_its_code_is_met(error: str, code: str) -> None:
    kind = getattr(errors, error)
    assert code in kind.codes and kind.code in kind.codes


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

    Both stand in the section "Items" of the data model. The link is None if there is no row.
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
def test_every_verb_of_make_that_a_page_names_is_there(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = re.findall(r"(?:^|`|\$ )make ([a-z]+)", page.read_text(), re.M)
    assert set(commands) <= verbs


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_function_and_event_that_a_page_calls_is_there(page: Path) -> None:
    """But for events that somebody saves from a dead letter."""
    text = page.read_text()
    assert set(re.findall(r"FUNCTION=(\w+)", text)) <= {*FUNCTIONS, "APIHandler"}
    events = set(re.findall(r"EVENT=(events/\S+?\.json)", text))
    assert {event for event in events if not (ROOT / event).exists()} == set()


def test_every_function_is_in_the_table_of_what_runs() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", _section(OPERATIONS, "What runs"), re.M)
    assert sorted(name.replace("API", "Api") for name in listed) == FUNCTIONS


def test_every_setting_of_a_stage_is_explained() -> None:
    resources = (ROOT / "infra" / "resources.yaml").read_text()
    parameters = re.search(r"^Parameters:\n(.*?)^\w", resources, re.M | re.S)
    names = set(re.findall(r"^  (\w+):", parameters[1] if parameters else "", re.M))
    explained = set(re.findall(r"`(\w+)`", _section(DEPLOYMENT, "Stages")))
    assert names - explained == NOT_TO_BE_SET


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = [target for _, target in _LINK.findall((folder / "README.md").read_text())]
    assert listed == sorted(page.name for page in folder.glob("0*.md"))
