"""The route `PATCH /api/tasks/{id}/position`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.bodies import sent_fields
from chalicelib.http.gate import route
from chalicelib.http.responses import parse_if_match, updated_response
from chalicelib.ranks import service
from chalicelib.ranks.schemas import TaskPosition
from chalicelib.tasks.schemas import Task, present_task

bp = Blueprint(__name__)


@route(
    bp,
    "PATCH",
    "/api/tasks/{task_id}/position",
    Action.WRITE_TASKS,
    body=TaskPosition,
    returns=Task,
)
def set_task_position(access: TaskAccess, body: TaskPosition) -> Response:
    """Move a task to another position."""
    sent = sent_fields(body)
    if len(sent) != 1:
        message = "send exactly one of after and before"
        raise Invalid(errors=tuple(FieldError(name, message) for name in ("after", "before")))
    task = service.move_task(
        access,
        after=sent.get("after"),
        before=sent.get("before"),
        version=parse_if_match(bp.current_request),
    )
    return updated_response(present_task(task, access.project))
