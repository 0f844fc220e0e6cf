"""What lists know of all tasks of a project at once: its catalogue, and what changed since.

Lists that no partition has in their order are chosen and sorted from it, so they read the same
however many tasks there are. No change waits for it: the reader of the table's stream writes it
anew with every sixteenth change or so, a page that had to read far behind it does too, and once a
week it is begun from nothing. What was lost of it is back by then; lists miss nothing meanwhile.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import Unavailable
from chalicelib.observability import logger
from chalicelib.projects.models import Project, get_project, set_snapshot_time_write
from chalicelib.task_lists import snapshot_storage, sources
from chalicelib.task_lists.snapshot_storage import ListSnapshot
from chalicelib.task_lists.sources import FIRST_POSITION, VISIBILITY_DELAY
from chalicelib.tasks.cards import SnapshotEntry
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import updated_sort_key

REFRESH_EVERY = 16
# Fewer tasks are as well read from the index.
MIN_TASKS = 50
# How many changes more than must be a page reads before it has the catalogue renewed.
MAX_CHANGES_BEHIND = 100
# How many changes are read at once, and then four times as many.
FIRST_READ = 250
# How many changes are taken over at a time; what is more, the next time.
MAX_CHANGES = 10_000

EMPTY_SNAPSHOT = ListSnapshot(FIRST_POSITION, [])


def list_entries(wanted: Iterable[Project], now: datetime) -> Iterator[SnapshotEntry]:
    """A line for each task of the projects; one that was just deleted may still be there."""
    until = _visible_until(now)
    for project, last, news in run_concurrently(_read, wanted):
        if sum(line.updated_at < until for line in news) > MAX_CHANGES_BEHIND:
            refresh_snapshot(project, now)
        yield from _merge(last, news)


def refresh_on_change(change: TaskChange, now: datetime) -> None:
    """Renew the catalogue if it is the change's turn, and the last time is some minutes ago."""
    task = change.after or change.before
    if task is None or (int(task.number or 0) + int(task.version)) % REFRESH_EVERY:
        return
    project = get_project(task.project_id)
    if project is not None and (project.catalogued_until or "") < _visible_until(
        now - VISIBILITY_DELAY
    ):
        refresh_snapshot(project, now)


def refresh_snapshot(project: Project, now: datetime, *, anew: bool = False) -> None:
    """Write the catalogue from the last one, or `anew`, unless the project is small or in the
    trash. While the bucket does not answer it stays as it was, which only makes lists dearer."""
    if project.deleted_at is not None:
        return
    try:
        _rebuild(project, now, anew)
    except Unavailable:
        logger.warning("list snapshot update failed", project_id=project.id)


def _rebuild(project: Project, now: datetime, anew: bool) -> None:
    last, most = (EMPTY_SNAPSHOT, None) if anew else (_read_last(project), MAX_CHANGES)
    news = list(islice(_list_changes(project, last), most))
    if project.catalogued_until is None and len(news) < MIN_TASKS:
        return
    until = _visible_until(now)
    if len(news) == most:
        until = min(until, updated_sort_key(news[-1]))
    gone = set(sources.list_deleted_task_ids(project.id, last.until)) if last.blocks else set()
    there = (line for line in _merge(last, news) if line.id not in gone)
    snapshot_storage.write_snapshot(project.id, snapshot_storage.build_snapshot(until, there))
    transact(set_snapshot_time_write(project.id, until))


def _read(project: Project) -> tuple[Project, ListSnapshot, list[SnapshotEntry]]:
    last = _read_last(project)
    return project, last, list(_list_changes(project, last))


def _read_last(project: Project) -> ListSnapshot:
    """The catalogue that was written last; an empty one if there was none, or it is lost."""
    known = None if project.catalogued_until is None else snapshot_storage.read_snapshot(project.id)
    return known or EMPTY_SNAPSHOT


def _list_changes(project: Project, last: ListSnapshot) -> Iterator[SnapshotEntry]:
    """The tasks that changed since then, as they are now, the latest last."""
    changed = sources.range_by_update(project.id, last.until)
    walk = changed.walk(None, backwards=False, first=FIRST_READ)
    return (snapshot_storage.to_entry(task) for _, task in walk)


def _merge(last: ListSnapshot, news: list[SnapshotEntry]) -> Iterator[SnapshotEntry]:
    changed = {line.id for line in news}
    yield from (line for line in last.lines if line.id not in changed)
    yield from news


def _visible_until(now: datetime) -> str:
    """Until when all changes are visible by now."""
    return format_timestamp(now - VISIBILITY_DELAY)
