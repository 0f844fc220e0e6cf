"""The time that a function may use: run long work in pieces and stop before Lambda ends it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

HasTime = Callable[[], bool]

# Enough to finish one mail when every call for it is slow.
MARGIN = timedelta(seconds=15)
# More milliseconds than any function has.
UNLIMITED_MILLISECONDS = 3_600_000

T = TypeVar("T")


class OutOfTime(Exception):
    """The time is used up; the next run does the rest."""


class TimeBudget(Struct, frozen=True):
    """The clock of a run and the time that it has left.

    `clock` returns the current time, `wait` sleeps for a number of seconds, and `milliseconds_left`
    returns how long the function may still run (Lambda's `get_remaining_time_in_millis`).

    Work that can take minutes reads `clock` for each change. If all changes had the time at which
    the run started, clients that keep a copy of the tasks would miss the last ones: they ask for
    changes after the newest one that they have.
    """

    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    milliseconds_left: Callable[[], int]

    def has(self, milliseconds: int) -> bool:
        """Return whether at least this much time is left."""
        return self.milliseconds_left() >= milliseconds

    def reserving(self, milliseconds: int) -> "TimeBudget":
        """Return a budget that ends earlier, so that later work gets `milliseconds`."""
        return replace(self, milliseconds_left=lambda: self.milliseconds_left() - milliseconds)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items one by one. Raises `OutOfTime` when no time is left for the next one."""
        for item in items:
            if not self.has(0):
                raise OutOfTime
            yield item

    def time_for_mail(self) -> timedelta:
        """Return the time left without the margin for one mail; negative when there is none."""
        return timedelta(milliseconds=self.milliseconds_left()) - MARGIN

    def has_time(self) -> bool:
        """Return whether there is time for one more mail or reminder."""
        return self.time_for_mail() > timedelta(0)


def unlimited_budget(now: datetime) -> TimeBudget:
    """Return a budget that never runs out and whose clock always shows `now`."""
    return TimeBudget(lambda: now, lambda _: None, lambda: UNLIMITED_MILLISECONDS)
