"""What jobs make: files in the bucket, written piece by piece, each by however many workers.

S3 appends to nothing. So the end of a file, up to a part's size, is a draft under a key of its own,
and what is longer becomes parts of a multipart upload; closing makes one object of both. A draft's
key carries the turn and step that wrote it: the row names it only after it is written, and a worker
that lost its lease cannot overwrite what another one wrote.
"""

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.aws import s3, s3_multipart
from chalicelib.aws.s3 import OCTET_STREAM
from chalicelib.aws.s3_multipart import PART_BYTES

PREFIX = "results/"
PAGE = 1000


@dataclass(frozen=True)
class ResultFile:
    """What there is of a file: its size so far, the upload and how many of its parts are there,
    and the draft that holds the rest."""

    size: int = 0
    upload: str | None = None
    parts: int = 0
    draft: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def result_key(job_id: str, name: str) -> str:
    return f"{_folder(job_id)}{name}"


def append_to_file(
    job_id: str, name: str, written: ResultFile, piece: bytes, draft: str
) -> ResultFile:
    """Put `piece` behind what there is. Doing it again from the same `written` is fine."""
    if not piece:
        return written
    rest, size = _rest(job_id, name, written) + piece, written.size + len(piece)
    if len(rest) < PART_BYTES:
        s3.put_object(_draft(job_id, name, draft), rest)
        return ResultFile(size, written.upload, written.parts, draft)
    object_key = result_key(job_id, name)
    upload = written.upload or s3_multipart.start_upload(object_key, content_type=OCTET_STREAM)
    number = written.parts + 1
    s3_multipart.upload_part(object_key, upload, number, rest)
    return ResultFile(size, upload, number)


def complete_file(job_id: str, name: str, written: ResultFile) -> None:
    """Make one object of what was written. Doing it again changes nothing."""
    object_key = result_key(job_id, name)
    if s3.head_object(object_key) is not None:
        return
    if written.upload is None:
        return s3.copy_object(_draft(job_id, name, str(written.draft)), object_key)
    rest = _rest(job_id, name, written)
    last = written.parts + bool(rest)
    if rest:
        s3_multipart.upload_part(object_key, written.upload, last, rest)
    s3_multipart.complete_upload(
        object_key, written.upload, s3_multipart.list_parts(object_key, written.upload)[:last]
    )


def read_file(job_id: str, name: str) -> bytes | None:
    """The whole of a small file; None if it is not there any more."""
    return s3.read_object(result_key(job_id, name))


def sign_download_url(job_id: str, name: str) -> str:
    return s3.sign_download_url(result_key(job_id, name), filename=name, picture=None)


def delete_drafts(job_id: str) -> None:
    """Remove what was only needed on the way."""
    _remove(f"{_folder(job_id)}draft/")


def delete_results(job_id: str) -> None:
    """Remove everything that the job made, complete or not; doing it again is fine."""
    s3_multipart.abort_all_uploads(_folder(job_id))
    _remove(_folder(job_id))


def _folder(job_id: str) -> str:
    return f"{PREFIX}{job_id}/"


def _draft(job_id: str, name: str, draft: str) -> str:
    return f"{_folder(job_id)}draft/{draft}/{name}"


def _rest(job_id: str, name: str, written: ResultFile) -> bytes:
    if written.draft is None:
        return b""
    found = s3.read_object(_draft(job_id, name, written.draft))
    if found is None:
        raise LookupError(f"the draft {written.draft} of {name} is gone")
    return found


def _remove(prefix: str) -> None:
    while True:
        found, more = s3.list_objects(prefix, prefix, PAGE)
        if found:
            s3.delete_objects([entry.object_key for entry in found])
        if not more:
            return
