"""Dates and times of import files, in the form of start and due dates."""

import re
from datetime import UTC, date, datetime, time, timedelta

from chalicelib.tasks import due_dates

_NAMES = (
    ("jan", "january"),
    ("feb", "february"),
    ("mar", "march"),
    ("apr", "april"),
    ("may",),
    ("jun", "june"),
    ("jul", "july"),
    ("aug", "august"),
    ("sep", "sept", "september"),
    ("oct", "october"),
    ("nov", "november"),
    ("dec", "december"),
)
MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})"
    rf"|(?P<day>\d{{1,2}})(st|nd|rd|th)?\.? (?P<month>{_MONTH})\.?,? (?P<year>\d{{4}})"
    rf"|(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}})(st|nd|rd|th)?,? (?P<year2>\d{{4}})"
)
_TIME = re.compile(r"(?P<hour>\d{1,2})(:(?P<minute>\d{2}))?(:\d{2}(\.\d+)?)?(?P<half> ?[ap]m)?")


def read_date(text: str, zone: str) -> str | None:
    """Return a date as a task stores it: a day, or a time with an offset.

    Understands ISO 8601 and English dates with a year, such as `Jan 15 2026 at 5pm`. A time without
    an offset is a time in `zone`. Returns None for any other text: `3/4/2026` is ambiguous.
    """
    try:
        due_dates.compute_due_at(text, None)
        return text
    except ValueError:
        pass
    words = re.sub(r"^(\d{4}-\d{2}-\d{2})t", r"\1 ", " ".join(text.lower().split()))
    found = _DAY.match(words)
    day = None if found is None else _read_day(found)
    if found is None or day is None:
        return None
    rest = words[found.end() :].strip().removeprefix("at ").strip(" ,")
    if not rest:
        return day.isoformat()
    clock = read_time(rest)
    try:
        return None if clock is None else join_time(day, clock, zone)
    except OverflowError:  # in UTC it is before the first or after the last day of the calendar
        return None


def _read_day(found: re.Match[str]) -> date | None:
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        month = MONTHS[found["month"] or found["month2"]]
        return date(int(found["year"] or found["year2"]), month, int(found["day"] or found["day2"]))
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Return the time of day that `17:00`, `5pm` or `5:30 pm` names; None for any other text."""
    found = _TIME.fullmatch(text)
    if found is None or (found["minute"] is None and found["half"] is None):
        return None
    hour, half = int(found["hour"]), (found["half"] or "").strip()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(found["minute"] or 0))
    except ValueError:
        return None


def join_time(day: date, clock: time, zone: str) -> str:
    """Return a local time in `zone` with its offset, such as `2026-12-01T17:00:00+01:00`."""
    moment = datetime.combine(day, clock, due_dates.get_zone(zone))
    offset = moment.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):  # before time zones, offsets had seconds
        moment = moment.astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")
