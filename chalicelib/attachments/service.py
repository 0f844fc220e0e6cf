"""Attachments: announce, upload straight to the bucket, confirm, list, download, delete."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from chalicelib import settings
from chalicelib.access.permissions import MANAGERS
from chalicelib.access.service import TaskAccess
from chalicelib.attachments import models, quota_models, upload_lifecycle
from chalicelib.attachments.models import GONE, PENDING, READY, Attachment, Upload
from chalicelib.attachments.quota_models import MAX_FILE_BYTES
from chalicelib.aws import s3, s3_multipart
from chalicelib.aws.s3 import DOWNLOAD_SECONDS, Download, StoredObject, UploadForm
from chalicelib.aws.s3_multipart import PART_BYTES
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid, NotFound


@dataclass(frozen=True)
class AnnouncedAttachment:
    """An attachment that waits for its bytes, and the form to post them with; no form for a file
    that comes in parts."""

    attachment: Attachment
    form: UploadForm | None


def announce_attachment(
    access: TaskAccess, *, filename: str, content_type: str, size: int, sha256: str | None = None
) -> AnnouncedAttachment:
    """Reserve an attachment and its room, and sign the form that uploads exactly this.

    Raises `Invalid` for a size or type that is never taken, `Conflict` when the task or the project
    has no room left.
    """
    _require_acceptable(content_type, size, sha256)
    attachment = _new(access, filename, content_type, size, sha256)
    try:
        kept = create_once(
            attachment,
            models.announce_upload_write(attachment, access.now),
            *quota_models.reserve_storage_writes(attachment),
            idempotency_key=access.idempotency_key,
            now=access.now,
        )
    except ConditionFailed as failed:
        raise _no_room(failed) from failed
    if kept is not attachment:
        kept = _still_pending(kept)
    return AnnouncedAttachment(kept, _form(kept))


def complete_attachment(access: TaskAccess, attachment_id: str) -> Attachment:
    """Confirm that the bytes have arrived. Raises `Conflict` while they have not."""
    attachment = get_attachment(access, attachment_id)
    if attachment.status == PENDING:
        _assemble(attachment)
        _confirm(attachment, access.now)
    if attachment.status != READY:
        raise Conflict(
            "The file has not arrived as announced; upload it first", code="upload_missing"
        )
    return attachment


def handle_object_created(object_key: str, *, now: datetime) -> str:
    """The storage says that an object was created: confirm the attachment it is of, so that a
    client that never confirms still gets there. What comes after the end, or over what was
    confirmed, is removed. Returns the status, or `unknown` for a key that is not ours."""
    if models.find_upload_key(object_key) is None:
        return "unknown"
    upload = models.find_upload(object_key)
    if upload is None:  # it is over: the row stands before anything is signed
        s3.delete_object(object_key)
        return GONE
    if isinstance(upload, Attachment) and upload.status == PENDING:
        _confirm(upload, now)
    if upload.status == GONE:
        upload_lifecycle.discard_objects(upload)
    elif upload.status == READY:
        _remove_other_version(upload)
    return str(upload.status)


def list_attachments(access: TaskAccess) -> list[Attachment]:
    """The task's files, oldest first; one that is still being uploaded is seen by its uploader
    alone."""
    return [file for file in models.list_attachments(access.task.id) if _is_seen(file, access)]


def get_attachment(access: TaskAccess, attachment_id: str) -> Attachment:
    """The attachment, if the caller may see it. Raises `NotFound`."""
    attachment = models.get_attachment(access.task.id, attachment_id)
    if attachment is None or not _is_seen(attachment, access):
        raise NotFound()
    return attachment


def create_download(access: TaskAccess, attachment_id: str, *, inline: bool = False) -> Download:
    """A short-lived address of the bytes; `inline` shows them if they are a picture."""
    attachment = get_attachment(access, attachment_id)
    if attachment.status != READY:
        raise NotFound()
    url = s3.sign_download_url(
        attachment.object_key,
        filename=attachment.filename,
        picture=attachment.picture if inline else None,
    )
    return Download(url, DOWNLOAD_SECONDS)


def delete_attachment(access: TaskAccess, attachment_id: str) -> None:
    """Remove the file, or give up on its upload. Raises `Forbidden` for all but its uploader and
    the project's managers."""
    attachment = get_attachment(access, attachment_id)
    if attachment.uploaded_by != access.user_id and access.role not in MANAGERS:
        raise Forbidden("Only who uploaded a file, an admin or the owner may delete it")
    if upload_lifecycle.close_upload(attachment, access.now):
        upload_lifecycle.remove_upload(attachment)


