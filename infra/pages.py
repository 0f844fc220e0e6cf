"""Fetch the scripts of the documentation pages into `chalicelib/pages`: Swagger UI and ReDoc.

A package of PyPI brings both as built files. Only these files are wanted, not what it depends on.
"""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "infra" / "tools" / "pages.txt"
TARGET = ROOT / "chalicelib" / "pages"
_STATIC = Path("drf_spectacular_sidecar/static/drf_spectacular_sidecar")
_FILES = (
    "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
    "redoc/bundles/redoc.standalone.js",
    "redoc/bundles/redoc.standalone.js.LICENSE.txt",
)


def fetch() -> None:
    """Nothing to do if they are there and the pin has not changed since."""
    stamp = ROOT / ".local" / "pages.txt"
    there = all(_place(name).exists() for name in _FILES)
    if there and stamp.exists() and stamp.read_text() == PINS.read_text():
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--require-hashes", "--target", folder]
        subprocess.run([*command, "-r", str(PINS)], check=True)
        for name in _FILES:
            _put(Path(folder) / _STATIC / name)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(PINS.read_text())


def _place(name: str) -> Path:
    return TARGET / f"{Path(name).name}.gz"


def _put(source: Path) -> None:
    """Compressed, the same bytes each time, and in one step: somebody may be reading."""
    place = _place(source.name)
    unfinished = place.with_name(f".{place.name}")
    # Unlike `gzip.compress`, this writes the same header whatever Python runs it.
    with unfinished.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(source.read_bytes())
    unfinished.replace(place)


if __name__ == "__main__":
    fetch()
