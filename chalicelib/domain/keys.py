"""Keys that people use: `KEY-12`, the project's key and the task's number in it."""

import re
from collections.abc import Iterable

from chalicelib.domain import access as doors
from chalicelib.domain import reach
from chalicelib.domain.access import Access, ProjectAccess, Visit
from chalicelib.errors import Conflict, NotFound
from chalicelib.store import numbers
from chalicelib.store.ids import is_task_id
from chalicelib.store.projects import Project

_FORM = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9]{1,9})-(?P<number>[1-9][0-9]{0,8})")
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_DEFAULT, _DEFAULT_LENGTH = "TASK", 4


def is_key(text: str) -> bool:
    """Whether `text` has the form of a task's key."""
    return _FORM.fullmatch(text) is not None


def derived(name: str) -> str:
    """The key of a project that was given none: how its name begins."""
    plain = "".join(character for character in name.upper() if character in _ALLOWED)
    letters = plain.lstrip("0123456789")[:_DEFAULT_LENGTH]
    return letters if len(letters) > 1 else _DEFAULT


def task_id(access: Access, text: str) -> str:
    """The id of the task with this key, among the projects that the caller may look into.

    Raises `NotFound`, or `Conflict` when several of them have the same key.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise NotFound()
    key, number = form["key"].upper(), int(form["number"])
    having = [each.id for each in _projects(access) if each.prefix == key]
    found = numbers.tasks_with([(project_id, number) for project_id in having])
    if len(found) > 1:
        detail = "Several of your projects have this key; use the task's id"
        raise Conflict(detail, code="ambiguous_key")
    if not found:
        raise NotFound()
    return found[0]


def _projects(access: Access) -> Iterable[Project]:
    if isinstance(access, ProjectAccess):
        return [access.project]
    return reach.all_projects(access).values()


def named(visit: Visit, text: str) -> str:
    """The id of the task that `text`, an id or a key, names. Raises as `task_id` does."""
    if is_key(text):
        return task_id(doors.enter_account(visit), text)
    if not is_task_id(text):
        raise NotFound()
    return text


def resolved(access: Access, text: str | None) -> str | None:
    """The id that `text`, an id or a key, stands for; what stands for nothing stays as it is."""
    if text is None or not is_key(text):
        return text
    try:
        return task_id(access, text)
    except NotFound:
        return text
