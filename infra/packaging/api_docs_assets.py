"""Download the assets of the API documentation pages: Swagger UI and ReDoc.

A PyPI package contains both as built files. Only these files are used, so its dependencies are not
installed.
"""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "infra" / "tools" / "pages.txt"
TARGET = ROOT / "chalicelib" / "http" / "static"
_STATIC = Path("drf_spectacular_sidecar/static/drf_spectacular_sidecar")
_FILES = (
    "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
    "redoc/bundles/redoc.standalone.js",
    "redoc/bundles/redoc.standalone.js.LICENSE.txt",
)


def fetch_assets() -> None:
    """Download the assets unless they exist and the pinned version is unchanged."""
    stamp = ROOT / ".local" / "pages.txt"
    exist = all(_get_target(name).exists() for name in _FILES)
    if exist and stamp.exists() and stamp.read_text() == PINS.read_text():
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--require-hashes", "--target", folder]
        subprocess.run([*command, "-r", str(PINS)], check=True)
        for name in _FILES:
            _compress(Path(folder) / _STATIC / name)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(PINS.read_text())


def _get_target(name: str) -> Path:
    return TARGET / f"{Path(name).name}.gz"


def _compress(source: Path) -> None:
    """Write the compressed file reproducibly and atomically, because a server may be reading it."""
    target = _get_target(source.name)
    temporary = target.with_name(f".{target.name}")
    # Unlike `gzip.compress`, this writes the same header on every Python version.
    with temporary.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as archive:
        archive.write(source.read_bytes())
    temporary.replace(target)


if __name__ == "__main__":
    fetch_assets()
