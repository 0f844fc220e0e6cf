"""Reproducible zip files: the same input files give the same bytes."""

from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_WORLD_READABLE = 0o644 << 16


def zip_folder(folder: Path, target: Path, prefix: str = "", mode: Literal["w", "a"] = "w") -> None:
    """Zip all files of `folder`, with `prefix` before each name.

    Files are sorted, dated 1980-01-01 and readable by every user. Mode `a` appends to `target`.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with ZipFile(target, mode) as archive:
        for path in files:
            entry = ZipInfo(prefix + path.relative_to(folder).as_posix(), _ZIP_EPOCH)
            entry.external_attr = _WORLD_READABLE
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED, compresslevel=9)


def measure_zip(archive: Path) -> tuple[int, int]:
    """Return the compressed and the uncompressed size in bytes (Lambda's limit: 250 MB)."""
    with ZipFile(archive) as opened:
        return archive.stat().st_size, sum(entry.file_size for entry in opened.infolist())
