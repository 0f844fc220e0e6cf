"""How jobs are shown: what exports and reports have in common."""

from typing import Any, Literal

from chalice.app import Response
from msgspec import Struct

from chalicelib.api.answers import answer
from chalicelib.api.fields import Id, Time
from chalicelib.domain import jobs
from chalicelib.store.jobs import Job


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


def accepted(job: Job, place: str) -> Response:
    """202 with the job and where its state can be read."""
    return answer(shown(job), 202, {"Location": f"{place}/{job.id}/"})


def shown(job: Job) -> JobState:
    files = [ReadyFile(name, size) for name, size in sorted(jobs.sizes(job).items())]
    status: Any = job.status
    return JobState(
        id=job.id,
        status=status,
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
        kept_until=jobs.kept_until(job),
        files=files,
    )
