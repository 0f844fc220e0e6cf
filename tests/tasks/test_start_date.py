"""The start date of a task: a day or a time that is not after the due date."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, authorize_task
from chalicelib.clock import now
from chalicelib.errors import Invalid
from chalicelib.jobs.deferred_updates import run_deferred_updates
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.models import get_tasks
from chalicelib.tasks.service import update_task
from tests.dynamodb.test_races import at_once
from tests.job_results import download_job_file, parse_csv, request_job, run_sweep
from tests.support import EMPTY_TASK, Person, error_locations
from tests.table_items import scan_items
from tests.table_stream import TaskStream

DAY = "2026-11-22"
NOON = "2026-11-22T12:00:00Z"


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


def _moves_to(person: Person, zone: str) -> None:
    """Change the person's time zone and let the deferred update of their tasks run."""
    assert person.patch("/api/auth/profile", {"time_zone": zone}).status_code == 200
    assert run_deferred_updates(now() + timedelta(minutes=1))["failed"] == 0


def _start_at(task: str) -> str | None:
    return get_tasks([task])[0].start_at


def _start_entries() -> list[str]:
    """Return the keys of all filter entries by start."""
    return sorted(row["SK"]["S"] for row in scan_items() if row["SK"]["S"].startswith("BY#start:"))


def _refusal(person: Person, method: str, path: str, body: dict[str, Any]) -> list[dict[str, str]]:
    answer = person.call(method, path, body)
    assert answer.status_code == 422, answer.json_body
    errors: list[dict[str, str]] = answer.json_body["errors"]
    return errors


def _must_not_be_after(location: str = "start_date") -> list[dict[str, str]]:
    return [{"location": location, "message": "must not be after due_date"}]


@pytest.mark.parametrize(
    "start",
    [DAY, NOON, "2026-11-22T09:00:00+13:45", "2024-02-29", "0001-01-01", "9999-12-31", None],
)
def test_a_start_date_is_returned_as_it_was_sent(
    ann: Person, project: str, start: str | None
) -> None:
    task = ann.create_task(project, start_date=start, assigned_to=ann.id)
    assert task["start_date"] == start
    assert ann.get(f"/api/tasks/{task['id']}").json_body["start_date"] == start


def test_a_task_has_no_start_date_unless_it_gets_one(ann: Person, project: str) -> None:
    assert ann.create_task(project, due_date=DAY)["start_date"] is None


@pytest.mark.parametrize(
    "start", ["tomorrow", "2026-02-30", "2026-W47-1", "2026-11-22T09:00:00", "20261122", ""]
)
def test_an_invalid_start_date_is_refused(ann: Person, project: str, start: str) -> None:
    body = {"project": project, "title": "x", "start_date": start}
    assert [e["location"] for e in _refusal(ann, "POST", "/api/tasks", body)] == ["start_date"]
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    assert error_locations(ann.patch(path, {"start_date": start})) == ["start_date"]


def test_a_patch_sets_and_clears_the_start_date(ann: Person, project: str) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    assert ann.patch(path, {"start_date": DAY}).json_body["start_date"] == DAY
    assert ann.patch(path, {"title": "New"}).json_body["start_date"] == DAY
    assert ann.patch(path, {"start_date": DAY}).json_body["version"] == 3
    assert ann.patch(path, {"start_date": None}).json_body["start_date"] is None
    assert _start_entries() == []


def test_a_put_requires_and_replaces_the_start_date(ann: Person, project: str) -> None:
    path = f"/api/tasks/{ann.create_task(project, start_date=DAY)['id']}"
    incomplete = {name: value for name, value in EMPTY_TASK.items() if name != "start_date"}
    assert error_locations(ann.put(path, incomplete)) == ["start_date"]
    assert ann.put(path, EMPTY_TASK | {"start_date": NOON}).json_body["start_date"] == NOON
    assert ann.put(path, EMPTY_TASK).json_body["start_date"] is None


@pytest.mark.parametrize("atomic", [False, True])
def test_bulk_operations_set_the_start_date(ann: Person, project: str, atomic: bool) -> None:
    task = ann.create_task(project, start_date=DAY)["id"]
    operations = [
        {"op": "create", "project": project, "title": "new", "start_date": NOON},
        {"op": "update", "id": task, "start_date": None},
    ]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": atomic})
    tasks = [result["task"]["start_date"] for result in answer.json_body["results"]]
    assert tasks == [NOON, None]


