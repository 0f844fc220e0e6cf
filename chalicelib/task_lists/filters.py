"""What a list of tasks can be narrowed to."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cached_property

from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.task_lists.sources import FIRST_POSITION, LAST_POSITION
from chalicelib.tasks.due_dates import is_date, local_date, parse_start
from chalicelib.tasks.models import NO_DUE_DATE, NOBODY, Card

NO_VALUE = NOBODY
ONE_DAY = timedelta(days=1)
# In no zone does a day end before ten o'clock of its own in UTC, or begin after noon.
FIRST_END, LAST_BEGINNING = "T09:59:59.999Z", "T12:00:00.000Z"
DAYS_AHEAD = {"today": 1, "next_7_days": 7}


@dataclass(frozen=True)
class DueBound:
    """A moment, or a whole day of the caller's zone: tasks due on a day are compared by their day,
    so that Friday's task is Friday's wherever one is."""

    text: str
    zone: str

    def is_before(self, task: Card) -> bool:
        """Whether the task is due after this."""
        if is_date(self.text):
            if is_date(str(task.due_date)):
                return str(task.due_date) > self.text
            return str(task.due_at) >= self._end
        return str(task.due_at) > self._start

    def is_after(self, task: Card) -> bool:
        """Whether the task is due before this."""
        if is_date(self.text) and is_date(str(task.due_date)):
            return str(task.due_date) < self.text
        return str(task.due_at) < self._start

    @property
    def low(self) -> str:
        """No position by due time of a task that is due after this sorts before it."""
        if not is_date(self.text):
            return self._start
        return min(self._end, self._next_day + FIRST_END)

    @property
    def high(self) -> str:
        """... and none of one that is due before this, behind it."""
        day = self.text + LAST_BEGINNING if is_date(self.text) else ""
        return max(self._start, day) + LAST_POSITION

    @cached_property
    def _start(self) -> str:
        return format_timestamp(parse_start(self.text, self.zone))

    @cached_property
    def _end(self) -> str:
        """When the day is over; it need not have 24 hours."""
        return format_timestamp(parse_start(self._next_day, self.zone))

    @property
    def _next_day(self) -> str:
        """The last day of the calendar has none, and nothing is due on it."""
        day = date.fromisoformat(self.text)
        return (min(day, date.max - ONE_DAY) + ONE_DAY).isoformat()


@dataclass(frozen=True, kw_only=True)
class Filters:
    """All of them hold for each task of the list; None asks nothing. `assigned_to` and `parent` may
    be `none`."""

    now: datetime
    status: str | None = None
    priority: str | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    label: str | None = None
    parent: str | None = None
    due_after: DueBound | None = None
    due_before: DueBound | None = None
    overdue: bool | None = None
    updated_since: datetime | None = None

    def matches(self, task: Card) -> bool:
        """Whether the list shows the task."""
        return self._is_what_was_asked_for(task) and self._is_due_then(task)

    @property
    def asked(self) -> list[str]:
        """The names of those that ask for something."""
        names = (field.name for field in fields(self) if field.name != "now")
        return [name for name in names if getattr(self, name) is not None]

    @property
    def asks_for_a_time(self) -> bool:
        """Whether only tasks that are due in some stretch of time can match."""
        return bool(self.due_after or self.due_before or self.overdue)

    @property
    def edges(self) -> list[str]:
        """The edges that every match hangs on, the rarest kind first."""
        named = {
            "parent": None if self.parent == NO_VALUE else self.parent,
            "label": self.label,
            "assignee": self.assigned_to,
            "creator": self.created_by,
        }
        return [f"{kind}:{value}" for kind, value in named.items() if value is not None]

    @property
    def due_positions(self) -> tuple[str, str]:
        """Between which positions by due time all matches lie."""
        low = self.due_after.low if self.due_after else FIRST_POSITION
        high = NO_DUE_DATE if self.asks_for_a_time else LAST_POSITION
        if self.due_before:
            high = self.due_before.high
        return low, min(high, self._now) if self.overdue else high

    @cached_property
    def _now(self) -> str:
        return format_timestamp(self.now)

    @cached_property
    def since(self) -> str:
        """No match was last changed before that."""
        return format_timestamp(self.updated_since) if self.updated_since else FIRST_POSITION

    def _is_what_was_asked_for(self, task: Card) -> bool:
        return (
            self.status in (None, task.status)
            and self.priority in (None, task.priority)
            and self.assigned_to in (None, task.assigned_to or NO_VALUE)
            and self.created_by in (None, task.created_by)
            and self.parent in (None, task.parent or NO_VALUE)
            and (self.label is None or self.label in (task.labels or ()))
            and task.updated_at >= self.since
        )

    def _is_due_then(self, task: Card) -> bool:
        if task.due_at is None:
            return not self.asks_for_a_time
        return (
            (self.due_after is None or self.due_after.is_before(task))
            and (self.due_before is None or self.due_before.is_after(task))
            and self.overdue in (None, task.is_open and task.due_at < self._now)
        )


def upcoming_bounds(days: str, now: datetime, zone: str) -> tuple[DueBound, DueBound]:
    """The bounds of `today` or `next_7_days` in the caller's zone."""
    today = local_date(now, zone)
    yesterday, end = today - ONE_DAY, today + ONE_DAY * DAYS_AHEAD[days]
    return DueBound(yesterday.isoformat(), zone), DueBound(end.isoformat(), zone)