def close_task_attachments(task_id: str, now: datetime) -> int:
    """Make tombstones of all files of a task that is purged, and give their room back; the tick
    removes objects and rows. Doing it again is fine. Returns how many there were."""
    dropped = sum(
        upload_lifecycle.close_upload(file, now) for file in models.list_attachments(task_id)
    )
    quota_models.delete_task_usage(task_id)
    return dropped


def _require_acceptable(content_type: str, size: int, sha256: str | None) -> None:
    errors = []
    if size > MAX_FILE_BYTES:
        errors.append(FieldError("size", f"must be at most {MAX_FILE_BYTES} bytes"))
    if not any(fnmatchcase(content_type.lower(), kind) for kind in settings.UPLOAD_TYPES):
        kinds = ", ".join(settings.UPLOAD_TYPES)
        errors.append(FieldError("content_type", f"must be one of {kinds}"))
    if sha256 is not None and size > settings.UPLOAD_FORM_MAX_BYTES:
        errors.append(FieldError("sha256", "can't be checked for a file that comes in parts"))
    if errors:
        raise Invalid(errors=tuple(errors))


def _new(
    access: TaskAccess, filename: str, content_type: str, size: int, sha256: str | None
) -> Attachment:
    attachment_id = new_id(access.now)
    key = Attachment.key(access.task.id, attachment_id)
    return Attachment(
        key.pk,
        key.sk,
        object_key=models.attachment_object_key(access.task.id, attachment_id),
        filename=filename,
        content_type=content_type,
        size=size,
        sha256=sha256,
        part_size=PART_BYTES if size > settings.UPLOAD_FORM_MAX_BYTES else None,
        uploaded_by=access.user_id,
        created_at=format_timestamp(access.now),
    )


def _no_room(failed: ConditionFailed) -> Conflict:
    limit = quota_models.exceeded_limit(failed.write)
    if limit is None:
        raise failed
    return Conflict(f"The files of this {limit} would be too many or too large", code="no_room")


def _still_pending(first: Attachment) -> Attachment:
    """A form signed for an upload that is over would let in an object that nobody expects."""
    attachment = models.get_attachment(first.task_id, first.id)
    if attachment is None or attachment.status != PENDING:
        raise Conflict("This upload was announced before and is over", code="upload_over")
    return first


def _form(attachment: Attachment) -> UploadForm | None:
    if attachment.part_size is not None:
        return None
    return s3.sign_upload_form(
        attachment.object_key,
        content_type=attachment.content_type,
        size=int(attachment.size),
        sha256=attachment.sha256,
    )


def _is_seen(attachment: Attachment, access: TaskAccess) -> bool:
    own = attachment.status == PENDING and attachment.uploaded_by == access.user_id
    return attachment.status == READY or own


def _assemble(attachment: Attachment) -> None:
    """Make one object of the parts, once all are there."""
    if attachment.upload_id is None:
        return
    parts = s3_multipart.list_parts(attachment.object_key, attachment.upload_id)
    if sum(part.size for part in parts) == attachment.size:
        s3_multipart.complete_upload(attachment.object_key, attachment.upload_id, parts)


def _confirm(attachment: Attachment, now: datetime) -> None:
    """Look at what was uploaded; if it is what was announced, the attachment is ready. Everything
    is asked of one version of the object, so that nobody can swap it in between."""
    stored = s3.head_object(attachment.object_key)
    if stored is not None and _is_as_announced(attachment, stored):
        picture = s3.detect_image_type(attachment.object_key, stored.version_id)
        models.confirm_attachment(attachment, stored, picture, now)


def _is_as_announced(attachment: Attachment, stored: StoredObject) -> bool:
    announced = (int(attachment.size), attachment.content_type)
    if (stored.size, stored.content_type) != announced:
        return False
    digest = attachment.sha256
    return digest is None or s3.compute_sha256(attachment.object_key, stored) == digest


def _remove_other_version(upload: Upload) -> None:
    """A form can be posted again while it is good; what was confirmed stays the current version."""
    stored = s3.head_object(upload.object_key)
    if stored is not None and stored.version_id != upload.version_id:
        s3.delete_object(upload.object_key, stored.version_id)