def test_lists_do_not_have_the_start_date(ann: Person, project: str) -> None:
    ann.create_task(project, start_date=DAY)
    (listed,) = ann.get(f"/api/tasks?project={project}").json_body["items"]
    assert "start_date" not in listed


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (DAY, DAY),
        (NOON, DAY),
        (NOON, NOON),
        (NOON, "2026-11-22T14:00:00+02:00"),
        (DAY, "2026-11-22T00:00:00Z"),
        (DAY, None),
    ],
)
def test_a_task_may_start_until_it_is_due(
    ann: Person, project: str, start: str, due: str | None
) -> None:
    assert ann.create_task(project, start_date=start, due_date=due)["start_date"] == start


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-23", DAY),
        ("2026-11-23T00:00:00Z", DAY),
        (DAY, "2026-11-21T23:59:59Z"),
        (NOON, "2026-11-22T13:59:59+02:00"),
    ],
)
@pytest.mark.parametrize("changed", ["start_date", "due_date", "both"])
def test_a_start_after_the_due_date_is_refused(
    ann: Person, project: str, start: str, due: str, changed: str
) -> None:
    dates = {"start_date": start, "due_date": due}
    body = {"project": project, "title": "x", **dates}
    assert _refusal(ann, "POST", "/api/tasks", body) == _must_not_be_after()

    kept = {name: text for name, text in dates.items() if name != changed and changed != "both"}
    task = ann.create_task(project, **kept)
    path = f"/api/tasks/{task['id']}"
    body = {name: text for name, text in dates.items() if name not in kept}
    assert _refusal(ann, "PATCH", path, body) == _must_not_be_after()
    assert _refusal(ann, "PUT", path, EMPTY_TASK | dates) == _must_not_be_after()
    assert ann.get(path).json_body == task


@pytest.mark.parametrize("atomic", [False, True])
def test_a_bulk_operation_names_the_start_after_the_due_date(
    ann: Person, project: str, atomic: bool
) -> None:
    task = ann.create_task(project, start_date=DAY)["id"]
    operations = [{"op": "update", "id": task, "due_date": "2026-11-21"}]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": atomic})
    if atomic:
        assert answer.status_code == 422
        assert answer.json_body["errors"] == _must_not_be_after("operations[0].start_date")
    else:
        (result,) = answer.json_body["results"]
        assert (result["status"], result["problem"]["errors"]) == (422, _must_not_be_after())


def test_one_change_moves_both_dates_past_each_other(ann: Person, project: str) -> None:
    path = f"/api/tasks/{ann.create_task(project, start_date=DAY, due_date=DAY)['id']}"
    later = {"start_date": "2027-01-01", "due_date": "2027-02-01"}
    assert ann.patch(path, later).status_code == 200
    assert ann.patch(path, {"start_date": DAY, "due_date": DAY}).status_code == 200


@pytest.mark.usefixtures("local_table")
def test_of_concurrent_changes_of_start_and_due_one_is_refused(ann: Person) -> None:
    project = ann.create_project()
    changes = [{"start_date": "2027-01-20"}, {"due_date": "2027-01-10"}]
    for _ in range(8):
        task = ann.create_task(project, start_date="2027-01-01", due_date="2027-01-31")["id"]
        context = RequestContext(parse_credential(ann.token), Action.WRITE_TASKS, now(), None)
        accesses = [authorize_task(context, task) for _ in changes]
        answers = at_once(2, lambda n, found=accesses: bool(update_task(found[n], changes[n])))
        assert sum(isinstance(answer, Invalid) for answer in answers) == 1
        (refused,) = (answer for answer in answers if answer is not True)
        assert [error.location for error in refused.errors] == ["start_date"]
        changed = ann.get(f"/api/tasks/{task}").json_body
        assert changed["start_date"] <= changed["due_date"]


