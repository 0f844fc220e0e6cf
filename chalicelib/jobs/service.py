"""Request a job and download its results."""

from collections.abc import Mapping
from typing import Any

from chalicelib.access.service import Access
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.aws import s3
from chalicelib.aws.s3 import DOWNLOAD_SECONDS, Download
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.errors import Conflict, NotFound
from chalicelib.jobs import models, results
from chalicelib.jobs.models import DONE, FAILED, Job
from chalicelib.mail import notifications as mail_notifications
from chalicelib.sessions.throttling import count_attempt

PROJECT_EXPORT, ACCOUNT_EXPORT, REPORT = "project_export", "account_export", "report"
PROJECT_COPY, IMPORT = "project_copy", "import"
WEEKLY_REPORT = mail_notifications.WEEKLY_REPORT

_AUDITED = {
    PROJECT_EXPORT: AuditAction.PROJECT_EXPORTED,
    ACCOUNT_EXPORT: AuditAction.ACCOUNT_EXPORTED,
    REPORT: AuditAction.PROJECT_REPORTED,
}


def request_job(
    access: Access, kind: str, subject: str, about: Mapping[str, Any] | None = None
) -> Job:
    """Create a job and return it; a job runner starts it within a second.

    `subject` is the id of the project or account, `about` the parameters. While a job with the same
    parameters is not over, returns that job instead. Raises `Conflict` when a job of this kind with
    other parameters is not over, and `TooManyRequests` when the caller has requested too many jobs.
    """
    count_attempt("order", account=access.user_id, source=None, now=access.now)
    new_job = models.new_job(kind, subject, access.user_id, about or {}, access.now)
    entry = audit_write(access, _AUDITED[kind], subject, target=new_job.id)
    writes = (*models.create_job_writes(new_job), entry)
    try:
        return create_once(new_job, *writes, idempotency_key=access.idempotency_key, now=access.now)
    except ConditionFailed as failed:
        job = models.find_slot_holder(failed)
        if job is None or job.about != new_job.about:
            detail = "Another job of this kind is still running; wait until it ends"
            raise Conflict(detail, code="busy") from failed
        return job


def get_job(access: Access, kinds: tuple[str, ...], subject: str, job_id: str) -> Job:
    """Return a job of the caller.

    Raises `NotFound` when the job does not exist, has another kind or subject, was requested by
    another person, or its results are no longer kept.
    """
    job = access.get_item(Job.key(job_id))
    if job is None or job.kind not in kinds or models.is_result_expired(job, access.now):
        raise NotFound()
    if (job.subject, job.asked_by) != (subject, access.user_id):
        raise NotFound()
    return job


def create_download(job: Job, name: str) -> Download:
    """Return a short-lived URL of one of the job's files.

    Raises `Conflict` when the job failed or is not done, and `NotFound` when it has no such file.
    """
    if job.status == FAILED:
        raise Conflict("The job failed; send the request again", code="job_failed")
    if job.status != DONE:
        raise Conflict("The job is still running", code="job_not_done")
    if name not in job.files:
        raise NotFound()
    object_key = results.result_key(job.id, name)
    url = s3.sign_download_url(object_key, filename=name, picture=None)
    return Download(url, DOWNLOAD_SECONDS)
