"""The end of uploads of every kind: tombstone first, then the object, the row last.

A crash between leaves a row that the next tick finds, never an object that nobody knows.
"""

from datetime import datetime

from chalicelib.observability import report
from chalicelib.store import files, multipart, quotas, tasks, uploads, wake
from chalicelib.store.transaction import ConditionFailed, Write, place_of, transact
from chalicelib.store.uploads import GONE, PENDING, READY, Upload


def expire(now: datetime) -> dict[str, int]:
    """End the uploads that nobody confirmed within a day, and remove what is at its end, object and
    row; count both."""
    expired = removed = 0
    for row in wake.ready("upload", now):
        upload = uploads.at(row.PK, row.SK)
        if upload is None:
            continue
        expired += upload.status == PENDING and close(upload, now, of=(PENDING,))
        if upload.status == GONE:
            remove(upload)
            removed += 1
    wake.settle("upload", now)
    return report("uploads", {"expired": expired, "removed": removed})


def close(upload: Upload, now: datetime, *, of: tuple[str, ...] = (PENDING, READY)) -> bool:
    """Make the upload a tombstone, give back its room and count it no more; False if somebody did
    before, or if it is in no state of `of` any more."""
    missing: set[tuple[str, str]] = set()
    while upload.status in of:
        counts = (*quotas.returned(upload), *_counted_out(upload))
        returned = tuple(write for write in counts if place_of(write) not in missing)
        try:
            transact(uploads.closed(upload, now), *returned)
        except ConditionFailed as failed:
            if failed.write in returned:  # it went with its project, or its task has moved
                missing.add(place_of(failed.write))
            else:
                upload.status = uploads.status_of(upload)
        else:
            upload.status = GONE
            return True
    return False


def _counted_out(upload: Upload) -> tuple[Write, ...]:
    """The write that counts a file less on its task, if it is one that was counted."""
    if upload.status != READY or not upload.PK.startswith(quotas.OF_TASK):
        return ()
    task_id = upload.PK.removeprefix(quotas.OF_TASK)
    return tasks.counted_anywhere(task_id, attachments_count=-1)


def remove(upload: Upload) -> None:
    """Remove what is gone: the bytes, then the row. What is posted later, to a form that is still
    good, is unknown to the table, and its own event removes it."""
    discard(upload)
    uploads.forget(upload)


def discard(upload: Upload) -> None:
    """Remove what the storage has of the upload, complete or in parts; doing it again is fine."""
    if upload.part_size is not None:
        multipart.abort_all(upload.object_key)
    files.delete(upload.object_key)
