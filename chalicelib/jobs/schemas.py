"""JSON types of jobs, shared by exports and reports."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.http.fields import Id, Time
from chalicelib.jobs.models import DONE, Job, compute_progress
from chalicelib.newer_releases import as_stored


class JobStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReadyFile(Struct):
    name: str
    size: int


Percent = Annotated[int, Meta(ge=0, le=100)]


class JobState(Struct):
    """`progress` is in percent, null where the number of tasks is not known. `reason` says why a
    job failed; `files` are there once it is done."""

    id: Id
    status: JobStatus
    progress: Percent | None
    reason: str | None
    created_at: Time
    finished_at: Time | None
    kept_until: Time | None
    files: list[ReadyFile]


class DownloadQuery(Struct, forbid_unknown_fields=True):
    file: str


def present_job(job: Job) -> JobState:
    """Return the job as JSON type. Files and `kept_until` are shown only when the job is done."""
    is_done = job.status == DONE
    sizes = {name: int(file["size"]) for name, file in job.files.items() if is_done}
    return JobState(
        id=job.id,
        status=as_stored(JobStatus, job.status),
        progress=compute_progress(job),
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
        kept_until=job.kept_until if is_done else None,
        files=[ReadyFile(name, size) for name, size in sorted(sizes.items())],
    )
