"""Due times in emails: the day and the time in the recipient's time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.reminders.jobs import queue_due_reminders
from chalicelib.reminders.overdue_digests import queue_due_digests
from tests.support import Person, mails_to

START = datetime(2026, 11, 30, 10, tzinfo=UTC)
DUE = "2026-12-01T16:00:00Z"
IN_BERLIN = "Due: Tuesday, December 1, 2026, 17:00 (Europe/Berlin)"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """A project of Ann with Bob, who lives in Berlin."""
    bob.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _bodies(person: Person, subject: str) -> list[str]:
    """Return the text and the HTML of the only email with this subject."""
    sweep_outbox(now())
    (mail,) = mails_to(person, subject)
    return [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]


@pytest.mark.parametrize(
    ("due_date", "shown"),
    [
        (DUE, IN_BERLIN),
        ("2026-12-01T23:30:00.5+00:00", "Due: Wednesday, December 2, 2026, 00:30 (Europe/Berlin)"),
        ("2027-07-01T16:00:00Z", "Due: Thursday, July 1, 2027, 18:00 (Europe/Berlin)"),
        ("2026-12-01", "Due: Tuesday, December 1, 2026"),
        ("9999-12-31T23:30:00Z", "Due: Friday, December 31, 9999, 23:30 (UTC)"),
    ],
)
def test_an_assignment_email_shows_the_due_time_of_the_recipient(
    ann: Person, bob: Person, project: str, due_date: str, shown: str
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date=due_date)
    for body in _bodies(bob, "Assigned to you"):
        assert shown in body
        assert due_date not in body


def test_the_due_soon_email_shows_the_due_time_of_the_recipient(
    ann: Person, bob: Person, project: str
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-30T16:00:00Z")
    queue_due_reminders(now())
    for body in _bodies(bob, "Due soon"):
        assert "Due: Monday, November 30, 2026, 17:00 (Europe/Berlin)" in body


def test_a_reminder_shows_the_due_time_of_the_recipient(
    ann: Person, bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date="2026-12-05T16:00:00Z")
    reminders = {"reminders": [{"at": "2026-11-30T12:00:00Z"}]}
    answer = ann.put(f"/api/tasks/{task['id']}/reminders", reminders)
    assert answer.status_code == 200, answer.json_body
    clock.shift(timedelta(hours=3))
    queue_due_reminders(now())
    for body in _bodies(bob, "Reminder"):
        assert "Due: Saturday, December 5, 2026, 17:00 (Europe/Berlin)" in body


def test_the_overdue_digest_shows_the_due_times_of_the_recipient(
    ann: Person, bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date=DUE)
    clock.shift(timedelta(days=1, hours=8))
    queue_due_reminders(now())
    clock.shift(timedelta(days=1))
    queue_due_digests(now())
    for body in _bodies(bob, "1 task is overdue"):
        assert IN_BERLIN in body


def test_the_deletion_email_shows_the_day_of_the_recipient(
    bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
    bob.log_in()
    bob.delete("/api/auth/profile")
    for body in _bodies(bob, "Your account will be deleted"):
        assert "Your account will be deleted on Tuesday, December 8, 2026." in body
