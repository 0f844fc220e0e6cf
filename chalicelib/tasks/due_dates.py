"""Due dates: a day or a moment, given back as given, compared as a moment in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.dynamodb.timestamps import format_timestamp

# RFC 3339, stricter than `fromisoformat`, which also reads weeks and runs of digits.
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2}))?")
FORMAT_HINT = "must be YYYY-MM-DD or a time with an offset, such as 2026-11-22T09:00:00Z"


def compute_due_at(due_date: str | None, zone: str | None) -> str | None:
    """The moment after which the task is overdue, as a stamp; a day is over when it ends in `zone`,
    the assignee's (UTC if None).

    Raises ValueError, with how to mend it, for anything but RFC 3339 with an offset or
    `YYYY-MM-DD`.
    """
    if due_date is None:
        return None
    return format_timestamp(_last_moment(due_date, zone))


def is_date(due_date: str) -> bool:
    """Whether the whole day is meant, and not a moment of it."""
    return len(due_date) == len("2026-11-22")


def parse_start(text: str, zone: str | None) -> datetime:
    """A moment, or the first one of a day in `zone`. Raises ValueError as `due_at` does."""
    _require_form(text)
    try:
        if is_date(text):
            midnight = datetime.combine(date.fromisoformat(text), time.min)
            return midnight.replace(tzinfo=get_zone(zone)).astimezone(UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(FORMAT_HINT) from error


def local_date(now: datetime, zone: str | None) -> date:
    """Which day it is in `zone`."""
    return now.astimezone(get_zone(zone)).date()


def get_zone(zone: str | None) -> ZoneInfo:
    """The time zone; UTC for None."""
    return ZoneInfo(zone or "UTC")


def _last_moment(text: str, zone: str | None) -> datetime:
    _require_form(text)
    if not is_date(text):
        return parse_start(text, zone)
    try:
        after = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(FORMAT_HINT) from error
    return parse_start(after.isoformat(), zone) - timedelta(milliseconds=1)


def _require_form(text: str) -> None:
    if _FORM.fullmatch(text) is None:
        raise ValueError(FORMAT_HINT)
