"""Watchers: who hears of what is said about a task.

Creating a task, being assigned to it and commenting make one a watcher, unless one has said no.
"""

from datetime import datetime

from chalicelib.domain.access import Action, TaskAccess, require
from chalicelib.errors import NotFound
from chalicelib.store import members, watchers
from chalicelib.store.stream import Change
from chalicelib.store.tasks import TrashedTask
from chalicelib.store.transaction import transact
from chalicelib.store.users import User


def of_task(access: TaskAccess) -> list[User]:
    """Who watches the task, of those who may see it."""
    return members.among(access.project.id, watchers.of_task(access.task))


def watch(access: TaskAccess, user_id: str) -> None:
    """Make a watcher of oneself, or of another member. Raises `NotFound` for somebody who is
    none, `Forbidden` for a viewer who names another."""
    _decide(access, user_id, muted=False)


def unwatch(access: TaskAccess, user_id: str) -> None:
    """End the watching of oneself or of another member, until they are asked to again."""
    _decide(access, user_id, muted=True)


def _decide(access: TaskAccess, user_id: str, *, muted: bool) -> None:
    if user_id != access.user_id:
        if members.by_id(access.project.id, user_id) is None:
            raise NotFound()
        require(access, Action.WRITE_TASKS)
    transact(watchers.decided(access.task.id, user_id, muted=muted))


def draw_in(change: Change, now: datetime) -> None:
    """Who is assigned goes on watching when somebody else is."""
    before, task = change.before, change.after
    if task is None or isinstance(task, TrashedTask) or not task.assigned_to:
        return
    if before is None or before.assigned_to != task.assigned_to:
        transact(watchers.drawn_in(task.id, task.assigned_to))
