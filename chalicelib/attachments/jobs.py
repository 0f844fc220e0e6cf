"""The weekly clean-up: a maintenance run that compares the bucket with the table, page by page.

It ends attachments whose task is purged or done for longer than the stage keeps files, and repairs
differences: an item without an object, an object without an item. It touches nothing younger than a
day, and no object whose key this application does not create. An item with a lease holds the
position of the run; the ticks continue it until it is finished.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from chalicelib import settings
from chalicelib.attachments import avatars, models, upload_lifecycle
from chalicelib.attachments.models import ATTACHMENT_PREFIX, AVATAR_PREFIX, READY, Avatar, Upload
from chalicelib.aws import s3
from chalicelib.aws.s3 import ObjectSummary
from chalicelib.copies.location_models import find_current_ids
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.jobs.maintenance_models import (
    ATTACHMENT_CLEANUP,
    MaintenanceRun,
    advance_run,
    claim_run,
    finish_run,
    release_run,
    start_run,
)
from chalicelib.observability import logger, record_outcome
from chalicelib.tasks.models import Task, TrashedTask, get_tasks

# No attachment is older than this software.
EARLIEST_TASK = datetime(2025, 1, 1, tzinfo=UTC)
PAGES_PER_CALL = 25
PAGE_SIZE = 250
MIN_AGE = timedelta(days=1)
AFTER_ALL_KEYS = "~"  # sorts after every character of object keys


def start_cleanup(now: datetime) -> dict[str, int]:
    """Start the weekly run, or continue the one that is not finished yet.

    Returns counts of the objects seen and the repairs made.
    """
    if start_run(ATTACHMENT_CLEANUP, now):
        logger.info("clean-up started")
    return continue_cleanup(now)


def continue_cleanup(now: datetime) -> dict[str, int]:
    """Process some pages of the unfinished run, and finish it after the last one.

    Returns counts of the objects seen and the repairs made; empty when there is no unfinished run
    or a concurrent call holds its lease.
    """
    run = claim_run(ATTACHMENT_CLEANUP, now)
    if run is None:
        return {}
    counts: Counter[str] = Counter()
    prefixes = list_prefixes(now)
    for _ in range(PAGES_PER_CALL):
        if run.position < len(prefixes):
            counts.update(_clean_page(run, prefixes[int(run.position)], now))
    if run.position < len(prefixes):
        release_run(run)
    else:
        finish_run(run, now)
        logger.info("clean-up finished", started_at=run.started_at)
    return record_outcome("cleanup", dict(counts))


def list_prefixes(now: datetime) -> list[str]:
    """Return the object key prefixes to compare.

    New prefixes are added at the end, so a position means the same prefix in later calls.
    """
    return [AVATAR_PREFIX, *models.list_attachment_prefixes(EARLIEST_TASK, now)]


def _clean_page(run: MaintenanceRun, prefix: str, now: datetime) -> Counter[str]:
    """Compare the next page of objects with the table, repair both, and store the new position."""
    after = run.after or prefix
    objects, has_more = s3.list_objects(prefix, after, PAGE_SIZE)
    last = objects[-1].object_key if has_more else None
    until = last or prefix + AFTER_ALL_KEYS
    in_table = set(models.list_ready_object_keys(prefix, after, until))
    in_bucket = {entry.object_key for entry in objects}
    unlisted = [entry for entry in objects if entry.object_key not in in_table]

    counts = Counter(
        seen=len(in_bucket | in_table),
        dropped=_close_outlived(in_table, now),
        rows_without_object=_close_missing(in_table - in_bucket, now),
        objects_without_row=_delete_unknown(unlisted, now),
    )
    position = int(run.position) + (last is None)
    advance_run(run, position, last, counts)
    return counts


def _close_outlived(object_keys: set[str], now: datetime) -> int:
    """End the attachments whose task is purged, or done for longer than the stage keeps files."""
    task_ids = {
        object_key: object_key.removeprefix(ATTACHMENT_PREFIX).partition("/")[0]
        for object_key in object_keys
        if object_key.startswith(ATTACHMENT_PREFIX)
    }
    outlived = _find_outlived_tasks(set(task_ids.values()), now)
    return sum(
        _close(models.find_upload(object_key), now)
        for object_key, task_id in task_ids.items()
        if task_id in outlived
    )


def _find_outlived_tasks(task_ids: set[str], now: datetime) -> set[str]:
    """Return those of the original ids `task_ids` whose task no longer keeps its files."""
    tasks = {task.original_id: task for task in get_tasks(task_ids)}
    purged = task_ids - set(tasks)
    # A task that moves to or from the trash can be missing from both reads: look twice.
    for _ in range(2):
        found = _find_tasks_anywhere(purged)
        tasks |= found
        purged -= set(found)

    if not settings.FILES_KEPT_DAYS:
        return purged
    limit = format_timestamp(now - timedelta(days=settings.FILES_KEPT_DAYS))
    return purged | {
        task_id
        for task_id, task in tasks.items()
        if not isinstance(task, TrashedTask)
        and task.status == "done"
        and task.completed_at is not None
        and task.completed_at < limit
    }


def _find_tasks_anywhere(task_ids: set[str]) -> dict[str, Task]:
    """Return the tasks with these original ids by id, also those that are in the trash or moved."""
    current_ids = {task_id: task_id for task_id in task_ids} | find_current_ids(task_ids)
    items = batch_get(
        *(model.key(each) for each in current_ids.values() for model in (Task, TrashedTask))
    )
    return {
        task_id: task
        for task_id, current_id in current_ids.items()
        if (task := items.get(Task.key(current_id)) or items.get(TrashedTask.key(current_id)))
    }


def _close_missing(object_keys: set[str], now: datetime) -> int:
    """End the ready uploads of either kind whose object is missing."""
    closed = 0
    for object_key in object_keys:
        upload = models.find_upload(object_key)
        if upload is None or upload.status != READY:
            continue
        is_old = str(upload.uploaded_at) < format_timestamp(now - MIN_AGE)
        # The object may have arrived after its page was listed, so check again.
        if is_old and s3.head_object(upload.object_key) is None and _close(upload, now):
            logger.warning("upload without an object closed", object_key=object_key)
            closed += 1
    return closed


def _delete_unknown(objects: list[ObjectSummary], now: datetime) -> int:
    """Delete the objects without an item.

    The index lags, so the table itself is read. It holds an item before anything can be uploaded.
    """
    keys = {
        entry.object_key: models.find_upload_key(entry.object_key)
        for entry in objects
        if entry.modified < now - MIN_AGE
    }
    items = batch_get(*(key for key in keys.values() if key))
    unknown = [object_key for object_key, key in keys.items() if key and items.get(key) is None]
    for object_key in unknown:
        s3.delete_object(object_key)
        logger.warning("object without an item deleted", object_key=object_key)
    return len(unknown)


def _close(upload: Upload | None, now: datetime) -> bool:
    """End a ready upload of either kind; return whether this call ended it."""
    if isinstance(upload, Avatar):
        return avatars.close_missing_avatar(upload, now)
    return upload is not None and upload_lifecycle.close_upload(upload, now, statuses=(READY,))
