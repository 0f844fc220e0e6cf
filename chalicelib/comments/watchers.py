"""Watchers: the users who receive mail about the comments on a task.

A user who creates a task, is assigned to it or comments on it becomes a watcher, unless they have
stopped watching it.
"""

from datetime import datetime

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess, require_permission
from chalicelib.accounts.models import User
from chalicelib.comments import models
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import NotFound
from chalicelib.members.models import Member, get_member_users
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import TrashedTask


def list_watchers(access: TaskAccess) -> list[User]:
    """Return the watchers of the task who are still members of its project."""
    found = access.read_list(models.list_watchers, access.task.original_id)
    return get_member_users(access.project.id, models.select_watching(access.task, found))


def set_watching(access: TaskAccess, user_id: str, *, watching: bool) -> None:
    """Make the caller or another member watch the task, or stop watching it.

    A user who stopped watching becomes a watcher again only through this function. Raises
    `NotFound` if the user is not a member, `Forbidden` if a viewer names another member.
    """
    if user_id != access.user_id:
        if access.get_item(Member.key(access.project.id, user_id)) is None:
            raise NotFound()
        require_permission(access, Action.WRITE_TASKS)
    transact(models.set_watcher_write(access.task.original_id, user_id, muted=not watching))


def watch_on_assignment(change: TaskChange, now: datetime) -> None:
    """Make a new assignee a watcher. They remain one after the task is reassigned."""
    before, task = change.before, change.after
    if task is None or isinstance(task, TrashedTask) or not task.assigned_to:
        return
    if before is None or before.assigned_to != task.assigned_to:
        transact(models.add_watcher_write(task.original_id, task.assigned_to))
