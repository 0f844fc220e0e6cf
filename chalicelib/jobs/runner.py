"""The worker: claim -> look again -> a step -> write down how far -> ... -> close -> finish.

A job makes files piece by piece. Each step is bounded and can be done again from where the row
stands, so a worker may die anywhere, and another one goes on. Access is asked before each step.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.exports.account_export import ACCOUNT_EXPORT_HANDLER
from chalicelib.exports.project_export import PROJECT_EXPORT_HANDLER
from chalicelib.jobs import models, results
from chalicelib.jobs.handlers import END, JobHandler
from chalicelib.jobs.models import Job
from chalicelib.jobs.results import ResultFile
from chalicelib.jobs.service import ACCOUNT_EXPORT, PROJECT_EXPORT, REPORT, WEEKLY_REPORT
from chalicelib.observability import logger, record_outcome
from chalicelib.reports.jobs import start_due_reports
from chalicelib.reports.report_job import REPORT_HANDLER, WEEKLY_REPORT_HANDLER

JOB_HANDLERS: dict[str, JobHandler] = {
    PROJECT_EXPORT: PROJECT_EXPORT_HANDLER,
    ACCOUNT_EXPORT: ACCOUNT_EXPORT_HANDLER,
    REPORT: REPORT_HANDLER,
    WEEKLY_REPORT: WEEKLY_REPORT_HANDLER,
}
# Claims without any advance, four of the stream's and then one for each sweep.
MAX_ATTEMPTS = 10
# A step is not begun with less than this left.
STEP_MILLISECONDS = 30_000
FAILED = "failed"

TimeLeft = Callable[[], int]


def run_streamed_jobs(
    records: list[dict[str, Any]], *, now: datetime, time_left: TimeLeft
) -> dict[str, Any]:
    """Work on the jobs of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    outcomes: Counter[str] = Counter()
    failures = []
    for sequence_number, job_id in models.list_streamed_jobs(records):
        outcome = _guarded(job_id, now, time_left)
        outcomes[outcome] += 1
        if outcome == FAILED:
            failures.append({"itemIdentifier": sequence_number})
    record_outcome("jobs", outcomes)
    return {"batchItemFailures": failures}


def sweep_jobs(now: datetime, time_left: TimeLeft) -> dict[str, int]:
    """Begin the weekly reports that are due, go on with every job that waits, and remove what was
    kept long enough."""
    begun = start_due_reports(now)
    outcomes: Counter[str] = Counter()
    for row in time_index.list_due("job", now):
        outcomes[_guarded(row.PK.removeprefix("JOB#"), now, time_left)] += 1
    time_index.advance_watermark("job", now)
    return begun | record_outcome("jobs", outcomes)


def _guarded(job_id: str, now: datetime, time_left: TimeLeft) -> str:
    """Do what one job needs; whatever goes wrong with it does not stop the rest."""
    try:
        job = models.get_job(job_id)
        if job is not None and job.is_over:
            return _remove_if_due(job, now)
        return _work(job_id, now, time_left)
    except ConditionFailed:
        return "taken"
    except Exception:
        logger.exception("a job could not be worked on", job_id=job_id)
        return FAILED


def _work(job_id: str, now: datetime, time_left: TimeLeft) -> str:
    """Bring one job as far as the time allows, and say how far that is."""
    if time_left() <= STEP_MILLISECONDS:
        return "put_off"
    job = models.claim_job(job_id, now)
    if job is None:
        return "taken"
    try:
        return _advanced(job, now, time_left)
    except Exception:
        models.release_job(job)
        raise


def _advanced(job: Job, now: datetime, time_left: TimeLeft) -> str:
    maker = JOB_HANDLERS[job.kind]
    if job.attempts > MAX_ATTEMPTS:  # each worker before died on the way
        return _give_up(job, "gave_up", now)
    step = 0
    while time_left() > STEP_MILLISECONDS:
        if not maker.may(job):
            return _give_up(job, "access_lost", now)
        if job.position == END:
            return _finish(job, maker, now)
        _step(job, maker, now, f"{int(job.turn)}-{step}")
        step += 1
    models.release_job(job)
    return "going_on"


def _step(job: Job, maker: JobHandler, now: datetime, draft: str) -> None:
    pieces, position = maker.step(job, now)
    written = {name: ResultFile(**file) for name, file in job.files.items()}
    for name, piece in pieces.items():
        before = written.get(name, ResultFile())
        written[name] = results.append_to_file(job.id, name, before, piece, draft)
    models.advance_job(job, position, {name: file.as_json() for name, file in written.items()})


def _finish(job: Job, maker: JobHandler, now: datetime) -> str:
    for name, file in job.files.items():
        results.complete_file(job.id, name, ResultFile(**file))
    results.delete_drafts(job.id)
    models.finish_job(job, now, *maker.causes(job, now))
    return "done"


def _give_up(job: Job, reason: str, now: datetime) -> str:
    results.delete_results(job.id)
    models.finish_job(job, now, reason=reason)
    logger.warning("a job ended without result", job_id=job.id, reason=reason)
    return reason


def _remove_if_due(job: Job, now: datetime) -> str:
    """Objects first, the row last: a crash between is mended by the next sweep."""
    if not models.is_result_expired(job, now):
        return "kept"
    results.delete_results(job.id)
    models.delete_job(job)
    return "removed"
