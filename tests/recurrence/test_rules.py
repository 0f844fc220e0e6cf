"""Recurrence rules: which are accepted, and the dates that they give (RFC 5545)."""

import subprocess
import sys
import time
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from chalicelib.recurrence.occurrences import find_next, has_next
from chalicelib.recurrence.rules import count_down, normalize_rule

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks change by half an hour
ALL_HOURS = ",".join(map(str, range(24)))


def _next_days(rule: str, start: str, count: int = 4) -> list[str]:
    """Return the next days that the rule gives when each task is completed."""
    days = [start]
    for _ in range(count):
        found = find_next(normalize_rule(rule), datetime.fromisoformat(days[-1]), None)
        days.append(found.date().isoformat() if found else "none")
    return days[1:]


def _next_times(rule: str, start: str, zone: ZoneInfo, count: int = 4) -> list[str]:
    """Return the next local times that the rule gives in the zone."""
    times = [datetime.fromisoformat(start)]
    for _ in range(count):
        found = find_next(normalize_rule(rule), times[-1], zone)
        assert found is not None
        times.append(found)
    return [f"{each:%m-%d %H:%M}" for each in times[1:]]


@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=DAILY", "2026-12-30", ["2026-12-31", "2027-01-01"]),
        ("FREQ=DAILY;INTERVAL=10", "2026-12-30", ["2027-01-09", "2027-01-19"]),
        ("FREQ=WEEKLY", "2026-12-30", ["2027-01-06", "2027-01-13"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "2026-11-30", ["2026-12-02", "2026-12-14"]),
        # The example of the RFC: the weeks of the 5th end with Sunday the 10th, or before it.
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "1997-08-05", ["1997-08-10", "1997-08-19"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05", ["1997-08-17", "1997-08-19"]),
        ("FREQ=MONTHLY", "2026-01-31", ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-15", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-12-31", ["2028-01-31", "2028-02-29", "2028-03-31"]),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "2026-12-01", ["2026-12-07", "2026-12-25", "2027-01-04"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2027-01-29", ["2027-02-26"]),
        ("FREQ=YEARLY", "2024-02-29", ["2028-02-29", "2032-02-29"]),
        ("FREQ=YEARLY;INTERVAL=4", "2096-02-29", ["2104-02-29", "2108-02-29"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072-02-29", ["2112-02-29"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "2026-12-28", ["2032-12-27"]),
        ("FREQ=YEARLY;BYYEARDAY=-1,1", "2026-12-01", ["2026-12-31", "2027-01-01", "2027-12-31"]),
        ("FREQ=DAILY;UNTIL=20261231", "2026-12-30", ["2026-12-31", "none"]),
    ],
)
def test_a_rule_gives_these_days(rule: str, start: str, days: list[str]) -> None:
    assert _next_days(rule, start, len(days)) == days


def test_a_time_keeps_its_wall_clock_across_both_changes_of_the_clocks() -> None:
    march = _next_times("FREQ=DAILY", "2026-03-27T09:00", BERLIN)
    assert march == ["03-28 09:00", "03-29 09:00", "03-30 09:00", "03-31 09:00"]
    october = _next_times("FREQ=DAILY", "2026-10-23T09:00", BERLIN)
    assert october == ["10-24 09:00", "10-25 09:00", "10-26 09:00", "10-27 09:00"]


def test_a_time_that_the_clocks_skip_is_left_out() -> None:
    berlin = _next_times("FREQ=DAILY", "2026-03-27T02:30", BERLIN)
    assert berlin == ["03-28 02:30", "03-30 02:30", "03-31 02:30", "04-01 02:30"]
    new_york = _next_times("FREQ=WEEKLY", "2026-03-01T02:30", NEW_YORK, 2)
    assert new_york == ["03-15 02:30", "03-22 02:30"]
    half_an_hour = _next_times("FREQ=DAILY", "2026-10-03T02:15", LORD_HOWE, 2)
    assert half_an_hour == ["10-05 02:15", "10-06 02:15"]


def test_a_time_that_there_is_twice_occurs_once() -> None:
    times = _next_times("FREQ=DAILY", "2026-10-24T02:30", BERLIN, 2)
    assert times == ["10-25 02:30", "10-26 02:30"]
    hours = _next_times("FREQ=DAILY;BYHOUR=1,2,3", "2026-10-25T01:30", BERLIN)
    assert hours == ["10-25 02:30", "10-25 03:30", "10-26 01:30", "10-26 02:30"]


def test_until_is_a_time_in_utc() -> None:
    start = datetime(2026, 10, 24, 9)  # 07:00 in UTC; a day later 08:00
    assert find_next("FREQ=DAILY;UNTIL=20261025T080000Z", start, BERLIN) is not None
    assert find_next("FREQ=DAILY;UNTIL=20261025T075959Z", start, BERLIN) is None


def test_a_fraction_of_a_second_is_kept() -> None:
    start = datetime(2026, 11, 30, 9, 0, 0, 500)
    assert find_next("FREQ=DAILY", start, BERLIN) == datetime(2026, 12, 1, 9, 0, 0, 500)


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("", "FREQ=WEEKLY;BYDAY=MO"),
        ("weekly", "FREQ=WEEKLY;BYDAY=MO"),
        ("FREQ=DAILY;", "FREQ=WEEKLY;BYDAY=MO"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=MINUTELY", "FREQ"),
        ("FREQ=SECONDLY", "FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1000", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=1,2", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20261231T000000", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=1,", "BYMONTH"),
        ("FREQ=DAILY;BYMONTH=١", "BYMONTH"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=1;BYDAY=MO", "BYWEEKNO"),
        ("FREQ=YEARLY;BYWEEKNO=1", "BYWEEKNO"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
        ("FREQ=YEARLY;BYDAY=54MO", "BYDAY"),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=53MO", "BYDAY"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=0", "BYMINUTE"),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=WEEKLY;WKST=XX", "WKST"),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER"),
        ("DTSTART:20261201T090000Z\nRRULE:FREQ=DAILY", "DTSTART"),
        ("FREQ=DAILY;DTSTART=20261201", "DTSTART"),
        ("EXDATE=20261201;FREQ=DAILY", "EXDATE"),
    ],
)
def test_the_error_names_the_invalid_part(rule: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        normalize_rule(rule)


def test_a_rule_is_stored_in_upper_case_without_its_prefix() -> None:
    assert normalize_rule("rrule:freq=weekly;byday=mo") == "FREQ=WEEKLY;BYDAY=MO"


def test_count_is_the_number_of_tasks_that_are_left() -> None:
    assert count_down("FREQ=DAILY;COUNT=10;INTERVAL=2") == "FREQ=DAILY;COUNT=9;INTERVAL=2"
    assert count_down("FREQ=DAILY;COUNT=1") is None
    assert count_down("FREQ=DAILY") == "FREQ=DAILY"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",  # the start is a Monday
        "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;INTERVAL=999",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        f"FREQ=MONTHLY;BYHOUR={ALL_HOURS};BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;INTERVAL=50",
        "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO",
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=" + ",".join(map(str, range(320, 360))),
    ],
)
def test_the_search_for_a_date_that_never_comes_ends_soon(rule: str) -> None:
    start, begin = datetime(2026, 11, 30, 9), time.process_time()
    assert not has_next(normalize_rule(rule), start)
    assert find_next(rule, start, BERLIN) is None
    assert time.process_time() - begin < 1  # dateutil alone takes up to 25 seconds


def test_the_search_ends_where_every_time_is_skipped_by_the_clocks() -> None:
    rule = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
    assert has_next(rule, datetime(2026, 3, 28, 2, 30))
    assert find_next(rule, datetime(2026, 3, 28, 2, 30), BERLIN) is None


@pytest.mark.parametrize("start", [datetime(9998, 12, 31), datetime(1, 6, 1)])
def test_the_ends_of_the_calendar_end_a_series(start: datetime) -> None:
    for rule in ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO"):
        assert find_next(rule, start, BERLIN) is None


def test_occurrences_are_strictly_later_and_in_order() -> None:
    rule = normalize_rule("FREQ=MONTHLY;BYMONTHDAY=1,15,-1;BYHOUR=8,20")
    times = [datetime(2026, 1, 1, 8, 15)]
    for _ in range(24):
        found = find_next(rule, times[-1], BERLIN)
        assert found is not None
        times.append(found)
    assert all(earlier < later for earlier, later in pairwise(times))


def test_importing_the_app_does_not_import_dateutils_rules() -> None:
    code = "import app, sys; sys.exit('dateutil.rrule' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
