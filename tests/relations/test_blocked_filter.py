"""The filter `blocked` of task lists, which follows the stream."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import refresh_snapshot
from tests.earlier_cursors import encode_earlier_cursor
from tests.relations.test_relations import relate
from tests.support import Person, error_locations
from tests.table_items import scan_items
from tests.table_stream import TaskStream

ORDERINGS = ("created_at", "-created_at", "due_date", "updated_at", "-updated_at", "priority")
COMBINED = ("", "status=todo", "priority=high", "assigned_to=me", "q=x", "due_before=2027-01-01")


@pytest.fixture
def project(ann: Person, stream: TaskStream) -> str:
    return ann.create_project()


@pytest.fixture
def is_listed(ann: Person, project: str, stream: TaskStream) -> Callable[[str], bool]:
    """Return whether the task is blocked, according to the lists with `true` and with `false`."""

    def ask(task: str) -> bool:
        stream.deliver_new()
        base = f"/api/tasks?project={project}&blocked="
        blocked, others = (
            {each["id"] for each in ann.list_all(base + value)} for value in ("true", "false")
        )
        assert blocked.isdisjoint(others) and task in blocked | others
        return task in blocked

    return ask


def test_a_task_is_listed_while_an_open_task_blocks_it(
    ann: Person, project: str, is_listed: Callable[[str], bool]
) -> None:
    task, blocker = (str(ann.create_task(project)["id"]) for _ in range(2))
    found = [is_listed(task)]
    relation = relate(ann, blocker, "blocks", task).json_body["id"]
    found.append(is_listed(task))
    acts: list[Callable[[], Any]] = [
        lambda: ann.patch(f"/api/tasks/{blocker}", {"status": "done"}),
        lambda: ann.patch(f"/api/tasks/{blocker}", {"status": "todo"}),
        lambda: ann.delete(f"/api/tasks/{blocker}"),
        lambda: ann.post(f"/api/tasks/{blocker}/restore"),
        lambda: ann.delete(f"/api/tasks/{task}/relations/{relation}"),
    ]
    for act in acts:
        assert act().status_code < 300
        found.append(is_listed(task))
    assert found == [False, True, False, True, False, True, False]
    assert not is_listed(blocker)


def test_a_task_with_two_blockers_is_listed_until_both_are_done(
    ann: Person, project: str, is_listed: Callable[[str], bool]
) -> None:
    task, *blockers = (str(ann.create_task(project)["id"]) for _ in range(3))
    for blocker in blockers:
        relate(ann, blocker, "blocks", task)
    found = []
    for blocker in blockers:
        ann.patch(f"/api/tasks/{blocker}", {"status": "done"})
        found.append(is_listed(task))
    assert found == [True, False]


def test_a_task_that_is_done_is_not_blocked(
    ann: Person, project: str, is_listed: Callable[[str], bool]
) -> None:
    task, blocker = (str(ann.create_task(project)["id"]) for _ in range(2))
    relate(ann, blocker, "blocks", task)
    ann.patch(f"/api/tasks/{task}?force=true", {"status": "done"})
    assert not is_listed(task)
    ann.patch(f"/api/tasks/{task}", {"status": "todo"})
    assert is_listed(task)


def test_a_blocked_task_leaves_the_list_with_the_trash_and_comes_back(
    ann: Person, project: str, stream: TaskStream, is_listed: Callable[[str], bool]
) -> None:
    task, blocker = (str(ann.create_task(project)["id"]) for _ in range(2))
    relate(ann, blocker, "blocks", task)
    ann.delete(f"/api/tasks/{task}")
    stream.deliver_new()
    assert [key for key in _entries(project) if "#blocked#" in key] == []
    ann.post(f"/api/tasks/{task}/restore")
    assert is_listed(task)


def _entries(project: str) -> list[str]:
    items = (item for item in scan_items() if item["PK"]["S"] == f"PROJECT#{project}")
    return [item["SK"]["S"] for item in items if item["SK"]["S"].startswith("BY#")]


def test_records_that_come_again_leave_the_entry_as_it_is(
    ann: Person, project: str, stream: TaskStream
) -> None:
    task, blocker = (str(ann.create_task(project)["id"]) for _ in range(2))
    relate(ann, blocker, "blocks", task)
    ann.patch(f"/api/tasks/{task}?force=true", {"status": "done"})
    records = stream.take_records()
    for _ in range(2):
        assert stream.deliver(records) == []
        assert [key for key in _entries(project) if "#blocked#" in key] == []


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_the_filter_combines_with_others_in_every_order(
    ann: Person, project: str, stream: TaskStream, with_snapshot: bool
) -> None:
    other = ann.create_project("Other")
    kinds = itertools.cycle(itertools.product(("todo", "review"), ("low", "high")))
    people, days = itertools.cycle((None, ann.id)), itertools.cycle((None, "2026-12-24"))
    tasks = [
        ann.create_task(
            (project, other)[number % 2],
            "x" if number % 3 else "y",
            assigned_to=next(people),
            due_date=next(days),
            **dict(zip(("status", "priority"), next(kinds), strict=True)),
        )["id"]
        for number in range(12)
    ]
    blocked = set(tasks[:7])
    for task in blocked:
        relate(ann, tasks[10 + (task == tasks[0])], "blocks", task)
    stream.deliver_new()
    if with_snapshot:
        for each in get_projects([project, other]).values():
            refresh_snapshot(each, now())

    for ordering, combined in itertools.product(ORDERINGS, COMBINED):
        query = f"/api/tasks?project={project},{other}&limit=3&ordering={ordering}&{combined}"
        found = [each["id"] for each in ann.list_all(query.rstrip("&"))]
        for value, expected in (("true", blocked), ("false", {*tasks} - blocked)):
            narrowed = [each["id"] for each in ann.list_all(f"{query}&blocked={value}")]
            assert narrowed == [each for each in found if each in expected], (ordering, combined)


def test_another_value_is_refused(ann: Person) -> None:
    answer = ann.get("/api/tasks?blocked=maybe")
    assert (answer.status_code, error_locations(answer)) == (400, ["blocked"])


def test_a_cursor_from_before_the_filter_is_valid(ann: Person, project: str) -> None:
    ann.create_task(project)
    cursor = encode_earlier_cursor(ann, "~", project=project)
    assert len(ann.get(f"/api/tasks?project={project}&cursor={cursor}").json_body["items"]) == 1
