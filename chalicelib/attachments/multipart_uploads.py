"""Attachments that come in parts, so that an upload that broke off goes on where it was."""

from dataclasses import dataclass

from chalicelib.access.service import TaskAccess
from chalicelib.attachments import models, service
from chalicelib.attachments.models import PENDING, Attachment
from chalicelib.aws import s3_multipart
from chalicelib.aws.s3_multipart import Part
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound


@dataclass(frozen=True)
class PartAddress:
    """Where to PUT the `size` bytes of one part."""

    number: int
    size: int
    url: str


@dataclass(frozen=True)
class UploadedParts:
    """The attachment, and which of its parts are there."""

    attachment: Attachment
    parts: list[Part]


def sign_part_urls(access: TaskAccess, attachment_id: str, numbers: list[int]) -> list[PartAddress]:
    """Sign an address for each of the parts; the first call starts the upload.

    Raises `Invalid` for a number that the file has no part of.
    """
    attachment = _waiting(access, attachment_id)
    if max(numbers) > attachment.part_count:
        message = f"the parts are 1 to {attachment.part_count}"
        raise Invalid(errors=(FieldError("numbers", message),))
    upload_id = attachment.upload_id or _begin(attachment)
    return [_address(attachment, upload_id, number) for number in sorted(set(numbers))]


def list_uploaded_parts(access: TaskAccess, attachment_id: str) -> UploadedParts:
    """What of the file is there already."""
    attachment = _waiting(access, attachment_id)
    upload_id = attachment.upload_id
    parts = s3_multipart.list_parts(attachment.object_key, upload_id) if upload_id else []
    return UploadedParts(attachment, parts)


def _waiting(access: TaskAccess, attachment_id: str) -> Attachment:
    attachment = service.get_attachment(access, attachment_id)
    if attachment.part_size is None:
        raise NotFound()
    if attachment.status != PENDING:
        raise Conflict("This upload is over", code="upload_over")
    return attachment


def _begin(attachment: Attachment) -> str:
    """Start the upload in the storage and write its id down. Of rivals one wins; what a crash
    leaves in between is dropped with the attachment, or by the bucket's own rule after a day."""
    upload_id = s3_multipart.start_upload(
        attachment.object_key, content_type=attachment.content_type
    )
    if models.set_multipart_upload(attachment, upload_id):
        return upload_id
    s3_multipart.abort_upload(attachment.object_key, upload_id)
    raise Conflict("The upload was started elsewhere at the same moment; ask again")


def _address(attachment: Attachment, upload_id: str, number: int) -> PartAddress:
    before = (number - 1) * int(attachment.part_size or 0)
    size = min(int(attachment.part_size or 0), int(attachment.size) - before)
    url = s3_multipart.sign_part_url(attachment.object_key, upload_id, number=number, size=size)
    return PartAddress(number, size, url)
