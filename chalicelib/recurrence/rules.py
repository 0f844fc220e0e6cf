"""Recurrence rules: the values of RRULE in RFC 5545, section 3.3.10, without the parts and the
combinations that make no sense for tasks.

A rule has no start of its own: it starts at the due date of the task that has it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from chalicelib.tasks.due_dates import is_date

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORD_PARTS = {"FREQ": FREQUENCIES, "WKST": WEEKDAYS}
UNSUPPORTED = {"BYMINUTE", "BYSECOND"}
BY_PARTS = {"BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYHOUR"}
# Part -> the frequencies that it goes with; other parts go with every frequency.
ALLOWED_FREQUENCIES = {
    "BYWEEKNO": ("YEARLY",),
    "BYYEARDAY": ("YEARLY",),
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
    "BYSETPOS": ("MONTHLY", "YEARLY"),
}
_NUMBERED_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z)?", re.ASCII)
DAY_LENGTH = len("20261231")


class NumberPart(NamedTuple):
    """The values of a part that has numbers: one or a list, also counted from the end or not."""

    low: int
    high: int
    is_list: bool = True
    is_signed: bool = False

    def describe(self) -> str:
        """Return in words what the values must be."""
        numbers = "whole numbers" if self.is_list else "a whole number"
        signed = f" or from -{self.high} to -{self.low}" if self.is_signed else ""
        return f"must be {numbers} from {self.low} to {self.high}{signed}"

    def is_valid(self, text: str) -> bool:
        """Return whether `text` is a valid value of the part."""
        values = text.split(",") if self.is_list else [text]
        return all(self._is_valid_number(value) for value in values)

    def _is_valid_number(self, text: str) -> bool:
        sign = "[+-]?" if self.is_signed else ""
        if re.fullmatch(rf"{sign}[0-9]{{1,4}}", text) is None:
            return False
        return self.low <= abs(int(text)) <= self.high


NUMBER_PARTS = {
    "INTERVAL": NumberPart(1, 999, is_list=False),
    "COUNT": NumberPart(1, 9999, is_list=False),
    "BYMONTH": NumberPart(1, 12),
    "BYMONTHDAY": NumberPart(1, 31, is_signed=True),
    "BYYEARDAY": NumberPart(1, 366, is_signed=True),
    "BYWEEKNO": NumberPart(1, 53, is_signed=True),
    "BYHOUR": NumberPart(0, 23),
    "BYSETPOS": NumberPart(1, 366, is_signed=True),
}


def normalize_rule(text: str) -> str:
    """Return a rule in upper case and without the prefix `RRULE:`.

    Raises ValueError, with a message that names the part, unless it is a supported rule.
    """
    rule = text.upper().removeprefix("RRULE:")
    parts = _split_rule(rule)
    for name, value in parts.items():
        _check_value(name, value)
    _check_combinations(parts)
    return rule


def parse_rule(rule: str) -> dict[str, str]:
    """Return the value of each part of a normalized rule."""
    return dict(part.split("=") for part in rule.split(";"))


def _split_rule(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if "DTSTART" in name:
            raise ValueError("DTSTART must be left out; the rule starts at due_date")
        if not equals or not name.isidentifier() or not value:
            raise ValueError("must be parts such as FREQ=WEEKLY;BYDAY=MO, separated by semicolons")
        if name in parts:
            raise ValueError(f"{name} is given more than once")
        parts[name] = value
    if "FREQ" not in parts:
        raise ValueError("FREQ is required")
    return parts


def _check_value(name: str, value: str) -> None:
    """Raise ValueError when the value of one part is invalid, or the part is unknown."""
    if name == "UNTIL":
        parse_until(value)
    elif name in NUMBER_PARTS:
        if not NUMBER_PARTS[name].is_valid(value):
            raise ValueError(f"{name} {NUMBER_PARTS[name].describe()}")
    elif name in WORD_PARTS:
        if value not in WORD_PARTS[name]:
            raise ValueError(f"{name} must be one of {', '.join(WORD_PARTS[name])}")
    elif name != "BYDAY":
        is_known = name in UNSUPPORTED
        raise ValueError(f"{name} is not {'supported' if is_known else 'a part of a rule'}")
    elif not all(map(_is_weekday, value.split(","))):
        raise ValueError("BYDAY must be days such as MO, 1MO for the first or -1FR for the last")


def _is_weekday(text: str) -> bool:
    match = _NUMBERED_DAY.fullmatch(text)
    return match is not None and (match[1] is None or 1 <= _get_number(text) <= 53)


def _get_number(weekday: str) -> int:
    """Return the number of a weekday without its sign, such as 1 for -1FR; 0 for none."""
    return abs(int(weekday[:-2] or 0))


def _check_combinations(parts: Mapping[str, str]) -> None:
    """Raise ValueError when parts that are valid in themselves do not go together."""
    frequency = parts["FREQ"]
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL exclude each other")
    for name, frequencies in ALLOWED_FREQUENCIES.items():
        if name in parts and frequency not in frequencies:
            raise ValueError(f"{name} needs FREQ={' or FREQ='.join(frequencies)}")
    number = max(map(_get_number, parts.get("BYDAY", "MO").split(",")))
    if number and (frequency not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in parts):
        raise ValueError("BYDAY with numbers needs FREQ=MONTHLY or FREQ=YEARLY, without BYWEEKNO")
    if number > 5 and (frequency == "MONTHLY" or "BYMONTH" in parts):
        raise ValueError("BYDAY must have numbers from 1 to 5 or from -5 to -1 in a month")
    if "BYWEEKNO" in parts and "BYDAY" not in parts:
        raise ValueError("BYWEEKNO needs BYDAY")
    if "BYSETPOS" in parts and not BY_PARTS & parts.keys():
        raise ValueError("BYSETPOS needs another part such as BYDAY")


def check_start(rule: str, due_date: str) -> None:
    """Raise ValueError when a normalized rule does not fit a due date that is a day or a time."""
    parts = parse_rule(rule)
    if is_date(due_date):
        if "BYHOUR" in parts:
            raise ValueError("BYHOUR needs a due_date with a time")
        if len(parts.get("UNTIL", "20261231")) != DAY_LENGTH:
            raise ValueError("UNTIL must be a day such as 20261231, because due_date is a day")
    elif len(parts.get("UNTIL", "")) == DAY_LENGTH:
        raise ValueError(
            "UNTIL must be a time in UTC such as 20261231T170000Z, because due_date is a time"
        )


def parse_until(text: str) -> date | datetime:
    """Return the value of UNTIL: a day, or a time in UTC. Raises ValueError if it is neither."""
    message = "UNTIL must be a day such as 20261231, or a time in UTC such as 20261231T170000Z"
    if _UNTIL.fullmatch(text) is None:
        raise ValueError(message)
    try:
        if len(text) == DAY_LENGTH:
            return datetime.strptime(text, "%Y%m%d").date()
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(message) from error


def shift_until(rule: str, days: int) -> str:
    """Return a normalized rule whose UNTIL, if it has one, is `days` days later.

    It stays as it is where the calendar ends.
    """
    until = parse_rule(rule).get("UNTIL")
    if until is None:
        return rule
    try:
        day = date.fromisoformat(until[:DAY_LENGTH]) + timedelta(days)
    except OverflowError:
        return rule
    return rule.replace(until[:DAY_LENGTH], day.isoformat().replace("-", ""))


def count_down(rule: str) -> str | None:
    """Return the rule of the next task: a COUNT is one less. None if the series ends."""
    parts = parse_rule(rule)
    if "COUNT" not in parts:
        return rule
    left = int(parts["COUNT"]) - 1
    return None if left == 0 else re.sub(r"\bCOUNT=\d+", f"COUNT={left}", rule)
