"""Delivery times: 09:00 in the recipient's time zone, or later that day."""

from datetime import UTC, datetime

import pytest

from chalicelib.reminders.delivery_times import next_delivery_time, reminder_delivery_time

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("due", "zone", "expected"),
    [
        ("2026-11-22T08:00Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T08:59Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T09:00Z", "UTC", "2026-11-21T09:00Z"),
        ("2026-11-22T15:00Z", "UTC", "2026-11-21T15:00Z"),
        ("2026-11-22T23:59:59.998Z", "UTC", "2026-11-21T23:59:59.998Z"),
        # Due on a day: 09:00 on that day.
        ("2026-11-22T23:59:59.999Z", "UTC", "2026-11-22T09:00Z"),
        ("2028-02-29T23:59:59.999Z", "UTC", "2028-02-29T09:00Z"),
        ("2028-03-01T08:00Z", "UTC", "2028-02-29T09:00Z"),
        ("2026-11-22T23:59:59.999+14:00", "Pacific/Kiritimati", "2026-11-22T09:00+14:00"),
        ("2026-11-22T23:59:59.999-11:00", "Pacific/Niue", "2026-11-22T09:00-11:00"),
        # Berlin changes its clocks on 29 March 2026 at 02:00 and on 25 October 2026 at 03:00.
        ("2026-03-29T23:59:59.999+02:00", "Europe/Berlin", "2026-03-29T09:00+02:00"),
        ("2026-03-30T08:00+02:00", "Europe/Berlin", "2026-03-29T09:00+02:00"),
        ("2026-03-29T10:00+02:00", "Europe/Berlin", "2026-03-28T09:00+01:00"),
        ("2026-10-25T23:59:59.999+01:00", "Europe/Berlin", "2026-10-25T09:00+01:00"),
        ("2026-10-26T08:00+01:00", "Europe/Berlin", "2026-10-25T09:00+01:00"),
        ("2026-10-25T10:00+01:00", "Europe/Berlin", "2026-10-24T11:00+02:00"),
    ],
)
def test_a_reminder_is_sent_at_nine_local_time_or_later_that_day(
    due: str, zone: str, expected: str
) -> None:
    assert reminder_delivery_time(_utc(due), zone, LONG_AGO) == _utc(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T03:00Z", "2026-11-22T09:00Z"),
        ("2026-11-22T14:00Z", "2026-11-22T14:00Z"),
    ],
)
def test_a_late_reminder_is_sent_at_once_but_not_before_nine(now: str, expected: str) -> None:
    due = _utc("2026-11-22T20:00Z")
    assert reminder_delivery_time(due, "UTC", _utc(now)) == _utc(expected)


@pytest.mark.parametrize("hour", [7, 9])
def test_a_reminder_is_sent_at_once_when_nine_is_not_before_the_due_time(hour: int) -> None:
    due, night = _utc(f"2026-11-22T0{hour}:00Z"), _utc("2026-11-22T03:00Z")
    assert reminder_delivery_time(due, "UTC", night) == night


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Berlin", "2026-03-28T09:00+01:00", "2026-03-29T09:00+02:00"),
        ("Europe/Berlin", "2026-10-24T09:00+02:00", "2026-10-25T09:00+01:00"),
        ("Pacific/Kiritimati", "2026-11-22T08:59+14:00", "2026-11-22T09:00+14:00"),
        ("Pacific/Niue", "2028-02-28T09:01-11:00", "2028-02-29T09:00-11:00"),
    ],
)
def test_the_next_delivery_time_is_nine_local_time_across_clock_changes(
    zone: str, now: str, expected: str
) -> None:
    assert next_delivery_time(_utc(now), zone) == _utc(expected)
