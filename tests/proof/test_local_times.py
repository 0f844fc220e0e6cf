"""Reminders at nine local time: every day of three years in time zones with all kinds of clocks."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.reminders.delivery_times import next_delivery_time, reminder_delivery_time

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",  # the clocks change at midnight
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
]
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]

Report = Callable[[str, object], None]


@pytest.mark.parametrize("zone", ZONES)
def test_there_is_one_delivery_on_each_day_at_nine(zone: str, record_property: Report) -> None:
    midnight = datetime.combine(FIRST, time.min, ZoneInfo(zone)).astimezone(UTC)
    moment, deliveries = midnight - timedelta(seconds=1), []
    for _ in DAYS:
        moment = next_delivery_time(moment, zone)
        deliveries.append(moment.astimezone(ZoneInfo(zone)))
    assert [delivery.date() for delivery in deliveries] == DAYS
    assert {delivery.time() for delivery in deliveries} == {time(9)}
    record_property("cases", len(DAYS))


@pytest.mark.parametrize("zone", ZONES)
def test_a_task_due_on_a_day_reminds_at_nine_on_that_day(
    zone: str, record_property: Report
) -> None:
    for day in DAYS:
        next_midnight = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))
        due = next_midnight.astimezone(UTC) - timedelta(milliseconds=1)
        delivery = reminder_delivery_time(due, zone, due - timedelta(days=30))
        local = delivery.astimezone(ZoneInfo(zone))
        assert (local.date(), local.time()) == (day, time(9)), day
    record_property("cases", len(DAYS))


@pytest.mark.parametrize("zone", ZONES)
def test_a_task_due_at_a_time_reminds_within_the_day_before(
    zone: str, record_property: Report
) -> None:
    cases = 0
    for day in DAYS:
        for hour in (0, 3, 8, 9, 15, 23):
            due = datetime.combine(day, time(hour, 30), ZoneInfo(zone)).astimezone(UTC)
            delivery = reminder_delivery_time(due, zone, due - timedelta(days=30))
            assert due - timedelta(hours=24) <= delivery < due, (day, hour)
            cases += 1
    record_property("cases", cases)
