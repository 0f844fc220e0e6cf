"""Weekly reports: made once, on Monday at 07:00 in the owner's time zone, and sent as an email."""

import io
import itertools
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from PIL import Image

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.faults import is_killed_at
from tests.job_results import download_job_file, list_job_keys, read_job, run_sweep
from tests.support import Person, mails_to

SetTime = Callable[..., None]
MONDAY = "2026-11-23T07:00"


@pytest.fixture
def project(set_time: SetTime, ann: Person) -> str:
    """Return a project of ann with one task done and one open, some days before a Monday."""
    set_time("2026-11-18T12:00", ann)
    return _create_project(ann)


def _create_project(person: Person) -> str:
    project = person.create_project("Launch <1>")
    done = person.create_task(project, "Done", assigned_to=person.id)
    person.patch(f"/api/tasks/{done['id']}/status", {"status": "done"})
    person.create_task(project, "Late", due_date="2026-11-19")
    run_sweep()
    return project


def _run_schedules() -> dict[str, int]:
    """Sweep the jobs, then the outbox; return the outcomes of the jobs."""
    outcomes = run_sweep()
    sweep_outbox(now())
    return outcomes


def _report_emails(person: Person) -> list[EmailMessage]:
    return list(mails_to(person, "Launch"))


@pytest.mark.parametrize(
    ("zone", "before", "due"),
    [
        ("UTC", "2026-11-20T00:00", "2026-11-23T07:00"),
        ("Europe/Berlin", "2026-11-20T00:00", "2026-11-23T06:00"),
        (
            "Europe/Berlin",
            "2026-10-21T00:00",
            "2026-10-26T06:00",
        ),  # daylight saving time ends on Sunday
        ("Europe/Berlin", "2027-03-24T00:00", "2027-03-29T05:00"),  # and begins on Sunday
        ("Pacific/Kiritimati", "2026-11-20T00:00", "2026-11-22T17:00"),  # 14 hours ahead
        ("Pacific/Pago_Pago", "2026-11-20T00:00", "2026-11-23T18:00"),  # 11 hours behind
    ],
)
def test_a_report_is_made_on_monday_at_seven_in_the_owners_time_zone(
    set_time: SetTime, ann: Person, zone: str, before: str, due: str
) -> None:
    set_time(before, ann)
    ann.patch("/api/auth/profile", {"time_zone": zone})
    ann.create_project()
    run_sweep()
    set_time(f"{due[:-5]}{int(due[-5:-3]) - 1:02}:59")
    assert "begun" not in run_sweep()
    set_time(due)
    assert run_sweep()["begun"] == 1


def test_repeated_and_late_sweeps_send_each_report_once(
    set_time: SetTime, ann: Person, project: str
) -> None:
    set_time(MONDAY)
    for _ in range(2):
        _run_schedules()
    set_time("2026-11-30T06:59")
    _run_schedules()
    assert len(_report_emails(ann)) == 1
    set_time("2026-11-30T16:00", ticks_ran=False)  # nine hours late
    _run_schedules()
    assert len(_report_emails(ann)) == 2
    assert "Monday, November 23, 2026 to Sunday, November 29, 2026" in _text(_report_emails(ann)[1])


def test_a_crash_anywhere_leaves_one_report_and_one_email(
    set_time: SetTime, ann: Person, project: str
) -> None:
    set_time(MONDAY)
    for call in itertools.count(1):
        set_time(f"2026-11-23T{8 + call // 6:02}:{call % 6 * 10:02}", ticks_ran=False)
        if not is_killed_at(call, run_sweep):
            break
    assert call >= 10
    sweep_outbox(now())
    assert len(_report_emails(ann)) == 1
    assert len([row for row in list_job_keys() if row.startswith("JOB#")]) == 1


