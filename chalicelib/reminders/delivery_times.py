"""Mornings: when people hear of what is due, each in their own time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib import settings
from chalicelib.reminders.schedule import REMINDER_WINDOW


def reminder_delivery_time(due: datetime, zone: str, now: datetime) -> datetime:
    """When somebody hears of a task that is due within 24 hours: in the morning, or at once if that
    is over. Nobody is kept waiting for a morning that comes too late."""
    ready = max(_window_start(due, zone), now)
    morning = _delivery_time(local_date(ready, zone), zone)
    return ready if morning >= due else max(ready, morning)


def _window_start(due: datetime, zone: str) -> datetime:
    """From when on the task is due within 24 hours. A day ends a millisecond before midnight; it
    opens when it begins, however long it is."""
    end = (due + timedelta(milliseconds=1)).astimezone(ZoneInfo(zone))
    if end.time() != time.min:
        return due - REMINDER_WINDOW
    day = end.date() - timedelta(days=1)
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def next_delivery_time(now: datetime, zone: str) -> datetime:
    """The first morning after `now`."""
    today = local_date(now, zone)
    mornings = (_delivery_time(today + timedelta(days=days), zone) for days in (0, 1, 2))
    return next(morning for morning in mornings if morning > now)


def local_date(now: datetime, zone: str) -> date:
    """Which day it is in `zone`."""
    return now.astimezone(ZoneInfo(zone)).date()


def _delivery_time(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(settings.REMINDER_HOUR), ZoneInfo(zone)).astimezone(UTC)
