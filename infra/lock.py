"""`make lock`: pin every package of the `*.in` files, with its hashes.

An existing pin is kept as long as its list allows it. `make lock ARGS="--upgrade"` upgrades all
packages, `ARGS="--upgrade-package boto3"` one of them.
"""

import subprocess
import sys
from pathlib import Path

from infra.stage import ROOT
from infra.venv import ensure_venv

TOOLS = ROOT / "infra" / "tools"
FUNCTIONS = ROOT / "requirements.in"
API_DOCS_ASSETS = TOOLS / "pages.in"
_OPTIONS = ["--generate-hashes", "--universal", "--python-version", "3.11", "--quiet"]


def list_requirements() -> list[Path]:
    """Return every `*.in` file. Its lock file has the same name with the suffix `.txt`."""
    folders = (ROOT, ROOT / "infra" / "layers", TOOLS, ROOT / "localstack", ROOT / "bench")
    return [found for folder in folders for found in sorted(folder.glob("*.in"))]


def lock_requirements(requirements: Path, options: list[str]) -> None:
    """Write the lock file of `requirements`; `options` go to `uv pip compile`."""
    uv = ensure_venv(ROOT / ".local" / "lock-venv", TOOLS / "lock.txt").with_name("uv")
    target = requirements.with_suffix(".txt")
    command = [str(uv), "pip", "compile", *_OPTIONS, *options]
    command += ["--custom-compile-command", "make lock"]
    if requirements == FUNCTIONS:
        command += ["--excludes", str(TOOLS / "not-in-functions.txt")]
    if requirements == API_DOCS_ASSETS:
        command += ["--no-deps"]
    command += [str(requirements.relative_to(ROOT)), "-o", str(target.relative_to(ROOT))]
    subprocess.run(command, cwd=ROOT, check=True)
    print(f"  {target.relative_to(ROOT)}")


def main() -> None:
    for requirements in list_requirements():
        lock_requirements(requirements, sys.argv[1:])


if __name__ == "__main__":
    main()