def test_a_start_day_begins_in_the_assignees_time_zone(ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    task = ann.create_task(project, start_date=DAY, assigned_to=ann.id)["id"]
    assert _start_at(task) == "2026-11-21T15:00:00.000Z"
    assert _start_entries() == [f"BY#start:2026-11-21T15:00:00.000Z#{task}"]
    ann.patch(f"/api/tasks/{task}/assign", {"assigned_to": None})
    assert _start_at(task) == "2026-11-22T00:00:00.000Z"
    assert _start_entries() == [f"BY#start:2026-11-22T00:00:00.000Z#{task}"]


@pytest.mark.parametrize("due", [None, DAY])
def test_a_change_of_time_zone_moves_the_starts_of_assigned_tasks(
    ann: Person, project: str, due: str | None
) -> None:
    task = ann.create_task(project, start_date=DAY, due_date=due, assigned_to=ann.id)["id"]
    _moves_to(ann, "Asia/Tokyo")
    assert _start_at(task) == "2026-11-21T15:00:00.000Z"
    assert _start_entries() == [f"BY#start:2026-11-21T15:00:00.000Z#{task}"]


def test_both_dates_are_compared_in_the_present_time_zone(ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})
    task = ann.create_task(project, due_date=DAY, assigned_to=ann.id)["id"]
    # The deferred update has not run yet: the stored due time is that of the old time zone.
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    assert ann.patch(f"/api/tasks/{task}", {"start_date": DAY}).status_code == 200
    assert get_tasks([task])[0].due_at == "2026-11-23T10:59:59.999Z"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("start", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_start_in_every_time_zone(
    ann: Person, project: str, zone: str, start: str
) -> None:
    task = ann.create_task(project, start_date=start)["id"]
    answer = ann.patch(f"/api/tasks/{task}/assign", {"assigned_to": ann.id})
    assert answer.status_code == 200
    _moves_to(ann, zone)
    assert str(_start_at(task))[:10] in {start, "9999-12-30"}


def _reversed_by_zone(ann: Person, project: str, **fields: Any) -> str:
    """Return the path of a task that, once it is Ann's in Samoa, starts after it is due."""
    noon = {"start_date": DAY, "due_date": "2026-11-22T03:00:00Z"}
    return f"/api/tasks/{ann.create_task(project, **noon, **fields)['id']}"


def test_a_change_of_time_zone_may_reverse_the_order(ann: Person, project: str) -> None:
    path = _reversed_by_zone(ann, project, assigned_to=ann.id)
    _moves_to(ann, "Pacific/Pago_Pago")
    task = get_tasks([path.rpartition("/")[2]])[0]
    assert (task.start_at, task.due_at) == ("2026-11-22T11:00:00.000Z", "2026-11-22T03:00:00.000Z")
    assert ann.patch(path, {"title": "New"}).status_code == 200
    same_dates = {"start_date": task.start_date, "due_date": task.due_date}
    assert ann.put(path, EMPTY_TASK | same_dates | {"assigned_to": ann.id}).status_code == 200
    assert _refusal(ann, "PATCH", path, {"start_date": NOON}) == _must_not_be_after()


def test_the_reassignment_of_a_removed_members_tasks_may_reverse_the_order(
    ann: Person, bob: Person, project: str
) -> None:
    ann.add_member(project, bob)
    path = _reversed_by_zone(ann, project, assigned_to=bob.id)
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    removal = f"/api/projects/{project}/members/{bob.id}?reassign_to={ann.id}"
    assert ann.delete(removal).status_code < 300
    assert ann.get(path).json_body["assigned_to"] == ann.id
    assert _start_at(path.rpartition("/")[2]) == "2026-11-22T11:00:00.000Z"


def test_the_trash_keeps_the_start_date_and_a_restore_brings_it_back(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project, start_date=DAY)["id"]
    entries = _start_entries()
    ann.delete(f"/api/tasks/{task}")
    assert _start_entries() == []
    (trashed,) = ann.get(f"/api/trash?project={project}").json_body["items"]
    assert trashed["start_date"] == DAY
    assert ann.post(f"/api/tasks/{task}/restore").json_body["start_date"] == DAY
    assert _start_entries() == entries
    assert _start_at(task) == "2026-11-22T00:00:00.000Z"


def test_the_activity_has_each_change_of_the_start_date(
    ann: Person, project: str, stream: TaskStream
) -> None:
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.patch(path, {"start_date": DAY})
    stream.deliver_new()
    entry, _ = ann.get(path + "/activity").json_body["items"]
    assert (entry["field"], entry["old"], entry["new"]) == ("start_date", None, DAY)


def test_an_export_has_the_start_date(ann: Person, project: str) -> None:
    ann.create_task(project, start_date=DAY)
    export = request_job(ann, f"/api/projects/{project}/exports")
    run_sweep()
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert line["start_date"] == DAY
    (task,) = json.loads(download_job_file(ann, export, "project.json"))["tasks"]
    assert task["start_date"] == DAY


def test_a_task_from_before_start_dates_reads_as_null_and_can_get_one(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project)["id"]
    (item,) = (row for row in scan_items() if row["SK"]["S"] == f"TASK#{task}")
    # The item of a task without a start date is the item that was written before.
    assert item.keys().isdisjoint({"start_date", "start_at"})
    assert ann.get(f"/api/tasks/{task}").json_body["start_date"] is None
    assert ann.patch(f"/api/tasks/{task}", {"start_date": DAY}).json_body["start_date"] == DAY