def test_the_email_has_a_text_part_an_html_part_and_an_inline_chart(
    set_time: SetTime, ann: Person, project: str
) -> None:
    set_time(MONDAY, ann)
    _run_schedules()
    (mail,) = _report_emails(ann)
    assert mail["Subject"] == "Launch <1>: 1 done, 2 opened"
    assert "1 done, 2 opened, 1 open, 1 overdue" in _text(mail) and "Late" in _text(mail)
    html = _part(mail, "text/html").get_content()
    assert "Launch &lt;1&gt;" in html and '<img src="cid:chart"' in html
    days = "0 on Monday, November 16, 2026, 1 on Sunday, November 22, 2026"
    assert f'alt="Open tasks: {days}. Opened 2, done 1."' in html
    assert "Late, due Thursday, November 19, 2026" in html
    chart = _part(mail, "image/png")
    assert chart["Content-ID"] == "<chart>" and chart.get_content_disposition() == "inline"
    Image.open(io.BytesIO(chart.get_content())).verify()
    assert [part.get_content_type() for part in _message_parts(mail)] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]


def test_the_owner_can_download_the_files_of_the_weekly_report(
    set_time: SetTime, ann: Person, project: str
) -> None:
    set_time(MONDAY, ann)
    _run_schedules()
    (link,) = [line for line in _text(_report_emails(ann)[0]).split() if "/reports/" in line]
    report = f"/api/projects/{link.partition('/projects/')[2]}"
    assert read_job(ann, report)["status"] == "done"
    (mail,) = _report_emails(ann)
    assert download_job_file(ann, report, "chart.png") == _part(mail, "image/png").get_content()


def test_an_owner_who_opted_out_gets_no_report(
    set_time: SetTime, ann: Person, project: str
) -> None:
    off = {"weekly_report": False}
    ann.patch("/api/auth/profile", {"notifications": off, "inbox": off})
    set_time(MONDAY)
    assert "begun" not in _run_schedules()


@pytest.mark.parametrize("change", ["archive", "delete", "opt out", "transfer"])
def test_ownership_and_settings_are_checked_again_before_the_email_is_sent(
    set_time: SetTime, ann: Person, bob: Person, project: str, change: str
) -> None:
    ann.add_member(project, bob)
    set_time(MONDAY, ann)
    assert run_sweep()["begun"] == 1
    if change == "delete":
        ann.delete(f"/api/projects/{project}")
    elif change == "opt out":
        ann.patch("/api/auth/profile", {"notifications": {"weekly_report": False}})
    elif change == "transfer":
        ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id})
    _run_schedules()
    assert len(_report_emails(ann)) == (1 if change == "archive" else 0)


def test_archived_projects_and_projects_of_others_have_no_report(
    set_time: SetTime, ann: Person, bob: Person, project: str
) -> None:
    ann.add_member(project, bob)
    ann.post(f"/api/projects/{project}/archive")
    set_time(MONDAY)
    assert "begun" not in _run_schedules()


def test_a_new_owner_gets_the_next_report(
    set_time: SetTime, ann: Person, bob: Person, project: str
) -> None:
    ann.add_member(project, bob)
    ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id})
    run_sweep()
    set_time(MONDAY)
    _run_schedules()
    assert (len(_report_emails(ann)), len(_report_emails(bob))) == (0, 1)


def test_an_owner_who_changes_time_zone_gets_each_report_once(
    set_time: SetTime, ann: Person, project: str
) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})
    run_sweep()
    set_time("2026-11-22T17:00", ann)
    assert run_sweep()["begun"] == 1
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    run_sweep()
    for moment in ("2026-11-23T18:00", "2026-11-30T17:59"):
        set_time(moment)
        assert "begun" not in run_sweep()
    set_time("2026-11-30T18:00")
    assert run_sweep()["begun"] == 1


def test_a_project_without_tasks_sends_no_report(set_time: SetTime, ann: Person) -> None:
    set_time("2026-11-18T12:00", ann)
    ann.create_project("Launch")
    run_sweep()
    set_time(MONDAY)
    assert _run_schedules()["begun"] == 1 and _report_emails(ann) == []


def _message_parts(mail: EmailMessage) -> Iterator[EmailMessage]:
    return (part for part in mail.walk() if isinstance(part, EmailMessage))


def _part(mail: EmailMessage, kind: str) -> EmailMessage:
    return next(part for part in _message_parts(mail) if part.get_content_type() == kind)


def _text(mail: EmailMessage) -> str:
    return str(_part(mail, "text/plain").get_content())
