"""Quiet hours put mails off until they end, in the person's time zone, and lose none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.accounts.models import User
from chalicelib.clock import now
from chalicelib.mail.jobs import measure_backlog, sweep_outbox
from chalicelib.notifications.quiet_hours import find_quiet_end
from tests.notifications.conftest import Assign
from tests.notifications.inbox import list_inbox, set_profile
from tests.support import Person, in_hours, mails_to

NIGHT = {"start": "22:00", "end": "07:00"}


def _user(start: str, end: str, zone: str) -> User:
    return User("USER#u", "PROFILE", quiet_start=start, quiet_end=end, time_zone=zone)


def test_a_mail_waits_until_the_quiet_hours_end(
    bob: Person, assign: Assign, go_to: Callable[..., None]
) -> None:
    set_profile(bob, quiet_hours={"start": "09:30", "end": "12:15"}, time_zone="Europe/Berlin")
    assign()  # at 11:00 in Berlin
    assert len(list_inbox(bob)) == 1
    for moment in ("2026-11-22T10:30", "2026-11-22T11:14"):
        go_to(moment)
        assert sweep_outbox(now()) == {}
    assert list(mails_to(bob, "Assigned")) == []
    go_to("2026-11-22T11:15", bob)
    assert sweep_outbox(now()) == {"sent": 1}
    assert sweep_outbox(now()) == {}
    assert len(list(mails_to(bob, "Assigned"))) == 1
    assert len(list_inbox(bob)) == 1


def test_waiting_mails_are_no_backlog(bob: Person, assign: Assign) -> None:
    set_profile(bob, quiet_hours={"start": "09:30", "end": "12:15"})
    assign()
    assert measure_backlog(now() + timedelta(hours=2)) == {"oldest_seconds": 0}


def test_a_reminder_that_is_due_in_quiet_hours_comes_after_them(
    ann: Person,
    bob: Person,
    project: str,
    go_to: Callable[..., None],
    run_reminders: Callable[[], Any],
    deliver: Callable[[], None],
) -> None:
    set_profile(
        bob, quiet_hours={"start": "10:30", "end": "12:00"}, notifications={"due_soon": False}
    )
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(8))["id"]
    body = {"reminders": [{"at": in_hours(1)}]}
    assert ann.put(f"/api/tasks/{task}/reminders", body).status_code == 200
    deliver()
    go_to("2026-11-22T11:00")
    run_reminders()
    assert sweep_outbox(now()) == {"quiet": 1, "inbox": 1}
    go_to("2026-11-22T12:00")
    assert sweep_outbox(now()) == {"sent": 1}
    assert len(list(mails_to(bob, "Reminder"))) == 1


def test_what_is_no_longer_true_after_the_quiet_hours_is_not_mailed(
    ann: Person, bob: Person, assign: Assign, go_to: Callable[..., None]
) -> None:
    set_profile(bob, quiet_hours={"start": "09:30", "end": "12:00"})
    task = assign()
    ann.patch(f"/api/tasks/{task}/assign", {"assigned_to": ann.id})
    go_to("2026-11-22T12:00")
    assert sweep_outbox(now()) == {"dropped": 1}


def test_quiet_hours_that_were_prolonged_put_a_mail_off_again(
    bob: Person, assign: Assign, go_to: Callable[..., None]
) -> None:
    set_profile(bob, quiet_hours={"start": "09:30", "end": "12:00"})
    assign()
    set_profile(bob, quiet_hours={"start": "09:30", "end": "13:00"})
    go_to("2026-11-22T12:00")
    assert sweep_outbox(now()) == {"quiet": 1}
    go_to("2026-11-22T13:00")
    assert sweep_outbox(now()) == {"sent": 1}


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        # Clocks go forward at 02:00 on March 29 in Berlin, and back at 03:00 on October 25.
        ("2026-03-28T23:00", "2026-03-29T05:00"),
        ("2026-10-24T23:00", "2026-10-25T06:00"),
        ("2026-11-22T21:00", "2026-11-23T06:00"),
        ("2026-11-22T20:59", None),
        ("2026-11-23T06:00", None),
    ],
)
def test_quiet_hours_end_at_the_local_time_also_when_the_clocks_change(
    moment: str, end: str | None
) -> None:
    at = datetime.fromisoformat(f"{moment}+00:00")
    expected = end and datetime.fromisoformat(f"{end}+00:00")
    assert find_quiet_end(at, _user("22:00", "07:00", "Europe/Berlin")) == expected


CLOCK_TIMES = st.times().map(lambda time: f"{time:%H:%M}")
# Clocks change on these days somewhere in `ZONES`.
CHANGES = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 29), (10, 25), (4, 5), (11, 1))]
ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC"]


@given(
    day=st.sampled_from(CHANGES),
    minutes=st.integers(-24 * 60, 24 * 60),
    start=CLOCK_TIMES,
    end=CLOCK_TIMES,
    zone=st.sampled_from(ZONES),
)
def test_quiet_hours_always_end_within_a_day_and_it_is_not_quiet_then(
    day: datetime, minutes: int, start: str, end: str, zone: str
) -> None:
    at = day + timedelta(minutes=minutes)
    until = find_quiet_end(at, _user(start, end, zone))
    if until is None:
        return
    assert at < until <= at + timedelta(hours=25)
    local = until.astimezone(ZoneInfo(zone))
    skipped = local - local.replace(hour=int(end[:2]), minute=int(end[3:]))
    assert timedelta(0) <= skipped <= timedelta(hours=1)
