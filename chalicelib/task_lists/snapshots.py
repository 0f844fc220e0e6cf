"""List snapshots: one object in the bucket for each project, with an entry for each task.

A list that no partition holds in its order is filtered and sorted from the snapshot and from the
tasks that changed since, which the index `by_updated` finds (decision 0033). Reading a snapshot
takes one request, however many tasks there are; 10,000 entries take half a megabyte.

No change of a task waits for the snapshot. It is written by the stream handler with about every
sixteenth change, by a page that had to read many changes, and once a week by counter repair, which
starts from an empty snapshot. If the snapshot is lost, lists stay complete and only cost more.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

import msgspec

from chalicelib.aws import s3
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import Unavailable
from chalicelib.observability import logger
from chalicelib.projects.models import Project, get_project, set_snapshot_time_write
from chalicelib.task_lists.sources import (
    FIRST_POSITION,
    MAX_PAGE_SIZE,
    VISIBILITY_DELAY,
    range_by_deletion,
    range_by_update,
    task_id_at,
)
from chalicelib.tasks.cards import SnapshotEntry
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import updated_sort_key

# The number is the version of the entry format: an object of another version is never read.
PREFIX = "catalogue/1/"
REFRESH_EVERY = 16
# A project with fewer tasks gets no snapshot: reading them from the index costs no more.
MIN_TASKS = 50
# A page refreshes the snapshot if it reads more changes than this beyond the unavoidable ones.
MAX_CHANGES_BEHIND = 100
# The first query of changes reads this many; each further one reads four times as many.
FIRST_READ = 250
# One refresh applies at most this many changes; the next refresh applies the rest.
MAX_CHANGES = 10_000
BLOCK_SIZE = 1_000
# Fast rather than small: within AWS only requests cost, whatever the size of the object.
COMPRESSION_LEVEL = 1


class ListSnapshot(msgspec.Struct, frozen=True):
    """All tasks of a project as they were at `until`; some entries may be newer.

    `until` is a position by last change: a time, and perhaps a task's id. The entries are in
    compressed blocks, so a reader of 100,000 tasks has only one block of them in memory.
    """

    until: str
    blocks: list[bytes]

    @property
    def entries(self) -> Iterator[SnapshotEntry]:
        for block in self.blocks:
            yield from _ENTRIES_DECODER.decode(zlib.decompress(block))


_ENCODER = msgspec.msgpack.Encoder()
_SNAPSHOT_DECODER = msgspec.msgpack.Decoder(ListSnapshot)
_ENTRIES_DECODER = msgspec.msgpack.Decoder(list[SnapshotEntry])
EMPTY_SNAPSHOT = ListSnapshot(FIRST_POSITION, [])


def list_entries(projects: Iterable[Project], now: datetime) -> Iterator[SnapshotEntry]:
    """Yield the entry of each task of the projects. A task deleted just now may still have one."""
    for project, snapshot, changes in run_concurrently(_load, projects):
        _refresh_if_far_behind(project, changes, now)
        yield from _merge(snapshot, changes)


def list_current_entries(projects: Iterable[Project], now: datetime) -> Iterator[SnapshotEntry]:
    """Yield the entry of each task of the projects that is not in the trash.

    Unlike `list_entries`, this also reads which tasks were deleted since the snapshot was written.
    """
    for project, snapshot, changes, deleted_ids in run_concurrently(_load_with_deletions, projects):
        _refresh_if_far_behind(project, changes, now)
        yield from (e for e in _merge(snapshot, changes) if e.id not in deleted_ids)


def _refresh_if_far_behind(project: Project, changes: list[SnapshotEntry], now: datetime) -> None:
    until = _visible_until(now)
    if sum(entry.updated_at < until for entry in changes) > MAX_CHANGES_BEHIND:
        refresh_snapshot(project, now)


def refresh_on_change(change: TaskChange, now: datetime) -> None:
    """Refresh the project's snapshot with every sixteenth change or so.

    Does nothing if the last snapshot is true up to two minutes ago or later.
    """
    task = change.after or change.before
    if task is None or (int(task.number or 0) + int(task.version)) % REFRESH_EVERY:
        return
    project = get_project(task.project_id)
    latest_until = _visible_until(now - VISIBILITY_DELAY)
    if project is not None and (project.catalogued_until or "") < latest_until:
        refresh_snapshot(project, now)


def refresh_snapshot(project: Project, now: datetime, *, from_scratch: bool = False) -> None:
    """Write the project's snapshot from the last one and the changes since.

    With `from_scratch`, the last snapshot is ignored and the new one is written from the tasks
    alone. Nothing is written for a project that has few tasks or is in the trash. While the bucket
    is unavailable the last snapshot remains, which only makes lists more expensive.
    """
    if project.deleted_at is not None:
        return
    max_changes = None if from_scratch else MAX_CHANGES
    try:
        _, snapshot, changes = _load(project, from_scratch=from_scratch, max_changes=max_changes)
        if project.catalogued_until is None and len(changes) < MIN_TASKS:
            return
        until = _visible_until(now)
        if len(changes) == max_changes:
            until = min(until, updated_sort_key(changes[-1]))

        deleted_ids = _find_deleted_ids(project, snapshot)
        entries = _merge(snapshot, changes)
        write_snapshot(project.id, until, (e for e in entries if e.id not in deleted_ids))
        transact(set_snapshot_time_write(project.id, until))
    except Unavailable:
        logger.warning("list snapshot update failed", project_id=project.id)


def _load(
    project: Project, *, from_scratch: bool = False, max_changes: int | None = None
) -> tuple[Project, ListSnapshot, list[SnapshotEntry]]:
    """Return the project, its last snapshot, and the entries of the tasks that changed since.

    The snapshot is empty if there is none, if it is lost, or with `from_scratch`. The latest change
    comes last.
    """
    snapshot = None
    if project.catalogued_until is not None and not from_scratch:
        snapshot = read_snapshot(project.id)
    snapshot = snapshot or EMPTY_SNAPSHOT
    changed = range_by_update(project.id, snapshot.until)
    tasks = changed.read(None, descending=False, page_size=FIRST_READ)
    changes = [
        msgspec.convert(task, SnapshotEntry, from_attributes=True)
        for _, task in islice(tasks, max_changes)
    ]
    return project, snapshot, changes


def _load_with_deletions(
    project: Project,
) -> tuple[Project, ListSnapshot, list[SnapshotEntry], set[str]]:
    """Return what `_load` does, and the ids of the tasks deleted since the snapshot."""
    _, snapshot, changes = _load(project)
    return project, snapshot, changes, _find_deleted_ids(project, snapshot)


def _find_deleted_ids(project: Project, snapshot: ListSnapshot) -> set[str]:
    """Return the ids of the tasks deleted since the snapshot; of none if it has no entries."""
    if not snapshot.blocks:
        return set()
    deleted = range_by_deletion(project.id, snapshot.until)
    tasks = deleted.read(None, descending=False, page_size=MAX_PAGE_SIZE)
    return {task_id_at(position) for position, _ in tasks}


def _merge(snapshot: ListSnapshot, changes: list[SnapshotEntry]) -> Iterator[SnapshotEntry]:
    """Yield the entries of the snapshot, with those of changed tasks replaced."""
    changed_ids = {entry.id for entry in changes}
    for entry in snapshot.entries:
        if entry.id not in changed_ids:
            yield entry
    yield from changes


def _visible_until(now: datetime) -> str:
    """Return the time before which all changes are visible by now."""
    return format_timestamp(now - VISIBILITY_DELAY)


def read_snapshot(project_id: str) -> ListSnapshot | None:
    """Return the project's snapshot as it is in the bucket, or None if there is none."""
    body = s3.read_object(PREFIX + project_id)
    return None if body is None else _SNAPSHOT_DECODER.decode(body)


def write_snapshot(project_id: str, until: str, entries: Iterable[SnapshotEntry]) -> None:
    """Store a snapshot of `entries` that is true at the position `until`."""
    remaining = iter(entries)
    blocks = []
    while block := list(islice(remaining, BLOCK_SIZE)):
        blocks.append(zlib.compress(_ENCODER.encode(block), COMPRESSION_LEVEL))
    s3.put_object(PREFIX + project_id, _ENCODER.encode(ListSnapshot(until, blocks)))


def delete_snapshot(project_id: str) -> None:
    """Delete the project's snapshot from the bucket, if there is one."""
    s3.delete_object(PREFIX + project_id)
