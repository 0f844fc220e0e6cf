"""The dates that a recurrence rule gives, from dateutil.

dateutil is imported with this module, which is imported where a rule is used.
"""

from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, tzinfo
from typing import Any

from dateutil import rrule as dateutil_rrule

from chalicelib.recurrence.rules import NUMBER_PARTS, WEEKDAYS, parse_rule, parse_until

YEARS_AHEAD = 40
# The first and the last year are searched as a whole, and the search begins with one more read.
MONTHS_AHEAD = 12 * (YEARS_AHEAD + 2)


class _LimitReached(Exception):
    """The rule gave no date for as many months as are searched."""


class _LimitedRule(dateutil_rrule.rrule):  # type: ignore[misc]
    """A rule whose search ends. dateutil searches for a date that never comes until the year 9999.

    Whenever the search enters another month (with FREQ=YEARLY: another year), dateutil reads
    whether the rule has the part BYEASTER, which no rule of RFC 5545 has. These reads are counted.
    """

    _months_searched = 0

    @property
    def _byeaster(self) -> None:
        self._months_searched += 12 if self._freq == dateutil_rrule.YEARLY else 1
        if self._months_searched > MONTHS_AHEAD:
            raise _LimitReached

    @_byeaster.setter
    def _byeaster(self, _value: None) -> None:
        """Called by dateutil's constructor."""


def find_next(rule: str, start: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the first occurrence of a normalized rule after `start`; None if there is none.

    Both are local times without a time zone. With a `zone`, times that the zone skips are no
    occurrences, and `start` and the result are times; otherwise they are midnights that stand for
    days. COUNT is ignored. Occurrences more than 40 years ahead are not found.
    """
    parts = parse_rule(rule)
    until = parse_until(parts["UNTIL"]) if "UNTIL" in parts else None
    for occurrence in _list_occurrences(parts, start):
        if not _is_near(occurrence, start) or _is_after(occurrence, until, zone):
            return None
        if zone is None or _exists(occurrence, zone):
            return occurrence
    return None


def has_next(rule: str, start: datetime) -> bool:
    """Return whether a normalized rule gives a date after `start`, without its UNTIL and COUNT."""
    first = next(_list_occurrences(parse_rule(rule), start), None)
    return first is not None and _is_near(first, start)


def _list_occurrences(parts: dict[str, str], start: datetime) -> Iterator[datetime]:
    """Yield the occurrences after `start`, as far as they are searched."""
    if start.year == MINYEAR:
        return  # dateutil computes the weeks of the year before
    # dateutil has whole seconds.
    whole, fraction = start.replace(microsecond=0), timedelta(microseconds=start.microsecond)
    arguments: dict[str, Any] = {"dtstart": whole}
    for name, value in parts.items():
        if name in NUMBER_PARTS and name != "COUNT":
            numbers = [int(number) for number in value.split(",")]
            arguments[name.lower()] = numbers if NUMBER_PARTS[name].is_list else numbers[0]
    if "BYDAY" in parts:
        arguments["byweekday"] = [_parse_weekday(day) for day in parts["BYDAY"].split(",")]
    if "WKST" in parts:
        arguments["wkst"] = WEEKDAYS.index(parts["WKST"])

    rule = _LimitedRule(getattr(dateutil_rrule, parts["FREQ"]), **arguments)
    try:
        for occurrence in rule.xafter(whole):
            yield occurrence + fraction
    except _LimitReached:
        return


def _parse_weekday(text: str) -> Any:
    number = text[:-2]
    return dateutil_rrule.weekday(WEEKDAYS.index(text[-2:]), int(number) if number else None)


def _is_near(occurrence: datetime, start: datetime) -> bool:
    # In another zone, a time of the last year can be out of Python's range.
    return occurrence.year <= start.year + YEARS_AHEAD and occurrence.year < MAXYEAR


def _is_after(occurrence: datetime, until: date | datetime | None, zone: tzinfo | None) -> bool:
    if isinstance(until, datetime):
        return occurrence.replace(tzinfo=zone).astimezone(UTC) > until
    return until is not None and occurrence.date() > until


def _exists(local: datetime, zone: tzinfo) -> bool:
    """Return whether a local time exists in the zone: clocks that are put forward skip some."""
    there_and_back = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == local
