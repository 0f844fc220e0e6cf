"""Create a virtual environment and install pinned requirements, unless they are unchanged.

    python3 infra/venv.py FOLDER REQUIREMENTS_FILE

This script runs before any package is installed, so it uses the standard library only.
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

UV_REQUIREMENTS = Path(__file__).parent / "tools" / "lock.txt"


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on `folder`: tests and `make run` may build it concurrently."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_venv(folder: Path, requirements: Path) -> Path:
    """Create the virtual environment in `folder` if needed, and return its Python."""
    python = folder / "bin" / "python"
    stamp = folder / "installed.sha256"
    with lock_folder(folder):
        fingerprint = compute_fingerprint(requirements)
        if stamp.exists() and stamp.read_text() == fingerprint and python.exists():
            return python
        note = f"installing {requirements.name} into {folder.name} (once; takes about a minute)"
        print(note, flush=True)
        _create(folder, python)
        if not (_install_with_uv(python, requirements) or _install_with_pip(python, requirements)):
            sys.exit(f"error: {requirements} could not be installed; see the reason above")
        stamp.write_text(fingerprint)
        return python


def compute_fingerprint(requirements: Path) -> str:
    """Return a hash of the Python version and all pins, including the files that `-r` includes."""
    text = requirements.read_text()
    included = re.findall(r"^-r\s+(\S+)", text, re.MULTILINE)
    hashes = [compute_fingerprint(requirements.parent / name) for name in included]
    return hashlib.sha256("\n".join([sys.version, text, *hashes]).encode()).hexdigest()


def _create(folder: Path, python: Path) -> None:
    if find_spec("ensurepip") is None:
        sys.exit(
            "error: this Python lacks venv; on Debian and Ubuntu: apt-get install python3-venv"
        )
    if not python.exists() or not _is_same_version(python):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)


def _is_same_version(python: Path) -> bool:
    done = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=False)
    return done.stdout.strip() == f"Python {sys.version.split()[0]}"


def _install_with_uv(python: Path, requirements: Path) -> bool:
    """Install uv with pip, then the requirements with uv. Return False if uv is not available.

    uv is seven times as fast as pip, but it does not exist for every platform.
    """
    get_uv = [*_pip_install(python), "--quiet", "--no-compile", "-r", str(UV_REQUIREMENTS)]
    if subprocess.run(get_uv, check=False).returncode:
        return False
    uv = [str(python.with_name("uv")), "pip", "install", "--python", str(python)]
    print("  fetching and unpacking", flush=True)
    return subprocess.run([*uv, "--quiet", "-r", str(requirements)], check=False).returncode == 0


def _install_with_pip(python: Path, requirements: Path) -> bool:
    command = [*_pip_install(python), "--progress-bar", "off", "-r", str(requirements)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pip:
        _print_progress(pip.stdout or ())
    return pip.returncode == 0


def _pip_install(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check"]


def _print_progress(lines: Iterable[str]) -> None:
    """Print one line for every ten packages, because pip prints several for each."""
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
    ensure_venv(Path(sys.argv[1]), Path(sys.argv[2]))
