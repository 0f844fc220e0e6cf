"""Time zones by their IANA names, and what follows when somebody moves to another."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from itertools import islice

from chalicelib.domain import tasks as rules
from chalicelib.domain.due_dates import due_at
from chalicelib.domain.pacing import Pace
from chalicelib.errors import NotFound, there
from chalicelib.store import edges, errands, members, tasks, users, weekly
from chalicelib.store.errands import Errand
from chalicelib.store.table import BATCH_GET_MAX
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import Write

MOVE = "zone"
# Tasks that are written this very moment may still have read the old zone.
AFTER = timedelta(seconds=30)


def is_zone(name: str) -> bool:
    """Whether `name` is a zone, such as Europe/Berlin. The list is tzdata's and not the system's,
    which differs from machine to machine."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


def moved(user_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that remember that the days of somebody's tasks end at another moment, and that
    their Monday begins at one."""
    return errands.owed(MOVE, user_id, now=now, after=AFTER), weekly.look_again(user_id, now)


def move_days(move: Errand, pace: Pace) -> None:
    """Let the open tasks of somebody who has moved be due when the day ends in the new zone."""
    (user_id,) = move.about
    zone = there(users.by_id(user_id)).time_zone
    for task in pace.each(_tasks_of(user_id)):
        if task.is_open and task.due_at != due_at(task.due_date, zone):
            with suppress(NotFound):  # deleted meanwhile
                rules.redate(task, pace.clock())


def _tasks_of(user_id: str) -> Iterator[Task]:
    """Those that an earlier tick has moved are met again; so they are read many at a time."""
    for edge in members.of_user(user_id):
        task_ids = edges.task_ids(edge.project_id, f"assignee:{user_id}")
        while some := list(islice(task_ids, BATCH_GET_MAX)):
            yield from tasks.by_ids(some)
