"""What a list of tasks can be narrowed to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.domain.due_dates import day_of, is_day, start_of
from chalicelib.store.task_lists import FIRST, LAST
from chalicelib.store.tasks import NO_DUE_DATE, NOBODY, Task
from chalicelib.store.times import moment, stamp

NONE = NOBODY
DAY = timedelta(days=1)
# A day begins in one zone up to so long before it begins in another.
ZONES_APART = timedelta(hours=26)
DAYS_AHEAD = {"today": 1, "next_7_days": 7}


@dataclass(frozen=True)
class Bound:
    """A moment, or a whole day of the caller's zone: tasks due on a day are compared by their day,
    so that Friday's task is Friday's wherever one is."""

    text: str
    zone: str

    def is_before(self, task: Task) -> bool:
        """Whether the task is due after this."""
        if is_day(self.text):
            if is_day(str(task.due_date)):
                return str(task.due_date) > self.text
            return moment(str(task.due_at)) >= self._end
        return moment(str(task.due_at)) > self.start

    def is_after(self, task: Task) -> bool:
        """Whether the task is due before this."""
        if is_day(self.text) and is_day(str(task.due_date)):
            return str(task.due_date) < self.text
        return moment(str(task.due_at)) < self.start

    @property
    def start(self) -> datetime:
        return start_of(self.text, self.zone)

    @property
    def _end(self) -> datetime:
        """When the day is over; it need not have 24 hours."""
        after = date.fromisoformat(self.text) + DAY
        return start_of(after.isoformat(), self.zone)


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
    due_after: Bound | None = None
    due_before: Bound | None = None
    overdue: bool | None = None
    updated_since: datetime | None = None

    def matches(self, task: Task) -> bool:
        """Whether the list shows the task."""
        return self._is_what_was_asked_for(task) and self._is_due_then(task)

    @property
    def ask_for_anything(self) -> bool:
        """Whether there is a task that cannot match."""
        return self != Filters(now=self.now)

    @property
    def asks_for_a_time(self) -> bool:
        """Whether only tasks that are due in some stretch of time can match."""
        return bool(self.due_after or self.due_before or self.overdue)

    def may_be(self, is_open: bool) -> bool:
        """Whether open tasks, or the others, can match."""
        if is_open:
            return self.status != "done"
        return self.status in (None, "done") and not self.overdue

    @property
    def edges(self) -> list[str]:
        """The edges that every match hangs on, the rarest kind first."""
        named = {
            "parent": None if self.parent == NONE else self.parent,
            "label": self.label,
            "assignee": self.assigned_to,
            "creator": self.created_by,
        }
        return [f"{kind}:{value}" for kind, value in named.items() if value is not None]

    @property
    def due_positions(self) -> tuple[str, str]:
        """Between which positions by due time all matches lie."""
        low = stamp(self.due_after.start - ZONES_APART) if self.due_after else FIRST
        high = NO_DUE_DATE if self.asks_for_a_time else LAST
        if self.due_before:
            high = stamp(self.due_before.start + ZONES_APART)
        return low, min(high, stamp(self.now)) if self.overdue else high

    def _is_what_was_asked_for(self, task: Task) -> bool:
        return (
            self.status in (None, task.status)
            and self.priority in (None, task.priority)
            and self.assigned_to in (None, task.assigned_to or NONE)
            and self.created_by in (None, task.created_by)
            and self.parent in (None, task.parent or NONE)
            and (self.label is None or self.label in (task.labels or ()))
            and (self.updated_since is None or task.updated_at >= stamp(self.updated_since))
        )

    def _is_due_then(self, task: Task) -> bool:
        if task.due_at is None:
            return not self.asks_for_a_time
        return (
            (self.due_after is None or self.due_after.is_before(task))
            and (self.due_before is None or self.due_before.is_after(task))
            and self.overdue in (None, task.is_open and task.due_at < stamp(self.now))
        )


def coming(days: str, now: datetime, zone: str) -> tuple[Bound, Bound]:
    """The bounds of `today` or `next_7_days` in the caller's zone."""
    today = day_of(now, zone)
    yesterday, end = today - DAY, today + DAY * DAYS_AHEAD[days]
    return Bound(yesterday.isoformat(), zone), Bound(end.isoformat(), zone)
