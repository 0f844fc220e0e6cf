"""Reminders of due tasks, reminders set for a task, and overdue digests."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.reminders.jobs import PAGE, queue_due_reminders
from chalicelib.reminders.overdue_digests import queue_due_digests
from chalicelib.reminders.schedule import reminder_window_start
from chalicelib.tasks.models import Task
from tests.faults import event_hook
from tests.moto_stack import set_watermarks
from tests.support import Person, error_locations, in_hours, mails_to
from tests.table_items import dynamodb_client, put_task_copies

# A Sunday. People are in UTC unless a test says otherwise.
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def go(clock: time_machine.Traveller) -> Callable[..., None]:
    """Let time pass, then run the schedules: `go(hours=3)`."""

    def go(**time: float) -> None:
        clock.shift(timedelta(**time))
        _run()

    return go


@pytest.fixture
def skip(clock: time_machine.Traveller) -> Callable[..., None]:
    """Let hours pass in which the schedules find nothing, then run them."""

    def skip(hours: int) -> None:
        clock.shift(timedelta(hours=hours - 1))
        set_watermarks()
        clock.shift(timedelta(hours=1))
        _run()

    return skip


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _run(at: datetime | None = None) -> None:
    """Run the schedules as for an event at this time."""
    time = at or now()
    queue_due_reminders(time)
    queue_due_digests(time)
    sweep_outbox(time)


def _subjects(person: Person, what: str = "Due soon") -> list[str]:
    return [mail["Subject"] for mail in mails_to(person, what)]


def _signed_in(person: Person) -> Person:
    """Sign in again: a token is valid for ten minutes, and days have passed."""
    signed_in = person.post(
        "/api/auth/login", {"email": person.email, "password": "correct horse battery"}
    ).json_body
    return Person(person.client, person.id, person.email, signed_in["access"], "")


# --- due within a day


@pytest.mark.parametrize("status", ["todo", "in_progress", "review"])
def test_an_open_task_due_within_a_day_reminds_its_assignee(
    ann: Person, bob: Person, project: str, status: str
) -> None:
    ann.create_task(project, "Plan", assigned_to=bob.id, due_date=in_hours(12), status=status)
    _run()
    assert _subjects(bob) == ["Due soon: Plan"]
    assert _subjects(ann) == []


def test_repeated_and_overlapping_runs_send_one_reminder(
    ann: Person, bob: Person, project: str
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    for minutes in (0, 0, 5, -5, 5):
        _run(now() + timedelta(minutes=minutes))
    assert len(_subjects(bob)) == 1


def test_of_two_runs_at_once_one_queues_the_mail(ann: Person, bob: Person, project: str) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    others, outcomes = iter(["another run"]), []

    def run_as_well(**_: Any) -> None:
        if next(others, None):
            outcomes.append(queue_due_reminders(now()))

    event = "before-parameter-build.dynamodb.TransactWriteItems"
    with event_hook(dynamodb_client(), event, run_as_well):
        outcomes.append(queue_due_reminders(now()))
    assert outcomes == [{"queued": 1, "known": 0}, {"queued": 0, "known": 1}]


@pytest.mark.parametrize(
    "fields",
    [
        {"due_date": "2026-11-23T11:00:00Z"},
        {"due_date": "2026-11-22T09:00:00Z"},
        {"due_date": None},
        {"due_date": "2026-11-22T22:00:00Z", "status": "done"},
        {"due_date": "2026-11-22T22:00:00Z", "assigned_to": None},
    ],
    ids=["later", "over", "never", "done", "nobody's"],
)
def test_other_tasks_send_no_reminder(
    ann: Person, bob: Person, project: str, fields: dict[str, Any]
) -> None:
    ann.create_task(project, **{"assigned_to": bob.id, **fields})
    _run()
    assert _subjects(bob) == []


def test_a_task_due_in_more_than_24_hours_sends_its_reminder_when_24_hours_are_left(
    ann: Person, bob: Person, project: str, go: Any
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-23T12:00:00Z")
    go(hours=1, minutes=55)
    assert _subjects(bob) == []
    go(minutes=5)
    assert len(_subjects(bob)) == 1


@pytest.mark.parametrize(
    ("zone", "offset", "nine"),
    [("Pacific/Kiritimati", "+14:00", "2026-11-22T19:00Z"), ("UTC", "Z", "2026-11-23T09:00Z")],
)
def test_a_task_due_on_a_day_reminds_at_nine_in_the_assignees_time_zone(
    ann: Person, bob: Person, project: str, zone: str, offset: str, nine: str
) -> None:
    bob.patch("/api/auth/profile", {"time_zone": zone})
    end_of_day = f"2026-11-23T23:59:59.999{offset}"
    ann.create_task(project, assigned_to=bob.id, due_date=end_of_day)
    delivery = datetime.fromisoformat(nine)
    for early in (timedelta(hours=8), timedelta(minutes=5)):
        _run(delivery - early)
        assert _subjects(bob) == []
    _run(delivery)
    assert len(_subjects(bob)) == 1


@pytest.mark.parametrize("late", [{"minutes": 7}, {"hours": 4}, {"hours": 23}])
def test_a_late_run_sends_the_reminders_that_were_due(
    ann: Person, bob: Person, project: str, go: Any, late: dict[str, int]
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-23T15:00:00Z")
    _run()
    go(hours=5)
    go(**late)
    assert len(_subjects(bob)) == 1


def test_no_set_reminder_is_lost_after_48_hours_without_a_run(
    ann: Person, bob: Person, project: str, go: Any
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)
    chosen = {"reminders": [{"at": in_hours(hours)} for hours in (1, 20, 47)]}
    assert ann.put(f"/api/tasks/{task['id']}/reminders", chosen).status_code == 200
    _run()
    go(hours=48)
    assert len(_subjects(bob, "Reminder")) == 3


def test_a_new_due_date_sends_a_new_reminder_and_a_new_title_does_not(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    _run()
    ann.patch(f"/api/tasks/{task['id']}", {"title": "Another title"})
    _run()
    assert len(_subjects(bob)) == 1
    ann.patch(f"/api/tasks/{task['id']}", {"due_date": in_hours(13)})
    _run()
    assert len(_subjects(bob)) == 2


def test_a_new_title_does_not_change_the_next_check(ann: Person, bob: Person, project: str) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    _run()
    before = [
        entry.wake_at
        for entry in time_index.list_due_between("due", now(), now() + timedelta(hours=13))
    ]
    ann.patch(f"/api/tasks/{task['id']}", {"title": "Another title"})
    after = [
        entry.wake_at
        for entry in time_index.list_due_between("due", now(), now() + timedelta(hours=13))
    ]
    assert after == before == ["2026-11-22T22:00:00.000Z"]


def test_a_new_assignee_gets_a_reminder_too(ann: Person, bob: Person, project: str) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    _run()
    ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": ann.id})
    _run()
    assert (len(_subjects(bob)), len(_subjects(ann))) == (1, 1)


def test_the_schedule_uses_the_time_of_its_event(
    ann: Person, bob: Person, project: str, sample_event: Any, invoke: Any
) -> None:
    ann.create_task(project, "Plan", assigned_to=bob.id, due_date="2026-11-23T09:30:00Z")
    scheduled = sample_event("send_reminders")
    outcomes = [invoke("send_reminders", {**scheduled, "time": "2026-11-22T10:00:00Z"})]
    outcomes.append(invoke("send_reminders", {**scheduled, "time": "2026-11-22T10:00:00Z"}))
    assert [outcome["queued"] for outcome in outcomes] == [1, 0]


def test_tick_and_sweep_run_on_their_events(cloud: None, sample_event: Any, invoke: Any) -> None:
    assert set(invoke("tick", sample_event("tick")).values()) <= {0}
    assert invoke("sweep_mail", sample_event("sweep_mail")) == {}


def test_more_than_a_page_of_reminders_is_queued_completely(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    put_task_copies(task["id"], PAGE)
    assert queue_due_reminders(now()) == {"queued": PAGE + 1, "known": 0}


def test_a_run_with_too_little_time_leaves_the_other_tasks_to_the_next(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    put_task_copies(task["id"], 4)
    left = iter([True, True, False])
    assert queue_due_reminders(now(), lambda: next(left)) == {"queued": 2, "known": 0}
    assert queue_due_reminders(now() + timedelta(minutes=5)) == {"queued": 3, "known": 0}
    sweep_outbox(now() + timedelta(minutes=5))
    assert len(_subjects(bob)) == 5


def test_a_task_that_cannot_be_read_does_not_stop_the_others(
    ann: Person, bob: Person, project: str
) -> None:
    for number in range(3):
        ann.create_task(project, str(number), assigned_to=bob.id, due_date=in_hours(12))
    (first, *_) = time_index.list_due("due", now())
    broken = Task(first.PK, first.SK)
    broken.update(actions=[Task.due_at.set("soon")])
    with pytest.raises(ExceptionGroup):
        queue_due_reminders(now())
    sweep_outbox(now())
    assert len(_subjects(bob)) == 2


# --- reminders set for a task


def test_reminders_can_be_set_for_a_task(ann: Person, bob: Person, project: str, go: Any) -> None:
    due = "2026-11-22T14:00:00Z"
    task = ann.create_task(project, "Plan", assigned_to=bob.id, due_date=due)
    path = f"/api/tasks/{task['id']}/reminders"
    chosen = [{"at": "2026-11-22T16:00:00Z"}, {"minutes_before": 90}]
    answer = ann.put(path, {"reminders": chosen})
    assert (answer.status_code, answer.json_body) == (200, {"reminders": chosen})
    assert bob.get(path).json_body == {"reminders": chosen}
    go(hours=2)
    assert _subjects(bob, "Reminder") == []
    go(minutes=30)
    assert _subjects(bob, "Reminder") == ["Reminder: Plan"]
    go(hours=5)
    assert len(_subjects(bob, "Reminder")) == 2
    go(hours=5)
    assert len(_subjects(bob, "Reminder")) == 2


def test_a_new_due_date_moves_only_relative_reminders(
    ann: Person, bob: Person, project: str, go: Any
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date="2026-11-22T14:00:00Z")
    chosen = {"reminders": [{"at": "2026-11-22T12:00:00Z"}, {"minutes_before": 120}]}
    ann.put(f"/api/tasks/{task['id']}/reminders", chosen)
    go(hours=2)
    assert len(_subjects(bob, "Reminder")) == 2
    _signed_in(ann).patch(f"/api/tasks/{task['id']}", {"due_date": "2026-11-22T18:00:00Z"})
    go(hours=4)
    assert len(_subjects(bob, "Reminder")) == 3


def test_a_reminder_removed_after_it_was_queued_is_not_sent(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)
    path = f"/api/tasks/{task['id']}/reminders"
    ann.put(path, {"reminders": [{"at": in_hours(1)}]})
    queue_due_reminders(now() + timedelta(hours=1))
    ann.put(path, {"reminders": []})
    sweep_outbox(now() + timedelta(hours=1))
    assert _subjects(bob, "Reminder") == []


def test_a_reminder_added_while_a_run_checks_the_task_is_sent(
    ann: Person, bob: Person, project: str, go: Any
) -> None:
    task = ann.create_task(project, assigned_to=bob.id)
    path = f"/api/tasks/{task['id']}/reminders"
    first, second = {"at": in_hours(1)}, {"at": in_hours(3)}
    ann.put(path, {"reminders": [first]})
    additions = iter([{"reminders": [first, second]}])

    def add_reminder(**_: Any) -> None:
        if addition := next(additions, None):
            assert _signed_in(ann).put(path, addition).status_code == 200

    event = "before-parameter-build.dynamodb.TransactWriteItems"
    with event_hook(dynamodb_client(), event, add_reminder):
        go(hours=1)
    assert len(_subjects(bob, "Reminder")) == 1
    go(hours=2)
    assert len(_subjects(bob, "Reminder")) == 2


@pytest.mark.parametrize(
    ("reminder", "location"),
    [
        ({}, "reminders[0]"),
        ({"at": "2026-11-22T12:00:00Z", "minutes_before": 1}, "reminders[0]"),
        ({"at": "2026-11-22T12:00:00"}, "reminders[0].at"),
        ({"minutes_before": -1}, "reminders[0].minutes_before"),
    ],
)
def test_a_reminder_has_either_minutes_before_or_at(
    ann: Person, project: str, reminder: dict[str, Any], location: str
) -> None:
    task = ann.create_task(project)
    answer = ann.put(f"/api/tasks/{task['id']}/reminders", {"reminders": [reminder]})
    assert (answer.status_code, error_locations(answer)) == (422, [location])


# --- overdue


def test_one_digest_for_each_person_and_day(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    for number in range(3):
        due = f"2026-11-22T1{2 + number}:00:00Z"
        ann.create_task(project, f"Late {number}", assigned_to=bob.id, due_date=due)
    go(hours=5)
    skip(hours=3)
    assert _subjects(bob, "") != [] and _subjects(bob, "3 tasks") == []
    skip(hours=15)
    for minutes in (0, 0, 5, 30):
        _run(now() + timedelta(minutes=minutes))
    (digest,) = mails_to(bob, "3 tasks are overdue")
    text = digest.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.index("Late 0") < text.index("Late 1") < text.index("Late 2")
    skip(hours=24)
    assert len(_subjects(bob, "3 tasks are overdue")) == 2
    assert list(mails_to(ann, "3 tasks")) == []


def test_a_task_checked_at_its_due_time_is_in_the_digest(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-22T12:00:00Z")
    go(hours=2)
    skip(hours=21)
    assert _subjects(bob, "1 task is overdue") == ["1 task is overdue"]


def test_a_task_that_is_not_due_yet_is_not_in_the_digest(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-23T12:00:00Z")
    go(hours=2)
    skip(hours=21)
    assert _subjects(bob, "1 task") == []


def test_a_run_without_time_leaves_the_digests_to_the_next(
    ann: Person, bob: Person, project: str, clock: time_machine.Traveller
) -> None:
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-21")
    queue_due_reminders(now())
    clock.shift(timedelta(hours=23))
    assert queue_due_digests(now(), lambda: False) == {"digests": 0}
    assert queue_due_digests(now()) == {"digests": 1}


def test_a_task_already_overdue_when_assigned_is_in_the_digest(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    ann.create_task(project, "Made late", assigned_to=bob.id, due_date="2026-11-20T12:00:00Z")
    other = ann.create_task(project, "Handed over late", due_date="2026-11-20")["id"]
    ann.patch(f"/api/tasks/{other}/assign", {"assigned_to": bob.id})
    go(hours=1)
    assert _subjects(bob, "Due soon") == _subjects(bob, "2 tasks") == []
    skip(hours=22)
    assert _subjects(bob, "2 tasks are overdue") == ["2 tasks are overdue"]


def test_a_digest_lists_tasks_still_overdue_and_stops_when_there_are_none(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    tasks = [
        ann.create_task(project, str(number), assigned_to=bob.id, due_date="2026-11-22T12:00:00Z")
        for number in range(2)
    ]
    go(hours=3)
    _signed_in(ann).patch(f"/api/tasks/{tasks[0]['id']}/status", {"status": "done"})
    skip(hours=20)
    assert _subjects(bob, "1 task is overdue") == ["1 task is overdue"]
    _signed_in(ann).patch(f"/api/tasks/{tasks[1]['id']}", {"due_date": "2026-12-24"})
    skip(hours=24)
    skip(hours=24)
    assert len(_subjects(bob, "1 task is overdue")) == 1
    assert (
        list(
            time_index.list_due_between(
                "digest", now() - timedelta(hours=2), now() + timedelta(hours=26)
            )
        )
        == []
    )


def test_a_task_that_becomes_overdue_after_the_digest_stopped_schedules_it_again(
    ann: Person, bob: Person, project: str, go: Any, skip: Any
) -> None:
    task = ann.create_task(project, assigned_to=bob.id, due_date="2026-11-22T12:00:00Z")
    go(hours=3)
    _signed_in(ann).patch(f"/api/tasks/{task['id']}/status", {"status": "done"})
    skip(hours=20)
    _signed_in(ann).create_task(project, assigned_to=bob.id, due_date="2026-11-23T12:00:00Z")
    go(hours=4)
    skip(hours=6)
    skip(hours=14)
    assert _subjects(bob, "1 task is overdue") == ["1 task is overdue"]


def test_a_digest_is_sent_at_nine_in_the_recipients_time_zone(
    ann: Person, bob: Person, project: str
) -> None:
    bob.patch("/api/auth/profile", {"time_zone": "Pacific/Niue"})
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-22T12:00:00Z")
    nine = datetime(2026, 11, 22, 20, tzinfo=UTC)
    for early in (timedelta(hours=7), timedelta(minutes=5)):
        _run(nine - early)
        assert _subjects(bob, "1 task") == []
    _run(nine)
    assert len(_subjects(bob, "1 task")) == 1


def test_a_run_costs_the_same_however_many_tasks_are_due_later(
    ann: Person, bob: Person, project: str
) -> None:
    _count_calls_of_a_run()
    first = _count_calls_of_a_run()
    for number in range(5):
        ann.create_task(project, str(number), assigned_to=bob.id, due_date="2027-03-01")
    assert _count_calls_of_a_run() == first


def _count_calls_of_a_run() -> int:
    calls: list[str] = []
    events = Item._get_connection().connection.client.meta.events

    def note(event_name: str, **_: Any) -> None:
        calls.append(event_name)

    events.register("before-send.dynamodb", note)
    try:
        queue_due_reminders(now())
        queue_due_digests(now())
    finally:
        events.unregister("before-send.dynamodb", note)
    return len(calls)


def test_the_earliest_possible_due_date_has_a_reminder_window() -> None:
    first = "0001-01-01T00:00:00.000Z"
    assert reminder_window_start(first) == first
