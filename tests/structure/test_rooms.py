"""The rooms of the code and who may enter which: walked through the imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

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
    return f"{module}.".startswith(package + ".")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _with(*texts: str, rooms: str | tuple[str, ...] = "") -> list[tuple[str, str]]:
    """Which file of `rooms` holds which of `texts`."""
    files = [path for path in SOURCES if _name(path).startswith(rooms)]
    return [(_name(path), text) for path in files for text in texts if text in path.read_text()]


def test_imports_keep_to_the_rooms() -> None:
    trespasses = [
        (_name(path), module, name)
        for room, packages in FORBIDDEN.items()
        for path in SOURCES
        if _name(path).startswith(room)
        for module, name in _imports(path)
        if any(_begins(f"{module}.{name}", package) for package in packages)
    ]
    assert trespasses == []


def test_api_names_entities_but_never_calls_the_store() -> None:
    calls = [
        (_name(path), module, name)
        for path in SOURCES
        if _name(path).startswith("chalicelib/api")
        for module, name in _imports(path)
        if _begins(module, "chalicelib.store")
        and not (name in NAMES_FROM_STORE or name[:1].isupper())
    ]
    assert calls == []


def test_only_settings_reads_the_environment() -> None:
    assert {name for name, _ in _with("os.environ", "getenv")} == {"chalicelib/settings.py"}


def test_domain_and_store_are_told_the_time() -> None:
    rooms = ("chalicelib/domain", "chalicelib/store")
    assert _with(".now(", ".utcnow(", ".today(", "chalicelib.clock", rooms=rooms) == []


def test_nothing_scans_and_nothing_writes_in_batches() -> None:
    assert _with(".scan(", ".batch_write(") == []
    saving = [line.strip() for path in SOURCES for line in path.read_text().splitlines()]
    saving = [line for line in saving if ".save(" in line]
    assert [s for s in saving if "transaction.save(" not in s and "image.save(" not in s] == []


def test_files_stay_short() -> None:
    lines = {_name(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_no_test_replaces_our_own_code() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            text = path.read_text()
            assert "mock.patch" not in text and "monkeypatch.setattr" not in text, path
