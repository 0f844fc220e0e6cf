"""What jobs make: files in the bucket, written piece by piece, each by however many workers.

S3 appends to nothing. So the end of a file, up to a part's size, is a draft under a key of its own,
and what is longer becomes parts of a multipart upload; closing makes one object of both. A draft's
key carries the turn and step that wrote it: the row names it only after it is written, and a worker
that lost its lease cannot overwrite what another one wrote.
"""

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.store import files, multipart
from chalicelib.store.multipart import PART_BYTES

PREFIX = "results/"
PAGE = 1000


@dataclass(frozen=True)
class Written:
    """What there is of a file: its size so far, the upload and how many of its parts are there,
    and the draft that holds the rest."""

    size: int = 0
    upload: str | None = None
    parts: int = 0
    draft: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def key_of(job_id: str, name: str) -> str:
    return f"{_folder(job_id)}{name}"


def append(job_id: str, name: str, written: Written, piece: bytes, draft: str) -> Written:
    """Put `piece` behind what there is. Doing it again from the same `written` is fine."""
    if not piece:
        return written
    rest, size = _rest(job_id, name, written) + piece, written.size + len(piece)
    if len(rest) < PART_BYTES:
        files.put(_draft(job_id, name, draft), rest)
        return Written(size, written.upload, written.parts, draft)
    object_key = key_of(job_id, name)
    upload = written.upload or multipart.begin(object_key, content_type=files.OPAQUE)
    number = written.parts + 1
    multipart.put(object_key, upload, number, rest)
    return Written(size, upload, number)


def close(job_id: str, name: str, written: Written) -> None:
    """Make one object of what was written. Doing it again changes nothing."""
    object_key = key_of(job_id, name)
    if files.head(object_key) is not None:
        return
    if written.upload is None:
        return files.copy(_draft(job_id, name, str(written.draft)), object_key)
    rest = _rest(job_id, name, written)
    last = written.parts + bool(rest)
    if rest:
        multipart.put(object_key, written.upload, last, rest)
    multipart.assemble(
        object_key, written.upload, multipart.parts(object_key, written.upload)[:last]
    )


def read(job_id: str, name: str) -> bytes | None:
    """The whole of a small file; None if it is not there any more."""
    return files.read(key_of(job_id, name))


def download_url(job_id: str, name: str) -> str:
    return files.download_url(key_of(job_id, name), filename=name, picture=None)


def drop_drafts(job_id: str) -> None:
    """Remove what was only needed on the way."""
    _remove(f"{_folder(job_id)}draft/")


def drop_all(job_id: str) -> None:
    """Remove everything that the job made, complete or not; doing it again is fine."""
    multipart.abort_all(_folder(job_id))
    _remove(_folder(job_id))


def _folder(job_id: str) -> str:
    return f"{PREFIX}{job_id}/"


def _draft(job_id: str, name: str, draft: str) -> str:
    return f"{_folder(job_id)}draft/{draft}/{name}"


def _rest(job_id: str, name: str, written: Written) -> bytes:
    if written.draft is None:
        return b""
    found = files.read(_draft(job_id, name, written.draft))
    if found is None:
        raise LookupError(f"the draft {written.draft} of {name} is gone")
    return found


def _remove(prefix: str) -> None:
    while True:
        found, more = files.entries(prefix, prefix, PAGE)
        if found:
            files.delete_all([entry.object_key for entry in found])
        if not more:
            return
