"""What the tick does to many tasks, and to an account, when its time does not suffice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from tests.deferred_work import owe, owe_erasure
from tests.support import PASSWORD, Api, Person, after_each

Tick = Callable[..., dict[str, int]]

MANY = 10


@pytest.fixture
def tick(
    invoke: Callable[[str, Any], Any], event: Callable[[str], Any], wait: Callable[..., None]
) -> Tick:
    """A tick of four minutes, in which each write, or whatever is `slow`, takes `seconds`."""

    def tick(seconds: int, slow: str = "TransactWriteItems") -> dict[str, int]:
        began = now()
        with after_each(slow, lambda: wait(seconds=seconds)):
            outcome: dict[str, int] = invoke("tick", event("tick"))
        assert now() - began < timedelta(minutes=4)  # else Lambda had ended it
        return outcome

    return tick


def _changed(ann: Person, project: str) -> int:
    ann.signs_in()
    tasks = ann.get(f"/api/tasks?project={project}&limit=100").json_body["items"]
    return sum(task["version"] == 2 for task in tasks)


@pytest.mark.parametrize("change", ["label", "zone", "departure"])
def test_an_errand_for_which_there_is_no_time_goes_on_in_the_next_tick(
    ann: Person, bob: Person, wait: Any, tick: Tick, change: str
) -> None:
    project = owe(change, ann, bob, MANY)
    at_once = _changed(ann, project)
    wait(minutes=1)
    done = []
    for _ in range(3):
        outcome = tick(seconds=20)
        done.append((outcome["run"], outcome["failed"], outcome.get("put_off", 0)))
        done.append(_changed(ann, project) - at_once)
    assert done == [(0, 0, 1), 4, (0, 0, 1), 8, (1, 0, 0), MANY]
    assert tick(seconds=20)["run"] == 0


def test_a_move_goes_on_where_it_stood_however_many_tasks_are_done(
    ann: Person, bob: Person, wait: Any, tick: Tick
) -> None:
    project = owe("zone", ann, bob, many=20)
    wait(minutes=1)
    assert next(ticks for ticks in range(1, 9) if tick(seconds=4, slow="GetItem")["run"]) > 1
    assert _changed(ann, project) == 20


def test_a_task_that_is_deleted_while_its_assignee_moves_does_not_stop_the_move(
    ann: Person, bob: Person, wait: Any, tick: Tick
) -> None:
    project = owe("zone", ann, bob, many=2)
    first, _ = ann.get(f"/api/tasks?project={project}").json_body["items"]
    wait(minutes=1)
    rivals = iter([lambda: ann.delete(f"/api/tasks/{first['id']}")])
    with after_each("BatchGetItem", lambda: next(rivals, int)()):
        outcome = tick(seconds=0)
    assert (outcome["run"], outcome["failed"], _changed(ann, project)) == (1, 0, 1)


def test_errands_that_find_nothing_to_do_end_in_time_too(
    ann: Person, bob: Person, tick: Tick
) -> None:
    for _ in range(6):
        project = ann.starts_project()
        ann.lets_in(project, bob)
        ann.delete(f"/api/projects/{project}/members/{bob.id}")
    first, second = tick(seconds=20), tick(seconds=20)
    assert (first["run"], first["put_off"], second["run"]) == (4, 1, 2)


def test_an_erasure_for_which_there_is_no_time_goes_on_in_the_next_tick(
    anyone: Api, ann: Person, bob: Person, pass_by: Any, tick: Tick
) -> None:
    projects = owe_erasure(ann, bob, 6)
    pass_by(days=7)
    first = tick(seconds=12)
    assert (first["erased"], first["put_off"]) == (0, 1)
    assert 0 < sum(_changed(ann, project) for project in projects) < 6
    assert any(tick(seconds=12)["erased"] for _ in range(5))
    assert sum(_changed(ann, project) for project in projects) == 6
    again = {"username": "bob", "email": bob.email, "password": PASSWORD}
    again |= {"password_confirm": PASSWORD}
    assert anyone.post("/api/auth/register", again).status_code == 201


def test_an_erasure_ends_however_many_sessions_there_are(
    bob: Person, pass_by: Any, tick: Tick
) -> None:
    for _ in range(20):
        bob.signs_in()
    bob.delete("/api/auth/profile")
    pass_by(days=7)
    assert next(ticks for ticks in range(1, 6) if tick(seconds=12)["erased"]) > 2


def test_an_errand_that_takes_long_leaves_time_to_erasures_and_the_purge(
    resident: Callable[[str], Person], ann: Person, bob: Person, wait: Any, pass_by: Any, tick: Tick
) -> None:
    ann.delete(f"/api/projects/{ann.starts_project()}")
    wait(days=23)
    resident("cleo").delete("/api/auth/profile")
    pass_by(days=7)
    ann.signs_in()
    owe("label", ann, bob, many=20)
    outcome = tick(seconds=6)
    assert (outcome["run"], outcome["put_off"], outcome["erased"]) == (0, 1, 1)
    assert outcome["purged"] > 0
