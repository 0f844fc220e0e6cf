"""Recurring tasks through the API: a rule is set, and a completed task creates the next one."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.job_results import download_job_file, parse_csv, request_job, run_sweep
from tests.support import EMPTY_TASK, Person, error_locations, mails_to
from tests.table_items import scan_items
from tests.table_stream import TaskStream

WEEKLY = "FREQ=WEEKLY;BYDAY=MO"
MONDAY, NEXT_MONDAY = "2026-11-30", "2026-12-07"


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def _get(person: Person, task_id: str) -> dict[str, Any]:
    answer = person.get(f"/api/tasks/{task_id}")
    assert answer.status_code == 200, answer.json_body
    task: dict[str, Any] = answer.json_body
    return task


def _set_status(person: Person, task: dict[str, Any], status: str = "done") -> dict[str, Any]:
    answer = person.patch(f"/api/tasks/{task['id']}/status", {"status": status})
    assert answer.status_code == 200, answer.json_body
    changed: dict[str, Any] = answer.json_body
    return changed


def _complete(person: Person, task: dict[str, Any]) -> dict[str, Any]:
    """Complete the task and return the next one."""
    return _get(person, _set_status(person, task)["next_task"])


def _complete_each(person: Person, task: dict[str, Any], count: int) -> Iterator[str]:
    """Complete one task of a series after the other; yield the due dates of the next ones."""
    for _ in range(count):
        task = _complete(person, task)
        yield task["due_date"]


def _count_tasks(person: Person, project: str) -> int:
    counted = int(person.get(f"/api/projects/{project}").json_body["tasks_count"])
    assert len(person.list_all(f"/api/tasks?project={project}")) == counted
    return counted


def test_a_completed_task_creates_the_next_one(ann: Person, project: str) -> None:
    label = ann.post(f"/api/projects/{project}/labels", {"name": "home"}).json_body["id"]
    parent = ann.create_task(project, "Flat")["id"]
    fields = {"description": "all", "priority": "high", "assigned_to": ann.id, "labels": [label]}
    fields |= {"parent": parent, "rrule": WEEKLY, "start_date": "2026-11-28"}
    task = ann.create_task(project, "Clean", due_date=MONDAY, **fields)
    done = _set_status(ann, task)
    assert (done["status"], done["due_date"], done["rrule"]) == ("done", MONDAY, WEEKLY)
    following = _get(ann, done["next_task"])
    assert following["id"] != task["id"] and following["key"] != task["key"]
    changing = {"id", "key", "rank", "created_at", "updated_at"}
    expected = task | {"due_date": NEXT_MONDAY, "start_date": "2026-12-05"}
    assert following == expected | {name: following[name] for name in changing}
    assert _get(ann, parent)["subtasks_count"] == 2
    assert _get(ann, following["key"]) == following
    for query in (f"label={label}", f"parent={parent}", "assigned_to=me&status=todo"):
        listed = ann.list_all(f"/api/tasks?project={project}&{query}")
        assert following["id"] in [each["id"] for each in listed]
    assert _count_tasks(ann, project) == 3


COMPLETIONS: dict[str, Callable[[Person, dict[str, Any]], Any]] = {
    "status": lambda ann, task: ann.patch(f"/api/tasks/{task['id']}/status", {"status": "done"}),
    "PATCH": lambda ann, task: ann.patch(f"/api/tasks/{task['id']}", {"status": "done"}),
    "PUT": lambda ann, task: ann.put(
        f"/api/tasks/{task['id']}",
        EMPTY_TASK | {"status": "done", "due_date": task["due_date"], "rrule": task["rrule"]},
    ),
    "bulk": lambda ann, task: ann.post(
        "/api/tasks/bulk", {"operations": [{"op": "update", "id": task["id"], "status": "done"}]}
    ),
    "atomic bulk": lambda ann, task: ann.post(
        "/api/tasks/bulk",
        {"operations": [{"op": "update", "id": task["id"], "status": "done"}], "atomic": True},
    ),
}


@pytest.mark.parametrize("way", COMPLETIONS)
def test_every_way_to_complete_a_task_creates_the_next_one(
    ann: Person, project: str, way: str
) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    answer = COMPLETIONS[way](ann, task)
    assert answer.status_code == 200, answer.json_body
    body = answer.json_body
    done = body["results"][0]["task"] if "results" in body else body
    assert _get(ann, done["next_task"])["due_date"] == NEXT_MONDAY
    assert _get(ann, task["id"]) == done
    assert _count_tasks(ann, project) == 2


def test_an_atomic_bulk_request_completes_tasks_of_several_series(
    ann: Person, project: str
) -> None:
    parent = ann.create_task(project)["id"]
    tasks = [
        ann.create_task(project, title, due_date=MONDAY, rrule=WEEKLY, parent=parent)
        for title in "abc"
    ]
    operations = [{"op": "update", "id": task["id"], "status": "done"} for task in tasks]
    answer = ann.post("/api/tasks/bulk", {"operations": operations, "atomic": True})
    following = [_get(ann, each["task"]["next_task"]) for each in answer.json_body["results"]]
    assert [task["title"] for task in following] == ["a", "b", "c"]
    assert len({task["key"] for task in following}) == 3
    assert _get(ann, parent)["subtasks_count"] == 6


def test_a_reopened_task_does_not_create_a_second_one(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    done = _set_status(ann, task)
    assert _set_status(ann, task, "todo")["next_task"] == done["next_task"]
    assert _set_status(ann, task)["next_task"] == done["next_task"]
    ann.delete(f"/api/tasks/{done['next_task']}")
    _set_status(ann, task, "todo")
    assert _set_status(ann, task)["next_task"] == done["next_task"]
    assert _count_tasks(ann, project) == 1


def test_a_task_without_a_rule_creates_none(ann: Person, project: str) -> None:
    assert _set_status(ann, ann.create_task(project, due_date=MONDAY))["next_task"] is None
    cleared = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY, repeat_from="completed_at")
    patched = ann.patch(f"/api/tasks/{cleared['id']}", {"rrule": None}).json_body
    assert (patched["rrule"], patched["repeat_from"]) == (None, None)
    assert _set_status(ann, cleared)["next_task"] is None
    at_once = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    body = {"status": "done", "rrule": None}
    assert ann.patch(f"/api/tasks/{at_once['id']}", body).json_body["next_task"] is None
    assert _count_tasks(ann, project) == 3


def test_a_task_that_is_created_as_done_creates_none(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY, status="done")
    assert task["next_task"] is None
    assert _count_tasks(ann, project) == 1


def test_the_change_that_completes_a_task_counts_for_the_next_one(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project, due_date="2026-11-25")
    change = {"status": "done", "title": "New", "due_date": MONDAY, "rrule": WEEKLY}
    done = ann.patch(f"/api/tasks/{task['id']}", change).json_body
    following = _get(ann, done["next_task"])
    assert (following["title"], following["due_date"]) == ("New", NEXT_MONDAY)


def test_a_series_ends_with_its_count(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule="FREQ=DAILY;COUNT=3")
    second = _complete(ann, task)
    third = _complete(ann, second)
    assert (third["due_date"], third["rrule"]) == ("2026-12-02", "FREQ=DAILY;COUNT=1")
    assert _set_status(ann, third)["next_task"] is None


def test_a_series_ends_at_until(ann: Person, project: str) -> None:
    day = ann.create_task(project, due_date=MONDAY, rrule="FREQ=DAILY;UNTIL=20261201")
    assert _set_status(ann, _complete(ann, day))["next_task"] is None
    time = ann.create_task(
        project, due_date="2026-11-30T09:00:00Z", rrule="FREQ=DAILY;UNTIL=20261201T090000Z"
    )
    assert _set_status(ann, _complete(ann, time))["next_task"] is None


def test_the_next_due_date_follows_the_due_date_however_late_the_task_is(
    ann: Person, project: str, set_time: Callable[..., None]
) -> None:
    set_time("2027-03-01T12:00", ann)
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    assert task["repeat_from"] == "due_date"
    assert list(_complete_each(ann, task, 2)) == [NEXT_MONDAY, "2026-12-14"]


@pytest.mark.parametrize(
    ("rule", "due", "completed", "following"),
    [
        ("FREQ=DAILY;INTERVAL=3", MONDAY, "2026-12-10T12:00", "2026-12-13"),
        ("FREQ=DAILY;INTERVAL=3", MONDAY, "2026-11-20T12:00", "2026-11-23"),
        (WEEKLY, MONDAY, "2026-12-10T12:00", "2026-12-14"),
        # In Auckland it is already the 11th.
        ("FREQ=DAILY", MONDAY, "2026-12-10T12:00", "2026-12-12"),
        ("FREQ=MONTHLY", MONDAY, "2027-01-30T12:00", "2027-03-31"),
        (
            "FREQ=DAILY",
            "2026-11-30T09:00:00+13:00",
            "2026-12-10T12:00",
            "2026-12-12T09:00:00+13:00",
        ),
    ],
)
def test_the_next_due_date_follows_the_day_of_completion(
    ann: Person,
    project: str,
    set_time: Callable[..., None],
    rule: str,
    due: str,
    completed: str,
    following: str,
) -> None:
    set_time("2026-11-15T09:00", ann)
    zone = "UTC" if "INTERVAL" in rule or rule == WEEKLY else "Pacific/Auckland"
    ann.patch("/api/auth/profile", {"time_zone": zone})
    fields = {"rrule": rule, "repeat_from": "completed_at", "assigned_to": ann.id}
    task = ann.create_task(project, due_date=due, **fields)
    set_time(completed, ann)
    next_task = _complete(ann, task)
    assert next_task["due_date"] == following
    assert next_task["repeat_from"] == "completed_at"


def test_due_times_keep_the_assignees_wall_clock_across_both_changes(
    ann: Person, project: str
) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    fields = {"assigned_to": ann.id, "rrule": "FREQ=DAILY"}
    march = ann.create_task(project, due_date="2026-03-28T09:00:00+01:00", **fields)
    expected = ["2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]
    assert list(_complete_each(ann, march, 2)) == expected
    october = ann.create_task(project, due_date="2026-10-24T07:00:00Z", **fields)
    expected = ["2026-10-25T09:00:00+01:00", "2026-10-26T09:00:00+01:00"]
    assert list(_complete_each(ann, october, 2)) == expected


def test_skipped_and_repeated_local_times(ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    fields = {"assigned_to": ann.id, "rrule": "FREQ=DAILY"}
    skipped = ann.create_task(project, due_date="2026-03-28T02:30:00+01:00", **fields)
    expected = ["2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]
    assert list(_complete_each(ann, skipped, 2)) == expected
    repeated = ann.create_task(project, due_date="2026-10-24T02:30:00+02:00", **fields)
    expected = ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
    assert list(_complete_each(ann, repeated, 2)) == expected


def test_without_an_assignee_the_offset_of_the_due_date_is_the_zone(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project, due_date="2026-11-30T08:00:00+13:00", rrule=WEEKLY)
    assert _complete(ann, task)["due_date"] == "2026-12-07T08:00:00+13:00"
    task = ann.create_task(project, due_date="2026-11-30T08:00:00Z", rrule=WEEKLY)
    assert _complete(ann, task)["due_date"] == "2026-12-07T08:00:00Z"


def test_months_and_years_skip_days_that_do_not_exist(ann: Person, project: str) -> None:
    monthly = ann.create_task(project, due_date="2027-12-31", rrule="FREQ=MONTHLY;BYMONTHDAY=31")
    assert list(_complete_each(ann, monthly, 3)) == ["2028-01-31", "2028-03-31", "2028-05-31"]
    yearly = ann.create_task(project, due_date="2028-02-29", rrule="FREQ=YEARLY")
    assert list(_complete_each(ann, yearly, 2)) == ["2032-02-29", "2036-02-29"]


@pytest.mark.parametrize(
    ("start", "due", "following"),
    [
        ("2026-11-28", MONDAY, "2026-12-05"),
        ("2026-11-28T09:00:00Z", MONDAY, "2026-12-05T09:00:00Z"),
        ("2026-11-28", "2026-11-30T20:00:00Z", "2026-12-05"),
        ("2026-11-30T19:00:00.5Z", "2026-11-30T20:00:00.5Z", "2026-12-07T19:00:00.500000Z"),
    ],
)
def test_the_start_date_moves_as_far_as_the_due_date(
    ann: Person, project: str, start: str, due: str, following: str
) -> None:
    task = ann.create_task(project, start_date=start, due_date=due, rrule=WEEKLY)
    assert _complete(ann, task)["start_date"] == following


def test_a_start_time_keeps_its_wall_clock(ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    dates = {"start_date": "2026-03-22T02:30:00+01:00", "due_date": "2026-03-23"}
    task = ann.create_task(project, assigned_to=ann.id, rrule="FREQ=WEEKLY", **dates)
    second = _complete(ann, task)
    assert second["start_date"] == "2026-03-29T02:30:00+01:00"  # there is no such local time
    assert second["due_date"] == "2026-03-30"


def test_reminders_are_copied_and_those_at_a_time_move(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY, assigned_to=ann.id)
    reminders = [{"at": "2026-11-29T16:00:00Z"}, {"minutes_before": 90}]
    assert (
        ann.put(f"/api/tasks/{task['id']}/reminders", {"reminders": reminders}).status_code == 200
    )
    following = _complete(ann, task)["id"]
    copied = ann.get(f"/api/tasks/{following}/reminders").json_body["reminders"]
    assert {"minutes_before": 90} in copied
    assert [each["at"][:19] for each in copied if "at" in each] == ["2026-12-06T16:00:00"]


def test_what_no_longer_exists_is_not_copied(ann: Person, bob: Person, project: str) -> None:
    kept, gone = (
        ann.post(f"/api/projects/{project}/labels", {"name": name}).json_body["id"]
        for name in ("kept", "gone")
    )
    fields = {"labels": [kept, gone], "assigned_to": bob.id, "rrule": WEEKLY}
    task = ann.create_task(project, due_date=MONDAY, **fields)
    assert ann.delete(f"/api/projects/{project}/labels/{gone}").status_code == 204
    assert bob.post(f"/api/projects/{project}/leave").status_code == 204
    following = _complete(ann, task)
    assert (following["labels"], following["assigned_to"]) == ([kept], None)


def test_subtasks_comments_and_files_stay_with_the_completed_task(
    ann: Person, project: str
) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    ann.create_task(project, parent=task["id"])
    ann.post(f"/api/tasks/{task['id']}/comments", {"body": "x"})
    following = _complete(ann, task)
    counts = ("comments_count", "attachments_count", "subtasks_count")
    assert [following[name] for name in counts] == [0, 0, 0]
    assert _get(ann, task["id"])["subtasks_count"] == 1


def test_the_creator_of_a_series_stays_and_the_activity_names_who_completed(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    following = _complete(bob, task)
    assert following["created_by"] == ann.id
    stream.deliver_new()
    (entry,) = ann.get(f"/api/tasks/{following['id']}/activity").json_body["items"]
    assert (entry["action"], entry["actor"]) == ("created", bob.id)


def test_the_assignee_gets_mail_unless_they_completed_the_task(
    ann: Person, bob: Person, project: str
) -> None:
    def count_mails() -> int:
        sweep_outbox(now() + timedelta(minutes=5))
        return len(list(mails_to(bob, "Assigned to you")))

    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY, assigned_to=bob.id)
    assert count_mails() == 1
    following = _complete(bob, task)
    assert count_mails() == 1
    _complete(ann, following)
    assert count_mails() == 2


def test_if_match_decides_as_for_every_update(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    path = f"/api/tasks/{task['id']}"
    seen = ann.get(path).headers["etag"]
    ann.patch(path, {"title": "changed"})
    refused = ann.patch(path + "/status", {"status": "done"}, headers={"If-Match": seen})
    assert refused.status_code == 412
    assert _count_tasks(ann, project) == 1


@pytest.mark.parametrize(
    ("fields", "locations"),
    [
        ({"rrule": WEEKLY}, ["due_date"]),
        ({"repeat_from": "completed_at"}, ["repeat_from"]),
        ({"due_date": MONDAY, "rrule": "FREQ=HOURLY"}, ["rrule"]),
        ({"due_date": MONDAY, "rrule": "FREQ=DAILY;BYHOUR=9"}, ["rrule"]),
        ({"due_date": MONDAY, "rrule": "FREQ=DAILY;UNTIL=20261231T000000Z"}, ["rrule"]),
        ({"due_date": "2026-11-30T09:00:00Z", "rrule": "FREQ=DAILY;UNTIL=20261231"}, ["rrule"]),
        ({"due_date": MONDAY, "rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, ["rrule"]),
        ({"due_date": MONDAY, "rrule": WEEKLY, "repeat_from": "start_date"}, ["repeat_from"]),
        ({"due_date": MONDAY, "rrule": "FREQ=DAILY;" + "X" * 200}, ["rrule"]),
        ({"due_date": "tomorrow", "rrule": "FREQ=HOURLY"}, ["due_date", "rrule"]),
    ],
)
def test_an_invalid_recurrence_is_refused(
    ann: Person, project: str, fields: dict[str, Any], locations: list[str]
) -> None:
    created = ann.post("/api/tasks", {"project": project, "title": "x", **fields})
    assert (created.status_code, sorted(error_locations(created))) == (422, locations)
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    for answer in (ann.patch(path, fields), ann.put(path, EMPTY_TASK | fields)):
        assert (answer.status_code, sorted(error_locations(answer))) == (422, locations)
    operation = {"op": "create", "project": project, "title": "x", **fields}
    (result,) = ann.post("/api/tasks/bulk", {"operations": [operation]}).json_body["results"]
    assert sorted(error["location"] for error in result["problem"]["errors"]) == locations


def test_a_due_date_that_a_rule_needs_stays(ann: Person, project: str) -> None:
    path = f"/api/tasks/{ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)['id']}"
    assert error_locations(ann.patch(path, {"due_date": None})) == ["due_date"]
    assert ann.patch(path, {"due_date": "2026-12-24"}).status_code == 200
    assert ann.patch(path, {"due_date": None, "rrule": None}).json_body["due_date"] is None


def test_a_rule_is_set_changed_and_cleared(ann: Person, project: str, stream: TaskStream) -> None:
    task = ann.create_task(project, due_date=MONDAY)
    assert (task["rrule"], task["repeat_from"], task["next_task"]) == (None, None, None)
    path = f"/api/tasks/{task['id']}"
    stream.take_records()
    set_rule = ann.patch(path, {"rrule": "RRULE:freq=weekly;byday=mo"}).json_body
    assert (set_rule["rrule"], set_rule["repeat_from"]) == (WEEKLY, "due_date")
    assert ann.patch(path, {"rrule": WEEKLY}).json_body["version"] == 2
    changed = ann.patch(path, {"repeat_from": "completed_at"}).json_body
    assert (changed["rrule"], changed["repeat_from"]) == (WEEKLY, "completed_at")
    replaced = ann.put(path, EMPTY_TASK | {"due_date": MONDAY}).json_body
    assert (replaced["rrule"], replaced["repeat_from"]) == (None, None)
    stream.deliver_new()
    entries = ann.get(f"{path}/activity").json_body["items"]
    changes = [(e["old"], e["new"]) for e in entries if e["field"] == "rrule"]
    assert changes == [(WEEKLY, None), (None, WEEKLY)]
    assert {"rrule", "repeat_from"} <= {entry["field"] for entry in entries}


def test_a_task_without_a_rule_is_stored_as_before_recurrence(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY)
    ann.put(f"/api/tasks/{task['id']}", EMPTY_TASK | {"due_date": MONDAY})
    _set_status(ann, task)
    (item,) = (row for row in scan_items() if row["SK"]["S"] == f"TASK#{task['id']}")
    assert item.keys().isdisjoint({"rrule", "repeat_from", "next_task"})


def test_lists_do_not_have_the_rule(ann: Person, project: str) -> None:
    ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    (listed,) = ann.list_all(f"/api/tasks?project={project}")
    assert listed.keys().isdisjoint({"rrule", "repeat_from", "next_task"})


def test_the_trash_keeps_the_rule_and_the_next_task(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    following = _complete(ann, task)
    for each in (task, following):
        path = f"/api/tasks/{each['id']}"
        before = _get(ann, each["id"])
        ann.delete(path)
        restored = ann.post(f"{path}/restore").json_body
        kept = ("rrule", "repeat_from", "next_task")
        assert [restored[name] for name in kept] == [before[name] for name in kept]
    assert _set_status(ann, following)["next_task"] is not None


def test_an_export_has_the_rule(ann: Person, project: str) -> None:
    task = ann.create_task(project, due_date=MONDAY, rrule=WEEKLY)
    following = _complete(ann, task)["id"]
    job = request_job(ann, f"/api/projects/{project}/exports")
    run_sweep()
    lines = parse_csv(download_job_file(ann, job, "tasks.csv"))
    assert {line["id"]: line["next_task"] for line in lines} == {
        task["id"]: following,
        following: "",
    }
    assert {line["rrule"] for line in lines} == {WEEKLY}
    exported = json.loads(download_job_file(ann, job, "project.json"))["tasks"]
    assert {each["rrule"] for each in exported} == {WEEKLY}
