"""ministack, but it unpacks an archive once: by itself it unpacks the code of a function anew for
each of its workers, 2,000 files, which takes nearly as long as all else about their start.

It runs in .local/cloud-venv, in place of `-m ministack`, and counts on nothing there but that it
unpacks with `zipfile` into an empty folder. As in Lambda, nobody writes where the code lies.
"""

import hashlib
import runpy
import tempfile
import threading
from pathlib import Path
from zipfile import ZipFile

_extract = ZipFile.extractall
_one_at_a_time = threading.Lock()


def _unpacked(archive: ZipFile) -> Path:
    """Where the content of `archive` lies, for as long as this process runs."""
    assert archive.fp is not None
    archive.fp.seek(0)
    digest = hashlib.file_digest(archive.fp, "sha256").hexdigest()  # type: ignore[arg-type]
    folder = Path(tempfile.gettempdir(), "unpacked", digest)
    with _one_at_a_time:
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            _extract(archive, unfinished)
            unfinished.rename(folder)
    return folder


def _link(archive: ZipFile, path: str) -> None:
    """`archive.extractall(path)`, for an empty folder."""
    folder = _unpacked(archive)
    Path(path).rmdir()
    Path(path).symlink_to(folder)


if __name__ == "__main__":
    ZipFile.extractall = _link  # type: ignore[method-assign, assignment]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
