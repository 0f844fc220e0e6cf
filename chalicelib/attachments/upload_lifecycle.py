"""The end of uploads of every kind: tombstone first, then the object, the row last.

A crash between leaves a row that the next tick finds, never an object that nobody knows.
"""

from datetime import datetime

from chalicelib.attachments import models, quota_models
from chalicelib.attachments.models import GONE, PENDING, READY, Upload
from chalicelib.attachments.quota_models import TASK_PARTITION
from chalicelib.aws import s3, s3_multipart
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.transactions import ConditionFailed, Write, item_key, transact
from chalicelib.observability import record_outcome
from chalicelib.tasks.models import add_counts_anywhere_writes


def expire_uploads(now: datetime) -> dict[str, int]:
    """End the uploads that nobody confirmed within a day, and remove what is at its end, object and
    row; count both."""
    expired = removed = 0
    for row in time_index.list_due("upload", now):
        upload = models.get_upload(row.PK, row.SK)
        if upload is None:
            continue
        expired += upload.status == PENDING and close_upload(upload, now, of=(PENDING,))
        if upload.status == GONE:
            remove_upload(upload)
            removed += 1
    time_index.advance_watermark("upload", now)
    return record_outcome("uploads", {"expired": expired, "removed": removed})


def close_upload(upload: Upload, now: datetime, *, of: tuple[str, ...] = (PENDING, READY)) -> bool:
    """Make the upload a tombstone, give back its room and count it no more; False if somebody did
    before, or if it is in no state of `of` any more."""
    missing: set[tuple[str, str]] = set()
    while upload.status in of:
        counts = (*quota_models.return_storage_writes(upload), *_counted_out(upload))
        returned = tuple(write for write in counts if item_key(write) not in missing)
        try:
            transact(models.close_upload_write(upload, now), *returned)
        except ConditionFailed as failed:
            if failed.write in returned:  # it went with its project, or its task has moved
                missing.add(item_key(failed.write))
            else:
                upload.status = models.get_upload_status(upload)
        else:
            upload.status = GONE
            return True
    return False


def _counted_out(upload: Upload) -> tuple[Write, ...]:
    """The write that counts a file less on its task, if it is one that was counted."""
    if upload.status != READY or not upload.PK.startswith(TASK_PARTITION):
        return ()
    task_id = upload.PK.removeprefix(TASK_PARTITION)
    return add_counts_anywhere_writes(task_id, attachments_count=-1)


def remove_upload(upload: Upload) -> None:
    """Remove what is gone: the bytes, then the row. What is posted later, to a form that is still
    good, is unknown to the table, and its own event removes it."""
    discard_objects(upload)
    models.delete_upload(upload)


def discard_objects(upload: Upload) -> None:
    """Remove what the storage has of the upload, complete or in parts; doing it again is fine."""
    if upload.part_size is not None:
        s3_multipart.abort_all_uploads(upload.object_key)
    s3.delete_object(upload.object_key)
