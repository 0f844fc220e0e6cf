"""What the table's stream tells: each record is one change, with the row before and after.

A record is told again after a failure, and a batch may be split; its id stays the same.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.activity.service import record_activity
from chalicelib.aws import functions
from chalicelib.comments.watchers import watch_on_assignment
from chalicelib.observability import logger, record_outcome
from chalicelib.task_lists.search import update_search_index
from chalicelib.task_lists.snapshots import refresh_on_change
from chalicelib.tasks.jobs import TaskChange, parse_task_change


def is_job_record(record: dict[str, Any]) -> bool:
    return str(record["dynamodb"]["Keys"]["PK"]["S"]).startswith("JOB#")


def sequence_number_of(record: dict[str, Any]) -> str:
    """Where the record stands in the stream."""
    return str(record["dynamodb"]["SequenceNumber"])


StreamHandler = Callable[[TaskChange, datetime], None]

STREAM_HANDLERS: tuple[StreamHandler, ...] = (
    record_activity,
    watch_on_assignment,
    update_search_index,
    refresh_on_change,
)


def process_stream_records(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Tell all followers of a stream batch; records that failed are named, so that only they and
    those behind them return."""
    outcomes: Counter[str] = Counter()
    failures = []
    for record in records:
        outcome = _outcome(record, now)
        outcomes[outcome] += 1
        if outcome == "failed":
            failures.append({"itemIdentifier": sequence_number_of(record)})
    record_outcome("stream", outcomes)
    return {"batchItemFailures": failures}


def _outcome(record: dict[str, Any], now: datetime) -> str:
    if is_job_record(record):
        return _woken(record)
    return "processed" if _told(record, now) else "failed"


def _woken(record: dict[str, Any]) -> str:
    """Wake a worker for a new job. When that fails no record behind has to wait: the sweep of jobs
    begins what nobody was woken for."""
    try:
        functions.invoke_job_runner(record)
    except Exception:
        logger.exception("no worker could be woken", record_id=record.get("eventID"))
        return "jobs_not_started"
    return "jobs_started"


def _told(record: dict[str, Any], now: datetime) -> bool:
    """Whether every follower came to an end; one that fails does not stop the others."""
    try:
        change = parse_task_change(record)
    except Exception:
        logger.exception("a change could not be read", record_id=record.get("eventID"))
        return False
    return all([_followed(follower, change, now) for follower in STREAM_HANDLERS])


def _followed(follower: StreamHandler, change: TaskChange, now: datetime) -> bool:
    try:
        follower(change, now)
    except Exception:
        name = follower.__module__
        logger.exception("a follower failed", follower=name, record_id=change.record_id)
        return False
    return True
