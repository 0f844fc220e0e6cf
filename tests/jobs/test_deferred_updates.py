"""Deferred task updates and account deletions when one tick has too little time for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from tests.deferred_work import defer_task_updates, delete_assignee_account
from tests.faults import after_each_call
from tests.support import PASSWORD, Api, Person

Tick = Callable[..., dict[str, int]]

MANY = 10


@pytest.fixture
def tick(
    invoke: Callable[[str, Any], Any], sample_event: Callable[[str], Any], wait: Callable[..., None]
) -> Tick:
    """Run a tick of four minutes in which each write, or each `slow` call, takes `seconds`."""

    def tick(seconds: int, slow: str = "TransactWriteItems") -> dict[str, int]:
        start = now()
        with after_each_call(slow, lambda: wait(seconds=seconds)):
            outcome: dict[str, int] = invoke("tick", sample_event("tick"))
        assert now() - start < timedelta(minutes=4)  # otherwise Lambda would have ended it
        return outcome

    return tick


def _count_changed_tasks(ann: Person, project: str) -> int:
    ann.log_in()
    tasks = ann.get(f"/api/tasks?project={project}&limit=100").json_body["items"]
    return sum(task["version"] == 2 for task in tasks)


@pytest.mark.parametrize("change", ["label", "zone", "departure"])
def test_a_deferred_update_without_enough_time_continues_in_the_next_tick(
    ann: Person, bob: Person, wait: Any, tick: Tick, change: str
) -> None:
    project = defer_task_updates(change, ann, bob, MANY)
    changed_by_request = _count_changed_tasks(ann, project)
    wait(minutes=1)
    outcomes = []
    for _ in range(3):
        outcome = tick(seconds=20)
        outcomes.append((outcome["run"], outcome["failed"], outcome.get("put_off", 0)))
        outcomes.append(_count_changed_tasks(ann, project) - changed_by_request)
    assert outcomes == [(0, 0, 1), 4, (0, 0, 1), 8, (1, 0, 0), MANY]
    assert tick(seconds=20)["run"] == 0


def test_a_time_zone_update_continues_where_it_stopped_however_many_tasks_are_done(
    ann: Person, bob: Person, wait: Any, tick: Tick
) -> None:
    project = defer_task_updates("zone", ann, bob, count=20)
    wait(minutes=1)
    assert next(ticks for ticks in range(1, 9) if tick(seconds=4, slow="GetItem")["run"]) > 1
    assert _count_changed_tasks(ann, project) == 20


def test_a_task_deleted_during_a_time_zone_update_does_not_stop_the_update(
    ann: Person, bob: Person, wait: Any, tick: Tick
) -> None:
    project = defer_task_updates("zone", ann, bob, count=2)
    first, _ = ann.get(f"/api/tasks?project={project}").json_body["items"]
    wait(minutes=1)
    changes = iter([lambda: ann.delete(f"/api/tasks/{first['id']}")])
    with after_each_call("BatchGetItem", lambda: next(changes, int)()):
        outcome = tick(seconds=0)
    assert (outcome["run"], outcome["failed"], _count_changed_tasks(ann, project)) == (1, 0, 1)


def test_deferred_updates_without_tasks_also_stop_in_time(
    ann: Person, bob: Person, tick: Tick
) -> None:
    for _ in range(6):
        project = ann.create_project()
        ann.add_member(project, bob)
        ann.delete(f"/api/projects/{project}/members/{bob.id}")
    first, second = tick(seconds=20), tick(seconds=20)
    assert (first["run"], first["put_off"], second["run"]) == (4, 1, 2)


def test_an_account_deletion_without_enough_time_continues_in_the_next_tick(
    anonymous: Api, ann: Person, bob: Person, wait_days: Any, tick: Tick
) -> None:
    projects = delete_assignee_account(ann, bob, 6)
    wait_days(days=7)
    first = tick(seconds=12)
    assert (first["erased"], first["put_off"]) == (0, 1)
    assert 0 < sum(_count_changed_tasks(ann, project) for project in projects) < 6
    assert any(tick(seconds=12)["erased"] for _ in range(5))
    assert sum(_count_changed_tasks(ann, project) for project in projects) == 6
    again = {"username": "bob", "email": bob.email, "password": PASSWORD}
    again |= {"password_confirm": PASSWORD}
    assert anonymous.post("/api/auth/register", again).status_code == 201


def test_an_account_deletion_completes_however_many_sessions_there_are(
    bob: Person, wait_days: Any, tick: Tick
) -> None:
    for _ in range(20):
        bob.log_in()
    bob.delete("/api/auth/profile")
    wait_days(days=7)
    assert any(tick(seconds=12)["erased"] for _ in range(5))


def test_a_long_deferred_update_leaves_time_for_account_deletions_and_the_purge(
    make_person: Callable[[str], Person],
    ann: Person,
    bob: Person,
    wait: Any,
    wait_days: Any,
    tick: Tick,
) -> None:
    ann.delete(f"/api/projects/{ann.create_project()}")
    wait(days=23)
    make_person("cleo").delete("/api/auth/profile")
    wait_days(days=7)
    ann.log_in()
    defer_task_updates("label", ann, bob, count=20)
    outcome = tick(seconds=6)
    assert (outcome["run"], outcome["put_off"], outcome["erased"]) == (0, 1, 1)
    assert outcome["purged"] > 0
