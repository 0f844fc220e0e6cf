"""`make lock`: pin every package, with its hashes, from the short lists that people write.

A pin stays as it is as long as its list allows it; `make lock ARGS="--upgrade"` takes the newest,
`ARGS="--upgrade-package boto3"` those of one package.
"""

import subprocess
import sys
from pathlib import Path

from infra.stage import ROOT
from infra.venv import ensure

TOOLS = ROOT / "infra" / "tools"
FUNCTIONS = ROOT / "requirements.in"
PAGES = TOOLS / "pages.in"
_COMMON = ["--generate-hashes", "--universal", "--python-version", "3.11", "--quiet"]


def lists() -> list[Path]:
    """Every list that is pinned; its lock has the same name and ends in `.txt`."""
    places = (ROOT, ROOT / "infra" / "layers", TOOLS, ROOT / "localstack")
    return [found for place in places for found in sorted(place.glob("*.in"))]


def lock(requirements: Path, extra: list[str]) -> None:
    uv = ensure(ROOT / ".local" / "lock-venv", TOOLS / "lock.txt").with_name("uv")
    target = requirements.with_suffix(".txt")
    command = [str(uv), "pip", "compile", *_COMMON, *extra, "--custom-compile-command", "make lock"]
    if requirements == FUNCTIONS:
        command += ["--excludes", str(TOOLS / "not-in-functions.txt")]
    if requirements == PAGES:
        command += ["--no-deps"]
    command += [str(requirements.relative_to(ROOT)), "-o", str(target.relative_to(ROOT))]
    subprocess.run(command, cwd=ROOT, check=True)
    print(f"  {target.relative_to(ROOT)}")


def main() -> None:
    for requirements in lists():
        lock(requirements, sys.argv[1:])


if __name__ == "__main__":
    main()
