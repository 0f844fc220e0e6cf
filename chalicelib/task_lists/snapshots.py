"""List snapshots: one object in the bucket for each project, with an entry for each task.

A list that no partition holds in its order is filtered and sorted from the snapshot and from the
tasks that changed since, which the index `by_updated` finds (decision 0033). Reading a snapshot
takes one request, however many tasks there are; 10,000 entries take half a megabyte. Its index
(`snapshot_index`) finds the entries of a page, so that the others are not decoded.

No change of a task waits for the snapshot. It is written by the stream handler with about every
sixteenth change, by a page that had to read many changes, and once a week by counter repair, which
starts from an empty snapshot. If the snapshot is lost, lists stay complete and only cost more.
"""

from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter

import msgspec

from chalicelib.aws import s3
from chalicelib.dynamodb.concurrency import run_concurrently, run_in_background
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import Unavailable
from chalicelib.observability import logger
from chalicelib.projects.models import Project, get_project, set_snapshot_time_write
from chalicelib.task_lists.filters import Filters
from chalicelib.task_lists.snapshot_index.lookup import EntryLookup
from chalicelib.task_lists.snapshot_index.storage import (
    BLOCK_SIZE,
    Entries,
    SnapshotIndex,
    build_index,
    decode_block,
    encode_block,
)
from chalicelib.task_lists.sources import (
    FIRST_POSITION,
    VISIBILITY_DELAY,
    Ordering,
    range_by_update,
    read_deletions,
)
from chalicelib.tasks.cards import SnapshotEntry
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, updated_sort_key

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


class ListSnapshot(msgspec.Struct, frozen=True):
    """All tasks of a project as they were at `until`; some entries may be newer.

    `until` is a position by last change: a time, and perhaps a task's id. The entries are in
    compressed blocks, in the order of creation. Earlier versions wrote larger blocks in any order
    and no `index`.
    """

    until: str
    blocks: list[memoryview]
    index: SnapshotIndex | None = None

    @property
    def entries(self) -> Iterator[SnapshotEntry]:
        for block in self.blocks:
            yield from decode_block(block)

    @property
    def lookup(self) -> EntryLookup:
        if self.index is not None:
            return EntryLookup(Entries(self.blocks, self.index.count), self.index)
        entries = _sort(self.entries)
        return EntryLookup(entries, build_index(entries))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ListSnapshot)
EMPTY_SNAPSHOT = ListSnapshot(FIRST_POSITION, [])


class CurrentEntries(msgspec.Struct, frozen=True):
    """The tasks of a project: those of the snapshot, and the entries of those that changed since.

    A task that was deleted just now may still have an entry.
    """

    project_id: str
    lookup: EntryLookup
    changes: list[SnapshotEntry]

    def list_positions(
        self,
        filters: Filters,
        ordering: Ordering,
        after: str | None,
        *,
        descending: bool,
        ids: Set[str] | None = None,
        except_ids: Set[str] = frozenset(),
    ) -> Iterator[str]:
        """Yield the positions of the matching tasks in the order, behind the position `after`.

        With `ids`, only those of tasks with one of these ids; never those of `except_ids`.
        """
        changed_ids = {entry.id for entry in self.changes}
        stored = self.lookup.find(filters, ids, ordering, after, descending=descending)
        positions = (
            ordering.sort_key(entry)
            for entry in stored
            if entry.id not in changed_ids and entry.id not in except_ids
        )
        changed = (
            ordering.sort_key(entry)
            for entry in self.changes
            if filters.matches(entry)
            and (ids is None or entry.id in ids)
            and entry.id not in except_ids
        )
        later = (
            position
            for position in changed
            if after is None or (position < after if descending else position > after)
        )
        return merge(positions, sorted(later, reverse=descending), reverse=descending)


def load_entries(projects: Iterable[Project], now: datetime) -> Iterator[CurrentEntries]:
    """Read the list snapshots of the projects and the changes since."""
    for project, snapshot, changes in run_concurrently(_load, projects):
        _refresh_if_far_behind(project, changes, now)
        yield CurrentEntries(project.id, snapshot.lookup, changes)


