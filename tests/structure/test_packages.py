"""The packages of chalicelib and the rules between them, checked against the imports."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")])
PACKAGES = sorted(path.parent for path in (ROOT / "chalicelib").glob("*/__init__.py"))
# Modules beside the packages; every package may import them.
SHARED = {
    "settings",
    "errors",
    "clock",
    "observability",
    "text",
    "email_addresses",
    "newer_releases",
    "deferred_imports",
}
# Files that hold no data access and that models may import.
PURE = {"chalicelib.reminders.schedule", "chalicelib.tasks.cards"}
# Words of an earlier private vocabulary; file names use the standard terms instead.
PRIVATE_WORDS = set(
    """
    alarms assignments backlog catalogue changes charts domain edges entry envelopes errands
    farewell feedback figures following full_pages hanging keys_of letters limits mailing
    making mornings notices numbers objects pacing parts people purging quotas reach
    receipts reconciliation recounting reminding reporting sheets side_by_side spending
    staff_letters stationery store stream_tells sums sweeps syncing tallying ticking
    unsubscribing uploads wake weekly words workers working zones
    """.split()  # noqa: SIM905
)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in SOURCES}


def _package(module: str) -> str:
    """`tasks` for chalicelib.tasks.models; `settings` for chalicelib.settings."""
    return module.split(".")[1] if "." in module else module


def _file(module: str) -> str:
    return module.rpartition(".")[2]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def _imports(path: Path) -> frozenset[str]:
    """Every module that `path` imports, anywhere in the file."""
    imports: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = names & MODULES.keys()
            imports |= modules | ({node.module} if modules != names else set())
    return frozenset(imports)


def _own_imports(path: Path) -> set[str]:
    """Return the modules of chalicelib that `path` imports."""
    return {module for module in _imports(path) if module.startswith("chalicelib.")}


def _importers_of(*libraries: str) -> set[str]:
    return {
        module
        for module, path in MODULES.items()
        if any(name.split(".")[0] in libraries for name in _imports(path))
    }


def _is_models(module: str) -> bool:
    return _file(module) == "models" or _file(module).endswith("_models")


def _is_routes(module: str) -> bool:
    return _file(module) == "routes" or _file(module).endswith("_routes")


def test_only_models_and_dynamodb_import_pynamodb() -> None:
    importers = _importers_of("pynamodb")
    assert {m for m in importers if not _is_models(m) and _package(m) != "dynamodb"} == set()


def test_only_aws_and_dynamodb_import_the_aws_libraries() -> None:
    importers = _importers_of("boto3", "botocore")
    assert {m for m in importers if _package(m) not in {"aws", "dynamodb"}} == set()


def test_only_routes_and_http_import_chalice() -> None:
    importers = _importers_of("chalice") - {"app"}
    assert {m for m in importers if not _is_routes(m) and _package(m) != "http"} == set()


def test_values_are_structs() -> None:
    """To define a dataclass takes ten times as long, at every cold start."""
    assert _importers_of("dataclasses") == {"chalicelib.relations.cycles"}


def test_no_module_imports_the_chart_at_its_top() -> None:
    """Only the functions that run jobs have Pillow, in a layer; the others could not start."""
    importers = {
        module
        for module, path in MODULES.items()
        for node in _tree(path).body
        if isinstance(node, ast.ImportFrom)
        and "chalicelib.reports.chart" in {f"{node.module}.{alias.name}" for alias in node.names}
    }
    assert importers == set()
    assert _importers_of("PIL") == {"chalicelib.reports.chart"}


def test_libraries_that_few_requests_need_are_imported_on_use() -> None:
    imported = {
        (module, name)
        for module, path in MODULES.items()
        for node in _tree(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None), *(alias.name for alias in node.names))
        if name in {"webauthn", "joserfc", "nh3", "pyromark", "urllib3", "xlsxwriter"}
    }
    assert imported == set()


def test_only_the_app_imports_routes() -> None:
    importers = {
        (module, target)
        for module, path in MODULES.items()
        for target in _own_imports(path)
        if module != "app" and _is_routes(target)
    }
    assert importers == set()


def test_only_routes_and_schemas_import_schemas() -> None:
    importers = {
        (module, target)
        for module, path in MODULES.items()
        for target in _own_imports(path)
        if _file(target) == "schemas" and not (_is_routes(module) or _file(module) == "schemas")
    }
    assert importers == set()


def test_models_import_only_models_and_shared_modules() -> None:
    breaches = {
        (module, target)
        for module, path in MODULES.items()
        for target in _own_imports(path) - PURE
        if _is_models(module)
        and not (_is_models(target) or _package(target) in {"dynamodb", "aws", *SHARED})
    }
    assert breaches == set()


def test_there_are_no_circular_imports() -> None:
    imports = {module: _own_imports(path) & MODULES.keys() for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if module in trail:
            pytest.fail(" -> ".join((*trail[trail.index(module) :], module)))
        if module not in done:
            for target in sorted(imports[module]):
                visit(target, (*trail, module))
            done.add(module)

    for module in imports:
        visit(module, ())


def _declared(package: Path, label: str) -> set[str]:
    """The names behind `label` in the package's docstring; empty for `none`."""
    text = ast.get_docstring(_tree(package / "__init__.py")) or ""
    match = re.search(rf"^{label}: (.*?)\.(?:\n|\Z)", text, re.M | re.S)
    assert match, f"{_name(package)}/__init__.py needs a line `{label}: ...`"
    return {name for name in re.split(r"[,\s]+", match[1]) if name != "none"}


