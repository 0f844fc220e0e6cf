"""Filters of task lists."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property

from msgspec import Struct

from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.relations.models import is_blocked
from chalicelib.task_lists.sources import FIRST_POSITION, LAST_POSITION
from chalicelib.tasks.due_dates import is_date, local_date, parse_start
from chalicelib.tasks.models import NO_DUE_DATE, NOBODY, Card, Task

NO_VALUE = NOBODY
ONE_DAY = timedelta(days=1)
# In every time zone a day ends at 10:00 UTC of that date or later (UTC+14), and begins at 12:00 UTC
# of that date or earlier (UTC-12).
EARLIEST_END, LATEST_START = "T09:59:59.999Z", "T12:00:00.000Z"
# The local times of earlier centuries differ from UTC by up to 16 hours.
EARLIEST_START_OF_NEXT_DAY, LATEST_START_OF_DAY = "T08:00:00.000Z", "T16:00:00.000Z~"
DAYS_AHEAD = {"today": 1, "next_7_days": 7}

# The first and the last position of a range of a partition.
Range = tuple[str, str]


class DateBound(Struct, frozen=True, dict=True):
    """A bound of start dates or due dates: a time, or a whole day in the caller's time zone.

    If both the bound and a task's date are days, they are compared as days. A task due on Friday is
    due on Friday in every time zone.
    """

    text: str
    zone: str

    def is_before(self, date_text: str, at: str) -> bool:
        """Return whether this bound is before a task's date.

        `date_text` is the start or due date as given, `at` the timestamp that it stands for.
        """
        if is_date(self.text):
            if is_date(date_text):
                return date_text > self.text
            return at >= self._end
        return at > self._start

    def is_after(self, date_text: str, at: str) -> bool:
        """Return whether this bound is after a task's date (as for `is_before`)."""
        if is_date(self.text) and is_date(date_text):
            return date_text < self.text
        return at < self._start

    @property
    def min_position_after(self) -> str:
        """A lower limit for the positions by due time of tasks that are due after this bound."""
        if not is_date(self.text):
            return self._start
        return min(self._end, self._next_day + EARLIEST_END)

    @property
    def max_position_before(self) -> str:
        """An upper limit for the positions by due time of tasks that are due before this bound."""
        latest_start = self.text + LATEST_START if is_date(self.text) else ""
        return max(self._start, latest_start) + LAST_POSITION

    @property
    def min_start_after(self) -> str:
        """A lower limit for the start times of tasks that start after this bound."""
        if not is_date(self.text):
            return self._start + LAST_POSITION
        return min(self._end, self.text + EARLIEST_START_OF_NEXT_DAY)

    @property
    def max_start_before(self) -> str:
        """An upper limit for the start times of tasks that start before this bound."""
        if not is_date(self.text):
            return self._start
        return max(self._start, self._previous_day + LATEST_START_OF_DAY)

    @cached_property
    def _start(self) -> str:
        return format_timestamp(parse_start(self.text, self.zone))

    @cached_property
    def _end(self) -> str:
        # Not `_start` plus 24 hours: with a change of the clocks a day is longer or shorter.
        return format_timestamp(parse_start(self._next_day, self.zone))

    @property
    def _next_day(self) -> str:
        # The last day of the calendar has no next day. No task is due on it.
        day = date.fromisoformat(self.text)
        return (min(day, date.max - ONE_DAY) + ONE_DAY).isoformat()

    @property
    def _previous_day(self) -> str:
        day = date.fromisoformat(self.text)
        return (max(day, date.min + ONE_DAY) - ONE_DAY).isoformat()


class DueFilter(Struct, frozen=True):
    """The due dates that a task may have: none, one that has passed, or one between two bounds.

    `is_missing` stands for tasks without a due date, `is_overdue` for open tasks whose due date has
    passed.
    """

    after: DateBound | None = None
    before: DateBound | None = None
    is_overdue: bool = False
    is_missing: bool = False

    def matches(self, task: Card, now: str) -> bool:
        """Return whether the task has such a due date. `now` is a timestamp."""
        if task.due_at is None or self.is_missing:
            return self.is_missing and task.due_at is None
        due_date, due_at = str(task.due_date), task.due_at
        return (
            (not self.is_overdue or is_overdue(task, now))
            and (self.after is None or self.after.is_before(due_date, due_at))
            and (self.before is None or self.before.is_after(due_date, due_at))
        )

    def position_range(self, now: str) -> Range:
        """Return the range of the positions by due time of all matching tasks."""
        if self.is_missing:
            return NO_DUE_DATE, LAST_POSITION
        low = self.after.min_position_after if self.after else FIRST_POSITION
        high = self.before.max_position_before if self.before else NO_DUE_DATE
        return low, min(high, now) if self.is_overdue else high


