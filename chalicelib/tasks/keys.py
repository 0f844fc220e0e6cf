"""Task keys for people: `LAUNCH-12` is the project's key and the task's number in the project.

Projects of different owners may share a key, and a user can be a member of several. A key then
names a task of the projects that the user owns. So nobody changes what a user's keys mean by adding
them to another project (docs/decisions/0034-a-key-names-a-task-of-an-own-project.md).
"""

import re
from collections.abc import Mapping, Sequence

from chalicelib.access.accessible_projects import list_accessible_projects
from chalicelib.access.service import Access, ProjectAccess, RequestContext, authorize_account
from chalicelib.copies.location_models import find_redirect
from chalicelib.dynamodb.ids import is_task_id, project_id_of
from chalicelib.errors import Conflict, FieldError, NotFound, require_found
from chalicelib.projects.models import Project
from chalicelib.tasks import number_models

_TASK_KEY = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9]{1,9})-(?P<number>[1-9][0-9]{0,8})")


def resolve_task_id(context: RequestContext, text: str) -> str:
    """Return the task id for `text`, an id or a key.

    An id is returned without a read. Raises `NotFound` when `text` is neither or no accessible
    task has the key, and `Conflict` when the key is ambiguous.
    """
    if match := _TASK_KEY.fullmatch(text):
        return require_found(_find_task_id(authorize_account(context), match))
    if not is_task_id(text):
        raise NotFound()
    return text


def resolve_reference(access: Access, text: str | None) -> str | None:
    """Return the task id for `text` if it is the key of a task, otherwise `text` itself.

    With a `ProjectAccess`, an id that a task had in another project is replaced by the one that it
    has in this project. Raises `Conflict` when the key is ambiguous.
    """
    if text is None:
        return None
    if match := _TASK_KEY.fullmatch(text):
        return _find_task_id(access, match) or text
    if isinstance(access, ProjectAccess) and is_task_id(text):
        return _find_id_in_project(access, text) or text
    return text


def _find_id_in_project(access: ProjectAccess, task_id: str) -> str | None:
    """Return the id that a task has in the project since it moved there; None for other tasks."""
    if project_id_of(task_id) == access.project.id:
        return None
    current_id = find_redirect(task_id, access.now)
    is_here = current_id is not None and project_id_of(current_id) == access.project.id
    return current_id if is_here else None


def _find_task_id(access: Access, match: re.Match[str]) -> str | None:
    """Return the id of the task with this key; None if no accessible project has such a task.

    With a `ProjectAccess`, only its project is searched. If the caller owns projects with the key,
    only their tasks count. Raises `Conflict` with all candidates when several tasks count, and when
    none counts but other projects have such a task: if the key named one of these, it would name
    another task as soon as the caller's project reaches the number.
    """
    if isinstance(access, ProjectAccess):
        projects = {access.project.id: access.project}
    else:
        projects = list_accessible_projects(access)
    prefix, number = match["key"].upper(), int(match["number"])
    sharing = [project for project in projects.values() if project.prefix == prefix]
    task_ids = number_models.find_task_ids_by_number([(each.id, number) for each in sharing])
    own_ids = {project.id for project in sharing if project.owner_id == access.user_id}
    own_task_ids = [task_id for task_id in task_ids if project_id_of(task_id) in own_ids]
    named = own_task_ids if own_ids else task_ids
    if len(named) == 1:
        return named[0]
    if task_ids:
        raise _ambiguous_key_error(f"{prefix}-{number}", task_ids, projects)
    return None


def _ambiguous_key_error(
    key: str, task_ids: Sequence[str], projects: Mapping[str, Project]
) -> Conflict:
    errors = tuple(
        FieldError(f"tasks.{task_id}", f"{key} of the project {projects[project_id].name}")
        for task_id in task_ids
        for project_id in (project_id_of(task_id),)
    )
    detail = "Several of your projects have this key; use the id of one of the tasks in errors"
    return Conflict(detail, code="ambiguous_key", errors=errors)
