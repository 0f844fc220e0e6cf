"""Each line is imported once: after a death at any call, lost answers, and repeated events."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.aws import clients
from tests.attachment_files import save_state
from tests.counter_checks import count_drift
from tests.faults import is_killed_at
from tests.import_files import announce, list_tasks, start_import, trello_file, upload
from tests.job_results import list_result_keys, read_job, run_streamed, run_sweep
from tests.support import Person

Wait = Callable[..., None]

FILE = trello_file(
    desc="All about it",
    lists=[{"id": "l", "name": "Someday", "pos": 1}],
    members=[{"id": "m", "username": "ann"}],
    cards=[
        {
            "id": f"c{number}",
            "name": f"Card {number}",
            "idList": "l",
            "pos": number,
            "idMembers": ["m"],
            "labels": [{"name": f"label {number % 2}", "color": "red"}],
        }
        for number in range(12)
    ],
    checklists=[
        {
            "idCard": "c1",
            "name": "Parts",
            "checkItems": [{"id": "i1", "name": "Part 1"}, {"id": "i2", "name": "Part 2"}],
        }
    ],
    actions=[
        {
            "type": "commentCard",
            "date": f"2026-03-{day:02}T10:00:00.000Z",
            "data": {"text": f"Comment {day}", "card": {"id": "c1"}},
            "memberCreator": {"username": "ann"},
        }
        for day in range(1, 4)
    ],
)


def _describe(person: Person, project: str) -> list[Any]:
    """Return everything that was imported, without ids and times."""
    tasks = list_tasks(person, project)
    titles = {task["id"]: task["title"] for task in tasks}
    labels = person.get(f"/api/projects/{project}/labels").json_body["items"]
    names = {label["id"]: label["name"] for label in labels}
    described = [
        (
            task["title"],
            titles.get(task["parent"]),
            task["subtasks_count"],
            [names[label] for label in task["labels"]],
            task["assigned_to"],
            [
                each["body"]
                for each in person.get(f"/api/tasks/{task['id']}/comments").json_body["items"]
            ],
        )
        for task in tasks
    ]
    details = person.get(f"/api/projects/{project}").json_body
    return [described, sorted(names.values()), details["description"], details["tasks_count"]]


def test_a_job_that_dies_anywhere_imports_each_task_once(ann: Person, wait: Wait) -> None:
    path = start_import(ann, "trello_json", FILE, name="Launch")
    project = read_job(ann, path)["project"]
    restore, killed = save_state(), 0
    run_streamed(path)
    expected = _describe(ann, project)
    assert (len(expected[0]), expected[3]) == (14, 14)
    restore()
    while is_killed_at(killed + 1, lambda: run_streamed(path)):
        killed += 1
        wait(minutes=7)  # the lease runs out
        run_sweep()
        ann.log_in()
        assert read_job(ann, path)["status"] == "done", killed
        assert _describe(ann, project) == expected, killed
        assert count_drift() == 0, killed
        restore()
        ann.log_in()
    assert killed > 15


def test_a_start_that_dies_anywhere_can_be_repeated(ann: Person, wait: Wait) -> None:
    announced = announce(ann, "trello_json", FILE, name="Launch")
    upload(announced["id"], FILE)
    path, killed = f"/api/imports/{announced['id']}", 0
    restore = save_state()
    while is_killed_at(killed + 1, lambda: ann.post(f"{path}/start"), writes_only=False):
        killed += 1
        assert ann.post(f"{path}/start").status_code == 202
        run_streamed(path)
        assert len(ann.get("/api/projects").json_body["items"]) == 1
        assert len(list_tasks(ann, announced["id"])) == 14
        restore()
    assert killed > 3


def test_repeated_events_import_nothing_again(ann: Person) -> None:
    path = start_import(ann, "trello_json", FILE, name="Launch")
    assert run_streamed(path, path, path) == 0
    run_sweep()
    assert len(list_tasks(ann, read_job(ann, path)["project"])) == 14
    assert count_drift() == 0


@pytest.mark.parametrize("milliseconds", [33_000, 36_000])
def test_an_import_continues_where_the_time_ended(
    ann: Person, wait: Wait, milliseconds: int
) -> None:
    cards = [{"id": str(number), "name": f"Card {number}"} for number in range(350)]
    path = start_import(ann, "trello_json", trello_file(cards=cards), name="Launch")
    run_streamed(path, milliseconds=milliseconds)
    assert 0 < read_job(ann, path)["progress"] < 100
    for _ in range(5):
        run_sweep(milliseconds)
    assert read_job(ann, path)["status"] == "done"
    project = read_job(ann, path)["project"]
    items = ann.list_all(f"/api/tasks?project={project}&limit=100&ordering=created_at")
    assert [task["title"] for task in items] == [card["name"] for card in cards]
    assert count_drift() == 0


def test_the_streams_event_starts_the_job(ann: Person, invoke: Any, sample_event: Any) -> None:
    path = start_import(ann, "trello_json", FILE, name="Launch")
    event = sample_event("run_jobs")
    event["Records"][0]["dynamodb"]["Keys"]["PK"]["S"] = f"JOB#{path.rpartition('/')[2]}"
    for _ in range(2):
        invoke("run_jobs", event)
    assert read_job(ann, path)["report"]["tasks"] == 14


def test_a_label_that_is_deleted_meanwhile_is_left_out(ann: Person) -> None:
    cards = [
        {"id": str(number), "name": f"Card {number}", "labels": [{"name": "red"}]}
        for number in range(150)
    ]
    path = start_import(ann, "trello_json", trello_file(cards=cards), name="Launch")
    run_streamed(path, milliseconds=33_000)
    project = read_job(ann, path)["project"]
    labels = f"/api/projects/{project}/labels"
    ann.delete(f"{labels}/{ann.get(labels).json_body['items'][0]['id']}")
    run_sweep()
    assert read_job(ann, path)["status"] == "done"
    assert len(ann.list_all(f"/api/tasks?project={project}&limit=100")) == 150
    assert count_drift() == 0


def test_a_file_that_is_never_started_is_removed(ann: Person, wait: Wait) -> None:
    announced = announce(ann, "trello_json", FILE, name="Launch")
    upload(announced["id"], FILE)
    run_sweep()
    assert list_result_keys() != []
    wait(hours=25)
    assert run_sweep()["upload_expired"] == 1
    ann.log_in()
    state = read_job(ann, f"/api/imports/{announced['id']}")
    assert (state["status"], state["reason"]) == ("failed", "upload_expired")
    assert list_result_keys() == []
    assert ann.post(f"/api/imports/{announced['id']}/start").json_body["status"] == "failed"
    wait(days=8)
    run_sweep()
    ann.log_in()
    assert ann.get(f"/api/imports/{announced['id']}").status_code == 404


def test_file_and_pages_are_removed_with_the_results(ann: Person, wait: Wait) -> None:
    path = start_import(ann, "trello_json", FILE, name="Launch")
    run_streamed(path)
    assert len(list_result_keys()) > 3
    wait(days=7, minutes=1)
    run_sweep()
    assert list_result_keys() == []


def test_a_file_that_vanishes_fails_the_import(ann: Person) -> None:
    path = start_import(ann, "trello_json", FILE, name="Launch")
    key = f"results/{path.rpartition('/')[2]}/upload"
    clients.s3_client().delete_object(Bucket=settings.BUCKET_NAME, Key=key)
    run_streamed(path)
    state = read_job(ann, path)
    assert (state["status"], state["reason"], state["report"]) == ("failed", "upload_missing", None)


def test_an_own_export_is_imported_once_too(ann: Person) -> None:
    tasks = [{"id": f"{number:026}", "title": f"Task {number}"} for number in range(3)]
    tasks[0]["relations"] = [{"kind": "blocks", "task": tasks[1]["id"]}]  # type: ignore[assignment]
    file = json.dumps({"project": {"description": ""}, "tasks": tasks}).encode()
    path = start_import(ann, "project_json", file, name="Again")
    assert run_streamed(path, path) == 0
    found = list_tasks(ann, read_job(ann, path)["project"])
    assert [task["open_blockers_count"] for task in found] == [0, 1, 0]
