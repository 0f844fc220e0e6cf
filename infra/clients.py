"""Build and check the packages of `clients/`: the Python client, its command line, TypeScript.

    python -m infra.clients build     # sources and generated code, into build/clients
    python -m infra.clients check     # types of sources, examples and generated code
    python -m infra.clients package   # wheels and npm package, into build/clients/dist
    python -m infra.clients version   # print the version, which a release's tag must have

A generated file is never in the repository: it comes from docs/openapi.json.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.stage import ROOT, UserError
from infra.venv import compute_fingerprint, ensure_venv, lock_folder
from infra.web_client import find_node

SOURCES = ROOT / "clients"
BUILD = ROOT / "build" / "clients"
DIST = BUILD / "dist"
DOCUMENT = ROOT / "docs" / "openapi.json"
PYTHON_PACKAGE = BUILD / "python" / "task_manager_client"
TYPESCRIPT = BUILD / "typescript"
_REQUIREMENTS = ROOT / "infra" / "tools" / "clients.txt"
_NOT_INPUTS = {"__pycache__", "node_modules"}


def ensure_clients_venv() -> Path:
    """Return the Python of the environment with the generator and the clients' dependencies."""
    return ensure_venv(ROOT / ".local" / "clients-venv", _REQUIREMENTS)


def read_version() -> str:
    """Return the version of the API's document, which is that of the clients."""
    return str(json.loads(DOCUMENT.read_text())["info"]["version"])


def build_clients() -> Path:
    """Build all clients into `build/clients`, unless their inputs are unchanged; return it.

    Raises UserError when a generator fails.
    """
    stamp = BUILD.with_name("clients.sha256")
    with lock_folder(BUILD):
        fingerprint = _compute_fingerprint()
        if stamp.exists() and stamp.read_text() == fingerprint and DIST.parent.exists():
            return BUILD
        print("building the clients of the API", flush=True)
        stamp.unlink(missing_ok=True)
        shutil.rmtree(BUILD, ignore_errors=True)
        shutil.copytree(SOURCES, BUILD, ignore=shutil.ignore_patterns(*_NOT_INPUTS))
        _generate_python()
        _generate_typescript()
        stamp.write_text(fingerprint)
    return BUILD


def _compute_fingerprint() -> str:
    """Return a hash of the names and contents of everything that the build reads."""
    digest = hashlib.sha256(compute_fingerprint(_REQUIREMENTS).encode())
    files = [path for path in sorted(SOURCES.rglob("*")) if path.is_file()]
    for path in [DOCUMENT, Path(__file__), *files]:
        if _NOT_INPUTS.isdisjoint(path.parts):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _generate_python() -> None:
    """Generate the modules beside those that are written by hand. A warning is a failure."""
    generator = ensure_clients_venv().with_name("openapi-python-client")
    generated = BUILD / "generated"
    settings = BUILD / "generator.yaml"
    settings.write_text(f"post_hooks: []\npackage_name_override: {PYTHON_PACKAGE.name}\n")
    command = [str(generator), "generate", "--path", str(DOCUMENT), "--fail-on-warning"]
    command += ["--meta", "none", "--config", str(settings), "--output-path", str(generated)]
    _run(command, BUILD)
    (generated / "__init__.py").unlink()  # that of the client is written by hand
    for made in generated.iterdir():
        if (PYTHON_PACKAGE / made.name).exists():
            raise UserError(f"clients/python has a module named {made.name}, as a generated one")
        made.rename(PYTHON_PACKAGE / made.name)
    generated.rmdir()
    version = f'"""The version of the API\'s document."""\n\n__version__ = "{read_version()}"\n'
    (PYTHON_PACKAGE / "version.py").write_text(version)
    (BUILD / "cli" / "task_cli" / "version.py").write_text(version)
    # pip keeps an installed client that is old enough to lack what the command line imports.
    project = BUILD / "cli" / "pyproject.toml"
    client = '"task-manager-client'
    project.write_text(project.read_text().replace(client, f"{client}=={read_version()}", 1))


def _generate_typescript() -> None:
    """Generate the types of the API, set the version, and compile the package into `dist`."""
    _install_npm_packages()
    package = json.loads((TYPESCRIPT / "package.json").read_text())
    package["version"] = read_version()
    if repository := os.environ.get("GITHUB_REPOSITORY"):  # npm's provenance compares it
        package["repository"] = f"git+https://github.com/{repository}.git"
    (TYPESCRIPT / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    _run_npm("exec", "--", "openapi-typescript", str(DOCUMENT), "--output", "src/api.ts")
    _run_npm("run", "--silent", "build")


def _install_npm_packages() -> None:
    """Install the locked packages once, and link them into the build."""
    folder = ROOT / ".local" / "typescript-client"
    lock, installed = TYPESCRIPT / "package-lock.json", folder / "installed.json"
    with lock_folder(folder):
        if not installed.exists() or installed.read_text() != lock.read_text():
            folder.mkdir(parents=True, exist_ok=True)
            for file in TYPESCRIPT.glob("package*.json"):
                shutil.copy(file, folder)
            _run_npm("ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
            shutil.copy(lock, installed)
    (TYPESCRIPT / "node_modules").symlink_to(folder / "node_modules")


def check_clients() -> None:
    """Check the types of both Python packages and of the examples; building checks TypeScript."""
    build_clients()
    python = ensure_clients_venv()
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports"]
    command += ["silent", "--python-executable", str(python), "--no-error-summary"]
    written = [BUILD / path.relative_to(SOURCES) for path in sorted(SOURCES.rglob("*.py"))]
    path = os.pathsep.join(str(BUILD / name) for name in ("python", "cli"))
    _run([*command, *map(str, written)], BUILD, MYPYPATH=path)
    _run_npm("run", "--silent", "check")


def package_clients() -> Path:
    """Write the wheels, the source archives and the npm package into `build/clients/dist`."""
    build_clients()
    shutil.rmtree(DIST, ignore_errors=True)
    for language in ("python", "npm"):
        (DIST / language).mkdir(parents=True)
    python = ensure_clients_venv()
    for name in ("python", "cli"):
        command = [str(python), "-m", "build", "--no-isolation", "--outdir", str(DIST / "python")]
        _run([*command, str(BUILD / name)], BUILD)
    _run_npm("pack", "--silent", "--ignore-scripts", "--pack-destination", str(DIST / "npm"))
    return DIST


def _run_npm(*arguments: str, folder: Path = TYPESCRIPT) -> None:
    node = find_node()
    path = f"{node.folder}{os.pathsep}{os.environ['PATH']}"
    _run([*node.npm, *arguments], folder, PATH=path)


def _run(command: list[str], folder: Path, **variables: str) -> None:
    """Run the command in `folder`. Raises UserError with its output when it fails or warns."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "WARNING" in done.stdout:
        name = Path(command[0]).name
        raise UserError(f"{name} failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.clients", description=__doc__)
    parser.add_argument("verb", choices=["build", "check", "package", "version"])
    verb = parser.parse_args().verb
    if verb == "version":
        print(read_version())
        return
    {"build": build_clients, "check": check_clients, "package": package_clients}[verb]()
    if verb == "package":
        print("\n".join(f"  {path.relative_to(ROOT)}" for path in sorted(DIST.glob("*/*"))))


if __name__ == "__main__":
    main()