def list_current_entries(project: Project, now: datetime) -> Iterator[SnapshotEntry]:
    """Yield the entry of each task of the project that is not in the trash.

    Unlike `load_entries`, this also reads which tasks were deleted since the snapshot was written.
    """
    since = project.catalogued_until
    reading = run_in_background(read_deletions, project.id, since) if since else None
    _, snapshot, changes = _load(project)
    deleted = reading.result() if reading else {}
    if since is not None and snapshot.until < since:
        deleted = _find_deletions(project, snapshot)
    _refresh_if_far_behind(project, changes, now)
    yield from (entry for entry in _merge(snapshot, changes) if entry.id not in deleted)


def _refresh_if_far_behind(project: Project, changes: list[SnapshotEntry], now: datetime) -> None:
    until = visible_until(now)
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
    latest_until = visible_until(now - VISIBILITY_DELAY)
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
        until = visible_until(now)
        if len(changes) == max_changes:
            until = min(until, updated_sort_key(changes[-1]))

        deleted_ids = _find_deletions(project, snapshot)
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
    until, snapshot = project.catalogued_until, EMPTY_SNAPSHOT
    if until is None or from_scratch:
        return project, snapshot, read_changes(project.id, snapshot.until, max_changes)
    reading = run_in_background(read_snapshot, project.id)
    changes = read_changes(project.id, until, max_changes)
    snapshot = reading.result() or EMPTY_SNAPSHOT
    if snapshot.until < until:  # it is lost, or was replaced by an older one
        changes = read_changes(project.id, snapshot.until, max_changes)
    return project, snapshot, changes


def read_changes(
    project_id: str, since: str, max_changes: int | None = None
) -> list[SnapshotEntry]:
    """Return the entries of the tasks that changed at the position `since` or later, in order."""
    tasks = range_by_update(project_id, since).read(None, descending=False, page_size=FIRST_READ)
    return [build_entry(*changed) for changed in islice(tasks, max_changes)]


def build_entry(position: str, task: Task) -> SnapshotEntry:
    """Return the entry of a task that `by_updated` has at this position."""
    # The index does not project the rank, but its sort key contains it: see `updated_sort_key`.
    _, *rank, _ = position.split("#")
    task.rank = rank[0] if rank else None
    return msgspec.convert(task, SnapshotEntry, from_attributes=True)


def _find_deletions(project: Project, snapshot: ListSnapshot) -> dict[str, str]:
    """Return the tasks deleted since the snapshot; none if it has no entries."""
    return read_deletions(project.id, snapshot.until) if snapshot.blocks else {}


def _merge(snapshot: ListSnapshot, changes: list[SnapshotEntry]) -> Iterator[SnapshotEntry]:
    """Yield the entries of the snapshot, with those of changed tasks replaced."""
    changed_ids = {entry.id for entry in changes}
    for entry in snapshot.entries:
        if entry.id not in changed_ids:
            yield entry
    yield from changes


def visible_until(now: datetime) -> str:
    """Return the time before which all changes are visible by now."""
    return format_timestamp(now - VISIBILITY_DELAY)


def read_snapshot(project_id: str) -> ListSnapshot | None:
    """Return the project's snapshot as it is in the bucket, or None if there is none."""
    body = s3.read_object(PREFIX + project_id)
    return None if body is None else _DECODER.decode(body)


def write_snapshot(project_id: str, until: str, entries: Iterable[SnapshotEntry]) -> None:
    """Store a snapshot of `entries` that is true at the position `until`."""
    ordered = _sort(entries)
    starts = range(0, len(ordered), BLOCK_SIZE)
    blocks = [encode_block(ordered[start : start + BLOCK_SIZE]) for start in starts]
    snapshot = ListSnapshot(until, blocks, build_index(ordered))
    s3.put_object(PREFIX + project_id, _ENCODER.encode(snapshot))


def _sort(entries: Iterable[SnapshotEntry]) -> list[SnapshotEntry]:
    return sorted(entries, key=attrgetter("id"))


def delete_snapshot(project_id: str) -> None:
    """Delete the project's snapshot from the bucket, if there is one."""
    s3.delete_object(PREFIX + project_id)
