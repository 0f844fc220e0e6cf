"""Request and response types of attachments and avatars."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.attachments import models
from chalicelib.attachments.avatars import MAX_AVATAR_BYTES
from chalicelib.attachments.multipart_uploads import UploadedParts
from chalicelib.attachments.service import AnnouncedAttachment
from chalicelib.aws.s3 import UploadForm
from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import filename, matching


class NewAvatar(Struct, forbid_unknown_fields=True):
    content_type: Literal["image/png", "image/jpeg", "image/webp"]
    size: Annotated[int, Meta(ge=1, le=MAX_AVATAR_BYTES)]


class AvatarUpload(Struct):
    """The id of a pending avatar, and the form that uploads its image."""

    id: Id
    upload: UploadForm


MediaType = Annotated[
    str,
    matching(
        "[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+", "must be a type, such as image/png", max_length=127
    ),
]
Digest = Annotated[
    str, matching("[0-9a-f]{64}", "must be 64 hexadecimal digits in lower case, 0-9 and a-f")
]


class NewAttachment(Struct, forbid_unknown_fields=True):
    filename: Annotated[str, filename(max_length=255)]
    content_type: MediaType
    size: Annotated[int, Meta(ge=0)]
    sha256: Digest | None = None


class PartNumbers(Struct, forbid_unknown_fields=True):
    numbers: Annotated[list[Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=100)]


class DownloadQuery(Struct, forbid_unknown_fields=True):
    inline: bool = False


class Attachment(Struct):
    """A file of a task; `pending` until its bytes have arrived."""

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


class PartLayout(Struct):
    """The number of parts of the file, and the size in bytes of each part but the last."""

    part_size: int
    part_count: int


class FormUpload(Struct, tag_field="kind", tag="form"):
    """A pending attachment, and the form that uploads its bytes."""

    attachment: Attachment
    upload: UploadForm


class MultipartUpload(Struct, tag_field="kind", tag="parts"):
    """A pending attachment that is uploaded in parts, and how to split it."""

    attachment: Attachment
    upload: PartLayout


class Part(Struct):
    """A part that has arrived."""

    number: int
    size: int


class PartList(PartLayout):
    """The parts of an upload that have arrived."""

    items: list[Part]
    next_cursor: None = None


def present_upload(announced: AnnouncedAttachment, task_id: str) -> FormUpload | MultipartUpload:
    """Return the response for a pending attachment, with its form or its part layout."""
    attachment = present_attachment(announced.attachment, task_id)
    if announced.form is not None:
        return FormUpload(attachment, announced.form)
    part_size = int(announced.attachment.part_size or 0)
    return MultipartUpload(attachment, PartLayout(part_size, announced.attachment.part_count))


def present_parts(uploaded: UploadedParts) -> PartList:
    """Return the response that lists the parts that have arrived."""
    attachment = uploaded.attachment
    return PartList(
        part_size=int(attachment.part_size or 0),
        part_count=attachment.part_count,
        items=[Part(part.number, part.size) for part in uploaded.parts],
    )


def present_attachment(attachment: models.Attachment, task_id: str) -> Attachment:
    """Return the response for an attachment of the task."""
    return Attachment(
        id=attachment.id,
        task=task_id,
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
