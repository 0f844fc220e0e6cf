"""Filters of task lists."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cached_property

from chalicelib.dynamodb.timestamps import format_timestamp
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


@dataclass(frozen=True)
class DateBound:
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


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The filters of a list. A task must match all of them; None stands for no filter.

    `assigned_to`, `label` and `parent` can be `none`, which matches tasks without an assignee, a
    label or a parent. `without_due_date` is True or None. `now` and `updated_since` are timestamps
    as they are stored.
    """

    now: str
    status: str | None = None
    priority: str | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    label: str | None = None
    parent: str | None = None
    start_after: DateBound | None = None
    start_before: DateBound | None = None
    due_after: DateBound | None = None
    due_before: DateBound | None = None
    without_due_date: bool | None = None
    overdue: bool | None = None
    updated_since: str | None = None

    def matches(self, task: Card) -> bool:
        """Return whether the task matches all filters but those by start, which no card tells."""
        attributes_match = (
            self.status in (None, task.status)
            and self.priority in (None, task.priority)
            and self.assigned_to in (None, task.assigned_to or NO_VALUE)
            and self.created_by in (None, task.created_by)
            and self.parent in (None, task.parent or NO_VALUE)
            and (self.label is None or self.label in (task.labels or [NO_VALUE]))
            and task.updated_at >= (self.updated_since or FIRST_POSITION)
        )
        if not attributes_match:
            return False

        if task.due_at is None:
            return not self.requires_due_date
        due_date, due_at = str(task.due_date), task.due_at
        return (
            not self.without_due_date
            and (self.due_after is None or self.due_after.is_before(due_date, due_at))
            and (self.due_before is None or self.due_before.is_after(due_date, due_at))
            and self.overdue in (None, task.is_open and due_at < self.now)
        )

    def matches_start(self, task: Task) -> bool:
        """Return whether the whole task matches the filters by start."""
        if task.start_at is None:
            return self.start_range is None
        start_date, start_at = str(task.start_date), task.start_at
        return (self.start_after is None or self.start_after.is_before(start_date, start_at)) and (
            self.start_before is None or self.start_before.is_after(start_date, start_at)
        )

    @property
    def names(self) -> list[str]:
        """The names of the filters that are set, in the order of the fields above."""
        names = [field.name for field in fields(self) if field.name != "now"]
        return [name for name in names if getattr(self, name) is not None]

    @property
    def requires_due_date(self) -> bool:
        """Whether only tasks with a due date can match."""
        return bool(self.due_after or self.due_before or self.overdue)

    @property
    def entry_names(self) -> list[str]:
        """The names of the filter entries that every matching task has, the rarest kind first."""
        values = {
            "parent": None if self.parent == NO_VALUE else self.parent,
            "label": None if self.label == NO_VALUE else self.label,
            "assignee": self.assigned_to,
            "creator": self.created_by,
        }
        return [f"{kind}:{value}" for kind, value in values.items() if value is not None]

    @property
    def due_range(self) -> tuple[str, str]:
        """The limits between which the positions by due time of all matching tasks lie."""
        low = NO_DUE_DATE if self.without_due_date else FIRST_POSITION
        if self.due_after:
            low = max(low, self.due_after.min_position_after)
        high = NO_DUE_DATE if self.requires_due_date else LAST_POSITION
        if self.due_before:
            high = self.due_before.max_position_before
        return low, min(high, self.now) if self.overdue else high

    @property
    def start_range(self) -> tuple[str, str] | None:
        """The limits between which the start times of all matching tasks lie.

        None if no filter by start is set.
        """
        if self.start_after is None and self.start_before is None:
            return None
        low = self.start_after.min_start_after if self.start_after else FIRST_POSITION
        high = self.start_before.max_start_before if self.start_before else LAST_POSITION
        return low, high


def upcoming_bounds(days: str, now: datetime, zone: str) -> tuple[DateBound, DateBound]:
    """Return the bounds after and before which tasks of `today` or `next_7_days` are due."""
    today = local_date(now, zone)
    yesterday = today - ONE_DAY
    end = today + ONE_DAY * DAYS_AHEAD[days]
    return DateBound(yesterday.isoformat(), zone), DateBound(end.isoformat(), zone)
