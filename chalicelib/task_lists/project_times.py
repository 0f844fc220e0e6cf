"""The times of a project's tasks, kept in the memory of a process: when the open ones are due, and
when the others were completed.

The counter items tell how often something changed that matters here (`changes`). While that number
is the one for which the times were read, they are still right, and statistics read nothing else.
Otherwise only the tasks that changed since are read
(docs/decisions/0050-statistics-keep-times-in-memory.md).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.prefetch import NO_PREFETCH, Prefetch, Read, RecentValues
from chalicelib.access.service import Access
from chalicelib.dynamodb.concurrency import run_in_background
from chalicelib.dynamodb.mapping.decoding import RawItem
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.projects.models import Project
from chalicelib.task_lists import snapshots
from chalicelib.task_lists.snapshots import visible_until
from chalicelib.task_lists.sources import (
    VISIBILITY_DELAY,
    read_deletions,
    read_raw_times,
    task_id_at,
)
from chalicelib.tasks.models import Card, Task, get_tasks

# So many tasks of so many projects take at most some 50 MB.
PROJECTS_MAX, TASKS_MAX = 10, 20_000
# After that, the times are read from the list snapshot again: an error does not stay.
KEPT_FOR = timedelta(hours=1)
# Longer than the days of the statistics.
COMPLETIONS_KEPT_FOR = timedelta(days=33)


class TaskTimes(Struct, frozen=True, dict=True):
    """When open tasks are due, and when others were completed, by task id.

    `unknown_ids` are done tasks whose entries are from an earlier version, which did not store the
    time of completion.
    """

    due: dict[str, str] = {}
    completed: dict[str, str] = {}
    unknown_ids: frozenset[str] = frozenset()

    @cached_property
    def _due_times(self) -> list[str]:
        return sorted(self.due.values())

    @cached_property
    def _completion_times(self) -> list[str]:
        known = {task.id: task.completed_at for task in get_tasks(self.unknown_ids)}
        return sorted(filter(None, (*self.completed.values(), *known.values())))

    def count_due(self, start: str, end: str) -> int:
        """Return how many open tasks are due from `start` to before `end` (timestamps)."""
        return _count(self._due_times, start, end)

    def count_completed(self, start: str, end: str) -> int:
        """Return how many tasks were completed from `start` to before `end` (timestamps)."""
        return _count(self._completion_times, start, end)

    def plus(self, entries: Iterable[Card], deleted_ids: Set[str], *, oldest: str) -> "TaskTimes":
        """Return these times, updated by changed entries and deleted tasks.

        Tasks that were completed before the timestamp `oldest` are left out.
        """
        due, completed, unknown = {**self.due}, {**self.completed}, {*self.unknown_ids}
        for entry in entries:
            due.pop(entry.id, None)
            completed.pop(entry.id, None)
            unknown.discard(entry.id)
            if entry.is_open:
                if entry.due_at:
                    due[entry.id] = entry.due_at
            elif entry.completed_at is None and entry.updated_at >= oldest:
                unknown.add(entry.id)
            elif entry.completed_at is not None and entry.completed_at >= oldest:
                completed[entry.id] = entry.completed_at
        for task_id in deleted_ids:
            due.pop(task_id, None)
            completed.pop(task_id, None)
            unknown.discard(task_id)
        return TaskTimes(due, completed, frozenset(unknown))


class ProjectTimes(Struct, frozen=True):
    """The times of a project's tasks, with all changes before the position `until`.

    `changes` is the number in the counter items, first seen at `seen_at`. The times were last read
    at `read_at`, and completely at `loaded_at`. `recent` has the positions of the changes that were
    read last.
    """

    changes: int
    seen_at: datetime
    read_at: datetime
    loaded_at: datetime
    until: str
    times: TaskTimes
    recent: dict[str, str] = {}

    @property
    def is_settled(self) -> bool:
        """Whether the index already showed all changes when the times were read."""
        return self.read_at >= self.seen_at + VISIBILITY_DELAY

    def plus(self, raw_changes: Iterable[RawItem], deletions: Mapping[str, str]) -> "ProjectTimes":
        """Return the times after what was read from the index since `until`.

        Only changes that are not in `recent` are decoded. `deletions` has the time of each.
        """
        read = [(raw["updated_sort"]["S"], raw) for raw in raw_changes]
        recent = {task_id_at(position): position for position, _ in read}
        entries = [
            Task.decode_later(raw)
            for position, raw in read
            if self.recent.get(task_id_at(position)) != position
        ]
        # A task may have been restored since, and the index may show both.
        deleted_ids = {
            task_id
            for task_id, at in deletions.items()
            if at >= recent.get(task_id, "").partition("#")[0]
        }
        if not entries and not deleted_ids:
            return replace(self, recent=recent)
        oldest = _oldest_completion(self.loaded_at)
        return replace(
            self, recent=recent, times=self.times.plus(entries, deleted_ids, oldest=oldest)
        )


def _oldest_completion(now: datetime) -> str:
    return format_timestamp(now - COMPLETIONS_KEPT_FOR)


def _count(times: list[str], start: str, end: str) -> int:
    return bisect_left(times, end) - bisect_left(times, start)


_cache: RecentValues[str, ProjectTimes | None] = RecentValues(PROJECTS_MAX)


def get_times(access: Access, project: Project, changes: int) -> TaskTimes:
    """Return the times of the project's tasks; `changes` is the number in its counter items."""
    now, known = access.now, _cache.get(project.id, None)
    if known is None or not _is_usable(known, changes, now):
        known = _load(project, changes, now)
    elif known.changes != changes or not known.is_settled:
        reading = run_in_background(access.read, read_deletions, project.id, known.until)
        changed = access.read(read_raw_times, project.id, known.until)
        known = replace(
            known.plus(changed, reading.result()),
            changes=changes,
            seen_at=known.seen_at if known.changes == changes else now,
            read_at=now,
            until=max(known.until, visible_until(now)),
        )
    is_small = len(known.times.due) + len(known.times.completed) <= TASKS_MAX
    _cache.put(project.id, known if is_small else None)
    return known.times


def prefetch_times(project_id: str) -> Prefetch:
    """Return what `get_times` will read if nothing has changed since it was last called."""
    known = _cache.get(project_id, None)
    if known is None or known.is_settled:
        return NO_PREFETCH
    since = (project_id, known.until)
    return Prefetch(reads=(Read(read_raw_times, since), Read(read_deletions, since)))


def _is_usable(known: ProjectTimes, changes: int, now: datetime) -> bool:
    """Return False if the times are old, or the project was restored from a backup."""
    is_recent = timedelta(0) <= now - known.loaded_at < KEPT_FOR
    return is_recent and changes >= known.changes


def _load(project: Project, changes: int, now: datetime) -> ProjectTimes:
    """Read the times from the list snapshot and the changes since."""
    entries = snapshots.list_current_entries(project, now)
    times = TaskTimes().plus(entries, frozenset(), oldest=_oldest_completion(now))
    return ProjectTimes(changes, now, now, now, visible_until(now), times)
