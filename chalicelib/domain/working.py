"""The worker: claim -> look again -> a step -> write down how far -> ... -> close -> finish.

A job makes files piece by piece. Each step is bounded and can be done again from where the row
stands, so a worker may die anywhere, and another one goes on. Access is asked before each step.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.domain import account_exports, exports, jobs, reporting, weekly
from chalicelib.domain.making import END, Maker
from chalicelib.observability import logger, report
from chalicelib.store import jobs as rows
from chalicelib.store import results, wake
from chalicelib.store.jobs import Job
from chalicelib.store.results import Written
from chalicelib.store.transaction import ConditionFailed

MAKERS: dict[str, Maker] = {
    jobs.PROJECT_EXPORT: exports.MAKER,
    jobs.ACCOUNT_EXPORT: account_exports.MAKER,
    jobs.REPORT: reporting.MAKER,
    jobs.WEEKLY_REPORT: reporting.WEEKLY_MAKER,
}
# Claims without any advance, four of the stream's and then one for each sweep.
MAX_ATTEMPTS = 10
# A step is not begun with less than this left.
STEP_MILLISECONDS = 30_000
FAILED = "failed"

TimeLeft = Callable[[], int]


def dispatch(
    records: list[dict[str, Any]], *, now: datetime, time_left: TimeLeft
) -> dict[str, Any]:
    """Work on the jobs of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    outcomes: Counter[str] = Counter()
    failures = []
    for sequence_number, job_id in rows.in_stream(records):
        outcome = _guarded(job_id, now, time_left)
        outcomes[outcome] += 1
        if outcome == FAILED:
            failures.append({"itemIdentifier": sequence_number})
    report("jobs", outcomes)
    return {"batchItemFailures": failures}


def sweep(now: datetime, time_left: TimeLeft) -> dict[str, int]:
    """Begin the weekly reports that are due, go on with every job that waits, and remove what was
    kept long enough."""
    begun = weekly.begin_due(now)
    outcomes: Counter[str] = Counter()
    for row in wake.ready("job", now):
        outcomes[_guarded(row.PK.removeprefix("JOB#"), now, time_left)] += 1
    wake.settle("job", now)
    return begun | report("jobs", outcomes)


def _guarded(job_id: str, now: datetime, time_left: TimeLeft) -> str:
    """Do what one job needs; whatever goes wrong with it does not stop the rest."""
    try:
        job = rows.by_id(job_id)
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
    job = rows.claim(job_id, now)
    if job is None:
        return "taken"
    try:
        return _advanced(job, now, time_left)
    except Exception:
        rows.release(job)
        raise


def _advanced(job: Job, now: datetime, time_left: TimeLeft) -> str:
    maker = MAKERS[job.kind]
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
    rows.release(job)
    return "going_on"


def _step(job: Job, maker: Maker, now: datetime, draft: str) -> None:
    pieces, position = maker.step(job, now)
    written = {name: Written(**file) for name, file in job.files.items()}
    for name, piece in pieces.items():
        before = written.get(name, Written())
        written[name] = results.append(job.id, name, before, piece, draft)
    rows.advance(job, position, {name: file.as_json() for name, file in written.items()})


def _finish(job: Job, maker: Maker, now: datetime) -> str:
    for name, file in job.files.items():
        results.close(job.id, name, Written(**file))
    results.drop_drafts(job.id)
    rows.finish(job, now, *maker.causes(job, now))
    return "done"


def _give_up(job: Job, reason: str, now: datetime) -> str:
    results.drop_all(job.id)
    rows.finish(job, now, reason=reason)
    logger.warning("a job ended without result", job_id=job.id, reason=reason)
    return reason


def _remove_if_due(job: Job, now: datetime) -> str:
    """Objects first, the row last: a crash between is mended by the next sweep."""
    if not rows.is_due(job, now):
        return "kept"
    results.drop_all(job.id)
    rows.forget(job)
    return "removed"
