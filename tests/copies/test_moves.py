"""Move a task to another project."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.attachments.quota_models import StorageUsage
from chalicelib.clock import now
from chalicelib.dynamodb.transactions import Upsert, transact
from tests.attachment_files import (
    attachment_path,
    check_agreement,
    create_attachment,
    put_object,
)
from tests.copies.move_scenario import MoveScenario, build_scenario, describe_tree, list_titles
from tests.counter_checks import count_drift
from tests.job_results import download_job_file, request_job, run_streamed
from tests.moto_stack import set_watermarks
from tests.support import Person, error_locations, in_hours, mails_to
from tests.table_items import scan_items
from tests.table_stream import TaskStream


@pytest.fixture
def cleo(make_person: Any) -> Person:
    person: Person = make_person("cleo")
    return person


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


@pytest.fixture
def scenario(ann: Person, bob: Person, cleo: Person) -> MoveScenario:
    return build_scenario(ann, bob, cleo)


def _move(person: Person, task: str, project: str, **options: Any) -> dict[str, Any]:
    answer = person.post(f"/api/tasks/{task}/move", {"project": project}, **options)
    assert answer.status_code == 200, answer.json_body
    result: dict[str, Any] = answer.json_body
    return result


def test_a_moved_task_keeps_its_fields_and_gets_a_new_id_and_key(
    ann: Person, scenario: MoveScenario
) -> None:
    task = scenario.task
    answer = ann.post(f"/api/tasks/{task['id']}/move", {"project": scenario.target})
    moved = answer.json_body["task"]
    new = {"id": scenario.moved_id, "project": scenario.target, "key": "TARG-1"}
    kept = {**task, **new, "version": task["version"] + 1}
    assert {**kept, "labels": 0, "updated_at": 0} == {**moved, "labels": 0, "updated_at": 0}
    assert answer.headers["location"] == f"/api/tasks/{moved['id']}/"
    assert ann.get(f"/api/tasks/{moved['id']}").json_body == moved
    assert list_titles(ann, scenario.source) == []
    assert count_drift() == 0


def test_labels_are_matched_by_name_and_missing_ones_are_created(
    ann: Person, scenario: MoveScenario
) -> None:
    result = _move(ann, scenario.task["id"], scenario.target)
    labels = ann.get(f"/api/projects/{scenario.target}/labels").json_body["items"]
    names = {label["id"]: (label["name"], label["color"]) for label in labels}
    assert [names[each] for each in result["task"]["labels"]] == [
        ("shared", "#808080"),
        ("Own", "#20c020"),
    ]
    assert result["created_labels"] == [labels[1]["id"]]
    listed = ann.get(f"/api/tasks?project={scenario.target}&label={labels[1]['id']}").json_body
    assert [each["id"] for each in listed["items"]] == [scenario.moved_id]


def test_subtasks_come_along_with_their_structure(ann: Person, scenario: MoveScenario) -> None:
    moved = _move(ann, scenario.task["id"], scenario.target)["task"]
    tree = describe_tree(ann, scenario.target, moved["id"])
    assert tree == {"First": {"Deep": {}}, "Second": {}}
    assert list_titles(ann, scenario.target) == ["Top", "First", "Second", "Deep"]


def test_assignees_who_are_no_members_there_are_cleared_and_reported(
    ann: Person, bob: Person, cleo: Person, scenario: MoveScenario
) -> None:
    result = _move(ann, scenario.task["id"], scenario.target)
    subtasks = ann.get(
        f"/api/tasks?project={scenario.target}&parent={scenario.moved_id}&ordering=created_at"
    ).json_body["items"]
    assert [task["assigned_to"] for task in subtasks] == [None, bob.id]
    assert result["unassigned"] == [{"task": subtasks[0]["id"], "user": cleo.id}]


def test_comments_files_watchers_and_activity_come_along(
    ann: Person, bob: Person, scenario: MoveScenario, stream: TaskStream
) -> None:
    old, new = f"/api/tasks/{scenario.task['id']}", f"/api/tasks/{scenario.moved_id}"
    ann.patch(old, {"title": "Renamed"})
    stream.deliver_new()
    (comment,) = ann.get(f"{old}/comments").json_body["items"]
    (file,) = ann.get(f"{old}/attachments").json_body["items"]
    _move(ann, scenario.task["id"], scenario.target)
    stream.deliver_new()

    moved_task = {"task": scenario.moved_id}
    assert ann.get(f"{new}/comments").json_body["items"] == [comment | moved_task]
    assert ann.get(f"{new}/attachments").json_body["items"] == [file | moved_task]
    watchers = ann.get(f"{new}/watchers").json_body["items"]
    assert {each["user_id"] for each in watchers} == {ann.id, bob.id}
    activity = ann.get(f"{new}/activity").json_body["items"]
    assert [each["action"] for each in activity] == ["moved", "changed"]
    ends = {"field": "project", "old": scenario.source, "new": scenario.target}
    assert activity[0].items() >= ends.items()
    for project in (scenario.source, scenario.target):
        feed = ann.get(f"/api/projects/{project}/activity").json_body["items"]
        assert len([each for each in feed if each["action"] == "moved"]) == 4


def test_a_moved_task_can_be_used_like_any_other(
    ann: Person, bob: Person, scenario: MoveScenario
) -> None:
    moved = _move(ann, scenario.task["id"], scenario.target)["task"]
    path = f"/api/tasks/{moved['id']}"
    comment = bob.post(f"{path}/comments", {"body": "from here on"})
    assert comment.headers["location"].startswith(path)
    comment_path = f"{path}/comments/{comment.json_body['id']}"
    assert bob.patch(comment_path, {"body": "edited"}).json_body["task"] == moved["id"]
    assert bob.delete(comment_path).status_code == 204
    assert bob.put(f"{path}/watchers/me").status_code == 204
    new = create_attachment(ann, moved["id"])
    put_object(f"att/{scenario.task['id']}/{new['id']}")
    assert ann.post(attachment_path(new, "/complete")).json_body["status"] == "ready"
    (old, _) = ann.get(f"{path}/attachments").json_body["items"]
    assert ann.get(attachment_path(old, "/download")).status_code == 200
    assert ann.delete(attachment_path(old)).status_code == 204
    task = ann.get(path).json_body
    assert (task["comments_count"], task["attachments_count"]) == (1, 1)
    check_agreement()
    assert count_drift() == 0


def test_the_old_id_and_key_redirect_with_the_rest_of_the_path(
    ann: Person, scenario: MoveScenario
) -> None:
    old, new = scenario.task["id"], f"/api/tasks/{scenario.moved_id}"
    _move(ann, old, scenario.target)
    for address in (old, scenario.task["key"]):
        answer = ann.get(f"/api/tasks/{address}/comments?limit=5&ordering=-created_at")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"{new}/comments?limit=5&ordering=-created_at"
        assert ann.patch(f"/api/tasks/{address}", {"title": "x"}).headers["location"] == new
        assert ann.delete(f"/api/tasks/{address}").status_code == 308
    assert ann.get(new).json_body["title"] == "Top"


def test_a_bulk_operation_takes_the_old_id(ann: Person, scenario: MoveScenario) -> None:
    old = scenario.task["id"]
    _move(ann, old, scenario.target)
    operation = {"op": "update", "id": old, "title": "By its old id"}
    for atomic in (False, True):
        answer = ann.post("/api/tasks/bulk", {"operations": [operation], "atomic": atomic})
        assert answer.json_body["results"][0]["task"]["id"] == scenario.moved_id


def test_only_members_of_the_new_project_are_redirected(
    ann: Person, cleo: Person, scenario: MoveScenario
) -> None:
    _move(ann, scenario.task["id"], scenario.target)
    assert cleo.get(f"/api/tasks/{scenario.task['id']}").status_code == 404
    assert cleo.get(f"/api/tasks/{scenario.task['key']}").status_code == 404


def test_redirects_end_after_a_year(ann: Person, scenario: MoveScenario, wait: Any) -> None:
    _move(ann, scenario.task["id"], scenario.target)
    path = f"/api/tasks/{scenario.task['id']}"
    for days, status in ((364, 308), (2, 404)):
        wait(days=days)
        ann.log_in()
        assert ann.get(path).status_code == status


def test_old_ids_lead_to_the_last_place_and_back_home(ann: Person, scenario: MoveScenario) -> None:
    third = ann.create_project("Third")
    home = scenario.task["id"]
    _move(ann, home, scenario.target)
    last = _move(ann, scenario.moved_id, third)["task"]["id"]
    for old in (home, scenario.moved_id):
        assert ann.get(f"/api/tasks/{old}").headers["location"] == f"/api/tasks/{last}"

    assert _move(ann, last, scenario.source)["task"]["id"] == home
    assert ann.get(f"/api/tasks/{home}").json_body["comments_count"] == 1
    assert ann.get(f"/api/tasks/{last}").headers["location"] == f"/api/tasks/{home}"
    assert describe_tree(ann, scenario.source, home) == {"First": {"Deep": {}}, "Second": {}}
    assert _move(ann, home, scenario.target)["task"]["id"] == scenario.moved_id
    assert count_drift() == 0


def test_a_subtask_moves_alone_and_leaves_its_parent(ann: Person, scenario: MoveScenario) -> None:
    top = scenario.task["id"]
    first = ann.get(f"/api/tasks?project={scenario.source}&parent={top}&ordering=created_at")
    result = _move(ann, first.json_body["items"][0]["id"], scenario.target)
    assert (result["task"]["parent"], result["task"]["subtasks_count"]) == (None, 1)
    assert ann.get(f"/api/tasks/{top}").json_body["subtasks_count"] == 1
    assert list_titles(ann, scenario.target) == ["First", "Deep"]
    assert ann.patch(f"/api/tasks/{result['task']['id']}", {"status": "done"}).status_code == 200
    assert count_drift() == 0


def test_a_task_that_is_there_already_does_not_change(ann: Person, scenario: MoveScenario) -> None:
    assert _move(ann, scenario.task["id"], scenario.source)["task"] == scenario.task
    moved = _move(ann, scenario.task["id"], scenario.target)["task"]
    assert _move(ann, scenario.task["id"], scenario.target)["task"] == moved


def test_the_same_idempotency_key_gets_the_first_answer(
    ann: Person, scenario: MoveScenario
) -> None:
    headers = {"Idempotency-Key": "once"}
    first = _move(ann, scenario.task["id"], scenario.target, headers=headers)
    assert first["unassigned"] and first["created_labels"]
    ann.patch(f"/api/tasks/{scenario.moved_id}", {"title": "later"})
    assert _move(ann, scenario.task["id"], scenario.target, headers=headers) == first
    _move(ann, scenario.moved_id, ann.create_project("Third"))
    assert _move(ann, scenario.task["id"], scenario.target, headers=headers) == first
    body = {"project": scenario.source}
    answer = ann.post(f"/api/tasks/{scenario.task['id']}/move", body, headers=headers)
    assert (answer.status_code, answer.json_body["code"]) == (422, "idempotency_key_reused")


def test_a_key_for_a_move_is_valid_for_25_hours(ann: Person, set_time: Callable[..., None]) -> None:
    set_time("2026-11-16T09:00:00", ann)
    home, away = ann.create_project("Home"), ann.create_project("Away")
    task, headers = ann.create_task(home)["id"], {"Idempotency-Key": "once"}
    first = _move(ann, task, away, headers=headers)
    back = _move(ann, first["task"]["id"], home)["task"]["id"]
    set_time("2026-11-17T10:00:00", ann)
    assert _move(ann, task, away, headers=headers) == first
    assert ann.get(f"/api/tasks/{back}").status_code == 200
    set_time("2026-11-17T10:00:01", ann)
    again = _move(ann, task, away, headers=headers)["task"]
    assert again["version"] > first["task"]["version"]


def test_if_match_refuses_to_move_an_unseen_version(ann: Person, scenario: MoveScenario) -> None:
    path = f"/api/tasks/{scenario.task['id']}"
    etag = ann.get(path).headers["etag"]
    ann.patch(path, {"title": "seen by nobody"})
    body, headers = {"project": scenario.target}, {"If-Match": etag}
    assert ann.post(f"{path}/move", body, headers=headers).status_code == 412


def test_a_move_needs_rights_in_both_projects(
    ann: Person, bob: Person, cleo: Person, scenario: MoveScenario
) -> None:
    path, body = f"/api/tasks/{scenario.task['id']}/move", {"project": scenario.target}
    assert cleo.post(path, body).status_code == 404
    ann.add_member(scenario.target, cleo, "viewer")
    assert cleo.post(path, body).status_code == 403
    ann.patch(f"/api/projects/{scenario.target}/members/{cleo.id}", {"role": "member"})
    ann.patch(f"/api/projects/{scenario.source}/members/{cleo.id}", {"role": "viewer"})
    assert cleo.post(path, body).status_code == 403
    ann.post(f"/api/projects/{scenario.target}/archive")
    answer = bob.post(path, body)
    assert (answer.status_code, answer.json_body["code"]) == (409, "archived")


def test_bad_fields_are_named_and_unknown_projects_do_not_exist(
    ann: Person, scenario: MoveScenario
) -> None:
    path = f"/api/tasks/{scenario.task['id']}/move"
    answer = ann.post(path, {"color": 1})
    assert (answer.status_code, sorted(error_locations(answer))) == (422, ["color", "project"])
    for unknown in ("x", "", scenario.task["id"], ann.id):
        assert ann.post(path, {"project": unknown}).status_code == 404


def test_files_that_exceed_the_limit_of_the_project_are_refused(
    ann: Person, scenario: MoveScenario
) -> None:
    nearly_full = StorageUsage.bytes.set(settings.PROJECT_MAX_BYTES - len(b"bytesother bytes") + 1)
    transact(Upsert(StorageUsage.of_project(scenario.target), (nearly_full,)))
    path = f"/api/tasks/{scenario.task['id']}/move"
    answer = ann.post(path, {"project": scenario.target})
    assert (answer.status_code, answer.json_body["code"]) == (409, "no_room")
    assert ann.get(f"/api/tasks/{scenario.task['id']}").status_code == 200


def test_files_that_fill_an_empty_project_can_be_moved_there(
    ann: Person, scenario: MoveScenario
) -> None:
    size = settings.PROJECT_MAX_BYTES - len("other bytes")
    all_files = StorageUsage.bytes.set(size)
    transact(Upsert(StorageUsage.of_task(scenario.task["id"]), (all_files,)))
    _move(ann, scenario.task["id"], ann.create_project("Empty"))


def test_a_task_without_files_moves_back_and_forth_without_storage(
    ann: Person, project: str
) -> None:
    other, task = ann.create_project("Other"), ann.create_task(project)["id"]
    for target in (other, project, other):
        task = _move(ann, task, target)["task"]["id"]
    assert count_drift() == 0


def test_clients_that_sync_see_the_task_gone_here_and_changed_there(
    ann: Person, scenario: MoveScenario
) -> None:
    cursor = ann.get("/api/changes").json_body["next_cursor"]
    _move(ann, scenario.task["id"], scenario.target)
    items = ann.get(f"/api/changes?cursor={cursor}").json_body["items"]
    deleted = {each["id"] for each in items if each["kind"] == "deleted"}
    changed = {each["id"] for each in items if each["kind"] == "task"}
    assert scenario.task["id"] in deleted and scenario.moved_id in changed
    assert len(deleted) == 4


def test_search_finds_the_task_in_its_new_project_only(
    ann: Person, scenario: MoveScenario, stream: TaskStream
) -> None:
    ann.patch(f"/api/tasks/{scenario.task['id']}", {"title": "Zeppelin"})
    _move(ann, scenario.task["id"], scenario.target)
    stream.deliver_new()
    for project, count in ((scenario.source, 0), (scenario.target, 1)):
        found = ann.get(f"/api/tasks?project={project}&q=zeppelin").json_body["items"]
        assert len(found) == count


def test_mail_that_was_queued_before_the_move_is_sent(
    ann: Person, bob: Person, scenario: MoveScenario, invoke: Any, sample_event: Any
) -> None:
    ann.verify_address(), bob.verify_address()
    ann.patch(f"/api/tasks/{scenario.task['id']}", {"assigned_to": bob.id})
    _move(ann, scenario.task["id"], scenario.target)
    for _ in range(2):
        invoke("sweep_mail", sample_event("sweep_mail"))
    (comment,) = mails_to(ann, "New comment")
    (assigned,) = mails_to(bob, "Assigned to you: Top")
    assert scenario.moved_id in str(comment) and scenario.moved_id in str(assigned)


def test_a_reminder_is_sent_once_across_a_move(
    ann: Person, scenario: MoveScenario, invoke: Any, sample_event: Any, wait: Any
) -> None:
    wait(hours=(12 - now().hour) % 24)  # before nine, reminders wait until nine
    set_watermarks()
    ann.log_in()
    path = f"/api/tasks/{scenario.task['id']}"
    ann.verify_address().patch(path, {"assigned_to": ann.id, "due_date": in_hours(3)})

    def remind() -> int:
        wait(minutes=5)
        invoke("send_reminders", sample_event("send_reminders") | {"time": now().isoformat()})
        invoke("sweep_mail", sample_event("sweep_mail"))
        return len(list(mails_to(ann, "Due")))

    before = remind()
    _move(ann, scenario.task["id"], scenario.target)
    assert (before, remind()) == (1, 1)


def test_a_moved_task_in_the_trash_is_restored_or_purged_with_all_its_items(
    ann: Person,
    scenario: MoveScenario,
    stream: TaskStream,
    wait: Any,
    invoke: Any,
    sample_event: Any,
) -> None:
    lonely = ann.create_task(scenario.source, "Lonely")["id"]
    ann.post(f"/api/tasks/{lonely}/comments", {"body": "x"})
    file = create_attachment(ann, lonely)
    put_object(f"att/{lonely}/{file['id']}")
    ann.post(attachment_path(file, "/complete"))
    moved = _move(ann, lonely, scenario.target)["task"]["id"]
    stream.deliver_new()
    ann.delete(f"/api/tasks/{moved}")
    assert ann.get(f"/api/tasks/{lonely}").status_code == 404
    assert ann.post(f"/api/tasks/{lonely}/restore").status_code == 308
    assert ann.post(f"/api/tasks/{moved}/restore").json_body["comments_count"] == 1
    ann.delete(f"/api/tasks/{moved}")
    stream.deliver_new()
    for _ in range(2):
        wait(days=16)
        invoke("tick", sample_event("tick"))
        invoke("tick", sample_event("tick"))
    own = moved[:26]
    left = [item for item in scan_items() if own in str(item)]
    assert {item["SK"]["S"].partition("#")[0] for item in left} <= {"NUMBER", "MOVED", "MAIL"}
    assert not any(item["PK"]["S"].startswith("PROJECT#" + scenario.target) for item in left)


def test_purging_the_old_project_leaves_the_moved_task_whole(
    ann: Person, scenario: MoveScenario, wait: Any, invoke: Any, sample_event: Any
) -> None:
    _move(ann, scenario.task["id"], scenario.target)
    ann.delete(f"/api/projects/{scenario.source}")
    for _ in range(2):
        wait(days=16)
        invoke("tick", sample_event("tick"))
    ann.log_in()
    path = f"/api/tasks/{scenario.moved_id}"
    assert len(ann.get(f"{path}/comments").json_body["items"]) == 1
    (file,) = ann.get(f"{path}/attachments").json_body["items"]
    assert ann.get(attachment_path(file, "/download")).status_code == 200
    redirect = ann.get(f"/api/tasks/{scenario.task['id']}")
    assert redirect.headers["location"] == path
    assert count_drift() == 0


def test_the_clean_up_keeps_the_files_of_moved_tasks(
    ann: Person, scenario: MoveScenario, wait: Any, invoke: Any, sample_event: Any
) -> None:
    _move(ann, scenario.task["id"], scenario.target)
    wait(days=2)
    invoke("clean_up", sample_event("clean_up"))
    for _ in range(3):
        invoke("tick", sample_event("tick"))
    ann.log_in()
    assert len(ann.get(f"/api/tasks/{scenario.moved_id}/attachments").json_body["items"]) == 1
    check_agreement()


def test_an_upload_that_began_before_the_move_is_confirmed_by_its_event(
    ann: Person, scenario: MoveScenario, invoke: Any, sample_event: Any
) -> None:
    file = create_attachment(ann, scenario.task["id"], size=5)
    moved = _move(ann, scenario.task["id"], scenario.target)["task"]
    key = f"att/{scenario.task['id']}/{file['id']}"
    put_object(key)
    event = sample_event("confirm_upload")
    event["detail"]["object"]["key"] = key
    invoke("confirm_upload", event)
    task = ann.get(f"/api/tasks/{moved['id']}").json_body
    assert task["attachments_count"] == 2
    assert count_drift() == 0


def test_an_upload_that_expires_after_the_move_releases_its_storage(
    ann: Person, scenario: MoveScenario, wait: Any, invoke: Any, sample_event: Any
) -> None:
    create_attachment(ann, scenario.task["id"], size=5)
    _move(ann, scenario.task["id"], scenario.target)
    wait(hours=25)
    invoke("tick", sample_event("tick"))
    assert count_drift() == 0


def test_an_export_has_the_comments_and_files_of_moved_tasks(
    ann: Person, scenario: MoveScenario
) -> None:
    _move(ann, scenario.task["id"], scenario.target)
    job = request_job(ann, f"/api/projects/{scenario.target}/exports")
    assert run_streamed(job) == 0
    tasks = json.loads(download_job_file(ann, job, "project.json"))["tasks"]
    (top,) = [task for task in tasks if task["title"] == "Top"]
    assert [each["task"] for each in top["comments"]] == [scenario.moved_id]
    assert [each["task"] for each in top["attachments"]] == [scenario.moved_id]
