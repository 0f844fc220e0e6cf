"""Changes between the claim of a mail and its sending, while the mail waits for a sending slot."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.dynamodb.transactions import transact
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.models import get_mail, report_address_write, reserve_send_slot
from chalicelib.reminders.jobs import queue_due_reminders
from tests.support import Api, Person, in_hours, mails_to

Change = Callable[[Person, Person, str], object]
START = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def calendar() -> Iterator[None]:
    with time_machine.travel(START, tick=False):
        yield


def _remove_member(ann: Person, bob: Person, task: str) -> None:
    project = ann.get(task).json_body["project"]
    ann.delete(f"/api/projects/{project}/members/{bob.id}")


def _archive_project(ann: Person, bob: Person, task: str) -> None:
    ann.post(f"/api/projects/{ann.get(task).json_body['project']}/archive")


def _delete_project(ann: Person, bob: Person, task: str) -> None:
    ann.delete(f"/api/projects/{ann.get(task).json_body['project']}")


def _unsubscribe(ann: Person, bob: Person, task: str) -> None:
    (earlier,) = mails_to(bob, "Due soon: Earlier")
    link = earlier["List-Unsubscribe"].strip("<>").removeprefix("https://api.example.com/v1")
    assert Api(bob.client).post(link).status_code == 200


def _complain(ann: Person, bob: Person, task: str) -> None:
    transact(report_address_write(bob.email, "complaint", now()))


CHANGES: dict[str, Change] = {
    "completed": lambda ann, bob, task: ann.patch(f"{task}/status", {"status": "done"}),
    "reassigned": lambda ann, bob, task: ann.patch(f"{task}/assign", {"assigned_to": ann.id}),
    "unassigned": lambda ann, bob, task: ann.patch(f"{task}/assign", {"assigned_to": None}),
    "moved": lambda ann, bob, task: ann.patch(task, {"due_date": in_hours(13)}),
    "deleted": lambda ann, bob, task: ann.delete(task),
    "archived": _archive_project,
    "project deleted": _delete_project,
    "access lost": _remove_member,
    "unsubscribed": _unsubscribe,
    "complained": _complain,
}


@pytest.fixture
def tasks(ann: Person, bob: Person) -> list[str]:
    """Two tasks of Bob in different projects; he was reminded of the first one."""
    paths = []
    for title in ("Earlier", "Later"):
        project = ann.create_project()
        ann.add_member(project, bob)
        due = {"assigned_to": bob.id, "due_date": in_hours(12)}
        paths.append(f"/api/tasks/{ann.create_task(project, title, **due)['id']}")
        if title == "Earlier":
            queue_due_reminders(now())
        sweep_outbox(now())
    return paths


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_claim_and_sending_drops_the_reminder(
    ann: Person, bob: Person, tasks: list[str], change: str
) -> None:
    queue_due_reminders(now())
    mail_id = f"due_soon:{tasks[1].rpartition('/')[2]}:{_due_timestamp()}:{bob.id}"
    seen = []

    def apply_change(_: float) -> None:
        mail = get_mail(mail_id)
        seen.append(mail is not None and mail.leased_until)
        CHANGES[change](ann, bob, tasks[1])

    _take_current_slot()
    assert sweep_outbox(now(), TimeBudget(now, apply_change, lambda: 100_000)) == {"dropped": 1}
    assert len(seen) == 1 and seen[0]  # it was claimed and waited
    sweep_outbox(now() + timedelta(hours=1))
    assert list(mails_to(bob, "Due soon: Later")) == []


def _due_timestamp() -> str:
    return f"{now() + timedelta(hours=12):%Y-%m-%dT%H:%M:%S}.000Z"


def _take_current_slot() -> None:
    """Let another dispatcher take the current sending slot."""
    assert reserve_send_slot(now(), timedelta(seconds=1), now()) is not None
