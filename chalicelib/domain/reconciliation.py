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
from chalicelib.domain import avatars as pictures
from chalicelib.domain import uploads
from chalicelib.observability import logger, report
from chalicelib.store import attachments, avatars, files, objects, sweeps, table, tasks
from chalicelib.store.avatars import Avatar
from chalicelib.store.files import Entry
from chalicelib.store.sweeps import FILES, Sweep
from chalicelib.store.tasks import Task, TrashedTask
from chalicelib.store.times import stamp
from chalicelib.store.uploads import READY, Upload, listed

# No attachment is older than this software.
BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
PAGES = 25
PAGE = 250
YOUNG = timedelta(days=1)
LAST = "~"  # sorts after all that keys hold


@dataclass(frozen=True)
class Page:
    """What bucket and table hold between two keys. `last` is where the next page begins, None when
    the stretch is done."""

    objects: list[Entry]
    listed: set[str]
    last: str | None


def begin(now: datetime) -> dict[str, int]:
    """Start the weekly walk, or go on with the one that is not done yet."""
    if sweeps.start(FILES, now):
        logger.info("clean-up started")
    return advance(now)


def advance(now: datetime) -> dict[str, int]:
    """Walk some pages, if a walk is under way and nobody else walks; count what was done."""
    sweep = sweeps.claim(FILES, now)
    if sweep is None:
        return {}
    counts: Counter[str] = Counter()
    ahead = stretches(now)
    for _ in range(PAGES):
        if sweep.position < len(ahead):
            counts.update(_step(sweep, ahead[int(sweep.position)], now))
    _leave(sweep, len(ahead), now)
    return report("clean_up", dict(counts))


def stretches(now: datetime) -> list[str]:
    """Where to walk; new ones come at the end, so that a number means the same next time."""
    return [avatars.PREFIX, *attachments.stretches(BEGINNING, now)]


def _step(sweep: Sweep, stretch: str, now: datetime) -> Counter[str]:
    page = _page(stretch, sweep.after or stretch)
    counts = _mend(page, now)
    position = int(sweep.position) + (page.last is None)
    sweeps.advance(sweep, position, page.last, counts)
    return counts


def _leave(sweep: Sweep, end: int, now: datetime) -> None:
    if sweep.position < end:
        return sweeps.release(sweep)
    sweeps.finish(sweep, now)
    logger.info("clean-up finished", started_at=sweep.started_at)


def _page(stretch: str, after: str) -> Page:
    there, more = files.entries(stretch, after, PAGE)
    last = there[-1].object_key if more else None
    rows = set(listed(stretch, after, last or stretch + LAST))
    return Page(there, rows, last)


def _mend(page: Page, now: datetime) -> Counter[str]:
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
    files_ = (object_key for object_key in listed if object_key.startswith(attachments.PREFIX))
    task = {object_key: attachments.task_of(object_key) for object_key in files_}
    outlived = _outlived(set(task.values()), now)
    return sum(
        _close(objects.owner(object_key), now)
        for object_key, task_id in task.items()
        if task_id in outlived
    )


def _outlived(task_ids: set[str], now: datetime) -> set[str]:
    found = {task.id: task for task in tasks.by_ids(task_ids)}
    # On its way into the trash or out of it a task is nowhere for a moment: look twice.
    absent = _nowhere(_nowhere(task_ids - set(found)))
    return absent | {task.id for task in found.values() if _is_outlived(task, now)}


def _nowhere(task_ids: set[str]) -> set[str]:
    """Those that are neither a task nor in the trash."""
    task, trashed = Task.key, TrashedTask.key
    rows = table.read(*(key(task_id) for task_id in task_ids for key in (task, trashed)))
    return {id_ for id_ in task_ids if not rows.get(task(id_)) and not rows.get(trashed(id_))}


def _is_outlived(task: Task, now: datetime) -> bool:
    days = settings.FILES_KEPT_DAYS
    if not days or task.status != "done" or task.completed_at is None:
        return False
    return bool(task.completed_at < stamp(now - timedelta(days=days)))


def _close_empty(object_keys: set[str], now: datetime) -> int:
    """End the ready uploads whose bytes are gone, whoever took them."""
    closed = 0
    for object_key in object_keys:
        upload = objects.owner(object_key)
        if _has_no_object(upload, now) and _close(upload, now):
            logger.warning("a row without object", object_key=object_key)
            closed += 1
    return closed


def _has_no_object(upload: Upload | None, now: datetime) -> bool:
    """The listing is a moment old; the bucket itself is asked."""
    if upload is None or upload.status != READY:
        return False
    old = str(upload.uploaded_at) < stamp(now - YOUNG)
    return old and files.head(upload.object_key) is None


def _delete_unknown(entries: list[Entry], now: datetime) -> int:
    """Delete the objects that no row knows. The index lags; the table itself is asked, which has a
    row before anybody can upload."""
    keys = {
        entry.object_key: objects.row_of(entry.object_key)
        for entry in entries
        if entry.modified < now - YOUNG
    }
    rows = table.read(*(key for key in keys.values() if key))
    unknown = [name for name, key in keys.items() if key and rows.get(key) is None]
    for object_key in unknown:
        files.delete(object_key)
        logger.warning("an object without row", object_key=object_key)
    return len(unknown)


def _close(upload: Upload | None, now: datetime) -> bool:
    if isinstance(upload, Avatar):
        return pictures.lose(upload, now)
    return upload is not None and uploads.close(upload, now, of=(READY,))
