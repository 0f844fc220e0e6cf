"""Time zones by their IANA names, and what follows when somebody moves to another."""

from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from chalicelib.domain import tasks as rules
from chalicelib.domain.pacing import Clock
from chalicelib.store import edges, errands, members, tasks, weekly
from chalicelib.store.errands import Errand
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


def move_days(move: Errand, clock: Clock) -> None:
    """Let the open tasks of somebody who has moved be due when the day ends in the new zone."""
    (user_id,) = move.about
    for edge in members.of_user(user_id):
        for task_id in edges.task_ids(edge.project_id, f"assignee:{user_id}"):
            task = tasks.by_id(task_id)
            if task is not None and task.is_open and task.due_date is not None:
                rules.redate(task, clock())
