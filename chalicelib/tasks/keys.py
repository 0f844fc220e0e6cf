"""Keys that people use: `KEY-12`, the project's key and the task's number in it."""

import re
from collections.abc import Iterable

from chalicelib.access.accessible_projects import list_accessible_projects
from chalicelib.access.service import Access, ProjectAccess, RequestContext, authorize_account
from chalicelib.dynamodb.ids import is_task_id
from chalicelib.errors import Conflict, NotFound
from chalicelib.projects.models import Project
from chalicelib.tasks import number_models

_FORM = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9]{1,9})-(?P<number>[1-9][0-9]{0,8})")


def is_task_key(text: str) -> bool:
    """Whether `text` has the form of a task's key."""
    return _FORM.fullmatch(text) is not None


def find_task_id(access: Access, text: str) -> str:
    """The id of the task with this key, among the projects that the caller may look into.

    Raises `NotFound`, or `Conflict` when several of them have the same key.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise NotFound()
    key, number = form["key"].upper(), int(form["number"])
    having = [each.id for each in _projects(access) if each.prefix == key]
    found = number_models.find_task_ids_by_number([(project_id, number) for project_id in having])
    if len(found) > 1:
        detail = "Several of your projects have this key; use the task's id"
        raise Conflict(detail, code="ambiguous_key")
    if not found:
        raise NotFound()
    return found[0]


def _projects(access: Access) -> Iterable[Project]:
    if isinstance(access, ProjectAccess):
        return [access.project]
    return list_accessible_projects(access).values()


def resolve_task_id(context: RequestContext, text: str) -> str:
    """The id of the task that `text`, an id or a key, names. Raises as `task_id` does."""
    if is_task_key(text):
        return find_task_id(authorize_account(context), text)
    if not is_task_id(text):
        raise NotFound()
    return text


def resolve_reference(access: Access, text: str | None) -> str | None:
    """The id that `text`, an id or a key, stands for; what stands for nothing stays as it is."""
    if text is None or not is_task_key(text):
        return text
    try:
        return find_task_id(access, text)
    except NotFound:
        return text
