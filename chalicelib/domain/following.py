"""What follows from a change without being part of it, a moment later.

The table's stream tells every change at least once, so each follower of a task must come to the
same when it is told twice: rows get ids that are derived from the record's own. A new job wakes the
worker.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalicelib.domain import activity, catalogue, watchers, words
from chalicelib.observability import logger, report
from chalicelib.store import stream, workers
from chalicelib.store.stream import Change

Follower = Callable[[Change, datetime], None]

FOLLOWERS: tuple[Follower, ...] = (
    activity.record,
    watchers.draw_in,
    words.follow,
    catalogue.follow,
)


def follow(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Tell all followers of a stream batch; records that failed are named, so that only they and
    those behind them return."""
    outcomes: Counter[str] = Counter()
    failures = []
    for record in records:
        outcome = _outcome(record, now)
        outcomes[outcome] += 1
        if outcome == "failed":
            failures.append({"itemIdentifier": stream.position(record)})
    report("changes", outcomes)
    return {"batchItemFailures": failures}


def _outcome(record: dict[str, Any], now: datetime) -> str:
    if stream.is_about_a_job(record):
        return _woken(record)
    return "told" if _told(record, now) else "failed"


def _woken(record: dict[str, Any]) -> str:
    """Wake a worker for a new job. When that fails no record behind has to wait: the sweep of jobs
    begins what nobody was woken for."""
    try:
        workers.wake(record)
    except Exception:
        logger.exception("no worker could be woken", record_id=record.get("eventID"))
        return "unwoken"
    return "woken"


def _told(record: dict[str, Any], now: datetime) -> bool:
    """Whether every follower came to an end; one that fails does not stop the others."""
    try:
        change = stream.task_change(record)
    except Exception:
        logger.exception("a change could not be read", record_id=record.get("eventID"))
        return False
    return all([_followed(follower, change, now) for follower in FOLLOWERS])


def _followed(follower: Follower, change: Change, now: datetime) -> bool:
    try:
        follower(change, now)
    except Exception:
        name = follower.__module__
        logger.exception("a follower failed", follower=name, record_id=change.record_id)
        return False
    return True
