"""Local delivery times: people get their reminders at 09:00 in their own time zone.

Time zones are IANA names such as `Europe/Berlin`. Returned times are in UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib import settings
from chalicelib.reminders.schedule import REMINDER_WINDOW
from chalicelib.tasks.due_dates import local_date


def reminder_delivery_time(due: datetime, zone: str, now: datetime) -> datetime:
    """Return when to send the "due soon" reminder of a task to a person in `zone`.

    It is sent within the last 24 hours, at 09:00, or at once when 09:00 is over or comes after the
    due time. A task that is due on a day has its due time a millisecond before midnight; its window
    is that whole day, which has 23 or 25 hours when the clocks change.
    """
    day = local_date(due, zone)
    if local_date(due + timedelta(milliseconds=1), zone) != day:  # midnight may not exist
        window_start = datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
    else:
        window_start = due - REMINDER_WINDOW
    earliest = max(window_start, now)
    delivery = _delivery_time(local_date(earliest, zone), zone)
    return earliest if delivery >= due else max(earliest, delivery)


def next_delivery_time(now: datetime, zone: str, hour: int = settings.REMINDER_HOUR) -> datetime:
    """Return the first time after `now` at which it is `hour` in `zone`, once for each local day.

    On the day of a change of the clocks, an hour that is left out is the one after it, and an hour
    that comes twice is the first one.
    """
    today = local_date(now, zone)
    delivery = _delivery_time(today, zone, hour)
    return delivery if delivery > now else _delivery_time(today + timedelta(days=1), zone, hour)


def _delivery_time(day: date, zone: str, hour: int = settings.REMINDER_HOUR) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)
