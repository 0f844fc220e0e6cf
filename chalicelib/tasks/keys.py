"""Task keys for people: `LAUNCH-12` is the project's key and the task's number in the project."""

import re

from chalicelib.access.accessible_projects import list_accessible_projects
from chalicelib.access.service import Access, ProjectAccess, RequestContext, authorize_account
from chalicelib.dynamodb.ids import is_task_id
from chalicelib.errors import Conflict, NotFound, require_found
from chalicelib.tasks import number_models

_TASK_KEY = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9]{1,9})-(?P<number>[1-9][0-9]{0,8})")


def resolve_task_id(context: RequestContext, text: str) -> str:
    """Return the task id for `text`, an id or a key.

    An id is returned without a read. Raises `NotFound` when `text` is neither or no accessible
    task has the key, and `Conflict` when tasks of several projects have it.
    """
    if match := _TASK_KEY.fullmatch(text):
        return require_found(_find_task_id(authorize_account(context), match))
    if not is_task_id(text):
        raise NotFound()
    return text


def resolve_reference(access: Access, text: str | None) -> str | None:
    """Return the task id for `text` if it is the key of a task, otherwise `text` itself.

    Raises `Conflict` when tasks of several projects have the key.
    """
    match = None if text is None else _TASK_KEY.fullmatch(text)
    if match is None:
        return text
    return _find_task_id(access, match) or text


def _find_task_id(access: Access, match: re.Match[str]) -> str | None:
    """Return the id of the task with this key; None if no accessible project has such a task.

    With a `ProjectAccess`, only its project is searched. Raises `Conflict` when tasks of several
    projects have the key.
    """
    if isinstance(access, ProjectAccess):
        projects = [access.project]
    else:
        projects = list(list_accessible_projects(access).values())
    prefix, number = match["key"].upper(), int(match["number"])
    candidates = [(project.id, number) for project in projects if project.prefix == prefix]
    task_ids = number_models.find_task_ids_by_number(candidates)
    if len(task_ids) > 1:
        detail = "Several of your projects have this key; use the task's id"
        raise Conflict(detail, code="ambiguous_key")
    return task_ids[0] if task_ids else None
