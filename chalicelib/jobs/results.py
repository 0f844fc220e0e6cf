"""The result files of jobs: written to the bucket piece by piece, if need be by several runs.

S3 cannot append to an object. The end of a file, up to the size of a part, is a draft object with a
key of its own; anything longer becomes the parts of a multipart upload. Completing a file makes one
object of both. The key of a draft contains the turn and the step that wrote it. The job item names
a draft only after the draft is written, and a runner that lost its lease cannot overwrite the draft
of another runner.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from chalicelib.aws import s3, s3_multipart
from chalicelib.aws.s3 import OCTET_STREAM
from chalicelib.aws.s3_multipart import PART_BYTES

PREFIX = "results/"
# The names of intermediate files begin with this. Other files are made from them.
INTERMEDIATE = "."
# The file that a job works on is uploaded under this name.
UPLOAD = "upload"
PAGE = 1000


class ResultFile(Struct, frozen=True):
    """The part of a result file that is written: its `size` in bytes, the multipart `upload` with
    the number of its `parts`, and the `draft`, which holds the bytes that are not uploaded yet."""

    size: int = 0
    upload: str | None = None
    parts: int = 0
    draft: str | None = None


def result_key(job_id: str, name: str) -> str:
    """Return the object key of a result file."""
    return f"{_job_prefix(job_id)}{name}"


def append_to_file(
    job_id: str, name: str, written: ResultFile, piece: bytes, draft: str
) -> ResultFile:
    """Append `piece` to a file and return the file as it is then.

    `draft` names the new draft. Idempotent: appending again to the same `written` replaces what the
    first try wrote.
    """
    if not piece:
        return written
    rest, size = _read_draft(job_id, name, written) + piece, written.size + len(piece)
    if len(rest) < PART_BYTES:
        s3.put_object(_draft_key(job_id, name, draft), rest)
        return ResultFile(size, written.upload, written.parts, draft)
    object_key = result_key(job_id, name)
    upload = written.upload or s3_multipart.start_upload(object_key, content_type=OCTET_STREAM)
    number = written.parts + 1
    s3_multipart.upload_part(object_key, upload, number, rest)
    return ResultFile(size, upload, number)


def complete_files(job_id: str, files: Mapping[str, ResultFile]) -> None:
    """Make one object of each file, then delete the drafts. Idempotent."""
    for name, written in files.items():
        object_key = result_key(job_id, name)
        if s3.head_object(object_key) is not None:
            continue
        if written.upload is None:
            s3.copy_object(_draft_key(job_id, name, str(written.draft)), object_key)
            continue
        rest, last = _read_draft(job_id, name, written), written.parts
        if rest:
            last += 1
            s3_multipart.upload_part(object_key, written.upload, last, rest)
        parts = s3_multipart.list_parts(object_key, written.upload)[:last]
        s3_multipart.complete_upload(object_key, written.upload, parts)
    _delete_objects(f"{_job_prefix(job_id)}draft/")


def put_file(job_id: str, name: str, content: bytes) -> ResultFile:
    """Write a whole file. Idempotent."""
    s3.put_object(result_key(job_id, name), content)
    return ResultFile(len(content))


def read_lines(job_id: str, name: str) -> Iterator[bytes]:
    """Yield the lines of a completed file, without having the whole file in memory."""
    return s3.read_lines(result_key(job_id, name))


def read_file(job_id: str, name: str) -> bytes | None:
    """Return the content of a small result file; None if it no longer exists."""
    return s3.read_object(result_key(job_id, name))


def delete_results(job_id: str) -> None:
    """Delete all objects and uploads of a job, complete or not. Idempotent."""
    s3_multipart.abort_all_uploads(_job_prefix(job_id))
    _delete_objects(_job_prefix(job_id))


def _job_prefix(job_id: str) -> str:
    return f"{PREFIX}{job_id}/"


def _draft_key(job_id: str, name: str, draft: str) -> str:
    return f"{_job_prefix(job_id)}draft/{draft}/{name}"


def _read_draft(job_id: str, name: str, written: ResultFile) -> bytes:
    if written.draft is None:
        return b""
    content = s3.read_object(_draft_key(job_id, name, written.draft))
    if content is None:
        raise LookupError(f"the draft {written.draft} of {name} is gone")
    return content


def _delete_objects(prefix: str) -> None:
    has_more = True
    while has_more:
        objects, has_more = s3.list_objects(prefix, prefix, PAGE)
        if objects:
            s3.delete_objects([entry.object_key for entry in objects])
