"""The job runner: claim a job, run it step by step, complete its files and finish it.

A job makes files piece by piece. Each step is bounded and starts at the stored position, so a
runner may die at any point and another one continues. Access is checked before each step.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict

from chalicelib.copies.project_copy_job import PROJECT_COPY_HANDLER
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.exports.account_export import ACCOUNT_EXPORT_HANDLER
from chalicelib.exports.project_export import PROJECT_EXPORT_HANDLER
from chalicelib.imports.import_job import IMPORT_HANDLER
from chalicelib.jobs import handlers, models, results
from chalicelib.jobs.handlers import BEGINNING, END, JobHandler
from chalicelib.jobs.models import Job
from chalicelib.jobs.results import ResultFile
from chalicelib.jobs.service import (
    ACCOUNT_EXPORT,
    IMPORT,
    PROJECT_COPY,
    PROJECT_EXPORT,
    REPORT,
    WEEKLY_REPORT,
)
from chalicelib.newer_releases import UNKNOWN_KIND, is_left_to_newer_release
from chalicelib.observability import logger, record_outcome
from chalicelib.reports.jobs import start_due_reports
from chalicelib.reports.report_job import REPORT_HANDLER, WEEKLY_REPORT_HANDLER

JOB_HANDLERS: dict[str, JobHandler] = {
    PROJECT_EXPORT: PROJECT_EXPORT_HANDLER,
    ACCOUNT_EXPORT: ACCOUNT_EXPORT_HANDLER,
    REPORT: REPORT_HANDLER,
    WEEKLY_REPORT: WEEKLY_REPORT_HANDLER,
    PROJECT_COPY: PROJECT_COPY_HANDLER,
    IMPORT: IMPORT_HANDLER,
}
# Claims without progress: four by the stream, then one by each sweep.
MAX_ATTEMPTS = 10
# A step starts only when more time than this is left.
STEP_MILLISECONDS = 30_000
FAILED = "failed"

TimeLeft = Callable[[], int]


def run_streamed_jobs(
    records: list[dict[str, Any]], *, now: datetime, time_left: TimeLeft
) -> dict[str, Any]:
    """Run the new jobs of a stream batch. `time_left` returns milliseconds.

    Returns the sequence numbers of the records that failed, so that only they are delivered again
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).
    """
    outcomes: Counter[str] = Counter()
    failures = []
    for record in records:
        change = record["dynamodb"]
        outcome = _process_job(change["Keys"]["PK"]["S"].removeprefix("JOB#"), now, time_left)
        outcomes[outcome] += 1
        if outcome == FAILED:
            failures.append({"itemIdentifier": change["SequenceNumber"]})
    record_outcome("jobs", outcomes)
    return {"batchItemFailures": failures}


def sweep_jobs(now: datetime, time_left: TimeLeft) -> dict[str, int]:
    """Start the due weekly reports, continue every waiting job, and delete results that were kept
    long enough. `time_left` returns milliseconds."""
    started_reports = start_due_reports(now)
    outcomes: Counter[str] = Counter()
    for entry in time_index.list_due("job", now):
        outcomes[_process_job(entry.PK.removeprefix("JOB#"), now, time_left)] += 1
    time_index.advance_watermark("job", now)
    return started_reports | record_outcome("jobs", outcomes)


def _process_job(job_id: str, now: datetime, time_left: TimeLeft) -> str:
    """Run one job as far as the time allows, or remove it when its results are too old.

    Returns the outcome. An error is logged and becomes `failed`, so it does not stop the others.
    """
    try:
        job = models.get_job(job_id)
        outcome = None if job is None else _pass_over(job, now)
        if outcome is not None:
            return outcome
        if time_left() <= STEP_MILLISECONDS:
            return "put_off"
        job = models.claim_job(job_id, now)
        if job is None:
            return "taken"
        try:
            return _run_steps(job, now, time_left)
        except Exception:
            models.release_job(job)
            raise
    except ConditionFailed:
        return "taken"
    except Exception:
        logger.exception("a job failed", job_id=job_id)
        return FAILED


def _pass_over(job: Job, now: datetime) -> str | None:
    """Do what is due for a job that has no step to run, and return the outcome; None for others."""
    if job.is_over:
        return _remove_if_expired(job, now)
    if _is_left(job, now):
        return UNKNOWN_KIND
    return _expire_upload(job, now) if job.status == models.UPLOADING else None


def _is_left(job: Job, now: datetime) -> bool:
    created_at = parse_timestamp(job.created_at)
    return job.kind not in JOB_HANDLERS and is_left_to_newer_release(created_at, now)


def _remove_if_expired(job: Job, now: datetime) -> str:
    if not models.is_result_expired(job, now):
        return "kept"
    # The item goes last: after a crash the next sweep still finds it and deletes the objects.
    results.delete_results(job.id)
    models.delete_job(job)
    return "removed"


def _expire_upload(job: Job, now: datetime) -> str:
    """End a job whose file did not come, or that was not started."""
    if not time_index.is_due(job, now):
        return "kept"
    results.delete_results(job.id)
    models.finish_job(job, now, reason="upload_expired")
    return "upload_expired"


def _run_steps(job: Job, now: datetime, time_left: TimeLeft) -> str:
    """Run the steps of a claimed job until it ends or the time is used up; return the outcome."""
    handler = JOB_HANDLERS.get(job.kind)
    # Every runner so far died before it made progress, or none knew the kind for a day.
    if job.attempts > MAX_ATTEMPTS or handler is None:
        return _fail(job, "gave_up", now)
    step, first_left = 0, 0
    while (left := time_left()) > _compute_needed_time(job, handler):
        # Changes get the time of their step: clients ask for changes after the newest they have.
        first_left = first_left or left
        step_at = now + timedelta(milliseconds=first_left - left)
        if handlers.FAILED in job.position:
            return _fail(job, job.position[handlers.FAILED], now)
        if not handler.is_allowed(job):
            return _fail(job, "access_lost", now)
        is_new = job.position == BEGINNING
        files = {} if is_new else {name: ResultFile(**file) for name, file in job.files.items()}
        if job.position == END:
            _finish(job, handler, files, now)
            return "done"

        pieces, position = handler.step(job, step_at)
        draft = f"{int(job.turn)}-{step}"
        for name, piece in pieces.items():
            written = files.get(name, ResultFile())
            files[name] = results.append_to_file(job.id, name, written, piece, draft)
        models.advance_job(job, position, {name: asdict(file) for name, file in files.items()})
        step += 1
    models.release_job(job)
    return "going_on"


def _compute_needed_time(job: Job, handler: JobHandler) -> int:
    """Return how many milliseconds must be left for the next step to start."""
    return STEP_MILLISECONDS + (handler.build_milliseconds if job.position == END else 0)


def _finish(job: Job, handler: JobHandler, files: dict[str, ResultFile], now: datetime) -> None:
    """Complete the files, add those that are made from them, and end the job."""
    results.complete_files(job.id, files)
    for name, content in handler.build_files(job).items():
        files[name] = results.put_file(job.id, name, content)
    shown = {
        name: asdict(file)
        for name, file in files.items()
        if not name.startswith(results.INTERMEDIATE)
    }
    models.finish_job(job, now, *handler.final_writes(job, now), files=shown)


def _fail(job: Job, reason: str, now: datetime) -> str:
    results.delete_results(job.id)
    models.finish_job(job, now, reason=reason)
    logger.warning("a job ended without results", job_id=job.id, reason=reason)
    return reason
