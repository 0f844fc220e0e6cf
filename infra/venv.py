"""Make a virtual environment and install pinned requirements; nothing to do if they did not change.

    python3 infra/venv.py FOLDER REQUIREMENTS_FILE

Runs before anything is installed: standard library only.
"""

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

UV = Path(__file__).parent / "tools" / "lock.txt"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time makes `folder`; tests and `make run` may want it side by side."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(folder: Path, requirements: Path) -> Path:
    """The Python of the environment in `folder`, with `requirements` installed."""
    with locked(folder):
        return _ensure(folder, requirements)


def _ensure(folder: Path, requirements: Path) -> Path:
    python = folder / "bin" / "python"
    stamp = folder / "installed.sha256"
    wanted = _fingerprint(requirements)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    print(
        f"installing {requirements.name} into {folder.name} (once; takes about a minute)",
        flush=True,
    )
    _create(folder, python)
    _install(python, requirements)
    stamp.write_text(wanted)
    return python


def _fingerprint(requirements: Path) -> str:
    """Of this Python and of every pin, in the files that `requirements` includes too."""
    text = requirements.read_text()
    included = re.findall(r"^-r\s+(\S+)", text, re.MULTILINE)
    parts = [sys.version, text, *(_fingerprint(requirements.parent / name) for name in included)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _create(folder: Path, python: Path) -> None:
    if find_spec("ensurepip") is None:
        sys.exit(
            "error: this Python lacks venv; on Debian and Ubuntu: apt-get install python3-venv"
        )
    if not python.exists() or not _same_version(python):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)


def _same_version(python: Path) -> bool:
    asked = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() == f"Python {sys.version.split()[0]}"


def _install(python: Path, requirements: Path) -> None:
    if _with_uv(python, requirements) or _with_pip(python, requirements):
        return
    sys.exit(f"error: {requirements} could not be installed; the reason stands above")


def _with_uv(python: Path, requirements: Path) -> bool:
    """Seven times as fast as pip, which brings it; not everywhere is there a uv."""
    brought = [*_pip(python), "--quiet", "--no-compile", "-r", str(UV)]
    if subprocess.run(brought, check=False).returncode:
        return False
    uv = [str(python.with_name("uv")), "pip", "install", "--python", str(python)]
    print("  fetching and unpacking", flush=True)
    return subprocess.run([*uv, "--quiet", "-r", str(requirements)], check=False).returncode == 0


def _with_pip(python: Path, requirements: Path) -> bool:
    command = [*_pip(python), "--progress-bar", "off", "-r", str(requirements)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        _show_progress(pip.stdout or ())
    return pip.returncode == 0


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check"]


def _show_progress(lines: Iterable[str]) -> None:
    """A sign of life for each tenth package, out of pip's several lines for every one."""
    collected = 0
    for line in lines:
        collected += line.startswith("Collecting ")
        if line.startswith("Collecting ") and collected % 10 == 0:
            print(f"  {collected} packages fetched", flush=True)
        elif line.startswith("Installing collected"):
            print("  unpacking", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ensure(Path(sys.argv[1]), Path(sys.argv[2]))
