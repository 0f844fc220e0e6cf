"""Relations in activity, exports, purge and repair."""

import json
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.clock import now
from chalicelib.trash.jobs import purge_trash
from tests.faults import is_killed_at
from tests.job_results import download_job_file, request_job, run_sweep
from tests.relations.test_relations import counts, list_relations, relate
from tests.support import Person, sign_up
from tests.table_items import put_items, scan_items
from tests.table_stream import TaskStream


@pytest.fixture
def distant(ann: Person) -> str:
    """A task of another project."""
    return str(ann.create_task(ann.create_project("Other"), "Far away")["id"])


def _activity(person: Person, path: str) -> list[tuple[Any, ...]]:
    entries = person.get(f"/api/{path}/activity").json_body["items"]
    return [(each["actor"], each["field"], each["old"], each["new"]) for each in entries]


def test_both_tasks_and_the_project_record_a_relation_and_its_removal(
    ann: Person, project: str, task: str, other: str
) -> None:
    relation = relate(ann, task, "blocks", other).json_body["id"]
    ann.delete(f"/api/tasks/{other}/relations/{relation}")
    seen, inverse = {"kind": "blocks", "task": other}, {"kind": "blocked_by", "task": task}
    for each, value in ((task, seen), (other, inverse)):
        added, removed = (ann.id, "relations", None, value), (ann.id, "relations", value, None)
        assert _activity(ann, f"tasks/{each}") == [removed, added]
    assert len(_activity(ann, f"projects/{project}")) == 4


def test_the_activity_names_no_task_of_another_project(
    ann: Person, task: str, distant: str
) -> None:
    relate(ann, task, "blocks", distant)
    ((_, _, _, seen),) = _activity(ann, f"tasks/{task}")
    ((_, _, _, inverse),) = _activity(ann, f"tasks/{distant}")
    assert seen == {"kind": "blocks", "task": None}
    assert inverse == {"kind": "blocked_by", "task": None}


def test_a_repeated_create_is_recorded_once(ann: Person, task: str, other: str) -> None:
    for _ in range(2):
        relate(ann, task, "blocks", other, headers={"Idempotency-Key": "once"})
    assert len(_activity(ann, f"tasks/{task}")) == 1


# Exports


def _exported_relations(person: Person, path: str, file: str, task: str) -> list[Any]:
    export = request_job(person, path)
    run_sweep()
    tasks = json.loads(download_job_file(person, export, file))["tasks"]
    found: list[Any] = next(each["relations"] for each in tasks if each["id"] == task)
    return sorted(found, key=lambda relation: str(relation["kind"]))


def test_a_project_export_names_only_tasks_of_the_project(
    ann: Person, project: str, task: str, other: str, distant: str
) -> None:
    near = relate(ann, task, "blocks", other).json_body
    far = relate(ann, task, "relates_to", distant).json_body
    path = f"/api/projects/{project}/exports"
    assert _exported_relations(ann, path, "project.json", task) == [
        near | {"task": other},
        far | {"task": None},
    ]


def test_an_account_export_names_the_tasks_that_the_user_can_read(
    ann: Person, bob: Person, project: str, task: str, distant: str
) -> None:
    ann.add_member(project, bob)
    ann.patch(f"/api/tasks/{task}", {"assigned_to": bob.id})
    relate(ann, task, "blocks", distant)
    path = "/api/auth/profile/exports"
    (seen,) = _exported_relations(ann, path, "account.json", task)
    (hidden,) = _exported_relations(bob, path, "account.json", task)
    assert (seen["task"], hidden["task"]) == (distant, None)


# Purge


def _relation_items() -> list[Any]:
    return [item for item in scan_items() if item["SK"]["S"].startswith("REL#")]


