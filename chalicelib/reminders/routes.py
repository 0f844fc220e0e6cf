"""`/api/tasks/{task_id}/reminders`: when the assignee of a task wants to hear of it, on top of the
reminder that everybody gets."""

from datetime import UTC, datetime

from chalice.app import Blueprint, Response
from msgspec import UNSET

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.gate import route
from chalicelib.http.responses import conditional_response, json_response, parse_if_match
from chalicelib.reminders import schemas, service
from chalicelib.reminders.schedule import AT, BEFORE
from chalicelib.reminders.schemas import Reminder, Reminders

bp = Blueprint(__name__)

REMINDERS = "/api/tasks/{task_id}/reminders"


@route(bp, "GET", REMINDERS, Action.READ_TASKS, returns=Reminders)
def list_reminders(access: TaskAccess) -> Response:
    """List a task's reminders."""
    return conditional_response(
        schemas.present_reminders(access.task), bp.current_request, version=int(access.task.version)
    )


@route(bp, "PUT", REMINDERS, Action.WRITE_TASKS, body=Reminders, returns=Reminders)
def replace_reminders(access: TaskAccess, body: Reminders) -> Response:
    """Replace a task's reminders."""
    chosen = [_parse_reminder(number, one) for number, one in enumerate(body.reminders)]
    version = parse_if_match(bp.current_request)
    return json_response(
        schemas.present_reminders(service.set_reminders(access, chosen, version=version))
    )


def _parse_reminder(number: int, reminder: Reminder) -> str:
    if (reminder.minutes_before is UNSET) == (reminder.at is UNSET):
        raise _wrong(number, "needs minutes_before or at, and not both")
    if reminder.at is UNSET:
        return f"{BEFORE}:{reminder.minutes_before}"
    return f"{AT}:{_parse_time(number, reminder.at)}"


def _parse_time(number: int, at: datetime) -> str:
    try:
        utc = at.astimezone(UTC)
    except OverflowError as error:
        raise _wrong(number, "has no such time in UTC") from error
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wrong(number: int, message: str) -> Invalid:
    return Invalid(errors=(FieldError(f"reminders[{number}]", message),))
