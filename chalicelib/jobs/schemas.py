"""How jobs are shown: what exports and reports have in common."""

from typing import Any, Literal

from msgspec import Struct

from chalicelib.http.fields import Id, Time
from chalicelib.jobs import service
from chalicelib.jobs.models import Job


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
    files = [ReadyFile(name, size) for name, size in sorted(service.get_file_sizes(job).items())]
    status: Any = job.status
    return JobState(
        id=job.id,
        status=status,
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
        kept_until=service.get_kept_until(job),
        files=files,
    )
