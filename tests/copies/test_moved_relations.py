"""Relations of tasks that moved to another project, on either side of the relation."""

import json
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.trash.jobs import purge_trash
from tests.counter_checks import count_drift
from tests.job_results import download_job_file, request_job, run_sweep
from tests.relations.test_relations import counts, list_relations, relate
from tests.support import Person
from tests.table_items import scan_items
from tests.table_stream import TaskStream


@pytest.fixture
def task(ann: Person, source: str) -> str:
    return str(ann.create_task(source, "Paint")["id"])


@pytest.fixture
def blocker(ann: Person, source: str, task: str) -> str:
    """A task that blocks `task`."""
    blocker = str(ann.create_task(source, "Buy paint")["id"])
    relate(ann, blocker, "blocks", task)
    return blocker


def _move(person: Person, task: str, project: str) -> str:
    answer = person.post(f"/api/tasks/{task}/move", {"project": project})
    assert answer.status_code == 200, answer.json_body
    return str(answer.json_body["task"]["id"])


def _others(person: Person, task: str) -> list[tuple[str, str, str]]:
    """Return kind, project and id of each related task."""
    relations = list_relations(person, task)
    return [(each["kind"], each["task"]["project"], each["task"]["id"]) for each in relations]


def _relation_items() -> list[Any]:
    return [item for item in scan_items() if item["SK"]["S"].startswith("REL#")]


@pytest.mark.parametrize("moved", ["task", "blocker", "both"])
def test_both_sides_show_where_the_other_task_is(
    ann: Person, target: str, task: str, blocker: str, moved: str
) -> None:
    if moved != "blocker":
        task = _move(ann, task, target)
    if moved != "task":
        blocker = _move(ann, blocker, target)
    assert _others(ann, task) == [("blocked_by", blocker[26:], blocker)]
    assert _others(ann, blocker) == [("blocks", task[26:], task)]
    (relation,) = list_relations(ann, task)
    assert relation["task"]["key"] == ann.get(f"/api/tasks/{blocker}").json_body["key"]
    assert ann.get(f"/api/tasks/{task}/relations/{relation['id']}").json_body == relation
    assert (counts(ann, task), counts(ann, blocker)) == ((1, 1), (1, 0))
    assert count_drift() == 0


def test_the_relation_stays_on_further_moves_and_on_the_way_home(
    ann: Person, source: str, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, _move(ann, blocker, target), ann.create_project("Third"))
    assert _others(ann, task) == [("blocked_by", moved[26:], moved)]
    assert _move(ann, moved, source) == blocker
    assert _others(ann, task) == [("blocked_by", source, blocker)]


def test_a_blocker_in_a_new_project_blocks_and_unblocks(
    ann: Person, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, blocker, target)
    refusal = ann.patch(f"/api/tasks/{task}", {"status": "done"})
    assert (refusal.status_code, refusal.json_body["code"]) == (409, "blocked")
    assert refusal.json_body["errors"] == [
        {"location": f"tasks.{moved}", "message": "TARG-1 is open"}
    ]
    found = []
    for status in ("done", "review", "done"):
        ann.patch(f"/api/tasks/{moved}", {"status": status})
        found.append(counts(ann, task)[1])
    assert found == [0, 1, 0]
    assert ann.patch(f"/api/tasks/{task}", {"status": "done"}).status_code == 200
    assert count_drift() == 0


def test_the_filter_follows_a_blocked_task_to_its_new_project(
    ann: Person, stream: TaskStream, source: str, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, task, target)

    def list_blocked() -> tuple[list[str], list[str]]:
        stream.deliver_new()
        lists = (ann.list_all(f"/api/tasks?project={p}&blocked=true") for p in (source, target))
        old, new = ([each["id"] for each in listed] for listed in lists)
        return old, new

    found = [list_blocked()]
    for status in ("done", "todo"):
        ann.patch(f"/api/tasks/{blocker}", {"status": status})
        found.append(list_blocked())
    assert found == [([], [moved]), ([], []), ([], [moved])]
    assert _move(ann, moved, source) == task
    assert list_blocked() == ([task], [])


@pytest.mark.parametrize("side", [0, 1])
def test_a_relation_of_a_moved_task_is_removed_from_both_sides(
    ann: Person, target: str, task: str, blocker: str, side: int
) -> None:
    tasks = (task, _move(ann, blocker, target))
    (relation,) = list_relations(ann, task)
    assert ann.delete(f"/api/tasks/{tasks[side]}/relations/{relation['id']}").status_code == 204
    assert (counts(ann, tasks[0]), counts(ann, tasks[1])) == ((0, 0), (0, 0))
    assert _relation_items() == []


