"""Run ministack with a faster `ZipFile.extractall` that unpacks each archive only once.

ministack unpacks a function's code (2,000 files) for each of its workers, which takes about as long
as the rest of a worker's start.

This script runs in .local/cloud-venv in place of `-m ministack`. It assumes only that ministack
unpacks with `zipfile` into an empty folder. Code folders are read-only, as in Lambda.
"""

import hashlib
import runpy
import tempfile
import threading
from pathlib import Path
from zipfile import ZipFile

_original_extractall = ZipFile.extractall
_lock = threading.Lock()


def _unpack_once(archive: ZipFile) -> Path:
    """Return the folder with the archive's content; it exists as long as this process runs."""
    assert archive.fp is not None
    archive.fp.seek(0)
    digest = hashlib.file_digest(archive.fp, "sha256").hexdigest()  # type: ignore[arg-type]
    folder = Path(tempfile.gettempdir(), "unpacked", digest)
    with _lock:
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            _original_extractall(archive, unfinished)
            unfinished.rename(folder)
    return folder


def _extract_as_link(archive: ZipFile, path: str) -> None:
    """Replace the empty folder `path` by a link to the archive's content."""
    folder = _unpack_once(archive)
    Path(path).rmdir()
    Path(path).symlink_to(folder)


if __name__ == "__main__":
    ZipFile.extractall = _extract_as_link  # type: ignore[method-assign, assignment]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
