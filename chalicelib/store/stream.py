"""What the table's stream tells: each record is one change, with the row before and after.

A record is told again after a failure, and a batch may be split; its id stays the same.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.store.tasks import Task, TrashedTask


@dataclass(frozen=True)
class Change:
    """One change of a task; without `before` the row is new, without `after` it is gone."""

    record_id: str
    before: Task | None
    after: Task | None


def task_change(record: dict[str, Any]) -> Change:
    images = record["dynamodb"]
    before, after = _task(images.get("OldImage")), _task(images.get("NewImage"))
    return Change(record["eventID"], before, after)


def is_about_a_job(record: dict[str, Any]) -> bool:
    return str(record["dynamodb"]["Keys"]["PK"]["S"]).startswith("JOB#")


def position(record: dict[str, Any]) -> str:
    """Where the record stands in the stream."""
    return str(record["dynamodb"]["SequenceNumber"])


def _task(image: dict[str, Any] | None) -> Task | None:
    if image is None:
        return None
    model = TrashedTask if image["SK"]["S"].startswith("TRASH#") else Task
    return model.from_raw_data(image)
