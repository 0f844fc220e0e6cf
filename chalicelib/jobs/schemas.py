"""JSON types of jobs, shared by exports and reports."""

from typing import Any, Literal

from msgspec import Struct

from chalicelib.http.fields import Id, Time
from chalicelib.jobs.models import DONE, Job


class ReadyFile(Struct):
    name: str
    size: int


class JobState(Struct):
    """`reason` says why a job failed; `files` are there once it is done."""

    id: Id
    status: Literal["waiting", "running", "done", "failed"]
    reason: str | None
    created_at: Time
    finished_at: Time | None
    kept_until: Time | None
    files: list[ReadyFile]


class DownloadQuery(Struct, forbid_unknown_fields=True):
    file: str


def present_job(job: Job) -> JobState:
    """Return the job as JSON type. Files and `kept_until` are shown only when the job is done."""
    status: Any = job.status
    is_done = job.status == DONE
    sizes = {name: int(file["size"]) for name, file in job.files.items() if is_done}
    return JobState(
        id=job.id,
        status=status,
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
        kept_until=job.kept_until if is_done else None,
        files=[ReadyFile(name, size) for name, size in sorted(sizes.items())],
    )
