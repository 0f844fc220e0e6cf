"""Compile bytecode for the Lambda runtime, so that a cold start compiles nothing.

Files in a Lambda zip are dated 1980, so Python would reject an ordinary `.pyc` file as outdated. It
loads an `unchecked-hash` file without a check. Only a Python of the runtime's version can write
bytecode for it. If none is found, the functions are packaged without bytecode and start slower.

The app keeps its sources, so that tracebacks show its lines. Those of libraries show numbers only:
their sources are a sixth of the zip, and a loader that finds a source looks for its bytecode.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_COMPILER = Path(__file__).with_name("compiler.py")
# Where pyenv and uv install Python versions that are not on the PATH.
_MANAGED = (".pyenv/versions/{}*/bin", ".local/share/uv/python/cpython-{}*/bin")


def find_interpreter(runtime: str) -> Path | None:
    """Return a Python of `runtime`, such as `python3.13`; None if there is none.

    Candidates are this Python, the one on the PATH, and those that pyenv and uv manage.
    """
    for candidate in _list_candidates(runtime):
        if _read_version(candidate) == runtime:
            return candidate
    return None


def compile_folder(
    folder: Path, runtime: str, install_path: str, *, keep_sources: bool = False
) -> None:
    """Compile all files of `folder`, which Lambda unpacks to `install_path`."""
    python = find_interpreter(runtime)
    if python is None:
        return
    command = [str(python), str(_COMPILER), str(folder), install_path]
    command += [] if keep_sources else ["--sourceless"]
    # A fixed hash seed fixes the order of sets, so the bytecode is reproducible.
    subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}, check=True)


def _list_candidates(runtime: str) -> list[Path]:
    version = runtime.removeprefix("python")
    managed = (path for where in _MANAGED for path in Path.home().glob(where.format(version)))
    on_path = [Path(found)] if (found := shutil.which(runtime)) else []
    return [Path(sys.executable), *on_path, *(folder / runtime for folder in sorted(managed))]


def _read_version(python: Path) -> str | None:
    """Return the version of `python`, such as `python3.13`; None if it does not run."""
    script = "import sys; print('python%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
