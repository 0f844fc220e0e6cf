"""Quiet hours: the local times between which a person gets no mails."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.accounts.models import User

DAY = 24 * 60  # minutes


def find_quiet_end(now: datetime, user: User) -> datetime | None:
    """Return when the user's quiet hours end if it is quiet for them at `now`, else None.

    Quiet hours may go over midnight. They are local times: when the clocks change, they last an
    hour more or less. An end that the clocks leave out is the same time after the change.
    """
    if user.quiet_start is None or user.quiet_end is None:
        return None
    zone = ZoneInfo(user.time_zone)
    local = now.astimezone(zone)
    start, end = time.fromisoformat(user.quiet_start), time.fromisoformat(user.quiet_end)
    minute, first, last = (each.hour * 60 + each.minute for each in (local, start, end))
    if (minute - first) % DAY >= (last - first) % DAY:
        return None
    # Of an end that comes twice, the second one counts for who is in the second of these hours.
    ends = (
        datetime.combine(local.date() + timedelta(days=days), end, zone).replace(fold=fold)
        for days in (0, 1)
        for fold in (0, 1)
    )
    return next(at for end_at in ends if (at := end_at.astimezone(UTC)) > now)
