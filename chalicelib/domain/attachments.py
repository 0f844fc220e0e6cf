"""Attachments: announce, upload straight to the bucket, confirm, list, download."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import settings
from chalicelib.domain.access import TaskAccess
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.store import attachments, files, receipts, uploads
from chalicelib.store.attachments import Attachment
from chalicelib.store.files import UploadForm
from chalicelib.store.ids import new_id
from chalicelib.store.times import stamp
from chalicelib.store.uploads import READY


@dataclass(frozen=True)
class Announced:
    """An attachment that waits for its bytes, and the form to post them with."""

    attachment: Attachment
    upload: UploadForm


@dataclass(frozen=True)
class Download:
    url: str
    expires_in: int


def announce(access: TaskAccess, *, filename: str, content_type: str, size: int) -> Announced:
    """Reserve an attachment and sign the form that uploads exactly `size` bytes of
    `content_type`. Raises `Invalid` over the limit."""
    if size > settings.UPLOAD_MAX_BYTES:
        at_most = f"must be at most {settings.UPLOAD_MAX_BYTES} bytes"
        raise Invalid(errors=(FieldError("size", at_most),))
    attachment_id = new_id(access.now)
    key = Attachment.key(access.task.id, attachment_id)
    attachment = Attachment(
        key.pk,
        key.sk,
        object_key=attachments.object_key(access.task.id, attachment_id),
        filename=filename,
        content_type=content_type,
        size=size,
        uploaded_by=access.user_id,
        created_at=stamp(access.now),
    )
    write = uploads.pending(attachment, access.now)
    kept = receipts.create(attachment, write, once=access.once, now=access.now)
    form = files.upload_form(kept.object_key, content_type=kept.content_type, size=int(kept.size))
    return Announced(kept, form)


def complete(access: TaskAccess, attachment_id: str) -> Attachment:
    """Confirm that the bytes have arrived. Raises `Conflict` while they have not."""
    attachment = _of(access, attachment_id)
    _confirm(attachment, access.now)
    if attachment.status != READY:
        raise Conflict(
            "The file has not arrived as announced; post it to the upload form first",
            code="upload_missing",
        )
    return attachment


def arrived(object_key: str, *, now: datetime) -> str:
    """The storage says that an object was created: confirm the upload it belongs to, so that a
    client that never confirms still gets there. Returns the status, or `unknown`."""
    attachment = attachments.of_object(object_key)
    if attachment is None:
        return "unknown"
    _confirm(attachment, now)
    return str(attachment.status)


def of_task(access: TaskAccess) -> list[Attachment]:
    """The task's files; one that is still being uploaded is seen by its uploader alone."""
    return [
        attachment
        for attachment in attachments.of_task(access.task.id)
        if attachment.status == READY or attachment.uploaded_by == access.user_id
    ]


def download(access: TaskAccess, attachment_id: str) -> Download:
    """A short-lived address of the bytes."""
    attachment = _of(access, attachment_id)
    if attachment.status != READY:
        raise NotFound()
    url = files.download_url(attachment.object_key, filename=attachment.filename)
    return Download(url, files.DOWNLOAD_SECONDS)


def _of(access: TaskAccess, attachment_id: str) -> Attachment:
    attachment = attachments.by_id(access.task.id, attachment_id)
    if attachment is None:
        raise NotFound()
    return attachment


def _confirm(attachment: Attachment, now: datetime) -> None:
    if attachment.status == READY:
        return
    stored = files.head(attachment.object_key)
    announced = (int(attachment.size), attachment.content_type)
    if stored is not None and (stored.size, stored.content_type) == announced:
        uploads.mark_ready(attachment, now)
