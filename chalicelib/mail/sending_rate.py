"""The sending rate: all functions together stay below the SES quota of the account."""

from datetime import datetime, timedelta

from chalicelib.aws import ses
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail import models

# A dispatcher that waits for a slot holds the lease of a mail, so the wait is short.
MAX_SLOT_WAIT = timedelta(seconds=60)
# The share of the quota that is used. The rest is for the retries of SES and for clock differences.
RATE_SHARE = 0.7
QUOTA_CACHED_FOR = timedelta(minutes=10)


class SendingRate:
    """The sending slots of one run of the dispatcher.

    `budget` gives the clock and the time left. The quota is read from SES at the first slot and
    again after ten minutes.
    """

    def __init__(self, budget: TimeBudget) -> None:
        self.budget = budget
        self._interval = timedelta(0)
        self._quota_read_at: datetime | None = None
        self._last_slot: datetime | None = None

    def wait_for_slot(self) -> timedelta | None:
        """Reserve the next free sending slot, wait until it starts, and return the time waited.

        Returns None without waiting when the slot starts after the end of the budget or later
        than `MAX_SLOT_WAIT` from now.
        """
        now = self.budget.clock()
        if self._quota_read_at is None or now - self._quota_read_at > QUOTA_CACHED_FOR:
            self._interval = timedelta(seconds=1 / (RATE_SHARE * ses.get_max_send_rate()))
            self._quota_read_at = now

        earliest = now if self._last_slot is None else max(now, self._last_slot + self._interval)
        latest = now + min(self.budget.time_for_mail(), MAX_SLOT_WAIT)
        slot = models.reserve_send_slot(earliest, self._interval, latest)
        if slot is None:
            return None
        self._last_slot = slot
        if slot <= now:
            return timedelta(0)
        self.budget.wait((slot - now).total_seconds())
        return slot - now