def test_moved_tasks_get_relations_also_by_earlier_ids_and_keys(
    ann: Person, source: str, target: str, task: str
) -> None:
    others = [ann.create_task(source) for _ in range(3)]
    moved = [_move(ann, other["id"], target) for other in others]
    for name in (moved[0], others[1]["id"], others[2]["key"]):
        assert relate(ann, task, "blocks", name).status_code == 201
    assert _others(ann, task) == [("blocks", target, each) for each in moved]
    answer = relate(ann, moved[0], "blocked_by", task)
    assert (answer.status_code, answer.json_body["code"]) == (409, "already_related")
    assert relate(ann, moved[0], "relates_to", others[0]["id"]).status_code == 422
    assert count_drift() == 0


def test_the_activity_of_a_moved_task_has_its_new_relations(
    ann: Person, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, blocker, target)
    (relation,) = list_relations(ann, moved)
    ann.delete(f"/api/tasks/{moved}/relations/{relation['id']}")
    near = str(ann.create_task(target)["id"])
    relate(ann, moved, "blocks", near)
    items = ann.get(f"/api/tasks/{moved}/activity").json_body["items"]
    seen = [(each["old"], each["new"]) for each in items]
    distant = {"kind": "blocks", "task": None}
    assert seen == [
        (None, {"kind": "blocks", "task": near}),
        (distant, None),
        (None, {"kind": "blocks", "task": task}),
    ]


def test_the_search_for_cycles_follows_moved_tasks(
    ann: Person, source: str, target: str, task: str, blocker: str
) -> None:
    last = str(ann.create_task(source)["id"])
    moved = _move(ann, task, target)
    relate(ann, moved, "blocks", last)
    last = _move(ann, last, target)
    for first, second in ((last, blocker), (last, moved), (moved, blocker)):
        answer = relate(ann, first, "blocks", second)
        assert (answer.status_code, answer.json_body["code"]) == (409, "relation_cycle")
    assert relate(ann, blocker, "blocks", last).status_code == 201


def test_a_moved_blocker_in_the_trash_does_not_block(
    ann: Person, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, blocker, target)
    ann.delete(f"/api/tasks/{moved}")
    assert counts(ann, task) == (1, 0)
    assert [each["task"] for each in list_relations(ann, task)] == [None]
    ann.post(f"/api/tasks/{moved}/restore")
    assert counts(ann, task) == (1, 1)
    ann.delete(f"/api/tasks/{task}")
    ann.patch(f"/api/tasks/{moved}", {"status": "done"})
    assert ann.post(f"/api/tasks/{task}/restore").json_body["open_blockers_count"] == 0
    assert count_drift() == 0


def test_the_purge_of_a_moved_task_removes_its_relations(
    ann: Person, target: str, task: str, blocker: str, wait_days: Any
) -> None:
    ann.delete(f"/api/tasks/{_move(ann, blocker, target)}")
    wait_days(days=30)
    purge_trash(now())
    ann.log_in()
    assert counts(ann, task) == (0, 0)
    assert _relation_items() == []


@pytest.mark.parametrize("purged", ["source", "target"])
def test_the_purge_of_a_project_removes_the_relations_of_the_tasks_that_are_in_it(
    ann: Person, source: str, target: str, task: str, blocker: str, purged: str, wait_days: Any
) -> None:
    moved = _move(ann, blocker, target)
    ann.delete(f"/api/projects/{source if purged == 'source' else target}")
    wait_days(days=30)
    purge_trash(now())
    ann.log_in()
    assert counts(ann, moved if purged == "source" else task) == (0, 0)
    assert _relation_items() == []


def test_the_purge_of_the_project_that_both_tasks_left_keeps_their_relation(
    ann: Person, source: str, target: str, task: str, blocker: str, wait_days: Any
) -> None:
    task, blocker = (_move(ann, each, target) for each in (task, blocker))
    ann.delete(f"/api/projects/{source}")
    wait_days(days=30)
    purge_trash(now())
    ann.log_in()
    assert _others(ann, task) == [("blocked_by", target, blocker)]
    assert count_drift() == 0


def test_an_export_names_where_related_tasks_are(
    ann: Person, target: str, task: str, blocker: str
) -> None:
    moved = _move(ann, blocker, target)
    near = str(ann.create_task(target)["id"])
    relate(ann, moved, "relates_to", near)
    export = request_job(ann, f"/api/projects/{target}/exports")
    run_sweep()
    tasks = json.loads(download_job_file(ann, export, "project.json"))["tasks"]
    relations = {each["id"]: [r["task"] for r in each["relations"]] for each in tasks}
    assert relations == {moved: [None, near], near: [moved]}
