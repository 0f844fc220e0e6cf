"""Process the table's stream: each record is one change of an item.

The stream delivers a record again after a failure and may split a batch; the id of a record stays
the same.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.activity.service import record_activity
from chalicelib.aws import functions
from chalicelib.comments.watchers import watch_on_assignment
from chalicelib.live.events import build_all_events
from chalicelib.live.jobs import queue_events
from chalicelib.observability import logger, record_outcome
from chalicelib.relations.jobs import index_blocked_task
from chalicelib.task_lists.search import update_search_index
from chalicelib.task_lists.snapshots import refresh_on_change
from chalicelib.tasks.jobs import TaskChange, parse_task_change
from chalicelib.webhooks.jobs import record_deliveries, start_deliveries

StreamHandler = Callable[[TaskChange, datetime], None]

STREAM_HANDLERS: tuple[StreamHandler, ...] = (
    record_activity,
    watch_on_assignment,
    index_blocked_task,
    update_search_index,
    refresh_on_change,
)


def process_stream_records(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Process a stream batch: queue its live events, write and start webhook deliveries, start a
    job runner for each new job, and run every stream handler for each change of a task.

    Returns the sequence numbers of the records that failed, so that only they and the records after
    them are delivered again.
    """
    deliveries = [record for record in records if _has_partition(record, "WEBHOOK#")]
    watched = [record for record in records if _has_partition(record, "PROJECT#", "TASK#")]
    changes = build_all_events(watched)
    outcomes = Counter(events_queued=queue_events(changes))
    unrecorded = record_deliveries(changes, now) | start_deliveries(deliveries, now)
    failures = []
    for record in records:
        change = record["dynamodb"]
        number, sort_key = str(change["SequenceNumber"]), str(change["Keys"]["SK"]["S"])
        outcome = None  # of other records, only live events and deliveries are made
        if _has_partition(record, "JOB#"):
            outcome = _start_job_runner(record)
        elif sort_key.startswith(("TASK#", "TRASH#")):
            outcome = _run_handlers(record, now)
        if number in unrecorded:
            outcome = "failed"
        if outcome is not None:
            outcomes[outcome] += 1
        if outcome == "failed":
            failures.append({"itemIdentifier": number})
    record_outcome("stream", outcomes)
    return {"batchItemFailures": failures}


def _has_partition(record: dict[str, Any], *prefixes: str) -> bool:
    return str(record["dynamodb"]["Keys"]["PK"]["S"]).startswith(prefixes)


def _start_job_runner(record: dict[str, Any]) -> str:
    try:
        functions.invoke_job_runner(record)
    except Exception:
        # Not a failure of the record: the records after it do not wait, and sweep_jobs starts the
        # job.
        logger.exception("the job runner could not be started", record_id=record.get("eventID"))
        return "jobs_not_started"
    return "jobs_started"


def _run_handlers(record: dict[str, Any], now: datetime) -> str:
    """Run every handler, also after one failed; return `failed` when one of them did."""
    try:
        change = parse_task_change(record)
    except Exception:
        logger.exception("a stream record could not be read", record_id=record.get("eventID"))
        return "failed"
    outcome = "processed"
    for handler in STREAM_HANDLERS:
        try:
            handler(change, now)
        except Exception:
            name = handler.__module__
            logger.exception("a stream handler failed", handler=name, record_id=change.record_id)
            outcome = "failed"
    return outcome
