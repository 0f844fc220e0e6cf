"""Zips that come out the same, byte for byte, whenever the same is packed."""

from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def pack(folder: Path, target: Path, prefix: str = "", mode: Literal["w", "a"] = "w") -> None:
    """All files of `folder` under `prefix`: in order, of one date, readable by everybody; with
    mode `a` behind what `target` holds."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with ZipFile(target, mode) as archive:
        for path in files:
            entry = ZipInfo(prefix + path.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = _READABLE
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED)


def sizes(archive: Path) -> tuple[int, int]:
    """Bytes to upload, and bytes unpacked, of which Lambda takes 250 MB."""
    with ZipFile(archive) as opened:
        return archive.stat().st_size, sum(entry.file_size for entry in opened.infolist())
