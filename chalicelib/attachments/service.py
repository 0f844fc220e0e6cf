"""Attachments of tasks: announce, confirm, list, download, delete.

The bytes go straight from the client to S3, with a signed form or in parts (`multipart_uploads`).
"""

from datetime import datetime
from fnmatch import fnmatchcase

from msgspec import Struct

from chalicelib import settings
from chalicelib.access.permissions import MANAGERS
from chalicelib.access.service import TaskAccess
from chalicelib.attachments import models, quota_models, upload_lifecycle
from chalicelib.attachments.models import GONE, PENDING, READY, Attachment
from chalicelib.attachments.quota_models import MAX_FILE_BYTES
from chalicelib.aws import s3, s3_multipart
from chalicelib.aws.s3 import DOWNLOAD_SECONDS, Download, UploadForm
from chalicelib.aws.s3_multipart import PART_BYTES
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid, NotFound


class AnnouncedAttachment(Struct, frozen=True):
    """A pending attachment and the form that uploads its bytes; no form for a multipart upload."""

    attachment: Attachment
    form: UploadForm | None


def announce_attachment(
    access: TaskAccess, *, filename: str, content_type: str, size: int, sha256: str | None = None
) -> AnnouncedAttachment:
    """Create a pending attachment, reserve its storage and sign the form that uploads it.

    `size` is in bytes, `sha256` is hexadecimal. Raises `Invalid` for a size or type that is never
    accepted, and `Conflict` when the storage limit of the task or the project would be exceeded or
    when the idempotency key belongs to an upload that is over.
    """
    _validate_file(content_type, size, sha256)
    attachment_id = new_id(access.now)
    task_id = access.task.original_id
    key = Attachment.key(task_id, attachment_id)
    attachment = Attachment(
        key.pk,
        key.sk,
        object_key=models.attachment_object_key(task_id, attachment_id),
        filename=filename,
        content_type=content_type,
        size=size,
        sha256=sha256,
        part_size=PART_BYTES if size > settings.UPLOAD_FORM_MAX_BYTES else None,
        uploaded_by=access.user_id,
        created_at=format_timestamp(access.now),
    )
    created = _create_attachment(access, attachment)

    form = None
    if created.part_size is None:
        form = s3.sign_upload_form(
            created.object_key,
            content_type=created.content_type,
            size=int(created.size),
            sha256=created.sha256,
        )
    return AnnouncedAttachment(created, form)


def _validate_file(content_type: str, size: int, sha256: str | None) -> None:
    errors = []
    if size > MAX_FILE_BYTES:
        errors.append(FieldError("size", f"must be at most {MAX_FILE_BYTES} bytes"))
    if not any(fnmatchcase(content_type.lower(), pattern) for pattern in settings.UPLOAD_TYPES):
        accepted = ", ".join(settings.UPLOAD_TYPES)
        errors.append(FieldError("content_type", f"must be one of {accepted}"))
    if sha256 is not None and size > settings.UPLOAD_FORM_MAX_BYTES:
        errors.append(FieldError("sha256", "cannot be checked for a multipart upload"))
    if errors:
        raise Invalid(errors=tuple(errors))


def _create_attachment(access: TaskAccess, attachment: Attachment) -> Attachment:
    """Store `attachment`; return it, or the one that the first request with this key has stored."""
    try:
        created = create_once(
            attachment,
            models.announce_upload_write(attachment, access.now),
            *quota_models.reserve_storage_writes(attachment, access.project.id),
            idempotency_key=access.idempotency_key,
            now=access.now,
        )
    except ConditionFailed as failed:
        if quota_models.moved_to_project(failed) not in {None, access.project.id}:
            raise NotFound() from failed
        limit = quota_models.exceeded_limit(failed.write)
        if limit is None:
            raise
        message = f"The files of this {limit} would be too many or too large"
        raise Conflict(message, code="no_room") from failed

    if created is not attachment:
        # A form for an upload that is over would let in an object without an item.
        current = models.get_attachment(created.original_task_id, created.id)
        if current is None or current.status != PENDING:
            raise Conflict("This upload was announced before and is over", code="upload_over")
    return created


