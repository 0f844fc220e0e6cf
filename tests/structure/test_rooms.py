"""The rooms of the code and who may enter which: walked through the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")])

# room -> what its imports may not begin with
FORBIDDEN = {
    "chalicelib/api": ["boto3", "botocore", "pynamodb", "argon2", "jinja2"],
    "chalicelib/domain": ["boto3", "botocore", "pynamodb", "chalice", "chalicelib.api"],
    "chalicelib/store": ["chalice", "chalicelib.api", "chalicelib.domain"],
}
# What `api` may take from `store`: the names of entities and the form of ids and pages.
NAMES_FROM_STORE = {"is_id", "is_task_id", "project_of", "Once", "Page"}


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything `path` imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def _begins(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_imports_keep_to_the_rooms(path: Path) -> None:
    for room, packages in FORBIDDEN.items():
        if not _name(path).startswith(room):
            continue
        for module, name in _imports(path):
            whole = f"{module}.{name}" if name else module
            assert not any(_begins(whole, package) for package in packages), whole


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_api_names_entities_but_never_calls_the_store(path: Path) -> None:
    if not _name(path).startswith("chalicelib/api"):
        return
    for module, name in _imports(path):
        if _begins(module, "chalicelib.store"):
            assert name in NAMES_FROM_STORE or name[0].isupper(), f"{module}.{name}"


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_only_settings_reads_the_environment(path: Path) -> None:
    if _name(path) == "chalicelib/settings.py":
        return
    text = path.read_text()
    assert "os.environ" not in text and "getenv" not in text


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_domain_and_store_are_told_the_time(path: Path) -> None:
    if _name(path).startswith(("chalicelib/domain", "chalicelib/store")):
        calls = {".now(", ".utcnow(", ".today(", "chalicelib.clock"}
        assert not any(call in path.read_text() for call in calls)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_nothing_scans_and_nothing_writes_in_batches(path: Path) -> None:
    text = path.read_text().replace("transaction.save(", "").replace("image.save(", "")
    assert ".scan(" not in text
    assert ".batch_write(" not in text and ".save(" not in text


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_no_test_replaces_our_own_code() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            text = path.read_text()
            assert "mock.patch" not in text and "monkeypatch.setattr" not in text, path
