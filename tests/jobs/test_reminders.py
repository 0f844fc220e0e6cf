from datetime import datetime
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.domain import mailing, reminders
from tests.support import Person, in_hours, mails_to, put_copies


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    return project


def _run(at: datetime | None = None) -> None:
    """What the reminder schedule and the next tick do."""
    reminders.remind(at or now())
    mailing.sweep(at or now())


def _reminded(person: Person) -> list[str]:
    return [mail["Subject"] for mail in mails_to(person, "Due soon")]


@pytest.mark.parametrize("status", ["todo", "in_progress", "review"])
def test_an_open_task_due_within_a_day_reminds_its_assignee(
    ann: Person, bob: Person, project: str, status: str
) -> None:
    ann.adds_task(project, "Plan", assigned_to=bob.id, due_date=in_hours(12), status=status)
    _run()
    assert _reminded(bob) == ["Due soon: Plan"]
    assert _reminded(ann) == []


def test_a_second_run_sends_nothing_more(ann: Person, bob: Person, project: str) -> None:
    ann.adds_task(project, assigned_to=bob.id, due_date=in_hours(12))
    for _ in range(3):
        _run()
    assert len(_reminded(bob)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"due_date": in_hours(25)},
        {"due_date": in_hours(-1)},
        {"due_date": None},
        {"due_date": in_hours(12), "status": "done"},
        {"due_date": in_hours(12), "assigned_to": None},
    ],
    ids=["later", "over", "never", "done", "nobody's"],
)
def test_other_tasks_remind_nobody(
    ann: Person, bob: Person, project: str, fields: dict[str, Any]
) -> None:
    ann.adds_task(project, **{"assigned_to": bob.id, **fields})
    _run()
    assert _reminded(bob) == []


def test_moving_the_due_date_reminds_anew_and_a_new_title_does_not(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.adds_task(project, assigned_to=bob.id, due_date=in_hours(12))
    _run()
    ann.patch(f"/api/tasks/{task['id']}", {"title": "Another title"})
    _run()
    assert len(_reminded(bob)) == 1
    ann.patch(f"/api/tasks/{task['id']}", {"due_date": in_hours(13)})
    _run()
    assert len(_reminded(bob)) == 2


@pytest.mark.parametrize(
    "change",
    [{"status": "done"}, {"assigned_to": None}, {"due_date": in_hours(90)}],
    ids=["done", "unassigned", "moved"],
)
def test_what_changed_after_the_reminder_was_owed_is_seen_when_it_is_sent(
    ann: Person, bob: Person, project: str, change: dict[str, Any]
) -> None:
    task = ann.adds_task(project, assigned_to=bob.id, due_date=in_hours(12))
    reminders.remind(now())
    ann.patch(f"/api/tasks/{task['id']}", change)
    mailing.sweep(now())
    assert _reminded(bob) == []


def test_the_schedule_counts_from_the_events_own_time(
    ann: Person, bob: Person, project: str, event: Any, invoke: Any
) -> None:
    ann.adds_task(project, "Plan", assigned_to=bob.id, due_date="2026-11-22T20:00:00Z")
    assert invoke("send_reminders", event("send_reminders")) == {"owed": 1, "known": 0}
    assert invoke("send_reminders", event("send_reminders")) == {"owed": 0, "known": 1}


def test_the_tick_runs_on_its_event(cloud: None, event: Any, invoke: Any) -> None:
    assert set(invoke("tick", event("tick")).values()) == {0}


def test_more_than_a_page_of_reminders_is_not_cut(ann: Person, bob: Person, project: str) -> None:
    task = ann.adds_task(project, assigned_to=bob.id, due_date=in_hours(12))
    put_copies(task["id"], reminders.PAGE)
    assert reminders.remind(now()) == {"owed": reminders.PAGE + 1, "known": 0}
