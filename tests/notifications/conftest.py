"""A project of Ann's with Bob as member, and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.moto_stack import set_watermarks
from tests.support import Person

Assign = Callable[..., str]
Comment = Callable[[str, str], str]
Invoke = Callable[[str, dict[str, Any]], Any]
SampleEvent = Callable[[str], dict[str, Any]]

# A Sunday. People are in UTC unless a test says otherwise.
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def deliver(clock: time_machine.Traveller) -> Callable[[], None]:
    """Let a second pass and deliver all mail that is due, also mail that the delivery queues."""

    def run() -> None:
        clock.shift(timedelta(seconds=1))
        for _ in range(2):
            sweep_outbox(now())

    return run


@pytest.fixture
def assign(ann: Person, bob: Person, project: str, deliver: Callable[[], None]) -> Assign:
    """Assign a new task to Bob, deliver the mail, and return the task's id."""

    def run(title: str = "Write the plan") -> str:
        task = ann.create_task(project, title, assigned_to=bob.id)["id"]
        deliver()
        return str(task)

    return run


@pytest.fixture
def comment(ann: Person, deliver: Callable[[], None]) -> Comment:
    """Let Ann comment on a task, deliver the mails, and return the comment's id."""

    def run(task: str, body: str) -> str:
        written = ann.post(f"/api/tasks/{task}/comments", {"body": body})
        assert written.status_code == 201, written.json_body
        deliver()
        return str(written.json_body["id"])

    return run


@pytest.fixture
def run_reminders(invoke: Invoke, sample_event: SampleEvent) -> Callable[[], dict[str, int]]:
    """Run the schedule of reminders and digests at the present time."""

    def run() -> dict[str, int]:
        event = sample_event("send_reminders") | {"time": now().isoformat()}
        return dict(invoke("send_reminders", event))

    return run


@pytest.fixture
def go_to(clock: time_machine.Traveller) -> Callable[..., None]:
    """Set the clock to a time in UTC, until which the schedules ran, and log people in."""

    def go(moment: str, *people: Person) -> None:
        clock.move_to(datetime.fromisoformat(f"{moment}+00:00") - timedelta(hours=1))
        set_watermarks()
        clock.shift(timedelta(hours=1))
        for person in people:
            person.log_in()

    return go


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    set_watermarks()
    project = ann.create_project()
    ann.add_member(project, bob)
    sweep_outbox(now())
    return project
