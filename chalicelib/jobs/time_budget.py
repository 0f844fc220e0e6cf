"""The reminder job: looks at each task whose time has come, and owes its assignee what is due.

What a reminder is stands in the id of its mail: task, due value, kind, recipient. So a tick that
comes twice, late or beside another owes nothing twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.aws import ses
from chalicelib.mail.models import reserve_send_slot

HasTime = Callable[[], bool]

# Enough for one mail whose every call is slow.
MARGIN = timedelta(seconds=15)
# Whoever waits for a turn has a mail on lease.
MAX_SLOT_WAIT = timedelta(seconds=60)
# Of what the account may send; the rest is for retries of SES and for clocks that differ.
RATE_SHARE = 0.7
QUOTA_CACHED_FOR = timedelta(minutes=10)
# More milliseconds than any function has.
UNLIMITED_MILLISECONDS = 3_600_000

T = TypeVar("T")


class OutOfTime(Exception):
    """What is not done yet is left to the next run."""


@dataclass
class TimeBudget:
    """`clock` tells the time, `wait` lets seconds pass, `milliseconds_left` is how long the
    function may still run (Lambda's `get_remaining_time_in_millis`).

    A job that may take minutes asks the clock for each change: were all stamped with its beginning,
    clients that keep a copy would look for the last of them in vain (`syncing`)."""

    clock: Callable[[], datetime]
    wait: Callable[[float], None]
    milliseconds_left: Callable[[], int]
    _every: timedelta = field(default=timedelta(0), init=False)
    _asked_at: datetime | None = field(default=None, init=False)
    _last_turn: datetime | None = field(default=None, init=False)

    def has(self, milliseconds: int) -> bool:
        """Whether so much time is left."""
        return self.milliseconds_left() >= milliseconds

    def leaving(self, milliseconds: int) -> "TimeBudget":
        """The pace of who leaves so much time to others."""
        return replace(self, milliseconds_left=lambda: self.milliseconds_left() - milliseconds)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """One after the other; raises `OutOfTime` when there is no time for the next."""
        for item in items:
            if not self.has(0):
                raise OutOfTime
            yield item

    def has_time(self) -> bool:
        """Whether there is time for one more mail."""
        return self._left() > timedelta(0)

    def take_turn(self) -> bool:
        """Wait until SES takes one more mail; False when that is later than we live, or have
        patience."""
        now = self.clock()
        every = self._interval(now)
        earliest = now if self._last_turn is None else max(now, self._last_turn + every)
        turn = reserve_send_slot(earliest, every, now + min(self._left(), MAX_SLOT_WAIT))
        if turn is None:
            return False
        self._last_turn = turn
        if turn > now:
            self.wait((turn - now).total_seconds())
        return True

    def _left(self) -> timedelta:
        return timedelta(milliseconds=self.milliseconds_left()) - MARGIN

    def _interval(self, now: datetime) -> timedelta:
        if self._asked_at is None or now - self._asked_at > QUOTA_CACHED_FOR:
            self._every = timedelta(seconds=1 / (RATE_SHARE * ses.get_max_send_rate()))
            self._asked_at = now
        return self._every


def unlimited_budget(now: datetime) -> TimeBudget:
    """The pace of who has all the time there is, and needs none."""
    return TimeBudget(lambda: now, lambda _: None, lambda: UNLIMITED_MILLISECONDS)
