"""The weekly clean-up: a walk through bucket and table side by side, page by page.

It ends attachments whose task is purged or done for too long, and mends what should not be: a row
whose object is gone, an object that no row knows. Younger than a day, nothing is touched, nor is an
object under a key of another form than ours. The walk is a row with a lease; the ticks go on with
it until it is done.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib import settings
from chalicelib.attachments import avatars, models, upload_lifecycle
from chalicelib.attachments.models import ATTACHMENT_PREFIX, AVATAR_PREFIX, READY, Avatar, Upload
from chalicelib.aws import s3
from chalicelib.aws.s3 import ObjectSummary
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
BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
PAGES = 25
PAGE = 250
MIN_AGE = timedelta(days=1)
LAST = "~"  # sorts after all that keys hold


@dataclass(frozen=True)
class ComparedPage:
    """What bucket and table hold between two keys. `last` is where the next page begins, None when
    the stretch is done."""

    objects: list[ObjectSummary]
    listed: set[str]
    last: str | None


def start_cleanup(now: datetime) -> dict[str, int]:
    """Start the weekly walk, or go on with the one that is not done yet."""
    if start_run(ATTACHMENT_CLEANUP, now):
        logger.info("clean-up started")
    return continue_cleanup(now)


def continue_cleanup(now: datetime) -> dict[str, int]:
    """Walk some pages, if a walk is under way and nobody else walks; count what was done."""
    sweep = claim_run(ATTACHMENT_CLEANUP, now)
    if sweep is None:
        return {}
    counts: Counter[str] = Counter()
    ahead = list_prefixes(now)
    for _ in range(PAGES):
        if sweep.position < len(ahead):
            counts.update(_step(sweep, ahead[int(sweep.position)], now))
    _leave(sweep, len(ahead), now)
    return record_outcome("cleanup", dict(counts))


def list_prefixes(now: datetime) -> list[str]:
    """Where to walk; new ones come at the end, so that a number means the same next time."""
    return [AVATAR_PREFIX, *models.list_key_prefixes(BEGINNING, now)]


def _step(sweep: MaintenanceRun, stretch: str, now: datetime) -> Counter[str]:
    page = _page(stretch, sweep.after or stretch)
    counts = _repair_page(page, now)
    position = int(sweep.position) + (page.last is None)
    advance_run(sweep, position, page.last, counts)
    return counts


def _leave(sweep: MaintenanceRun, end: int, now: datetime) -> None:
    if sweep.position < end:
        return release_run(sweep)
    finish_run(sweep, now)
    logger.info("clean-up finished", started_at=sweep.started_at)


def _page(stretch: str, after: str) -> ComparedPage:
    there, more = s3.list_objects(stretch, after, PAGE)
    last = there[-1].object_key if more else None
    rows = set(models.list_ready_object_keys(stretch, after, last or stretch + LAST))
    return ComparedPage(there, rows, last)


def _repair_page(page: ComparedPage, now: datetime) -> Counter[str]:
    there = {entry.object_key for entry in page.objects}
    unlisted = [entry for entry in page.objects if entry.object_key not in page.listed]
    return Counter(
        seen=len(there | page.listed),
        dropped=_drop_outlived(page.listed, now),
        rows_without_object=_close_empty(page.listed - there, now),
        objects_without_row=_delete_unknown(unlisted, now),
    )


def _drop_outlived(listed: set[str], now: datetime) -> int:
    """End the attachments whose task is purged, or done for longer than the stage keeps them."""
    files_ = (object_key for object_key in listed if object_key.startswith(ATTACHMENT_PREFIX))
    task = {object_key: models.task_id_of_object(object_key) for object_key in files_}
    outlived = _outlived(set(task.values()), now)
    return sum(
        _close(models.find_upload(object_key), now)
        for object_key, task_id in task.items()
        if task_id in outlived
    )


def _outlived(task_ids: set[str], now: datetime) -> set[str]:
    found = {task.id: task for task in get_tasks(task_ids)}
    # On its way into the trash or out of it a task is nowhere for a moment: look twice.
    absent = _nowhere(_nowhere(task_ids - set(found)))
    return absent | {task.id for task in found.values() if _is_outlived(task, now)}


def _nowhere(task_ids: set[str]) -> set[str]:
    """Those that are neither a task nor in the trash."""
    task, trashed = Task.key, TrashedTask.key
    rows = batch_get(*(key(task_id) for task_id in task_ids for key in (task, trashed)))
    return {id_ for id_ in task_ids if not rows.get(task(id_)) and not rows.get(trashed(id_))}


def _is_outlived(task: Task, now: datetime) -> bool:
    days = settings.FILES_KEPT_DAYS
    if not days or task.status != "done" or task.completed_at is None:
        return False
    return bool(task.completed_at < format_timestamp(now - timedelta(days=days)))


def _close_empty(object_keys: set[str], now: datetime) -> int:
    """End the ready uploads whose bytes are gone, whoever took them."""
    closed = 0
    for object_key in object_keys:
        upload = models.find_upload(object_key)
        if _has_no_object(upload, now) and _close(upload, now):
            logger.warning("a row without object", object_key=object_key)
            closed += 1
    return closed


def _has_no_object(upload: Upload | None, now: datetime) -> bool:
    """The listing is a moment old; the bucket itself is asked."""
    if upload is None or upload.status != READY:
        return False
    old = str(upload.uploaded_at) < format_timestamp(now - MIN_AGE)
    return old and s3.head_object(upload.object_key) is None


def _delete_unknown(entries: list[ObjectSummary], now: datetime) -> int:
    """Delete the objects that no row knows. The index lags; the table itself is asked, which has a
    row before anybody can upload."""
    keys = {
        entry.object_key: models.find_upload_key(entry.object_key)
        for entry in entries
        if entry.modified < now - MIN_AGE
    }
    rows = batch_get(*(key for key in keys.values() if key))
    unknown = [name for name, key in keys.items() if key and rows.get(key) is None]
    for object_key in unknown:
        s3.delete_object(object_key)
        logger.warning("an object without row", object_key=object_key)
    return len(unknown)


def _close(upload: Upload | None, now: datetime) -> bool:
    if isinstance(upload, Avatar):
        return avatars.close_missing_avatar(upload, now)
    return upload is not None and upload_lifecycle.close_upload(upload, now, of=(READY,))
