"""`/api/tasks/{task_id}/reminders`: when the assignee of a task wants to hear of it, on top of the
reminder that everybody gets."""

from datetime import UTC, datetime
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.answers import answer, conditional, expected_version
from chalicelib.api.gate import route
from chalicelib.domain import reminders
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.store.alarms import AT, BEFORE
from chalicelib.store.tasks import Task

bp = Blueprint(__name__)

PATH = "/api/tasks/{task_id}/reminders"
YEAR_IN_MINUTES = 366 * 24 * 60


class Reminder(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One of the two: so many minutes before the task is due, or at a time."""

    minutes_before: Annotated[int, Meta(ge=0, le=YEAR_IN_MINUTES)] | UnsetType = UNSET
    at: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class Reminders(Struct, forbid_unknown_fields=True):
    reminders: Annotated[list[Reminder], Meta(max_length=10)]


@route(bp, "GET", PATH, Action.READ_TASKS, gives=Reminders)
def read(access: TaskAccess) -> Response:
    return conditional(shown(access.task), bp.current_request, version=int(access.task.version))


@route(bp, "PUT", PATH, Action.WRITE_TASKS, body=Reminders, gives=Reminders)
def replace(access: TaskAccess, body: Reminders) -> Response:
    chosen = [_stored(number, one) for number, one in enumerate(body.reminders)]
    version = expected_version(bp.current_request)
    return answer(shown(reminders.choose(access, chosen, version=version)))


def shown(task: Task) -> Reminders:
    return Reminders([_shown(one) for one in task.reminders or ()])


def _stored(number: int, reminder: Reminder) -> str:
    if (reminder.minutes_before is UNSET) == (reminder.at is UNSET):
        raise _wrong(number, "needs minutes_before or at, and not both")
    if reminder.at is UNSET:
        return f"{BEFORE}:{reminder.minutes_before}"
    return f"{AT}:{_stamped(number, reminder.at)}"


def _stamped(number: int, at: datetime) -> str:
    try:
        utc = at.astimezone(UTC)
    except OverflowError as error:
        raise _wrong(number, "has no such time in UTC") from error
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(stored: str) -> Reminder:
    kind, _, value = stored.partition(":")
    if kind == BEFORE:
        return Reminder(minutes_before=int(value))
    return Reminder(at=datetime.fromisoformat(value))


def _wrong(number: int, message: str) -> Invalid:
    return Invalid(errors=(FieldError(f"reminders[{number}]", message),))