WITHOUT_DUE_DATE = DueFilter(is_missing=True)
OVERDUE = DueFilter(is_overdue=True)


def is_overdue(task: Card, now: str) -> bool:
    """Return whether the task is open and its due date has passed. `now` is a timestamp."""
    return task.is_open and task.due_at is not None and task.due_at < now


class Filters(Struct, frozen=True, kw_only=True):
    """The filters of a list. A task must match all of them; None stands for no filter.

    A filter with several values matches tasks that have one of them; only with `label_all`, a task
    must have all of the labels. `assigned_to`, `label` and `parent` can be `none`, which matches
    tasks without an assignee, a label or a parent. `now` and `updated_since` are timestamps as they
    are stored.
    """

    now: str
    status: frozenset[str] | None = None
    priority: frozenset[str] | None = None
    assigned_to: frozenset[str] | None = None
    created_by: frozenset[str] | None = None
    label: frozenset[str] | None = None
    label_all: frozenset[str] | None = None
    parent: str | None = None
    start_after: DateBound | None = None
    start_before: DateBound | None = None
    due: frozenset[DueFilter] | None = None
    overdue: bool | None = None
    updated_since: str | None = None
    blocked: bool | None = None

    def matches(self, task: Card) -> bool:
        """Return whether the task matches all filters of which its card has the attributes."""
        return (
            (self.status is None or task.status in self.status)
            and (self.priority is None or task.priority in self.priority)
            and (self.assigned_to is None or (task.assigned_to or NO_VALUE) in self.assigned_to)
            and (self.created_by is None or task.created_by in self.created_by)
            and (self.parent is None or self.parent == (task.parent or NO_VALUE))
            and (self.label is None or not self.label.isdisjoint(task.labels or [NO_VALUE]))
            and (self.label_all is None or self.label_all.issubset(task.labels or ()))
            and (self.due is None or any(due.matches(task, self.now) for due in self.due))
            and (self.overdue is None or self.overdue == is_overdue(task, self.now))
            and (self.updated_since is None or task.updated_at >= self.updated_since)
        )

    def matches_whole(self, task: Task) -> bool:
        """Return whether the whole task matches all filters."""
        return (
            self.matches(task)
            and (self.blocked is None or self.blocked == is_blocked(task))
            and ((self.start_after or self.start_before) is None or self._matches_start(task))
        )

    def _matches_start(self, task: Task) -> bool:
        if task.start_at is None:
            return False
        start_date, start_at = str(task.start_date), task.start_at
        return (self.start_after is None or self.start_after.is_before(start_date, start_at)) and (
            self.start_before is None or self.start_before.is_after(start_date, start_at)
        )

    @property
    def names(self) -> list[str]:
        """The names of the filters that are set, in the order of the fields above."""
        names = [name for name in self.__struct_fields__ if name != "now"]
        return [name for name in names if getattr(self, name) is not None]

    @property
    def start_range(self) -> Range | None:
        """The limits between which the start times of all matching tasks lie.

        None if no filter by start is set.
        """
        if self.start_after is None and self.start_before is None:
            return None
        low = self.start_after.min_start_after if self.start_after else FIRST_POSITION
        high = self.start_before.max_start_before if self.start_before else LAST_POSITION
        return low, high

    @property
    def requires_open(self) -> bool:
        """Whether done tasks do not match, or not all values of `due`, as they are not overdue."""
        return bool(self.overdue) or OVERDUE in (self.due or ())

    def due_ranges(self, *, is_open: bool) -> list[Range]:
        """Return the ranges of the positions by due time of all matching tasks, without overlaps.

        `is_open` chooses between the open tasks and the done ones, of which none is overdue.
        """
        ranges = [(FIRST_POSITION, LAST_POSITION)]
        if self.due is not None:
            possible = (due for due in self.due if is_open or not due.is_overdue)
            ranges = [due.position_range(self.now) for due in possible]
        if self.overdue:
            ranges = [(low, min(high, self.now)) for low, high in ranges if is_open]
        return _merge_ranges(ranges)


def _merge_ranges(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges in ascending order, with those that overlap as one."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        elif low <= high:
            merged.append((low, high))
    return merged


def build_due_filter(word: str, now: datetime, zone: str) -> DueFilter:
    """Return the filter for `today`, `next_7_days`, `overdue` or `none`."""
    if word not in DAYS_AHEAD:
        return {"overdue": OVERDUE, NO_VALUE: WITHOUT_DUE_DATE}[word]
    today = local_date(now, zone)
    yesterday = today - ONE_DAY
    end = today + ONE_DAY * DAYS_AHEAD[word]
    return DueFilter(DateBound(yesterday.isoformat(), zone), DateBound(end.isoformat(), zone))
