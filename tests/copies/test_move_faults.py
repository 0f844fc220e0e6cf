"""Moves whose process dies, or whose answer is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attachment_files import save_state
from tests.copies.move_scenario import MoveScenario, build_scenario, describe_tree, list_titles
from tests.counter_checks import count_drift
from tests.faults import is_killed_at
from tests.support import Person

Wait = Callable[..., None]


@pytest.fixture
def scenario(ann: Person, bob: Person, make_person: Any) -> MoveScenario:
    return build_scenario(ann, bob, make_person("cleo"))


def _check_moved_once(ann: Person, scenario: MoveScenario) -> None:
    assert list_titles(ann, scenario.source) == []
    assert list_titles(ann, scenario.target) == ["Top", "First", "Second", "Deep"]
    tree = describe_tree(ann, scenario.target, scenario.moved_id)
    assert tree == {"First": {"Deep": {}}, "Second": {}}
    assert len(ann.get(f"/api/tasks/{scenario.moved_id}/comments").json_body["items"]) == 1
    assert len(ann.get(f"/api/tasks/{scenario.moved_id}/attachments").json_body["items"]) == 1
    assert count_drift() == 0


def _move(ann: Person, scenario: MoveScenario) -> Any:
    path, body = f"/api/tasks/{scenario.task['id']}/move", {"project": scenario.target}
    return ann.post(path, body, headers={"Idempotency-Key": "once"})


def test_a_move_that_dies_anywhere_is_completed_by_the_client_or_the_tick(
    ann: Person, scenario: MoveScenario, wait: Wait, invoke: Any, sample_event: Any
) -> None:
    restore, killed = save_state(), 0
    while is_killed_at(killed + 1, lambda: _move(ann, scenario)):
        killed += 1
        was_decided = ann.get(f"/api/tasks/{scenario.task['id']}").status_code == 308
        if was_decided:  # the task is whole in its new place while the subtasks follow
            comments = ann.get(f"/api/tasks/{scenario.moved_id}/comments").json_body["items"]
            assert len(comments) == 1
        first = _move(ann, scenario)
        assert first.status_code == 200
        assert _move(ann, scenario).json_body == first.json_body
        wait(minutes=2)
        ann.log_in()
        invoke("tick", sample_event("tick"))
        _check_moved_once(ann, scenario)
        restore()
        ann.log_in()
    assert killed == 10
    _check_moved_once(ann, scenario)


def test_a_tick_that_dies_while_subtasks_follow_is_completed_by_the_next_one(
    ann: Person, scenario: MoveScenario, wait: Wait, invoke: Any, sample_event: Any
) -> None:
    decided = 3  # two labels are created, then the decision; the process dies before the rest
    calls = next(n for n in range(decided, 9) if _dies_after_decision(ann, scenario, n))
    assert calls
    wait(minutes=2)
    ann.log_in()
    killed = 0
    while is_killed_at(killed + 1, lambda: invoke("tick", sample_event("tick"))):
        killed += 1
    assert killed >= 6
    _check_moved_once(ann, scenario)


def _dies_after_decision(ann: Person, scenario: MoveScenario, call: int) -> bool:
    """Kill a move at its `call`-th write; return whether the task has moved by then."""
    assert is_killed_at(call, lambda: _move(ann, scenario))
    return bool(ann.get(f"/api/tasks/{scenario.task['id']}").status_code == 308)


def test_the_task_cannot_move_on_while_its_subtasks_follow(
    ann: Person, scenario: MoveScenario
) -> None:
    assert any(_dies_after_decision(ann, scenario, call) for call in range(3, 9))
    assert count_drift() == 0  # of the number of subtasks, which is right when they have followed
    third = ann.create_project("Third")
    path = f"/api/tasks/{scenario.moved_id}/move"
    answer = ann.post(path, {"project": third})
    assert (answer.status_code, answer.json_body["code"]) == (409, "conflict")
