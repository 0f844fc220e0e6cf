"""The tasks that a task is related to as the caller may see them, and the rule about open blockers.

A caller sees a task only as a member of its project. Of a relation to another task the caller sees
that it exists, and its kind.
"""

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

from chalicelib.access.service import ProjectAccess
from chalicelib.copies.location_models import find_current_ids
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import batch_get
from chalicelib.errors import Conflict, FieldError
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.relations.models import BLOCKED_BY, is_blocking, list_relations
from chalicelib.tasks.models import Task


class RelatedTask(NamedTuple):
    """A task with its project, and whether the caller may see it."""

    task: Task
    project: Project
    is_visible: bool


def read_related_tasks(access: ProjectAccess, original_ids: Set[str]) -> dict[str, RelatedTask]:
    """Return the existing tasks by their original ids, without those in the trash.

    The tasks of a project in the trash are left out too. Where a task is now is looked up only if
    it is not where it was created.
    """
    related = _read_tasks(access, {each: each for each in original_ids})
    missing = original_ids - related.keys()
    return related | _read_tasks(access, find_current_ids(missing)) if missing else related


def _read_tasks(access: ProjectAccess, task_ids: Mapping[str, str]) -> dict[str, RelatedTask]:
    """Return the tasks that are the values of `task_ids`, by the keys of these values."""
    project_ids = {project_id_of(task_id) for task_id in task_ids.values()}
    projects = {each: Project.key(each) for each in project_ids}
    members = {each: Member.key(each, access.user_id) for each in project_ids}
    keys = map(Task.key, task_ids.values())
    items = batch_get(*keys, *projects.values(), *members.values())

    related: dict[str, RelatedTask] = {}
    for original_id, task_id in task_ids.items():
        project_id = project_id_of(task_id)
        task, project = items.get(Task.key(task_id)), items.get(projects[project_id])
        if task is not None and project is not None and project.deleted_at is None:
            is_member = items.get(members[project_id]) is not None
            is_visible = is_member and access.can_access(project_id)
            related[original_id] = RelatedTask(task, project, is_visible)
    return related


def require_no_open_blockers(access: ProjectAccess, task: Task, changes: Mapping[str, Any]) -> None:
    """Raise `Conflict` when `changes` finish the task while an open task blocks it.

    The error lists the blockers that the caller may see. Without open blockers, nothing is read:
    the task has their number, and the transaction requires that it is unchanged. The blockers of a
    project in the trash do not count.
    """
    if changes.get("status") != "done" or not task.open_blockers_count:
        return
    blocker_ids = {each.other_id for each in list_relations(task.original_id, BLOCKED_BY)}
    related = read_related_tasks(access, blocker_ids).values()
    blockers = [each for each in related if is_blocking(each.task)]
    if not blockers:
        return
    errors = tuple(
        FieldError(f"tasks.{blocker.id}", f"{project.prefix}-{int(blocker.number or 0)} is open")
        for blocker, project, is_visible in blockers
        if is_visible
    )
    hidden = len(blockers) - len(errors)
    detail = f"Open tasks block this one: {len(blockers)}" + (
        f", {hidden} of them in projects that you have no access to" if hidden else ""
    )
    raise Conflict(
        f"{detail}; finish them first, or send force=true", code="blocked", errors=errors
    )
