"""Byte code for the functions' own Python, so that a cold start compiles nothing.

A zip for Lambda dates its files 1980, so Python would distrust an ordinary `.pyc`; one of the kind
`unchecked-hash` is taken as it is. Only a Python of the runtime's own version can write it: where
none is found the functions are packaged without, work all the same, and start more slowly.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Where pyenv and uv keep the versions that are not on the path.
_MANAGED = (".pyenv/versions/{}*/bin", ".local/share/uv/python/cpython-{}*/bin")


def compiler(runtime: str) -> Path | None:
    """A Python of `runtime`, such as `python3.13`: this one, one on the path, or a managed one."""
    for candidate in _candidates(runtime):
        if _version(candidate) == runtime:
            return candidate
    return None


def compile_tree(folder: Path, runtime: str, home: str) -> None:
    """Write byte code for all of `folder`, which will stand in `home` when it runs."""
    python = compiler(runtime)
    if python is None:
        return
    command = [str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", home, str(folder)]
    # Sets are written in the order of their hashes: the same order every time.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    subprocess.run(command, env=environment, check=True)


def _candidates(runtime: str) -> list[Path]:
    version = runtime.removeprefix("python")
    managed = (path for where in _MANAGED for path in Path.home().glob(where.format(version)))
    on_path = [Path(found)] if (found := shutil.which(runtime)) else []
    return [Path(sys.executable), *on_path, *(folder / runtime for folder in sorted(managed))]


def _version(python: Path) -> str | None:
    """What `python` calls itself; None where it is not there or only a shim of nothing."""
    say = "import sys; print('python%d.%d' % sys.version_info[:2])"
    try:
        asked = subprocess.run([python, "-c", say], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None
