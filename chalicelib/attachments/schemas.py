"""`/api/auth/profile` and what else one does to one's own account."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.attachments import models
from chalicelib.attachments.avatars import MAX_AVATAR_BYTES
from chalicelib.attachments.service import AnnouncedAttachment
from chalicelib.aws.s3 import UploadForm
from chalicelib.http.fields import Id, Time


class NewAvatar(Struct, forbid_unknown_fields=True):
    content_type: Literal["image/png", "image/jpeg", "image/webp"]
    size: Annotated[int, Meta(ge=1, le=MAX_AVATAR_BYTES)]


class AvatarUpload(Struct):
    """Where to post the picture."""

    id: Id
    upload: UploadForm


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


def present_upload(announced: AnnouncedAttachment) -> FormUpload | PartedUpload:
    attachment = present_attachment(announced.attachment)
    if announced.form is None:
        return PartedUpload(attachment, present_division(announced.attachment))
    return FormUpload(attachment, announced.form)


def present_division(attachment: models.Attachment) -> Division:
    return Division(int(attachment.part_size or 0), attachment.part_count)


def present_attachment(attachment: models.Attachment) -> Attachment:
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
