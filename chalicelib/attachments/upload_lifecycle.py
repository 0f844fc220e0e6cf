"""The end of uploads of both kinds: first the tombstone, then the S3 object, last the item.

A crash in between leaves an item that the next tick finds, never an object without an item.
"""

from datetime import datetime

from chalicelib.attachments import models
from chalicelib.attachments.models import GONE, PENDING, READY, Upload
from chalicelib.attachments.quota_models import moved_to_project, release_storage_writes
from chalicelib.aws import s3, s3_multipart
from chalicelib.copies.location_models import add_counts_anywhere_writes
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Write, item_key, transact
from chalicelib.observability import record_outcome


def expire_uploads(now: datetime) -> dict[str, int]:
    """End the uploads that are unconfirmed after a day, and remove all tombstones.

    Returns how many uploads were `expired` and how many were `removed`.
    """
    expired = removed = 0
    for entry in time_index.list_due("upload", now):
        upload = models.get_upload(entry.PK, entry.SK)
        if upload is None:
            continue
        expired += upload.status == PENDING and close_upload(upload, now, statuses=(PENDING,))
        if upload.status == GONE:
            remove_upload(upload)
            removed += 1
    time_index.advance_watermark("upload", now)
    return record_outcome("uploads", {"expired": expired, "removed": removed})


def close_upload(
    upload: Upload, now: datetime, *, statuses: tuple[str, ...] = (PENDING, READY)
) -> bool:
    """Turn the upload into a tombstone, release its storage and subtract it from its task's count.

    Sets `upload.status` to the status afterwards. Returns False if the upload is not, or no longer,
    in one of `statuses`.
    """
    missing: set[tuple[str, str]] = set()
    project_id = None
    while upload.status in statuses:
        task_id = upload.original_task_id
        counters: tuple[Write, ...] = release_storage_writes(upload, project_id)
        if upload.status == READY and task_id is not None:
            counters += add_counts_anywhere_writes(task_id, attachments_count=-1)
        counters = tuple(write for write in counters if item_key(write) not in missing)
        tombstone = models.close_upload_write(
            Key(Upload, upload.PK, upload.SK), upload.object_key, now, expected_status=upload.status
        )
        try:
            transact(tombstone, *counters)
        except ConditionFailed as failed:
            moved_to = moved_to_project(failed)
            if moved_to not in {None, project_id}:
                project_id = moved_to
            elif failed.write in counters:  # deleted with its project, or the task has moved
                missing.add(item_key(failed.write))
            else:
                current = models.get_upload(upload.PK, upload.SK)
                upload.status = GONE if current is None else str(current.status)
        else:
            upload.status = GONE
            return True
    return False


def remove_upload(upload: Upload) -> None:
    """Delete the S3 object of a tombstone, then its item.

    A form that is still valid can be posted again afterwards. The S3 event of that object finds no
    item and deletes the object.
    """
    discard_objects(upload)
    transact(Delete(Key(Upload, upload.PK, upload.SK)))


def discard_objects(upload: Upload) -> None:
    """Delete what S3 stores of the upload, parts included; repeating it has no further effect."""
    if upload.part_size is not None:
        s3_multipart.abort_all_uploads(upload.object_key)
    s3.delete_object(upload.object_key)
