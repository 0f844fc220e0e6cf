"""`/api/tasks/{id}/attachments`: files, uploaded straight to the storage."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api.answers import answer, created
from chalicelib.api.gate import route
from chalicelib.domain import attachments
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.errors import NotFound
from chalicelib.store.attachments import Attachment
from chalicelib.store.ids import is_id

bp = Blueprint(__name__)

FILES = "/api/tasks/{task_id}/attachments"
FILE = FILES + "/{attachment_id}"


class NewAttachment(Struct, forbid_unknown_fields=True):
    filename: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^/\\]+$")]
    content_type: Annotated[str, Meta(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    size: Annotated[int, Meta(ge=1)]


@route(bp, "POST", FILES, Action.WRITE_TASKS, body=NewAttachment)
def announce(access: TaskAccess, body: NewAttachment) -> Response:
    announced = attachments.announce(
        access, filename=body.filename, content_type=body.content_type, size=body.size
    )
    attachment, upload = announced.attachment, announced.upload
    form = {"url": upload.url, "fields": upload.fields}
    location = f"/api/tasks/{attachment.task_id}/attachments/{attachment.id}/"
    return created({"attachment": shown(attachment), "upload": form}, location)


@route(bp, "GET", FILES, Action.READ_TASKS)
def listed(access: TaskAccess) -> Response:
    items = [shown(attachment) for attachment in attachments.of_task(access)]
    return answer({"items": items, "next_cursor": None})


@route(bp, "POST", FILE + "/complete", Action.WRITE_TASKS)
def complete(access: TaskAccess, attachment_id: str) -> Response:
    return answer(shown(attachments.complete(access, _known(attachment_id))))


@route(bp, "GET", FILE + "/download", Action.READ_TASKS)
def download(access: TaskAccess, attachment_id: str) -> Response:
    found = attachments.download(access, _known(attachment_id))
    return answer({"url": found.url, "expires_in": found.expires_in})


def _known(attachment_id: str) -> str:
    if not is_id(attachment_id):
        raise NotFound()
    return attachment_id


def shown(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "task": attachment.task_id,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": int(attachment.size),
        "status": attachment.status,
        "uploaded_by": attachment.uploaded_by,
        "created_at": attachment.created_at,
        "uploaded_at": attachment.uploaded_at,
    }
