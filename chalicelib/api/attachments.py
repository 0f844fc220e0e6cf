"""`/api/tasks/{id}/attachments`: files, uploaded straight to the storage."""

from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct
from msgspec.structs import asdict

from chalicelib.api.answers import answer, conditional, created, nothing
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.domain import attachments, parts
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.domain.attachments import Announced, Download
from chalicelib.domain.parts import PartAddress
from chalicelib.store.attachments import Attachment as AttachmentRow
from chalicelib.store.files import UploadForm

bp = Blueprint(__name__)

FILES = "/api/tasks/{task_id}/attachments"
FILE = FILES + "/{attachment_id}"
# No folder, no newline, and nothing that turns the order of letters round to hide an ending.
NAME = r"^(?!\.{1,2}\Z)[^/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+\Z"
TYPE = r"^[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+\Z"


class NewAttachment(Struct, forbid_unknown_fields=True):
    filename: Annotated[str, Meta(min_length=1, max_length=255, pattern=NAME)]
    content_type: Annotated[str, Meta(max_length=127, pattern=TYPE)]
    size: Annotated[int, Meta(ge=1)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")] | None = None


class PartNumbers(Struct, forbid_unknown_fields=True):
    numbers: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=100)]


class DownloadQuery(Struct, forbid_unknown_fields=True):
    inline: bool = False


class Attachment(Struct):
    """A file; `pending` until its bytes are there."""

    id: Id
    task: Id
    filename: str
    content_type: str
    size: int
    sha256: str | None
    status: Annotated[str, Meta(extra_json_schema={"enum": ["pending", "ready"]})]
    picture: str | None
    uploaded_by: Id
    created_at: Time
    uploaded_at: Time | None


class Division(Struct):
    """Into how many parts to cut the file, and how large each is."""

    part_size: int
    part_count: int


class FormUpload(Struct):
    """The attachment, and the form to post its bytes with."""

    attachment: Attachment
    upload: UploadForm


class PartedUpload(Struct):
    """The attachment, whose bytes are many, and into which parts to cut them."""

    attachment: Attachment
    upload: Division


class Part(Struct):
    """One that has arrived."""

    number: int
    size: int


class Parts(Division):
    items: list[Part]
    next_cursor: None = None


@route(
    bp,
    "POST",
    FILES,
    Action.WRITE_TASKS,
    body=NewAttachment,
    gives=FormUpload | PartedUpload,
    status=201,
)
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
    return created(_upload(announced), location)


@route(bp, "GET", FILES, Action.READ_TASKS, gives=Page[Attachment])
def listed(access: TaskAccess) -> Response:
    return answer(Page([shown(attachment) for attachment in attachments.of_task(access)]))


@route(bp, "GET", FILE, Action.READ_TASKS, gives=Attachment)
def read(access: TaskAccess, attachment_id: str) -> Response:
    return conditional(shown(attachments.one(access, attachment_id)), bp.current_request)


@route(bp, "DELETE", FILE, Action.WRITE_TASKS)
def delete(access: TaskAccess, attachment_id: str) -> Response:
    attachments.delete(access, attachment_id)
    return nothing()


@route(bp, "POST", FILE + "/complete", Action.WRITE_TASKS, gives=Attachment)
def complete(access: TaskAccess, attachment_id: str) -> Response:
    return answer(shown(attachments.complete(access, attachment_id)))


@route(bp, "GET", FILE + "/download", Action.READ_TASKS, query=DownloadQuery, gives=Download)
def download(access: TaskAccess, query: DownloadQuery, attachment_id: str) -> Response:
    return answer(attachments.download(access, attachment_id, inline=query.inline))


@route(bp, "GET", FILE + "/parts", Action.WRITE_TASKS, gives=Parts)
def parts_there(access: TaskAccess, attachment_id: str) -> Response:
    found = parts.arrived(access, attachment_id)
    items = [Part(part.number, part.size) for part in found.parts]
    there = Parts(**asdict(_division(found.attachment)), items=items)
    return conditional(there, bp.current_request)


@route(bp, "POST", FILE + "/parts", Action.WRITE_TASKS, body=PartNumbers, gives=Page[PartAddress])
def part_addresses(access: TaskAccess, body: PartNumbers, attachment_id: str) -> Response:
    return answer(Page(parts.addresses(access, attachment_id, body.numbers)))


def _upload(announced: Announced) -> FormUpload | PartedUpload:
    attachment = shown(announced.attachment)
    if announced.form is None:
        return PartedUpload(attachment, _division(announced.attachment))
    return FormUpload(attachment, announced.form)


def _division(attachment: AttachmentRow) -> Division:
    return Division(int(attachment.part_size or 0), attachment.part_count)


def shown(attachment: AttachmentRow) -> Attachment:
    return Attachment(
        id=attachment.id,
        task=attachment.task_id,
        filename=attachment.filename,
        content_type=attachment.content_type,
        size=int(attachment.size),
        sha256=attachment.sha256,
        status=attachment.status,
        picture=attachment.picture,
        uploaded_by=attachment.uploaded_by,
        created_at=attachment.created_at,
        uploaded_at=attachment.uploaded_at,
    )