def complete_attachment(access: TaskAccess, attachment_id: str) -> Attachment:
    """Confirm that the bytes have arrived and return the attachment.

    Raises `Conflict` while S3 does not hold the file as it was announced.
    """
    attachment = get_attachment(access, attachment_id)
    if attachment.status == PENDING:
        if attachment.upload_id is not None:
            parts = s3_multipart.list_parts(attachment.object_key, attachment.upload_id)
            if sum(part.size for part in parts) == attachment.size:
                s3_multipart.complete_upload(attachment.object_key, attachment.upload_id, parts)
        _confirm_if_stored(attachment, access.now)
    if attachment.status != READY:
        raise Conflict(
            "The file has not arrived as announced; upload it first", code="upload_missing"
        )
    return attachment


def handle_object_created(object_key: str, *, now: datetime) -> str:
    """Handle the S3 event of a created object: confirm its attachment without the client's request.

    Deletes an object whose upload is over, and a version that replaced a confirmed one. Returns the
    status of the upload, or `unknown` for an object key that this application does not create.
    """
    if models.find_upload_key(object_key) is None:
        return "unknown"
    upload = models.find_upload(object_key)
    if upload is None:  # the item exists before a form is signed, so the upload is over
        s3.delete_object(object_key)
        return GONE

    if isinstance(upload, Attachment) and upload.status == PENDING:
        _confirm_if_stored(upload, now)
    if upload.status == GONE:
        upload_lifecycle.discard_objects(upload)
    elif upload.status == READY:
        # A valid form can be posted again; the confirmed version must stay the current one.
        stored = s3.head_object(upload.object_key)
        if stored is not None and stored.version_id != upload.version_id:
            s3.delete_object(upload.object_key, stored.version_id)
    return str(upload.status)


def _confirm_if_stored(attachment: Attachment, now: datetime) -> None:
    """Mark the attachment as ready if S3 holds an object of the announced size, type and digest.

    All checks read one version of the object, so it cannot be swapped between them.
    """
    object_key, digest = attachment.object_key, attachment.sha256
    stored = s3.head_object(object_key)
    if stored is None:
        return
    if (stored.size, stored.content_type) != (int(attachment.size), attachment.content_type):
        return
    if digest is not None and s3.compute_sha256(object_key, stored) != digest:
        return
    # S3 refuses to read a range of an empty object.
    picture = s3.detect_image_type(object_key, stored.version_id) if stored.size else None
    models.confirm_attachment(attachment, stored, picture, now)


def list_attachments(access: TaskAccess) -> list[Attachment]:
    """Return the task's attachments, oldest first; pending ones only to their uploader."""
    attachments = access.read_list(models.list_attachments, access.task.original_id)
    return [attachment for attachment in attachments if _is_visible(attachment, access)]


def get_attachment(access: TaskAccess, attachment_id: str) -> Attachment:
    """Return an attachment. Raises `NotFound` when the caller cannot see it."""
    attachment = access.get_item(Attachment.key(access.task.original_id, attachment_id))
    if attachment is None or not _is_visible(attachment, access):
        raise NotFound()
    return attachment


def _is_visible(attachment: Attachment, access: TaskAccess) -> bool:
    is_own_upload = attachment.status == PENDING and attachment.uploaded_by == access.user_id
    return attachment.status == READY or is_own_upload


def create_download(access: TaskAccess, attachment_id: str, *, inline: bool = False) -> Download:
    """Return a short-lived URL of the file; with `inline` a browser shows it if it is an image.

    Raises `NotFound` when the attachment is not ready.
    """
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
    """Delete the file, or abort its upload.

    Raises `Forbidden` unless the caller is its uploader, an admin or the owner of the project.
    """
    attachment = get_attachment(access, attachment_id)
    if attachment.uploaded_by != access.user_id and access.role not in MANAGERS:
        raise Forbidden("Only the uploader of a file, an admin or the owner may delete it")
    if upload_lifecycle.close_upload(attachment, access.now):
        upload_lifecycle.remove_upload(attachment)


def close_task_attachments(task_id: str, now: datetime) -> int:
    """Turn all attachments of a purged task into tombstones and release their storage.

    `task_id` is the task's original id. The tick deletes the objects and the items. Repeating it
    has no further effect. Returns the number of attachments that were closed.
    """
    closed = sum(
        upload_lifecycle.close_upload(attachment, now)
        for attachment in models.list_attachments(task_id)
    )
    quota_models.delete_task_usage(task_id)
    return closed
