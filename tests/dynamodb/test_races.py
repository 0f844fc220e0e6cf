"""Concurrent requests against DynamoDB Local, AWS's own engine."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.access.permissions import Action, Role
from chalicelib.access.service import (
    RequestContext,
    authorize_account,
    authorize_project,
    authorize_task,
)
from chalicelib.accounts.service import register_account
from chalicelib.clock import now
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.table import Item
from chalicelib.errors import ApiError, NotFound, PreconditionFailed, Unavailable
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.members.invitations import accept_invitation_token
from chalicelib.members.service import add_member
from chalicelib.projects.service import create_project
from chalicelib.reminders.jobs import queue_due_reminders
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.service import create_task, delete_task, update_task
from tests.support import Person, in_hours, mails_to, sign_up

pytestmark = pytest.mark.usefixtures("local_table")


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(0)`, `act(1)`, ... at the same moment; return what each returned or raised."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return act(number)
        except ApiError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def _context(
    person: Person, action: Action, idempotency_key: IdempotencyKey | None = None
) -> RequestContext:
    return RequestContext(parse_credential(person.token), action, now(), idempotency_key)


def test_concurrent_registrations_of_an_address_create_one_account(cloud: None) -> None:
    def register(number: int) -> str:
        email = "eve@example.com" if number % 2 else "EVE@Example.com"
        user = register_account(
            username=f"eve{number}", email=email, password="long enough", source=None, now=now()
        )
        return user.id

    results = at_once(40, register)
    winners = [result for result in results if isinstance(result, str)]
    assert len(winners) == 1
    kinds = Counter(item.PK.split("#")[0] for item in Item.scan())
    del kinds["WATERMARK"]
    assert kinds == {"USER": 1, "EMAIL": 1, "USERNAME": 1, "OUTBOX": 1, "AUDIT": 1}


def test_patches_of_different_fields_both_survive(ann: Person) -> None:
    task = ann.create_task(ann.create_project())
    fields = [
        {"title": "new"},
        {"description": "new"},
        {"priority": "high"},
        {"status": "done"},
        {"due_date": "2027-01-01"},
        {"assigned_to": ann.id},
    ]

    def patch(number: int) -> None:
        access = authorize_task(_context(ann, Action.WRITE_TASKS), task["id"])
        update_task(access, fields[number])

    assert at_once(len(fields), patch) == [None] * len(fields)
    changed = ann.get(f"/api/tasks/{task['id']}").json_body
    for field in fields:
        assert field.items() <= changed.items()
    assert changed["version"] == 1 + len(fields)
    mine = ann.get("/api/tasks?assigned_to=me").json_body["items"]
    done = ann.get(f"/api/tasks?project={task['project']}&status=done").json_body["items"]
    assert [t["id"] for t in mine] == [t["id"] for t in done] == [task["id"]]


def test_of_concurrent_updates_with_the_same_version_one_wins(ann: Person) -> None:
    task = ann.create_task(ann.create_project())
    access = authorize_task(_context(ann, Action.WRITE_TASKS), task["id"])
    results = at_once(8, lambda n: update_task(access, {"title": str(n)}, version=1))
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 7
    assert ann.get(f"/api/tasks/{task['id']}").json_body["version"] == 2


def test_every_successful_update_adds_one_version(ann: Person) -> None:
    task = ann.create_task(ann.create_project())["id"]

    def write(number: int) -> int:
        """Make fifty changes of the version that was read; return how many succeeded."""
        won = 0
        for count in range(50):
            access = authorize_task(_context(ann, Action.WRITE_TASKS), task)
            read = int(access.task.version)
            try:
                update_task(access, {"title": f"{number} {count}"}, version=read)
                won += 1
            except (PreconditionFailed, Unavailable):
                pass
        return won

    successes = sum(at_once(8, write))
    assert ann.get(f"/api/tasks/{task}").json_body["version"] == 1 + successes
    assert successes >= 50


def test_an_update_during_a_delete_does_not_restore_the_task(ann: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project)["id"]
    access = authorize_task(_context(ann, Action.WRITE_TASKS), task)

    def act(number: int) -> None:
        if number == 0:
            return delete_task(access)
        update_task(access, {"title": str(number)})
        return None

    results = at_once(8, act)
    assert results[0] is None
    assert all(result is None or isinstance(result, NotFound) for result in results)
    assert isinstance(at_once(1, lambda _: update_task(access, {"title": "x"}))[0], NotFound)
    assert ann.patch(f"/api/tasks/{task}", {"title": "late"}).status_code == 404
    assert ann.get(f"/api/tasks?project={project}").json_body["items"] == []


def test_one_key_makes_one_project(ann: Person) -> None:
    idempotency_key = IdempotencyKey("record", "request")

    def create(_: int) -> str:
        access = authorize_account(_context(ann, Action.CREATE_PROJECT, idempotency_key))
        return create_project(access, name="x", description="", prefix=None).id

    assert len(set(at_once(20, create))) == 1
    assert len(ann.get("/api/projects").json_body["items"]) == 1


def test_counters_equal_a_recount_after_a_crowd(ann: Person) -> None:
    project = ann.create_project()

    def add_and_move(number: int) -> None:
        access = authorize_project(_context(ann, Action.WRITE_TASKS), project)
        task = create_task(access, title=str(number), status="todo", priority="low")
        task_access = authorize_task(_context(ann, Action.WRITE_TASKS), task.id)
        update_task(task_access, {"status": "done" if number % 2 else "review"})

    assert at_once(20, add_and_move) == [None] * 20
    counts = ann.get(f"/api/projects/{project}").json_body["tasks_by_status"]
    assert counts == {"todo": 0, "in_progress": 0, "review": 10, "done": 10}


def test_concurrent_adds_of_a_member_add_one(ann: Person, bob: Person) -> None:
    project = ann.create_project()

    def join(_: int) -> None:
        access = authorize_project(_context(ann, Action.MANAGE_MEMBERS), project)
        add_member(access, user_id=bob.id, email=None, role=Role.MEMBER)

    assert at_once(10, join).count(None) == 1
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2


def test_an_invitation_token_adds_one_member(ann: Person, client: Client) -> None:
    project, eve = ann.create_project(), "eve@example.com"
    ann.post(f"/api/projects/{project}/members", {"email": eve})
    sweep_outbox(now())
    text = next(mails_to(ann, address=eve)).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    token = text.partition("token=")[2].split()[0]
    users = [sign_up(client, f"user{number}") for number in range(6)]

    def accept(number: int) -> None:
        access = authorize_account(_context(users[number % 6], Action.USE_ACCOUNT))
        accept_invitation_token(access, token)

    assert at_once(12, accept).count(None) == 1
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2


def test_reminder_jobs_and_dispatchers_that_overlap_send_one_mail(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, assigned_to=bob.id, due_date=in_hours(12))
    runs = at_once(4, lambda _: queue_due_reminders(now())["queued"])
    assert sum(runs) == 1
    delivery = now() + timedelta(hours=9)  # the mail is due by then
    at_once(4, lambda _: sweep_outbox(delivery))
    subjects = sorted(mail["Subject"].split(":")[0] for mail in mails_to(bob))
    assert subjects == ["Assigned to you", "Confirm your address", "Due soon"]


def test_concurrent_creates_of_one_person_get_different_default_keys(ann: Person) -> None:
    access = authorize_account(_context(ann, Action.CREATE_PROJECT))
    projects = at_once(
        6, lambda n: create_project(access, name="Проект", description="", prefix=None)
    )
    assert {project.prefix for project in projects} == {"PROE", *(f"PROE{n}" for n in range(2, 7))}
