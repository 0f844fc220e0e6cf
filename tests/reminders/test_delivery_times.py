"""When people hear of what is due: at nine in their own zone, or later that day."""

from datetime import UTC, datetime

import pytest

from chalicelib.reminders.delivery_times import next_delivery_time, reminder_delivery_time

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("due", "zone", "told"),
    [
        ("2026-11-22T08:00Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T08:59Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T09:00Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T15:00Z", "UTC", "2026-11-21T15:00Z"),
        # A whole day: its own morning.
        ("2026-11-22T23:59:59.999Z", "UTC", "2026-11-22T09:00Z"),
        ("2028-02-29T23:59:59.999Z", "UTC", "2028-02-29T09:00Z"),
        ("2028-03-01T08:00Z", "UTC", "2028-02-29T09:00Z"),
        ("2026-11-22T23:59:59.999+14:00", "Pacific/Kiritimati", "2026-11-22T09:00+14:00"),
        ("2026-11-22T23:59:59.999-11:00", "Pacific/Niue", "2026-11-22T09:00-11:00"),
        # The clocks of Berlin go forward on 29 March 2026 at two, back on 25 October at three.
        ("2026-03-29T23:59:59.999+02:00", "Europe/Berlin", "2026-03-29T09:00+02:00"),
        ("2026-03-30T08:00+02:00", "Europe/Berlin", "2026-03-29T09:00+02:00"),
        ("2026-03-29T10:00+02:00", "Europe/Berlin", "2026-03-28T09:00+01:00"),
        ("2026-10-25T23:59:59.999+01:00", "Europe/Berlin", "2026-10-25T09:00+01:00"),
        ("2026-10-26T08:00+01:00", "Europe/Berlin", "2026-10-25T09:00+01:00"),
        ("2026-10-25T10:00+01:00", "Europe/Berlin", "2026-10-24T11:00+02:00"),
    ],
)
def test_it_is_nine_where_they_live_or_later_that_day(due: str, zone: str, told: str) -> None:
    assert reminder_delivery_time(_utc(due), zone, LONG_AGO) == _utc(told)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-22T03:00Z", "2026-11-22T09:00Z"),
        ("2026-11-22T14:00Z", "2026-11-22T14:00Z"),
    ],
)
def test_what_comes_up_late_is_told_at_once_but_not_at_night(now: str, told: str) -> None:
    due = _utc("2026-11-22T20:00Z")
    assert reminder_delivery_time(due, "UTC", _utc(now)) == _utc(told)


def test_nobody_waits_for_a_morning_that_comes_too_late() -> None:
    due, night = _utc("2026-11-22T07:00Z"), _utc("2026-11-22T03:00Z")
    assert reminder_delivery_time(due, "UTC", night) == night


@pytest.mark.parametrize(
    ("zone", "now", "next_morning"),
    [
        ("Europe/Berlin", "2026-03-28T09:00+01:00", "2026-03-29T09:00+02:00"),
        ("Europe/Berlin", "2026-10-24T09:00+02:00", "2026-10-25T09:00+01:00"),
        ("Pacific/Kiritimati", "2026-11-22T08:59+14:00", "2026-11-22T09:00+14:00"),
        ("Pacific/Niue", "2028-02-28T09:01-11:00", "2028-02-29T09:00-11:00"),
    ],
)
def test_the_next_morning_is_nine_whatever_the_clocks_do(
    zone: str, now: str, next_morning: str
) -> None:
    assert next_delivery_time(_utc(now), zone) == _utc(next_morning)
