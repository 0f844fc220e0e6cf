"""Weekly reports: on the owner's Monday morning, once, whatever the ticks do, as a mail that every
mail client shows."""

import io
import itertools
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from PIL import Image

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.job_results import fetched, job_rows, state, swept
from tests.support import Killed, Person, killed_at, mails_to

At = Callable[..., None]
MONDAY = "2026-11-23T07:00"


@pytest.fixture
def project(at: At, ann: Person) -> str:
    """A project of ann's with a task done and one to do, some days before a Monday."""
    at("2026-11-18T12:00", ann)
    return _started(ann)


def _started(person: Person) -> str:
    project = person.starts_project("Launch <1>")
    done = person.adds_task(project, "Done", assigned_to=person.id)
    person.patch(f"/api/tasks/{done['id']}/status", {"status": "done"})
    person.adds_task(project, "Late", due_date="2026-11-19")
    swept()
    return project


def _ticks() -> dict[str, int]:
    """What the schedules do, one behind the other."""
    outcome = swept()
    sweep_outbox(now())
    return outcome


def _reported(person: Person) -> list[EmailMessage]:
    return list(mails_to(person, "Launch"))


@pytest.mark.parametrize(
    ("zone", "before", "morning"),
    [
        ("UTC", "2026-11-20T00:00", "2026-11-23T07:00"),
        ("Europe/Berlin", "2026-11-20T00:00", "2026-11-23T06:00"),
        ("Europe/Berlin", "2026-10-21T00:00", "2026-10-26T06:00"),  # summer ends on the Sunday
        ("Europe/Berlin", "2027-03-24T00:00", "2027-03-29T05:00"),  # and begins
        ("Pacific/Kiritimati", "2026-11-20T00:00", "2026-11-22T17:00"),  # 14 hours ahead
        ("Pacific/Pago_Pago", "2026-11-20T00:00", "2026-11-23T18:00"),  # 11 hours behind
    ],
)
def test_it_is_made_at_seven_on_monday_where_the_owner_is(
    at: At, ann: Person, zone: str, before: str, morning: str
) -> None:
    at(before, ann)
    ann.patch("/api/auth/profile", {"time_zone": zone})
    ann.starts_project()
    swept()
    at(f"{morning[:-5]}{int(morning[-5:-3]) - 1:02}:59")
    assert "begun" not in swept()
    at(morning)
    assert swept()["begun"] == 1


def test_ticks_that_come_twice_or_late_change_nothing(at: At, ann: Person, project: str) -> None:
    at(MONDAY)
    for _ in range(2):
        _ticks()
    at("2026-11-30T06:59")
    _ticks()
    assert len(_reported(ann)) == 1
    at("2026-11-30T16:00", ticked=False)  # nine hours late
    _ticks()
    assert len(_reported(ann)) == 2
    assert "2026-11-23 to 2026-11-29" in _text(_reported(ann)[1])


def test_killed_anywhere_there_is_one_report_and_one_mail(
    at: At, ann: Person, project: str
) -> None:
    at(MONDAY)
    for call in itertools.count(1):
        at(f"2026-11-23T{8 + call // 6:02}:{call % 6 * 10:02}", ticked=False)
        if not _dies(call, swept):
            break
    assert call >= 10
    sweep_outbox(now())
    assert len(_reported(ann)) == 1
    assert len([row for row in job_rows() if row.startswith("JOB#")]) == 1


def _dies(call: int, act: Callable[[], Any]) -> bool:
    try:
        with killed_at(call, writes_only=True):
            act()
    except Killed:
        return True
    return False


def test_the_mail_has_words_a_page_and_the_chart_within(at: At, ann: Person, project: str) -> None:
    at(MONDAY, ann)
    _ticks()
    (mail,) = _reported(ann)
    assert mail["Subject"] == "Launch <1>: 1 done, 2 opened"
    assert "1 done, 2 opened, 1 open, 1 overdue" in _text(mail) and "Late" in _text(mail)
    page = _part(mail, "text/html").get_content()
    assert "Launch &lt;1&gt;" in page and '<img src="cid:chart"' in page
    assert 'alt="Open tasks: 0 on 2026-11-16, 1 on 2026-11-22. Opened 2, done 1."' in page
    chart = _part(mail, "image/png")
    assert chart["Content-ID"] == "<chart>" and chart.get_content_disposition() == "inline"
    Image.open(io.BytesIO(chart.get_content())).verify()
    assert [part.get_content_type() for part in _family(mail)] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]


def test_the_files_are_the_owners_too(at: At, ann: Person, project: str) -> None:
    at(MONDAY, ann)
    _ticks()
    (link,) = [line for line in _text(_reported(ann)[0]).split() if "/reports/" in line]
    report = f"/api/projects/{link.partition('/projects/')[2]}"
    assert state(ann, report)["status"] == "done"
    (mail,) = _reported(ann)
    assert fetched(ann, report, "chart.png") == _part(mail, "image/png").get_content()


def test_who_switched_it_off_gets_none(at: At, ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"notifications": {"weekly_report": False}})
    at(MONDAY)
    assert "begun" not in _ticks()


@pytest.mark.parametrize("end", ["archive", "delete", "opt out", "transfer"])
def test_what_ends_between_the_report_and_the_mail_counts(
    at: At, ann: Person, bob: Person, project: str, end: str
) -> None:
    ann.lets_in(project, bob)
    at(MONDAY, ann)
    assert swept()["begun"] == 1
    if end == "delete":
        ann.delete(f"/api/projects/{project}")
    elif end == "opt out":
        ann.patch("/api/auth/profile", {"notifications": {"weekly_report": False}})
    elif end == "transfer":
        ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id})
    _ticks()
    assert len(_reported(ann)) == (1 if end == "archive" else 0)


def test_archived_projects_and_those_of_others_are_left_out(
    at: At, ann: Person, bob: Person, project: str
) -> None:
    ann.lets_in(project, bob)
    ann.post(f"/api/projects/{project}/archive")
    at(MONDAY)
    assert "begun" not in _ticks()


def test_a_new_owner_gets_the_next_one(at: At, ann: Person, bob: Person, project: str) -> None:
    ann.lets_in(project, bob)
    ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id})
    swept()
    at(MONDAY)
    _ticks()
    assert (len(_reported(ann)), len(_reported(bob))) == (0, 1)


def test_who_moves_gets_it_where_they_are_then_and_not_twice(
    at: At, ann: Person, project: str
) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})
    swept()
    at("2026-11-22T17:00", ann)
    assert swept()["begun"] == 1
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    swept()
    for moment in ("2026-11-23T18:00", "2026-11-30T17:59"):
        at(moment)
        assert "begun" not in swept()
    at("2026-11-30T18:00")
    assert swept()["begun"] == 1


def test_a_project_without_any_task_sends_none(at: At, ann: Person) -> None:
    at("2026-11-18T12:00", ann)
    ann.starts_project("Launch")
    swept()
    at(MONDAY)
    assert _ticks()["begun"] == 1 and _reported(ann) == []


def _family(mail: EmailMessage) -> Iterator[EmailMessage]:
    return (part for part in mail.walk() if isinstance(part, EmailMessage))


def _part(mail: EmailMessage, kind: str) -> EmailMessage:
    return next(part for part in _family(mail) if part.get_content_type() == kind)


def _text(mail: EmailMessage) -> str:
    return str(_part(mail, "text/plain").get_content())