def test_the_purge_of_a_task_removes_its_relations(
    client: Client, ann: Person, task: str, other: str, distant: str, wait_days: Any
) -> None:
    relate(ann, task, "blocks", other)
    relate(ann, distant, "blocks", task)
    ann.delete(f"/api/tasks/{task}")
    wait_days(days=30)
    purge_trash(now())
    ann = sign_up(client, "ann")
    assert counts(ann, other) == counts(ann, distant) == (0, 0)
    assert _relation_items() == []


def test_the_purge_of_a_project_removes_its_relations_whenever_it_is_interrupted(
    client: Client, ann: Person, project: str, wait_days: Any, wait: Any
) -> None:
    target = str(ann.create_task(project)["id"])
    doomed = ann.create_project("Doomed")
    first, second = (str(ann.create_task(doomed)["id"]) for _ in range(2))
    relate(ann, first, "blocks", target)
    relate(ann, second, "blocks", target)
    relate(ann, second, "blocks", first)
    ann.delete(f"/api/projects/{doomed}")
    assert counts(ann, target) == (2, 2)
    wait_days(days=30)
    for call in range(1, 100):
        if not is_killed_at(call, lambda: purge_trash(now())):
            break
        wait(minutes=7)
    assert counts(sign_up(client, "ann"), target) == (0, 0)
    assert _relation_items() == []


# Repair


@pytest.fixture
def repair(invoke: Any, sample_event: Any) -> Any:
    """Run the weekly repair and return its outcome."""

    def run() -> Any:
        invoke("repair_counters", sample_event("repair_counters"))
        return invoke("tick", sample_event("tick"))

    return run


@pytest.mark.parametrize("name", ["relations_count", "open_blockers_count"])
@pytest.mark.parametrize("wrong", ["0", "7"])
def test_wrong_counts_are_repaired(
    ann: Person, task: str, other: str, distant: str, repair: Any, name: str, wrong: str
) -> None:
    relate(ann, other, "blocks", task)
    relate(ann, distant, "blocks", task)
    ann.patch(f"/api/tasks/{distant}", {"status": "done"})
    assert repair()["drift"] == 0
    (item,) = (item for item in scan_items() if item["SK"]["S"] == f"TASK#{task}")
    put_items([item | {name: {"N": wrong}}])
    assert repair()["drift"] == 1
    assert counts(ann, task) == (2, 1)


def test_the_count_of_a_task_in_the_trash_is_repaired(
    ann: Person, task: str, other: str, repair: Any
) -> None:
    relate(ann, other, "blocks", task)
    ann.delete(f"/api/tasks/{task}")
    (item,) = (item for item in scan_items() if item["SK"]["S"] == f"TRASH#{task}")
    put_items([item | {"open_blockers_count": {"N": "3"}}])
    assert repair()["drift"] == 1
    assert ann.post(f"/api/tasks/{task}/restore").json_body["open_blockers_count"] == 1


def test_a_lost_filter_entry_is_repaired(
    ann: Person, stream: TaskStream, project: str, task: str, other: str, repair: Any
) -> None:
    relate(ann, other, "blocks", task)
    stream.take_records()  # lost
    listed = f"/api/tasks?project={project}&blocked=true"
    assert ann.list_all(listed) == []
    repair()
    assert [each["id"] for each in ann.list_all(listed)] == [task]


def test_a_filter_entry_that_should_not_be_there_is_removed(
    ann: Person, project: str, task: str, repair: Any
) -> None:
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": f"BY#blocked#{task}"}}
    put_items([key])
    assert ann.list_all(f"/api/tasks?project={project}&blocked=true") == []
    repair()
    assert key not in scan_items()


# Deaths of the process


def test_a_relation_is_created_whole_or_not_at_all(ann: Person, task: str, other: str) -> None:
    for call in range(1, 20):
        was_killed = is_killed_at(call, lambda: relate(ann, task, "blocks", other))
        assert len(list_relations(ann, task)) == len(list_relations(ann, other))
        assert counts(ann, other)[0] == len(list_relations(ann, other))
        if not was_killed:
            break
    assert counts(ann, other) == (1, 1)
