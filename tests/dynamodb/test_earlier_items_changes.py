"""Earlier items (see `tests/earlier_items.py`): changes of tasks, projects and child items."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import settings
from tests.earlier_items import (
    DATA,
    IDS,
    PROJECT,
    TASK,
    EarlierScenario,
    RunFunction,
    ids_of,
    object_keys,
    path_template,
    read_body,
    s3,
    table_items,
    use_current_fields,
    used_storage,
)
from tests.support import mails_to


def test_a_task_is_changed_with_an_earlier_etag(scenario: EarlierScenario) -> None:
    (recorded,) = (each for each in DATA["gets"] if (each["who"], each["path"]) == ("ann", TASK))
    fields, before = {"title": "Another title"}, use_current_fields(recorded["body"])
    after = read_body(scenario.ann.patch(TASK, fields, headers={"If-Match": recorded["etag"]}))
    changed = {"title", "version", "updated_at"}
    assert after["title"] == "Another title" and after["version"] == before["version"] + 1
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }


def test_an_outdated_etag_is_refused(scenario: EarlierScenario) -> None:
    (recorded,) = (each for each in DATA["gets"] if (each["who"], each["path"]) == ("ann", TASK))
    scenario.ann.patch(TASK, {"title": "x"})
    answer = scenario.ann.patch(TASK, {"title": "y"}, headers={"If-Match": recorded["etag"]})
    assert answer.status_code == 412


def test_the_statistics_are_right_before_any_change(scenario: EarlierScenario) -> None:
    assert scenario.statistics_match_tasks()


def test_the_statistics_of_another_zone_count_the_completed_tasks_of_an_earlier_snapshot(
    scenario: EarlierScenario,
) -> None:
    zone = "Pacific/Pago_Pago"
    read_body(scenario.ann.patch("/api/auth/profile", {"time_zone": zone}))
    times = [datetime.fromisoformat(t["completed_at"]) for t in scenario.tasks("&status=done")]
    expected = Counter(str(time.astimezone(ZoneInfo(zone)).date()) for time in times)
    days = scenario.statistics()["completed_per_day"]
    assert {day["date"]: day["count"] for day in days if day["count"]} == expected
    assert expected.total() > 10


def test_a_new_status_moves_a_task_between_counts_and_lists(scenario: EarlierScenario) -> None:
    before = scenario.statistics()["by_status"]
    read_body(scenario.ann.patch(f"{TASK}/status", {"status": "done"}))
    after = scenario.statistics()["by_status"]
    assert (after["todo"], after["done"]) == (before["todo"] - 1, before["done"] + 1)
    assert IDS["parent"] in ids_of(scenario.tasks("&status=done"))
    assert IDS["parent"] not in ids_of(scenario.tasks("&status=todo"))
    assert scenario.statistics_match_tasks()


def test_a_new_priority_moves_a_task_between_counts_and_lists(scenario: EarlierScenario) -> None:
    before = scenario.statistics()["by_priority"]
    read_body(scenario.ann.patch(TASK, {"priority": "low"}))
    after = scenario.statistics()["by_priority"]
    assert (after["high"], after["low"]) == (before["high"] - 1, before["low"] + 1)
    assert IDS["parent"] in ids_of(scenario.tasks("&priority=low"))


def test_a_new_assignee_moves_a_task_between_lists_and_gets_a_mail(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    run_function("sweep_mail")
    before = len(list(mails_to(scenario.cleo)))
    read_body(scenario.ann.patch(f"{TASK}/assign", {"assigned_to": scenario.cleo.id}))
    assert IDS["parent"] in ids_of(scenario.tasks(f"&assigned_to={scenario.cleo.id}"))
    assert IDS["parent"] not in ids_of(scenario.tasks(f"&assigned_to={scenario.bob.id}"))
    assert scenario.statistics_match_tasks()
    run_function("sweep_mail")
    assert len(list(mails_to(scenario.cleo))) == before + 1


def test_new_labels_of_a_task_change_the_lists_by_label(
    scenario: EarlierScenario,
) -> None:
    urgent, later = IDS["label_urgent"], IDS["label_later"]
    read_body(scenario.ann.patch(TASK, {"labels": [later]}))
    assert IDS["parent"] in ids_of(scenario.tasks(f"&label={later}"))
    assert IDS["parent"] not in ids_of(scenario.tasks(f"&label={urgent}"))


def test_a_task_is_deleted_and_restored_and_the_counts_are_as_before(
    scenario: EarlierScenario,
) -> None:
    path, before = f"/api/tasks/{IDS['last_task']}", scenario.statistics()
    task = read_body(scenario.ann.get(path))
    assert scenario.ann.delete(path).status_code == 204
    assert (
        scenario.statistics()["total"] == before["total"] - 1 and scenario.statistics_match_tasks()
    )
    assert IDS["last_task"] in ids_of(
        read_body(scenario.ann.get(f"/api/trash?project={IDS['project']}"))["items"]
    )
    restored = read_body(scenario.ann.post(f"{path}/restore"))
    own = {"version", "updated_at"}
    assert {k: v for k, v in restored.items() if k not in own} == {
        k: v for k, v in task.items() if k not in own
    }
    assert scenario.statistics() == before


def test_a_task_that_was_in_the_trash_is_restored_with_labels_and_assignee(
    scenario: EarlierScenario,
) -> None:
    total = scenario.statistics()["total"]
    restored = read_body(scenario.ann.post(f"/api/tasks/{IDS['trashed_task']}/restore"))
    assert restored["labels"] == [IDS["label_urgent"]] and restored["due_date"] == "2026-12-24"
    assert IDS["trashed_task"] in ids_of(scenario.tasks(f"&label={IDS['label_urgent']}"))
    assert IDS["trashed_task"] in ids_of(scenario.tasks(f"&assigned_to={restored['assigned_to']}"))
    assert scenario.statistics()["total"] == total + 1 and scenario.statistics_match_tasks()


def test_a_subtask_that_was_in_the_trash_is_restored_under_its_parent(
    scenario: EarlierScenario,
) -> None:
    parent = f"/api/tasks/{IDS['deleted_parent']}"
    read_body(scenario.ann.post(f"{parent}/restore"))
    child = read_body(scenario.ann.post(f"/api/tasks/{IDS['deleted_child']}/restore"))
    assert child["parent"] == IDS["deleted_parent"]
    assert read_body(scenario.ann.get(parent))["subtasks_count"] == 1


def test_a_new_task_gets_the_next_number_and_counts_for_its_parent(
    scenario: EarlierScenario,
) -> None:
    before = read_body(scenario.ann.get(TASK))["subtasks_count"]
    numbers = [int(task["key"].rpartition("-")[2]) for task in scenario.tasks()]
    new = scenario.ann.create_task(IDS["project"], "Child", parent=IDS["parent"])
    assert new["key"] == f"LAUNCH-{max(numbers) + 1}"
    assert read_body(scenario.ann.get(f"/api/tasks/{new['key']}"))["id"] == new["id"]
    assert read_body(scenario.ann.get(TASK))["subtasks_count"] == before + 1
    assert scenario.statistics_match_tasks()


def test_a_task_with_subtasks_is_not_deleted(scenario: EarlierScenario) -> None:
    answer = scenario.ann.delete(TASK)
    assert (answer.status_code, answer.json_body["code"]) == (409, "has_subtasks")


def test_many_tasks_are_changed_in_one_request(scenario: EarlierScenario) -> None:
    changes = [
        {"op": "update", "id": IDS["subtask"], "status": "review"},
        {"op": "update", "id": IDS["overdue_task"], "priority": "low"},
        {"op": "delete", "id": IDS["bulk_task"]},
    ]
    done = read_body(scenario.ann.post("/api/tasks/bulk", {"operations": changes, "atomic": True}))
    assert [each["status"] for each in done["results"]] == [200, 200, 204]
    assert scenario.statistics_match_tasks()


def test_chosen_reminders_are_replaced(scenario: EarlierScenario) -> None:
    path, chosen = f"{TASK}/reminders", {"reminders": [{"minutes_before": 30}]}
    assert read_body(scenario.ann.get(path)) != chosen
    assert read_body(scenario.ann.put(path, chosen)) == chosen


def test_a_change_of_an_earlier_task_updates_the_search_index(
    scenario: EarlierScenario, stream: Any
) -> None:
    assert ids_of(scenario.tasks("&q=rockets")) == {IDS["parent"]}
    read_body(scenario.ann.patch(TASK, {"description": "A long story of submarines"}))
    stream.deliver_new()
    assert scenario.tasks("&q=rockets") == []
    assert ids_of(scenario.tasks("&q=submarines")) == {IDS["parent"]}


def test_a_change_is_recorded_in_the_activity_before_the_earlier_changes(
    scenario: EarlierScenario, stream: Any
) -> None:
    path = f"{TASK}/activity?limit=100"
    before = scenario.ann.list_all(path)
    read_body(scenario.ann.patch(TASK, {"priority": "low"}))
    stream.deliver_new()
    first, *rest = scenario.ann.list_all(path)
    assert (first["field"], first["old"], first["new"]) == ("priority", "high", "low")
    assert rest == before
    assert read_body(scenario.ann.get(f"{PROJECT}/activity"))["items"][0]["id"] == first["id"]


def test_a_comment_is_written_edited_and_deleted_and_the_count_is_right(
    scenario: EarlierScenario,
) -> None:
    count = read_body(scenario.ann.get(TASK))["comments_count"]
    assert count == len(scenario.ann.list_all(f"{TASK}/comments?limit=100"))
    new = read_body(scenario.bob.post(f"{TASK}/comments", {"body": "New"}), 201)
    assert read_body(scenario.ann.get(TASK))["comments_count"] == count + 1
    earlier = f"{TASK}/comments/{IDS['comment']}"
    assert read_body(scenario.bob.patch(earlier, {"body": "Edited"}))["body"] == "Edited"
    for path in (earlier, f"{TASK}/comments/{new['id']}"):
        assert scenario.bob.delete(path).status_code == 204
    assert read_body(scenario.ann.get(TASK))["comments_count"] == count - 1
    assert len(scenario.ann.list_all(f"{TASK}/comments?limit=100")) == count - 1


def test_a_person_starts_and_stops_watching(scenario: EarlierScenario) -> None:
    path = f"{TASK}/watchers"
    # Cleo stopped watching with the earlier code.
    assert scenario.cleo.id not in read_watchers(scenario)
    assert scenario.cleo.put(f"{path}/me").status_code == 204
    assert scenario.cleo.id in read_watchers(scenario)
    assert scenario.bob.delete(f"{path}/me").status_code == 204
    assert scenario.bob.id not in read_watchers(scenario)


def read_watchers(scenario: EarlierScenario) -> str:
    return json.dumps(read_body(scenario.ann.get(f"{TASK}/watchers")))


def test_a_label_shows_the_earlier_color_as_color_and_the_attribute_stays_colour(
    scenario: EarlierScenario,
) -> None:
    path = f"{PROJECT}/labels/{IDS['label_urgent']}"
    assert read_body(scenario.ann.get(path))["color"] == "#ff0000"
    assert read_body(scenario.ann.patch(path, {"color": "#abcdef"}))["color"] == "#abcdef"
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"LABEL#{IDS['label_urgent']}")
    assert item["colour"] == {"S": "#abcdef"} and "color" not in item


def test_the_name_of_a_label_is_taken_until_the_label_is_renamed(scenario: EarlierScenario) -> None:
    new = {"name": "URGENT"}
    assert scenario.ann.post(f"{PROJECT}/labels", new).status_code == 409
    read_body(scenario.ann.patch(f"{PROJECT}/labels/{IDS['label_urgent']}", {"name": "asap"}))
    read_body(scenario.ann.post(f"{PROJECT}/labels", new), 201)


def test_a_label_is_deleted_and_the_tick_removes_it_from_its_tasks(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    assert IDS["label_later"] in read_body(scenario.ann.get(TASK))["labels"]
    assert scenario.ann.delete(f"{PROJECT}/labels/{IDS['label_later']}").status_code == 204
    scenario.clock.shift(timedelta(minutes=2))
    run_function("tick")
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"TASK#{IDS['parent']}")
    assert IDS["label_later"] not in json.dumps(item)


def test_an_announced_attachment_is_confirmed_and_deleted_and_its_size_is_counted(
    scenario: EarlierScenario,
) -> None:
    attachment = f"{TASK}/attachments/{IDS['pending_attachment']}"
    count, storage = read_body(scenario.ann.get(TASK))["attachments_count"], used_storage()
    key = f"att/{IDS['parent']}/{IDS['pending_attachment']}"
    s3().put_object(Bucket=settings.BUCKET_NAME, Key=key, Body=b"four", ContentType="text/plain")
    assert read_body(scenario.ann.post(f"{attachment}/complete"))["status"] == "ready"
    assert read_body(scenario.ann.get(TASK))["attachments_count"] == count + 1
    assert used_storage() == storage  # counted when it was announced
    assert scenario.ann.delete(attachment).status_code == 204
    assert read_body(scenario.ann.get(TASK))["attachments_count"] == count
    assert used_storage() == (storage[0] - 4, storage[1] - 1)
    assert key not in object_keys()


def test_a_multipart_upload_continues(scenario: EarlierScenario) -> None:
    parts = f"{TASK}/attachments/{IDS['large_attachment']}/parts"
    assert read_body(scenario.ann.get(parts))["items"] == []
    (part,) = read_body(scenario.ann.post(parts, {"numbers": [1]}))["items"]
    (item,) = table_items(f"TASK#{IDS['parent']}", f"FILE#{IDS['large_attachment']}")
    assert f"uploadId={item['upload_id']['S']}" in part["url"]


def test_an_avatar_is_deleted(scenario: EarlierScenario) -> None:
    assert read_body(scenario.ann.get("/api/auth/profile"))["avatar_url"] is not None
    assert scenario.ann.delete("/api/auth/profile/avatar").status_code == 204
    assert read_body(scenario.ann.get("/api/auth/profile"))["avatar_url"] is None


def test_a_role_is_changed_and_a_member_removed(scenario: EarlierScenario) -> None:
    vic = scenario.person("vic")
    read_body(scenario.ann.patch(f"{PROJECT}/members/{vic.id}", {"role": "member"}))
    assert read_body(vic.get(PROJECT))["my_role"] == "member"
    assert scenario.ann.delete(f"{PROJECT}/members/{vic.id}").status_code == 204
    assert vic.get(PROJECT).status_code == 404
    assert vic.id not in json.dumps(read_body(scenario.ann.get(f"{PROJECT}/members")))


def test_the_ownership_of_a_project_is_transferred(scenario: EarlierScenario) -> None:
    done = scenario.ann.post(f"{PROJECT}/transfer", {"user_id": scenario.bob.id})
    assert done.status_code < 300, done.json_body
    assert read_body(scenario.ann.get(PROJECT))["owner"] == scenario.bob.id


def test_an_invitation_is_accepted(scenario: EarlierScenario) -> None:
    ivy = scenario.person("ivy")
    answer = ivy.post(f"/api/invitations/{IDS['invitation_ivy']}/accept")
    assert answer.status_code == 201, answer.json_body
    assert read_body(ivy.get(f"/api/projects/{IDS['cleos_project']}"))["my_role"] == "member"
    assert table_items("", f"INVITE#{IDS['invitation_ivy']}") == []


def test_an_invitation_is_revoked(scenario: EarlierScenario) -> None:
    path = f"{PROJECT}/invitations/{IDS['invitation_zoe']}"
    assert scenario.ann.delete(path).status_code == 204
    assert read_body(scenario.ann.get(f"{PROJECT}/invitations"))["items"] == []


def test_an_archived_project_is_unarchived(scenario: EarlierScenario) -> None:
    path = f"/api/projects/{IDS['archived_project']}"
    assert read_body(scenario.cleo.get(path))["archived_at"] is not None
    read_body(scenario.cleo.post(f"{path}/unarchive"))
    scenario.cleo.create_task(IDS["archived_project"], "Now it can be changed")
    assert read_body(scenario.cleo.get(path))["tasks_count"] == 2


def test_a_project_that_was_in_the_trash_is_restored(scenario: EarlierScenario) -> None:
    path = f"/api/projects/{IDS['trashed_project']}"
    assert scenario.cleo.get(path).status_code == 404
    read_body(scenario.cleo.post(f"{path}/restore"))
    assert read_body(scenario.cleo.get(path))["tasks_count"] == 1


def test_the_unsubscribe_link_of_an_earlier_mail_ends_mails_of_its_kind(
    scenario: EarlierScenario,
) -> None:
    (recorded,) = (each for each in DATA["gets"] if each["path"].startswith("/api/unsubscribe"))
    assert scenario.api("").post(recorded["path"]).status_code == 200
    assert read_body(scenario.ann.get("/api/auth/profile"))["notifications"]["assigned"] is False


@pytest.mark.parametrize("post", DATA["posts"], ids=lambda post: path_template(post["path"]))
def test_a_request_repeated_with_its_idempotency_key_gets_the_first_response(
    scenario: EarlierScenario, post: dict[str, Any]
) -> None:
    before = len(table_items())
    key = {"Idempotency-Key": post["key"]}
    answer = scenario.ann.post(post["path"], raw=post["raw"].encode(), headers=key)
    assert without_upload_form(read_body(answer, post["status"])) == without_upload_form(
        use_current_fields(post["answer"])
    )
    assert len(table_items()) == before


def without_upload_form(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the response without the upload form, which has a new signature each time, and without
    the kind of the upload, which earlier responses do not have."""
    if "upload" not in answer:
        return answer
    return {name: value for name, value in answer.items() if name not in {"upload", "kind"}}


def test_an_idempotency_key_cannot_be_used_for_another_request(scenario: EarlierScenario) -> None:
    post = DATA["posts"][0]
    key = {"Idempotency-Key": post["key"]}
    answer = scenario.ann.post(post["path"], {"name": "Other"}, headers=key)
    assert (answer.status_code, answer.json_body["code"]) == (422, "idempotency_key_reused")