def _actual_imports(package: Path) -> set[str]:
    targets = {target for path in package.rglob("*.py") for target in _own_imports(path)}
    return {_package(target) for target in targets} - SHARED - {package.name}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.name))
def test_the_docstring_of_a_package_lists_its_imports(package: Path) -> None:
    assert _declared(package, "Imports") == _actual_imports(package)


def _entities() -> dict[str, str]:
    """Return entity -> the package that defines it."""
    classes = {
        node.name: (
            _package(module),
            {base.id for base in node.bases if isinstance(base, ast.Name)},
        )
        for module, path in MODULES.items()
        if _is_models(module) or _package(module) == "dynamodb"
        for node in _tree(path).body
        if isinstance(node, ast.ClassDef)
    }
    entities = {"Item"}
    while more := {name for name, (_, bases) in classes.items() if bases & entities} - entities:
        entities |= more
    return {name: classes[name][0] for name in entities - {"Item"}}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.name))
def test_the_docstring_of_a_package_lists_its_items(package: Path) -> None:
    owned = {name for name, owner in _entities().items() if owner == package.name}
    assert _declared(package, "Items") == owned


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.name))
def test_the_readme_has_the_summary_of_each_package(package: Path) -> None:
    summary = str(ast.get_docstring(_tree(package / "__init__.py"))).partition("\n\n")[0]
    row = f"| [{package.name}](chalicelib/{package.name}) | {' '.join(summary.split())} |"
    assert row in (ROOT / "README.md").read_text()


def test_packages_are_few_and_small() -> None:
    assert len(PACKAGES) <= 36
    sizes = {package.name: len(list(package.glob("*.py"))) for package in PACKAGES}
    assert {name: size for name, size in sizes.items() if size > 14} == {}


def test_file_names_use_standard_terms() -> None:
    assert {_name(path) for path in SOURCES if path.stem in PRIVATE_WORDS} == set()


def test_only_settings_reads_the_environment() -> None:
    readers = {
        _name(p) for p in SOURCES if "os.environ" in p.read_text() or "getenv" in p.read_text()
    }
    assert readers == {"chalicelib/settings.py"}


def test_only_the_app_and_http_read_the_clock() -> None:
    """Services get the time as an argument; routes with `Action.PUBLIC` may read the clock."""
    texts = {module: path.read_text() for module, path in MODULES.items()}
    readers = {
        module
        for module, text in texts.items()
        if re.search(r"\.(utc)?now\(|\.today\(", text) or "chalicelib.clock" in text
    }
    allowed = {"app", "chalicelib.clock"}
    assert {m for m in readers - allowed if not _is_routes(m) and _package(m) != "http"} == set()


def test_nothing_scans_and_only_the_table_module_writes_in_batches() -> None:
    texts = {_name(path): path.read_text() for path in SOURCES}
    assert {
        name for name, text in texts.items() if ".scan(" in text or ".batch_write(" in text
    } == set()
    lines = [line.strip() for text in texts.values() for line in text.splitlines()]
    saves = [line for line in lines if ".save(" in line]
    assert [s for s in saves if "transaction.save(" not in s and "image.save(" not in s] == []


def test_no_item_has_binary_attributes() -> None:
    """DynamoDB's responses are read as plain JSON (dynamodb/transport/response_parser.py)."""
    assert [_name(path) for path in SOURCES if "BinaryAttribute" in path.read_text()] == []


def test_files_and_functions_stay_short() -> None:
    lines = {_name(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > 300} == {}
    assert {name: size for _, name, size in _bodies() if size > 40} == {}


def _bodies() -> Iterator[tuple[ast.FunctionDef, str, int]]:
    """Yield each function, its name and its number of lines without signature and docstring."""
    for path in SOURCES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                size = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                yield node, f"{_name(path)}:{node.name}", size


def test_functions_are_not_cut_to_pieces() -> None:
    """Beside route views, properties and `key()`, which are short by nature."""
    sizes = sorted(size for node, _, size in _bodies() if not node.decorator_list)
    assert sizes[len(sizes) // 2] >= 5, "inline functions whose name says no more than their body"


def test_no_test_replaces_our_own_code() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            text = path.read_text()
            assert "mock.patch" not in text and "monkeypatch.setattr" not in text, path
