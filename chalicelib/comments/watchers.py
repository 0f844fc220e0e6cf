"""Watchers: who hears of what is said about a task.

Creating a task, being assigned to it and commenting make one a watcher, unless one has said no.
"""

from datetime import datetime

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess, require_permission
from chalicelib.accounts.models import User
from chalicelib.comments import models
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import NotFound
from chalicelib.members.models import get_member, get_member_users
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import TrashedTask


def list_watchers(access: TaskAccess) -> list[User]:
    """Who watches the task, of those who may see it."""
    return get_member_users(access.project.id, models.list_watcher_ids(access.task))


def watch_task(access: TaskAccess, user_id: str) -> None:
    """Make a watcher of oneself, or of another member. Raises `NotFound` for somebody who is
    none, `Forbidden` for a viewer who names another."""
    _set_watching(access, user_id, muted=False)


def unwatch_task(access: TaskAccess, user_id: str) -> None:
    """End the watching of oneself or of another member, until they are asked to again."""
    _set_watching(access, user_id, muted=True)


def _set_watching(access: TaskAccess, user_id: str, *, muted: bool) -> None:
    if user_id != access.user_id:
        if get_member(access.project.id, user_id) is None:
            raise NotFound()
        require_permission(access, Action.WRITE_TASKS)
    transact(models.set_watcher_write(access.task.id, user_id, muted=muted))


def watch_on_assignment(change: TaskChange, now: datetime) -> None:
    """Who is assigned goes on watching when somebody else is."""
    before, task = change.before, change.after
    if task is None or isinstance(task, TrashedTask) or not task.assigned_to:
        return
    if before is None or before.assigned_to != task.assigned_to:
        transact(models.add_watcher_write(task.id, task.assigned_to))
