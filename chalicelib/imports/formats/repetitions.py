"""Repetitions that are written in English, such as `every 2 weeks` or `every! mon, thu at 9am`.

Only what has one meaning is understood; anything else is reported, because a wrong date does more
harm than a missing one. The words are those of
https://todoist.com/help/articles/introduction-to-recurring-dates-YUYVJJAV.
"""

import re
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.imports.formats import dates
from chalicelib.recurrence.rules import WEEKDAYS

_NAMES = "mon monday|tue tues tuesday|wed wednesday|thu thur thurs thursday|fri friday|" + (
    "sat saturday|sun sunday"
)
_DAYS = {
    name: WEEKDAYS[index] for index, names in enumerate(_NAMES.split("|")) for name in names.split()
}
_UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_ADVERBS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
_FORM = re.compile(
    r"(?P<every>every!?|ev!?|each) (?P<what>.*?)"
    r"( (at|@) ?(?P<time>\d{1,2}(:\d{2})?( ?[ap]m)?))?"
    r"( (starting|from) (?P<start>.+?))?( (until|ending) (?P<end>.+))?"
)
_COUNTED = re.compile(r"((?P<number>\d{1,3}|other) )?(?P<unit>day|week|month|year)s?")
_MONTH_DAY = re.compile(r"(?P<day>\d{1,2})(st|nd|rd|th)")
_YEAR_DAY = re.compile(
    rf"(?P<day>\d{{1,2}}) (?P<month>{'|'.join(dates.MONTHS)})"
    rf"|(?P<month2>{'|'.join(dates.MONTHS)}) (?P<day2>\d{{1,2}})"
)


class Repetition(Struct, frozen=True):
    """A rule (RFC 5545), the first due date, and whether the next one counts from completion."""

    rrule: str
    due_date: str
    repeat_from: str | None


def is_repetition(text: str) -> bool:
    """Return whether `text` is meant as a repetition, understood or not."""
    first = text.lower().partition(" ")[0]
    return first in {"every", "every!", "ev", "ev!", "each", "everyday", *_ADVERBS}


def read_repetition(text: str, *, today: str, zone: str) -> Repetition | None:
    """Return the repetition that `text` describes; None if it is not understood.

    The first due date is the first one from `today` on, or from the day that `starting` names.
    """
    words = " ".join(text.lower().split()).replace("everyday", "every day")
    adverb, _, rest = words.partition(" ")
    words = f"every {_ADVERBS[adverb]} {rest}".strip() if adverb in _ADVERBS else words
    found = _FORM.fullmatch(words)
    parts = None if found is None else _read_interval(found["what"])
    start = today if found is None or not found["start"] else dates.read_date(found["start"], zone)
    clock = dates.read_time(found["time"]) if found is not None and found["time"] else None
    if found is None or parts is None or start is None or len(start) != len(today):
        return None
    if found["time"] and clock is None:
        return None
    if found["end"]:
        end = dates.read_date(found["end"], zone)
        if end is None or len(end) != len(today) or end < start:
            return None
        parts["UNTIL"] = end.replace("-", "")
        if clock is not None:
            parts["UNTIL"] += "T235959Z"
    try:
        first = _find_first(parts, start).date()
        due_date = first.isoformat() if clock is None else dates.join_time(first, clock, zone)
    except OverflowError:  # it needs a day before the first one of the calendar
        return None
    rule = ";".join(f"{name}={value}" for name, value in parts.items())
    return Repetition(rule, due_date, "completed_at" if found["every"].endswith("!") else None)


def _read_interval(what: str) -> dict[str, str] | None:
    """Return the parts of the rule for `2 weeks`, `mon, thu`, `15th`, `15 jan` and the like."""
    if what in {"weekday", "workday"}:
        return {"FREQ": "WEEKLY", "BYDAY": ",".join(WEEKDAYS[:5])}
    if what == "quarter":
        return {"FREQ": "MONTHLY", "INTERVAL": "3"}
    if what == "last day":
        return {"FREQ": "MONTHLY", "BYMONTHDAY": "-1"}
    if found := _COUNTED.fullmatch(what):
        number = "2" if found["number"] == "other" else str(int(found["number"] or 1))
        interval = {} if number == "1" else {"INTERVAL": number}
        return None if number == "0" else {"FREQ": _UNITS[found["unit"]], **interval}
    if found := _MONTH_DAY.fullmatch(what):
        is_day = 1 <= int(found["day"]) <= 31
        return {"FREQ": "MONTHLY", "BYMONTHDAY": str(int(found["day"]))} if is_day else None
    if found := _YEAR_DAY.fullmatch(what):
        month, day = dates.MONTHS[found["month"] or found["month2"]], found["day"] or found["day2"]
        parts = {"FREQ": "YEARLY", "BYMONTH": str(month), "BYMONTHDAY": str(int(day))}
        return parts if 1 <= int(day) <= 31 else None
    other = what.removeprefix("other ")
    names = re.split(r", and |, ?| and ", other)
    if not all(name in _DAYS for name in names):
        return None
    interval = {"INTERVAL": "2"} if other != what else {}
    days = sorted({_DAYS[name] for name in names}, key=WEEKDAYS.index)
    return {"FREQ": "WEEKLY", **interval, "BYDAY": ",".join(days)}


def _find_first(parts: dict[str, str], start: str) -> datetime:
    """Return the first day of the rule from `start` on; `start` itself for a plain interval."""
    from chalicelib.recurrence import occurrences

    day = datetime.fromisoformat(start)
    if not any(name.startswith("BY") for name in parts):
        return day
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name[:2] in {"FR", "BY"})
    return occurrences.find_next(rule, day - timedelta(days=1), None) or day
