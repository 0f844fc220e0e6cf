"""Attachments: announce, upload straight to the bucket, confirm, list, download, delete."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from chalicelib import settings
from chalicelib.domain import uploads as endings
from chalicelib.domain.access import MANAGERS, TaskAccess
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from chalicelib.store import attachments, files, multipart, objects, quotas, receipts, uploads
from chalicelib.store.attachments import Attachment
from chalicelib.store.files import StoredObject, UploadForm
from chalicelib.store.ids import new_id
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed
from chalicelib.store.uploads import GONE, PENDING, READY, Upload


@dataclass(frozen=True)
class Announced:
    """An attachment that waits for its bytes, and the form to post them with; no form for a file
    that comes in parts."""

    attachment: Attachment
    form: UploadForm | None


@dataclass(frozen=True)
class Download:
    url: str
    expires_in: int


def announce(
    access: TaskAccess, *, filename: str, content_type: str, size: int, sha256: str | None = None
) -> Announced:
    """Reserve an attachment and its room, and sign the form that uploads exactly this.

    Raises `Invalid` for a size or type that is never taken, `Conflict` when the task or the project
    has no room left.
    """
    _require_taken(content_type, size, sha256)
    attachment = _new(access, filename, content_type, size, sha256)
    try:
        kept = receipts.create(
            attachment,
            uploads.pending(attachment, access.now),
            *quotas.reserved(attachment),
            once=access.once,
            now=access.now,
        )
    except ConditionFailed as failed:
        raise _no_room(failed) from failed
    if kept is not attachment:
        kept = _still_pending(kept)
    return Announced(kept, _form(kept))


def complete(access: TaskAccess, attachment_id: str) -> Attachment:
    """Confirm that the bytes have arrived. Raises `Conflict` while they have not."""
    attachment = one(access, attachment_id)
    if attachment.status == PENDING:
        _assemble(attachment)
        _confirm(attachment, access.now)
    if attachment.status != READY:
        raise Conflict(
            "The file has not arrived as announced; upload it first", code="upload_missing"
        )
    return attachment


def arrived(object_key: str, *, now: datetime) -> str:
    """The storage says that an object was created: confirm the attachment it is of, so that a
    client that never confirms still gets there. What comes after the end, or over what was
    confirmed, is removed. Returns the status, or `unknown` for a key that is not ours."""
    if objects.row_of(object_key) is None:
        return "unknown"
    upload = objects.owner(object_key)
    if upload is None:  # it is over: the row stands before anything is signed
        files.delete(object_key)
        return GONE
    if isinstance(upload, Attachment) and upload.status == PENDING:
        _confirm(upload, now)
    if upload.status == GONE:
        endings.discard(upload)
    elif upload.status == READY:
        _remove_other_version(upload)
    return str(upload.status)


def of_task(access: TaskAccess) -> list[Attachment]:
    """The task's files, oldest first; one that is still being uploaded is seen by its uploader
    alone."""
    return [file for file in attachments.of_task(access.task.id) if _is_seen(file, access)]


def one(access: TaskAccess, attachment_id: str) -> Attachment:
    """The attachment, if the caller may see it. Raises `NotFound`."""
    attachment = attachments.by_id(access.task.id, attachment_id)
    if attachment is None or not _is_seen(attachment, access):
        raise NotFound()
    return attachment


def download(access: TaskAccess, attachment_id: str, *, inline: bool = False) -> Download:
    """A short-lived address of the bytes; `inline` shows them if they are a picture."""
    attachment = one(access, attachment_id)
    if attachment.status != READY:
        raise NotFound()
    url = files.download_url(
        attachment.object_key,
        filename=attachment.filename,
        picture=attachment.picture if inline else None,
    )
    return Download(url, files.DOWNLOAD_SECONDS)


def delete(access: TaskAccess, attachment_id: str) -> None:
    """Remove the file, or give up on its upload. Raises `Forbidden` for all but its uploader and
    the project's managers."""
    attachment = one(access, attachment_id)
    if attachment.uploaded_by != access.user_id and access.role not in MANAGERS:
        raise Forbidden("Only who uploaded a file, an admin or the owner may delete it")
    if endings.close(attachment, access.now):
        endings.remove(attachment)


def drop_all_of(task_id: str, now: datetime) -> int:
    """Make tombstones of all files of a task that is purged, and give their room back; the tick
    removes objects and rows. Doing it again is fine. Returns how many there were."""
    dropped = sum(endings.close(file, now) for file in attachments.of_task(task_id))
    quotas.forget_task(task_id)
    return dropped


def _require_taken(content_type: str, size: int, sha256: str | None) -> None:
    errors = []
    if size > quotas.LARGEST:
        errors.append(FieldError("size", f"must be at most {quotas.LARGEST} bytes"))
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
        object_key=attachments.object_key(access.task.id, attachment_id),
        filename=filename,
        content_type=content_type,
        size=size,
        sha256=sha256,
        part_size=multipart.PART_BYTES if size > settings.UPLOAD_FORM_MAX_BYTES else None,
        uploaded_by=access.user_id,
        created_at=stamp(access.now),
    )


def _no_room(failed: ConditionFailed) -> Conflict:
    limit = quotas.limit_of(failed.write)
    if limit is None:
        raise failed
    return Conflict(f"The files of this {limit} would be too many or too large", code="no_room")


def _still_pending(first: Attachment) -> Attachment:
    """A form signed for an upload that is over would let in an object that nobody expects."""
    attachment = attachments.by_id(first.task_id, first.id)
    if attachment is None or attachment.status != PENDING:
        raise Conflict("This upload was announced before and is over", code="upload_over")
    return first


def _form(attachment: Attachment) -> UploadForm | None:
    if attachment.part_size is not None:
        return None
    return files.upload_form(
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
    parts = multipart.parts(attachment.object_key, attachment.upload_id)
    if sum(part.size for part in parts) == attachment.size:
        multipart.assemble(attachment.object_key, attachment.upload_id, parts)


def _confirm(attachment: Attachment, now: datetime) -> None:
    """Look at what was uploaded; if it is what was announced, the attachment is ready. Everything
    is asked of one version of the object, so that nobody can swap it in between."""
    stored = files.head(attachment.object_key)
    if stored is not None and _is_as_announced(attachment, stored):
        picture = files.sniffed(attachment.object_key, stored.version_id)
        attachments.mark_ready(attachment, stored, picture, now)


def _is_as_announced(attachment: Attachment, stored: StoredObject) -> bool:
    announced = (int(attachment.size), attachment.content_type)
    if (stored.size, stored.content_type) != announced:
        return False
    digest = attachment.sha256
    return digest is None or files.sha256_of(attachment.object_key, stored) == digest


def _remove_other_version(upload: Upload) -> None:
    """A form can be posted again while it is good; what was confirmed stays the current version."""
    stored = files.head(upload.object_key)
    if stored is not None and stored.version_id != upload.version_id:
        files.delete(upload.object_key, stored.version_id)
