"""Due dates: a day or a moment, given back as given, compared as a moment in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta

from chalicelib.store.times import stamp

# RFC 3339, stricter than `fromisoformat`, which also reads weeks and runs of digits.
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2}))?")
FORM = "must be YYYY-MM-DD or a time with an offset, such as 2026-11-22T09:00:00Z"


def due_at(due_date: str | None) -> str | None:
    """The moment after which the task is overdue, as a stamp; a day is over when it ends.

    Raises ValueError, with how to mend it, for anything but RFC 3339 with an offset or
    `YYYY-MM-DD`.
    """
    if due_date is None:
        return None
    form = _FORM.fullmatch(due_date)
    if form is None:
        raise ValueError(FORM)
    try:
        return stamp(_moment(due_date) if form["time"] else _end_of_day(due_date))
    except (ValueError, OverflowError) as error:
        raise ValueError(FORM) from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _end_of_day(text: str) -> datetime:
    after = date.fromisoformat(text) + timedelta(days=1)
    return datetime.combine(after, time.min, UTC)
