"""Routes of `/api/tasks/{task_id}/reminders`: when the assignee of a task is reminded, in addition
to the "due soon" reminder that every assignee gets."""

from datetime import UTC

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
    reminders = [_parse_reminder(f"reminders[{i}]", each) for i, each in enumerate(body.reminders)]
    version = parse_if_match(bp.current_request)
    task = service.set_reminders(access, reminders, version=version)
    return json_response(schemas.present_reminders(task))


def _parse_reminder(field: str, reminder: Reminder) -> str:
    """Return the stored form of a reminder, such as `before:90` or `at:2026-11-22T09:00:00.000Z`.

    `field` is its location in the body. Raises `Invalid` unless exactly one of the two is given.
    """
    if (reminder.minutes_before is UNSET) == (reminder.at is UNSET):
        message = "needs either minutes_before or at, but not both"
        raise Invalid(errors=(FieldError(field, message),))
    if reminder.at is UNSET:
        return f"{BEFORE}:{reminder.minutes_before}"
    try:
        utc = reminder.at.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(errors=(FieldError(field, "has no such time in UTC"),)) from error
    return f"{AT}:{utc.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
