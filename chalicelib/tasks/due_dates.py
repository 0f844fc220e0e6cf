"""Start dates and due dates: a day or a time. Clients get them back as they sent them; the service
compares them as times in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from chalicelib.dynamodb.timestamps import format_timestamp

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# RFC 3339, stricter than `fromisoformat`, which also accepts weeks and digits without separators.
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2}))?")
FORMAT_HINT = "must be YYYY-MM-DD or a time with an offset, such as 2026-11-22T09:00:00Z"
FIRST_DAY = date.min.isoformat()


def compute_start_at(start_date: str | None, zone: str | None) -> str | None:
    """Return the timestamp at which the task starts; None without a start date.

    A day starts at midnight in `zone`, the assignee's time zone (None: UTC). Raises ValueError with
    `FORMAT_HINT` unless `start_date` is `YYYY-MM-DD` or a time with an offset as in RFC 3339.
    """
    if start_date is None:
        return None
    # East of Greenwich the first day of the calendar starts before the first time there is in UTC.
    return format_timestamp(parse_start(start_date, None if start_date == FIRST_DAY else zone))


def compute_due_at(due_date: str | None, zone: str | None) -> str | None:
    """Return the timestamp after which the task is overdue; None without a due date.

    A day ends at midnight in `zone`, the assignee's time zone (None: UTC). Raises ValueError with
    `FORMAT_HINT` unless `due_date` is `YYYY-MM-DD` or a time with an offset as in RFC 3339.
    """
    if due_date is None:
        return None
    _require_form(due_date)
    if not is_date(due_date):
        return format_timestamp(parse_start(due_date, zone))
    try:
        next_day = date.fromisoformat(due_date) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(FORMAT_HINT) from error
    next_midnight = parse_start(next_day.isoformat(), zone)
    return format_timestamp(next_midnight - timedelta(milliseconds=1))


def is_date(text: str) -> bool:
    """Return whether a start or due date is a whole day and not a time."""
    return len(text) == len("2026-11-22")


def describe_due_date(due_date: str, zone: str | None) -> str:
    """Return the due date as a person in `zone` writes it, as emails show it.

    A day gives "Tuesday, December 1, 2026", a time "Tuesday, December 1, 2026, 17:00
    (Europe/Berlin)".
    """
    if is_date(due_date):
        return describe_day(date.fromisoformat(due_date))
    due = localize(due_date, zone)
    return f"{describe_day(due)}, {due:%H:%M} ({due.tzinfo})"


def localize(text: str, zone: str | None) -> datetime:
    """Return the time that `text` names, in `zone` (None: UTC).

    Returns it in UTC if the calendar has no such time in `zone`.
    """
    try:
        return datetime.fromisoformat(text).astimezone(get_zone(zone))
    except OverflowError:  # within a day of the first or the last year
        return parse_start(text, None)


def describe_day(day: date) -> str:
    """Return the day as a person writes it, such as "Tuesday, December 1, 2026"."""
    # The names are English in every process, because none sets a locale.
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def parse_start(text: str, zone: str | None) -> datetime:
    """Return the time in UTC that `text` names, or the start of the day in `zone` (None: UTC).

    Raises ValueError with `FORMAT_HINT` unless `text` is `YYYY-MM-DD` or a time with an offset as
    in RFC 3339.
    """
    _require_form(text)
    try:
        if is_date(text):
            midnight = datetime.combine(date.fromisoformat(text), time.min)
            return midnight.replace(tzinfo=get_zone(zone)).astimezone(UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(FORMAT_HINT) from error


def _require_form(text: str) -> None:
    if _FORM.fullmatch(text) is None:
        raise ValueError(FORMAT_HINT)


def local_date(now: datetime, zone: str | None) -> date:
    """Return the date at `now` in `zone` (None: UTC)."""
    return now.astimezone(get_zone(zone)).date()


def get_zone(zone: str | None) -> "ZoneInfo":
    """Return the time zone with this IANA name; UTC for None."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(zone or "UTC")
