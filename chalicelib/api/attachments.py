"""`/api/tasks/{id}/attachments`: files, uploaded straight to the storage."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.gate import route
from chalicelib.domain import attachments, parts
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.domain.attachments import Announced
from chalicelib.errors import NotFound
from chalicelib.store.attachments import Attachment
from chalicelib.store.ids import is_id

bp = Blueprint(__name__)

FILES = "/api/tasks/{task_id}/attachments"
FILE = FILES + "/{attachment_id}"
# No folder, no newline, and nothing that turns the order of letters round to hide an ending.
NAME = r"^(?!\.{1,2}$)[^/\\\x00-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]+$"
TYPE = r"^[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+$"


class NewAttachment(Struct, forbid_unknown_fields=True):
    filename: Annotated[str, Meta(min_length=1, max_length=255, pattern=NAME)]
    content_type: Annotated[str, Meta(max_length=127, pattern=TYPE)]
    size: Annotated[int, Meta(ge=1)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


class PartNumbers(Struct, forbid_unknown_fields=True):
    numbers: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=100)]


class DownloadQuery(Struct, forbid_unknown_fields=True):
    inline: bool = False


@route(bp, "POST", FILES, Action.WRITE_TASKS, body=NewAttachment)
def announce(access: TaskAccess, body: NewAttachment) -> Response:
    announced = attachments.announce(
        access,
        filename=body.filename,
        content_type=body.content_type,
        size=body.size,
        sha256=body.sha256,
    )
    attachment = announced.attachment
    location = f"/api/tasks/{attachment.task_id}/attachments/{attachment.id}/"
    return created({"attachment": shown(attachment), "upload": _upload(announced)}, location)


@route(bp, "GET", FILES, Action.READ_TASKS)
def listed(access: TaskAccess) -> Response:
    items = [shown(attachment) for attachment in attachments.of_task(access)]
    return answer({"items": items, "next_cursor": None})


@route(bp, "GET", FILE, Action.READ_TASKS)
def read(access: TaskAccess, attachment_id: str) -> Response:
    return answer(shown(attachments.one(access, _known(attachment_id))))


@route(bp, "DELETE", FILE, Action.WRITE_TASKS)
def delete(access: TaskAccess, attachment_id: str) -> Response:
    attachments.delete(access, _known(attachment_id))
    return nothing()


@route(bp, "POST", FILE + "/complete", Action.WRITE_TASKS)
def complete(access: TaskAccess, attachment_id: str) -> Response:
    return answer(shown(attachments.complete(access, _known(attachment_id))))


@route(bp, "GET", FILE + "/download", Action.READ_TASKS, query=DownloadQuery)
def download(access: TaskAccess, query: DownloadQuery, attachment_id: str) -> Response:
    found = attachments.download(access, _known(attachment_id), inline=query.inline)
    return answer({"url": found.url, "expires_in": found.expires_in})


@route(bp, "GET", FILE + "/parts", Action.WRITE_TASKS)
def parts_there(access: TaskAccess, attachment_id: str) -> Response:
    found = parts.arrived(access, _known(attachment_id))
    items = [{"number": part.number, "size": part.size} for part in found.parts]
    return answer(_division(found.attachment) | {"items": items, "next_cursor": None})


@route(bp, "POST", FILE + "/parts", Action.WRITE_TASKS, body=PartNumbers)
def part_addresses(access: TaskAccess, body: PartNumbers, attachment_id: str) -> Response:
    found = parts.addresses(access, _known(attachment_id), body.numbers)
    return answer({"items": found, "next_cursor": None})


def _known(attachment_id: str) -> str:
    if not is_id(attachment_id):
        raise NotFound()
    return attachment_id


def _upload(announced: Announced) -> dict[str, Any]:
    """How to upload: a form to post, or into how many parts to cut the file."""
    form = announced.form
    if form is None:
        return _division(announced.attachment)
    return {"url": form.url, "fields": form.fields}


def _division(attachment: Attachment) -> dict[str, Any]:
    return {"part_size": int(attachment.part_size or 0), "part_count": attachment.part_count}


def shown(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "task": attachment.task_id,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": int(attachment.size),
        "sha256": attachment.sha256,
        "status": attachment.status,
        "picture": attachment.picture,
        "uploaded_by": attachment.uploaded_by,
        "created_at": attachment.created_at,
        "uploaded_at": attachment.uploaded_at,
    }
