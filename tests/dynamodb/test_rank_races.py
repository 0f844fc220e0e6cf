"""Moves of tasks at the same moment, and moves whose responses are lost, on DynamoDB Local."""

import itertools
from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, authorize_task
from chalicelib.clock import now
from chalicelib.errors import Invalid
from chalicelib.ranks.service import move_task
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.service import delete_task, update_task
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")


def _access(person: Person, task_id: str) -> Any:
    context = RequestContext(parse_credential(person.token), Action.WRITE_TASKS, now())
    return authorize_task(context, task_id)


def _order(person: Person, project: str) -> list[str]:
    tasks = person.list_all(f"/api/tasks?project={project}&ordering=rank&limit=100")
    return [task["id"] for task in tasks]


def test_tasks_moved_to_the_same_place_at_once_all_arrive(ann: Person) -> None:
    project = ann.create_project()
    first, *others, last = (ann.create_task(project)["id"] for _ in range(8))

    def move(number: int) -> None:
        target = {"after": first, "before": None}
        move_task(_access(ann, others[number]), **target)

    assert at_once(len(others), move) == [None] * len(others)
    order = _order(ann, project)
    assert (order[0], order[-1]) == (first, last)
    assert sorted(order) == sorted([first, *others, last])

    # A later move between two of these tasks works, even if both have the same rank.
    for neighbor in order[1:-1]:
        move_task(_access(ann, last), after=neighbor, before=None)
        order.remove(last)
        order.insert(order.index(neighbor) + 1, last)
        assert _order(ann, project) == order


def test_a_move_beside_a_task_that_moves_at_once_arrives_beside_it(ann: Person) -> None:
    project = ann.create_project()
    one, two, three, four = (ann.create_task(project)["id"] for _ in range(4))
    moves = [(two, {"after": None, "before": one}), (four, {"after": two, "before": None})]

    at_once(2, lambda number: move_task(_access(ann, moves[number][0]), **moves[number][1]))
    order = _order(ann, project)
    assert order in ([two, four, one, three], [two, one, four, three])
    assert sorted(order) == sorted([one, two, three, four])


def test_a_move_and_another_change_at_once_both_persist(ann: Person) -> None:
    project = ann.create_project()
    one, two = (ann.create_task(project)["id"] for _ in range(2))
    acts = [
        lambda: move_task(_access(ann, one), after=two, before=None),
        lambda: update_task(_access(ann, one), {"title": "new"}),
        lambda: update_task(_access(ann, two), {"status": "done"}),
    ]
    at_once(3, lambda number: acts[number]())
    assert _order(ann, project) == [two, one]
    titles = {each: ann.get(f"/api/tasks/{each}").json_body["title"] for each in (one, two)}
    assert titles[one] == "new"
    assert ann.get(f"/api/tasks/{two}").json_body["status"] == "done"


def test_a_move_beside_a_task_that_is_deleted_at_once_is_refused_or_comes_first(
    ann: Person,
) -> None:
    project = ann.create_project()
    one, two, three = (ann.create_task(project)["id"] for _ in range(3))
    acts = [
        lambda: move_task(_access(ann, three), after=one, before=None),
        lambda: delete_task(_access(ann, one)),
    ]
    moved, _ = at_once(2, lambda number: acts[number]())
    expected = [two, three] if isinstance(moved, Invalid) else [three, two]
    assert _order(ann, project) == expected


def test_a_lost_response_moves_the_task_once(ann: Person) -> None:
    project = ann.create_project()
    one, two, three = (ann.create_task(project)["id"] for _ in range(3))
    sides = itertools.cycle([("after", [one, three, two]), ("before", [three, one, two])])
    for lost in itertools.count(1):
        side, expected = next(sides)
        version = ann.get(f"/api/tasks/{three}").json_body["version"]
        with faulty_connection(lost_response=lost) as line:
            answer = ann.patch(f"/api/tasks/{three}/position", {side: one})
        assert (answer.status_code, answer.json_body["version"]) == (200, version + 1)
        assert _order(ann, project) == expected
        if line.requests < lost:
            break
