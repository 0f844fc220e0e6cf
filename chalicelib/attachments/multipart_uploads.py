"""Multipart uploads of large attachments; an interrupted upload can be resumed."""

from msgspec import Struct

from chalicelib.access.service import TaskAccess
from chalicelib.attachments import models, service
from chalicelib.attachments.models import PENDING, Attachment
from chalicelib.aws import s3_multipart
from chalicelib.aws.s3_multipart import Part
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound


class PartUrl(Struct, frozen=True):
    """The signed URL to PUT the `size` bytes of one part to."""

    number: int
    size: int
    url: str


class UploadedParts(Struct, frozen=True):
    """The attachment and those of its parts that S3 has received."""

    attachment: Attachment
    parts: list[Part]


def sign_part_urls(access: TaskAccess, attachment_id: str, numbers: list[int]) -> list[PartUrl]:
    """Sign a URL for each part in `numbers`; the first call starts the multipart upload.

    Raises `Invalid` for a number that the file has no part of, and `Conflict` when the upload is
    over or a concurrent request starts it.
    """
    attachment = _get_pending_attachment(access, attachment_id)
    if max(numbers) > attachment.part_count:
        message = f"must be from 1 to {attachment.part_count}"
        raise Invalid(errors=(FieldError("numbers", message),))

    object_key, upload_id = attachment.object_key, attachment.upload_id
    if upload_id is None:
        # A crash between the next two calls leaves an upload in S3. It is aborted with the
        # attachment, or by the bucket's lifecycle rule after a day.
        upload_id = s3_multipart.start_upload(object_key, content_type=attachment.content_type)
        if not models.set_multipart_upload(attachment, upload_id):
            s3_multipart.abort_upload(object_key, upload_id)
            raise Conflict("A concurrent request has started this upload; try again")

    urls = []
    part_size = int(attachment.part_size or 0)
    for number in sorted(set(numbers)):
        size = min(part_size, int(attachment.size) - (number - 1) * part_size)
        url = s3_multipart.sign_part_url(object_key, upload_id, number=number, size=size)
        urls.append(PartUrl(number, size, url))
    return urls


def list_uploaded_parts(access: TaskAccess, attachment_id: str) -> UploadedParts:
    """Return the parts of the attachment that S3 has received.

    Raises `Conflict` when the upload is over.
    """
    attachment = _get_pending_attachment(access, attachment_id)
    upload_id = attachment.upload_id
    parts = s3_multipart.list_parts(attachment.object_key, upload_id) if upload_id else []
    return UploadedParts(attachment, parts)


def _get_pending_attachment(access: TaskAccess, attachment_id: str) -> Attachment:
    """Return a pending attachment that is uploaded in parts.

    Raises `NotFound` when it does not exist or is uploaded with a form, and `Conflict` when it is
    not pending.
    """
    attachment = service.get_attachment(access, attachment_id)
    if attachment.part_size is None:
        raise NotFound()
    if attachment.status != PENDING:
        raise Conflict("This upload is over", code="upload_over")
    return attachment
