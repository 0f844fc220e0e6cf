"""Asking for long work, and fetching what it made."""

from collections.abc import Mapping
from typing import Any

from chalicelib.access.service import Access
from chalicelib.aws.s3 import DOWNLOAD_SECONDS, Download
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.errors import Conflict, NotFound
from chalicelib.jobs import models, results
from chalicelib.jobs.models import DONE, FAILED, Job
from chalicelib.mail import notifications as mail_notifications
from chalicelib.sessions.throttling import count_attempt

PROJECT_EXPORT, ACCOUNT_EXPORT, REPORT = "project_export", "account_export", "report"
WEEKLY_REPORT = mail_notifications.WEEKLY_REPORT


def request_job(
    access: Access, kind: str, subject: str, about: Mapping[str, Any] | None = None
) -> Job:
    """Write a job down; a worker begins it within a second.

    Who asks again for the same while it is being made gets the job that is under way. Raises
    `Conflict` for something else of that kind, `TooManyRequests` for who asks all the time.
    """
    count_attempt("order", account=access.user_id, source=None, now=access.now)
    job = models.new_job(kind, subject, access.user_id, about or {}, access.now)
    try:
        return create_once(
            job,
            *models.create_job_writes(job),
            idempotency_key=access.idempotency_key,
            now=access.now,
        )
    except ConditionFailed as failed:
        return _under_way(failed, job)


def _under_way(failed: ConditionFailed, wanted: Job) -> Job:
    job = models.find_slot_holder(failed)
    if job is None or job.about != wanted.about:
        raise Conflict("Another one is being made for you; wait for it", code="busy") from failed
    return job


def get_job(access: Access, kinds: tuple[str, ...], subject: str, job_id: str) -> Job:
    """The job, if the caller asked for it and its results are still kept. Raises `NotFound`."""
    job = models.get_job(job_id)
    if job is None or job.kind not in kinds or models.is_result_expired(job, access.now):
        raise NotFound()
    if (job.subject, job.asked_by) != (subject, access.user_id):
        raise NotFound()
    return job


def create_download(job: Job, name: str) -> Download:
    """A short-lived address of one of the job's files. Raises `NotFound` for a file that it does
    not make, `Conflict` while it is not done."""
    if job.status == FAILED:
        raise Conflict("It could not be made; ask for it again", code="job_failed")
    if job.status != DONE:
        raise Conflict("It is still being made", code="job_not_done")
    if name not in job.files:
        raise NotFound()
    return Download(results.sign_download_url(job.id, name), DOWNLOAD_SECONDS)


def get_file_sizes(job: Job) -> dict[str, int]:
    """The files that are ready, and how large each is; none before the job is done."""
    return {name: int(file["size"]) for name, file in job.files.items() if job.status == DONE}


def get_kept_until(job: Job) -> str | None:
    return job.kept_until if job.status == DONE else None
