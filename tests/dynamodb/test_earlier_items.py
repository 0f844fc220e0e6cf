"""Items that the code before the packages wrote are read and changed by the code of today.

`tests/data/items_before_packages.json.gz` was written by commit f9c763c, the last one before the
code was moved into packages. It holds every item and every S3 object of a life with at least one
item of every entity, the time of the clock, the tokens of the people, and the answers of that
commit to GET requests. Each test puts the items into an empty table, sets the clock to that time,
and uses the API and the scheduled functions.

Clients may see one difference: the field `colour` of a label is called `color` now. In the table
the attribute is still called `colour`.
"""

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import time_machine
from botocore.client import BaseClient
from chalice.test import Client, HTTPResponse

from chalicelib import settings
from tests.moto_stack import set_watermarks
from tests.support import PASSWORD, Api, Person, extract_token, mails_to

Item = dict[str, Any]
Invoke = Callable[[str, dict[str, Any]], Any]
Event = Callable[[str], dict[str, Any]]

FILE = Path(__file__).parents[1] / "data" / "items_before_packages.json.gz"
DATA: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
IDS: dict[str, str] = DATA["ids"]
NOW = datetime.fromisoformat(DATA["now"])
PROJECT = f"/api/projects/{IDS['project']}"
TASK = f"/api/tasks/{IDS['parent']}"
REPAIR_COUNTERS = "repair_counters"
BATCH = 25

# How the keys of each entity begin.
ENTITIES = {
    "User": ("USER#", "PROFILE"),
    "Credentials": ("EMAIL#", ""),
    "UsernameClaim": ("USERNAME#", "CLAIM"),
    "Session": ("USER#", "SESSION#"),
    "ApiToken": ("USER#", "TOKEN#"),
    "StorageUsage of a task": ("TASK#", "USAGE"),
    "StorageUsage of a project": ("PROJECT#", "USAGE"),
    "MaintenanceRun of files": ("SWEEP#files", "SWEEP"),
    "MaintenanceRun of counters": ("SWEEP#counts", "SWEEP"),
    "Avatar": ("USER#", "AVATAR#"),
    "Throttle": ("THROTTLE#", "THROTTLE"),
    "Project": ("PROJECT#", "META"),
    "Member": ("PROJECT#", "MEMBER#"),
    "UserMembership": ("USER#", "PROJECT#"),
    "FormerMembership": ("USER#", "LEFT#"),
    "Invitation": ("PROJECT#", "INVITE#"),
    "InvitationLookup": ("INVITED#", "PROJECT#"),
    "DeferredUpdate of a departure": ("ERRAND#departure#", "ERRAND"),
    "DeferredUpdate of a label": ("ERRAND#label#", "ERRAND"),
    "DeferredUpdate of a time zone": ("ERRAND#zone#", "ERRAND"),
    "Label": ("PROJECT#", "LABEL#"),
    "LabelName": ("PROJECT#", "LABELNAME#"),
    "TaskNumberSequence": ("PROJECT#", "NUMBERS"),
    "TaskNumber": ("PROJECT#", "NUMBER#"),
    "FilterEntry": ("PROJECT#", "BY#"),
    "SearchTerm": ("PROJECT#", "WORD#"),
    "ProjectCounters": ("PROJECT#", "STATS#"),
    "Task": ("PROJECT#", "TASK#"),
    "TrashedTask": ("PROJECT#", "TRASH#"),
    "Comment": ("TASK#", "COMMENT#"),
    "Watcher": ("TASK#", "WATCH#"),
    "Activity of a task": ("TASK#", "ACT#"),
    "Activity of a project": ("FEED#", "ACT#"),
    "Attachment": ("TASK#", "FILE#"),
    "OutboxMail": ("OUTBOX#", "MAIL"),
    "WeeklyReportSchedule": ("USER#", "WEEKLY"),
    "Job": ("JOB#", "JOB"),
    "JobSlot": ("SLOT#", "SLOT"),
    "OverdueDigest": ("USER#", "DIGEST"),
    "OverdueTask": ("USER#", "OVERDUE#"),
    "Suppression": ("ADDRESS#", "SUPPRESSION"),
    "SendRate": ("SENDRATE", "SENDRATE"),
    "Lease": ("LEASE#", "LEASE"),
    "IdempotencyRecord": ("RECEIPT#", "RECEIPT"),
    "Watermark": ("WATERMARK#", "WATERMARK"),
}


class World:
    """The table and the bucket as the earlier code left them, and the people who use them."""

    def __init__(self, client: Client, clock: time_machine.Traveller) -> None:
        self.client, self.clock = client, clock
        self.ann, self.bob, self.cleo = (self.person(name) for name in ("ann", "bob", "cleo"))

    def person(self, name: str) -> Person:
        """Return the person with the tokens that the earlier code gave them."""
        return Person(self.client, **DATA["people"][name])

    def api(self, who: str) -> Api:
        """Return a client of a person, of an API token (`reader`, `writer`) or of nobody (``)."""
        if who in DATA["people"]:
            return self.person(who)
        return Api(self.client, IDS[f"secret_{who}"] if who else None)

    def moves_to(self, moment: str) -> None:
        """Set the clock to a time in UTC and sign in the three people who act in most tests."""
        self.clock.move_to(datetime.fromisoformat(f"{moment}+00:00"))
        for person in (self.ann, self.bob, self.cleo):
            person.log_in()

    def statistics(self) -> dict[str, Any]:
        """Return the statistics of the project."""
        return body(self.ann.get(f"/api/tasks/statistics?project={IDS['project']}"))

    def has_sound_statistics(self) -> bool:
        """Return whether the counter items say what a list of all tasks says."""
        tasks = self.tasks()
        counted = self.statistics()
        found = Counter(task["status"] for task in tasks)
        assignees = Counter(task["assigned_to"] for task in tasks)
        told = {each["user_id"]: each["count"] for each in counted["by_assignee"]}
        statuses = {status: n for status, n in counted["by_status"].items() if n}
        return (statuses, told, counted["total"]) == (dict(found), dict(assignees), len(tasks))

    def tasks(self, query: str = "") -> list[Item]:
        """Return all tasks of the project that match a query, which begins with `&`."""
        return self.ann.list_all(f"/api/tasks?project={IDS['project']}&limit=100{query}")


@pytest.fixture
def world(client: Client, set_signing_keys: Callable[..., None]) -> Iterator[World]:
    set_signing_keys(**DATA["secret"])
    with time_machine.travel(NOW, tick=False) as clock:
        put_items(put_objects())
        yield World(client, clock)


@pytest.fixture
def runs(world: World, invoke: Invoke, sample_event: Event) -> Callable[[str], dict[str, Any]]:
    """Run a scheduled function at the clock's time: `runs("tick")`."""

    def run(name: str) -> dict[str, Any]:
        time = f"{datetime.now(NOW.tzinfo):%Y-%m-%dT%H:%M:%SZ}"
        outcome: dict[str, Any] = invoke(name, sample_event("tick") | {"time": time})
        return outcome

    return run


def put_items(upload_ids: dict[str, str]) -> None:
    """Put the recorded items; `upload_ids` maps recorded ids of multipart uploads to new ones."""
    text = json.dumps(DATA["items"])
    for before, after in upload_ids.items():
        text = text.replace(before, after)
    requests = [{"PutRequest": {"Item": item}} for item in json.loads(text)]
    client = dynamodb()
    for first in range(0, len(requests), BATCH):
        batch = {settings.TABLE_NAME: requests[first : first + BATCH]}
        assert not client.batch_write_item(RequestItems=batch)["UnprocessedItems"]


def put_objects() -> dict[str, str]:
    """Put the objects and begin the multipart uploads; return recorded upload id -> new one."""
    client, bucket = s3(), settings.BUCKET_NAME
    for found in DATA["objects"]:
        content = base64.b64decode(found["body"])
        client.put_object(Bucket=bucket, Key=found["key"], Body=content, ContentType=found["type"])
    return {
        upload["id"]: client.create_multipart_upload(Bucket=bucket, Key=upload["key"])["UploadId"]
        for upload in DATA["uploads"]
    }


def dynamodb() -> Any:
    return boto3.client("dynamodb", region_name=settings.REGION)


def s3() -> Any:
    return boto3.client("s3", region_name=settings.REGION)


def table_items(pk: str = "", sk: str = "") -> list[Item]:
    """Return the items in the table whose keys begin with `pk` and `sk`."""
    pages = dynamodb().get_paginator("scan").paginate(TableName=settings.TABLE_NAME)
    found = (item for page in pages for item in page["Items"])
    return [item for item in found if has_key(item, pk, sk)]


def has_key(item: Item, pk: str, sk: str) -> bool:
    return bool(item["PK"]["S"].startswith(pk) and item["SK"]["S"].startswith(sk))


def object_keys(prefix: str = "") -> set[str]:
    found = s3().list_objects_v2(Bucket=settings.BUCKET_NAME, Prefix=prefix)
    return {line["Key"] for line in found.get("Contents", [])}


def body(answer: HTTPResponse, status: int = 200) -> dict[str, Any]:
    """Return the JSON body of an answer, which must have that status."""
    assert answer.status_code == status, answer.json_body
    found: dict[str, Any] = answer.json_body
    return found


def renamed(value: Any) -> Any:
    """Return a recorded body with the name that the color of a label has today."""
    if isinstance(value, dict):
        return {"color" if k == "colour" else k: renamed(each) for k, each in value.items()}
    if isinstance(value, list):
        return [renamed(each) for each in value]
    return value


# --- reading --------------------------------------------------------------------------------------


def route(path: str) -> str:
    """Return the path without its query and with `{id}` in place of ids."""
    return re.sub("/([0-9a-z]{26}){1,2}(?=/|$)", "/{id}", path.partition("?")[0])


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_data_has_an_item_of_every_entity(entity: str) -> None:
    assert any(has_key(item, *ENTITIES[entity]) for item in DATA["items"])


def test_every_recorded_get_request_is_answered_as_before(world: World) -> None:
    """Texts for people (pages, titles and details of problems) may change; all else may not."""
    different = [
        f"{found['path']} of {found['who']}"
        for found in DATA["gets"]
        if not is_answered_as_before(world, found)
    ]
    assert different == []


def is_answered_as_before(world: World, found: dict[str, Any]) -> bool:
    """Return whether status, body and (where the body has no label) ETag are the recorded ones."""
    answer = world.api(found["who"]).get(found["path"])
    if answer.status_code != found["status"]:
        return False
    if isinstance(found["body"], str):
        return "html" in answer.headers["content-type"]
    if found["status"] >= 400:
        return bool(answer.json_body["code"] == found["body"]["code"])
    before = renamed(found["body"])
    is_same = before == found["body"]
    return answer.json_body == before and (
        not is_same or answer.headers.get("etag") == found["etag"]
    )


def test_an_etag_that_a_client_kept_still_says_that_nothing_changed(world: World) -> None:
    (found,) = (each for each in DATA["gets"] if (each["who"], each["path"]) == ("ann", TASK))
    answer = world.ann.get(TASK, headers={"If-None-Match": found["etag"]})
    assert answer.status_code == 304


def test_the_list_snapshot_in_the_bucket_is_read_by_a_list_that_needs_it(world: World) -> None:
    with recorded_calls() as calls:
        found = world.tasks("&status=todo&ordering=due_date")
    assert ("GetObject", f"catalogue/1/{IDS['project']}") in calls
    assert ("PutObject", f"catalogue/1/{IDS['project']}") not in calls
    expected = [task for task in world.tasks() if task["status"] == "todo"]
    expected.sort(key=lambda task: (task["due_date"] or "~", task["id"]))
    assert [task["id"] for task in found] == [task["id"] for task in expected]
    assert len(found) == world.statistics()["by_status"]["todo"] > 10


@contextmanager
def recorded_calls() -> Iterator[list[tuple[str, str]]]:
    """Note operation and S3 key of each call of AWS in the block."""
    calls: list[tuple[str, str]] = []
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        calls.append((operation, str(parameters.get("Key"))))
        return call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", noted):
        yield calls


def test_a_client_that_syncs_goes_on_with_its_cursor_and_gets_only_what_is_new(
    world: World,
) -> None:
    *_, last = (each for each in DATA["gets"] if each["path"].startswith("/api/changes"))
    cursor, items = last["body"]["next_cursor"], [{"id": ""}]
    person = world.person(last["who"])
    while items:
        page = body(person.get(f"/api/changes?cursor={cursor}"))
        cursor, items = page["next_cursor"], page["items"] if page["has_more"] else []
    world.clock.shift(timedelta(minutes=5))
    body(person.patch(f"/api/tasks/{IDS['subtask']}", {"title": "Told"}))
    told = body(person.get(f"/api/changes?cursor={cursor}"))["items"]
    assert "Told" in {item.get("title") for item in told} and len(told) < 20


# --- signing in -----------------------------------------------------------------------------------


def test_a_refresh_token_gives_new_tokens(world: World) -> None:
    fresh = body(Api(world.client).post("/api/auth/refresh", {"refresh": world.ann.refresh}))
    assert body(Api(world.client, fresh["access"]).get(TASK))["id"] == IDS["parent"]


def test_a_password_signs_in(world: World) -> None:
    login = {"email": world.bob.email, "password": DATA["password"]}
    signed_in = body(Api(world.client).post("/api/auth/login", login))
    assert signed_in["user"]["id"] == world.bob.id


def test_a_session_is_ended(world: World) -> None:
    sessions = body(world.ann.get("/api/auth/sessions"))["items"]
    assert len(sessions) > 1
    assert world.ann.delete("/api/auth/sessions").status_code == 204
    assert len(body(world.ann.get("/api/auth/sessions"))["items"]) == 1


def test_an_api_token_may_do_what_its_scopes_say(world: World) -> None:
    title = {"title": "Written by a program"}
    assert world.api("reader").patch(TASK, title).status_code == 403
    assert body(world.api("writer").patch(TASK, title))["title"] == title["title"]


def test_a_deleted_api_token_is_refused(world: World) -> None:
    path = f"/api/auth/tokens/{IDS['token_writer']}"
    assert world.ann.delete(path).status_code == 204
    assert world.api("writer").get(TASK).status_code == 401


@pytest.mark.parametrize("taken", ["username", "email"])
def test_a_username_and_an_address_stay_taken(world: World, taken: str) -> None:
    new = {"username": "newcomer", "email": "newcomer@example.com", "password": PASSWORD}
    new |= {"password_confirm": PASSWORD}
    new |= {taken: {"username": "ANN", "email": "Ann@Example.com"}[taken]}
    answer = Api(world.client).post("/api/auth/register", new)
    assert (answer.status_code, answer.json_body["code"]) == (409, f"{taken}_taken")


def test_an_address_is_verified(world: World, runs: Any) -> None:
    gus = world.person("gus")
    assert body(gus.get("/api/auth/profile"))["is_verified"] is False
    asked = Api(world.client).post("/api/auth/resend-verification", {"email": gus.email})
    assert asked.status_code < 300, asked.json_body
    runs("sweep_mail")
    *_, mail = mails_to(gus)
    done = Api(world.client).post("/api/auth/verify-email", {"token": extract_token(mail)})
    assert done.status_code == 204
    assert body(gus.get("/api/auth/profile"))["is_verified"] is True


def test_a_waiting_mail_with_a_reset_link_is_sent_and_its_link_works(
    world: World, runs: Any
) -> None:
    runs("sweep_mail")
    link = f"{settings.APP_URL}/reset?token="
    (mail,) = (each for each in mails_to(world.cleo) if link in text_of(each))
    new = {"password": "a wholly new password", "password_confirm": "a wholly new password"}
    reset = Api(world.client).post(
        "/api/auth/reset-password", {"token": extract_token(mail), **new}
    )
    assert reset.status_code == 204
    login = {"email": world.cleo.email, "password": new["password"]}
    assert body(Api(world.client).post("/api/auth/login", login))["user"]["id"] == world.cleo.id


def text_of(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


# --- tasks ----------------------------------------------------------------------------------------


def test_a_task_is_changed_at_the_version_that_a_client_knows(world: World) -> None:
    (found,) = (each for each in DATA["gets"] if (each["who"], each["path"]) == ("ann", TASK))
    fields, before = {"title": "Another title"}, found["body"]
    after = body(world.ann.patch(TASK, fields, headers={"If-Match": found["etag"]}))
    changed = {"title", "version", "updated_at"}
    assert after["title"] == "Another title" and after["version"] == before["version"] + 1
    assert {k: v for k, v in after.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }


def test_an_outdated_etag_is_refused(world: World) -> None:
    (found,) = (each for each in DATA["gets"] if (each["who"], each["path"]) == ("ann", TASK))
    world.ann.patch(TASK, {"title": "x"})
    answer = world.ann.patch(TASK, {"title": "y"}, headers={"If-Match": found["etag"]})
    assert answer.status_code == 412


def test_the_statistics_are_right_before_any_change(world: World) -> None:
    assert world.has_sound_statistics()


def test_a_new_status_moves_a_task_between_counts_and_lists(world: World) -> None:
    before = world.statistics()["by_status"]
    body(world.ann.patch(f"{TASK}/status", {"status": "done"}))
    after = world.statistics()["by_status"]
    assert (after["todo"], after["done"]) == (before["todo"] - 1, before["done"] + 1)
    assert IDS["parent"] in ids(world.tasks("&status=done"))
    assert IDS["parent"] not in ids(world.tasks("&status=todo"))
    assert world.has_sound_statistics()


def ids(items: list[Item]) -> set[str]:
    return {item["id"] for item in items}


def test_a_new_priority_moves_a_task_between_counts_and_lists(world: World) -> None:
    before = world.statistics()["by_priority"]
    body(world.ann.patch(TASK, {"priority": "low"}))
    after = world.statistics()["by_priority"]
    assert (after["high"], after["low"]) == (before["high"] - 1, before["low"] + 1)
    assert IDS["parent"] in ids(world.tasks("&priority=low"))


def test_a_new_assignee_moves_a_task_between_lists_and_gets_a_mail(world: World, runs: Any) -> None:
    runs("sweep_mail")
    before = len(list(mails_to(world.cleo)))
    body(world.ann.patch(f"{TASK}/assign", {"assigned_to": world.cleo.id}))
    assert IDS["parent"] in ids(world.tasks(f"&assigned_to={world.cleo.id}"))
    assert IDS["parent"] not in ids(world.tasks(f"&assigned_to={world.bob.id}"))
    assert world.has_sound_statistics()
    runs("sweep_mail")
    assert len(list(mails_to(world.cleo))) == before + 1


def test_the_labels_of_a_task_are_changed_and_lists_by_label_follow(world: World) -> None:
    urgent, later = IDS["label_urgent"], IDS["label_later"]
    body(world.ann.patch(TASK, {"labels": [later]}))
    assert IDS["parent"] in ids(world.tasks(f"&label={later}"))
    assert IDS["parent"] not in ids(world.tasks(f"&label={urgent}"))


def test_a_task_is_deleted_and_restored_and_the_counts_are_as_before(world: World) -> None:
    path, before = f"/api/tasks/{IDS['last_task']}", world.statistics()
    task = body(world.ann.get(path))
    assert world.ann.delete(path).status_code == 204
    assert world.statistics()["total"] == before["total"] - 1 and world.has_sound_statistics()
    assert IDS["last_task"] in ids(
        body(world.ann.get(f"/api/trash?project={IDS['project']}"))["items"]
    )
    restored = body(world.ann.post(f"{path}/restore"))
    own = {"version", "updated_at"}
    assert {k: v for k, v in restored.items() if k not in own} == {
        k: v for k, v in task.items() if k not in own
    }
    assert world.statistics() == before


def test_a_task_that_was_in_the_trash_is_restored_with_labels_and_assignee(world: World) -> None:
    total = world.statistics()["total"]
    restored = body(world.ann.post(f"/api/tasks/{IDS['trashed_task']}/restore"))
    assert restored["labels"] == [IDS["label_urgent"]] and restored["due_date"] == "2026-12-24"
    assert IDS["trashed_task"] in ids(world.tasks(f"&label={IDS['label_urgent']}"))
    assert IDS["trashed_task"] in ids(world.tasks(f"&assigned_to={restored['assigned_to']}"))
    assert world.statistics()["total"] == total + 1 and world.has_sound_statistics()


def test_a_subtask_that_was_in_the_trash_is_restored_under_its_parent(world: World) -> None:
    parent = f"/api/tasks/{IDS['deleted_parent']}"
    body(world.ann.post(f"{parent}/restore"))
    child = body(world.ann.post(f"/api/tasks/{IDS['deleted_child']}/restore"))
    assert child["parent"] == IDS["deleted_parent"]
    assert body(world.ann.get(parent))["subtasks_count"] == 1


def test_a_new_task_gets_the_next_number_and_counts_for_its_parent(world: World) -> None:
    before = body(world.ann.get(TASK))["subtasks_count"]
    numbers = [int(task["key"].rpartition("-")[2]) for task in world.tasks()]
    new = world.ann.create_task(IDS["project"], "Child", parent=IDS["parent"])
    assert new["key"] == f"LAUNCH-{max(numbers) + 1}"
    assert body(world.ann.get(f"/api/tasks/{new['key']}"))["id"] == new["id"]
    assert body(world.ann.get(TASK))["subtasks_count"] == before + 1
    assert world.has_sound_statistics()


def test_a_task_with_subtasks_is_not_deleted(world: World) -> None:
    answer = world.ann.delete(TASK)
    assert (answer.status_code, answer.json_body["code"]) == (409, "has_subtasks")


def test_many_tasks_are_changed_in_one_request(world: World) -> None:
    changes = [
        {"op": "update", "id": IDS["subtask"], "status": "review"},
        {"op": "update", "id": IDS["overdue_task"], "priority": "low"},
        {"op": "delete", "id": IDS["bulk_task"]},
    ]
    done = body(world.ann.post("/api/tasks/bulk", {"operations": changes, "atomic": True}))
    assert [each["status"] for each in done["results"]] == [200, 200, 204]
    assert world.has_sound_statistics()


def test_chosen_reminders_are_replaced(world: World) -> None:
    path, chosen = f"{TASK}/reminders", {"reminders": [{"minutes_before": 30}]}
    assert body(world.ann.get(path)) != chosen
    assert body(world.ann.put(path, chosen)) == chosen


def test_the_search_index_follows_a_change_of_an_earlier_task(world: World, stream: Any) -> None:
    assert ids(world.tasks("&q=rockets")) == {IDS["parent"]}
    body(world.ann.patch(TASK, {"description": "A long story of submarines"}))
    stream.deliver_new()
    assert world.tasks("&q=rockets") == []
    assert ids(world.tasks("&q=submarines")) == {IDS["parent"]}


def test_a_change_is_recorded_in_the_activity_before_the_earlier_changes(
    world: World, stream: Any
) -> None:
    path = f"{TASK}/activity?limit=100"
    before = world.ann.list_all(path)
    body(world.ann.patch(TASK, {"priority": "low"}))
    stream.deliver_new()
    first, *rest = world.ann.list_all(path)
    assert (first["field"], first["old"], first["new"]) == ("priority", "high", "low")
    assert rest == before
    assert body(world.ann.get(f"{PROJECT}/activity"))["items"][0]["id"] == first["id"]


# --- what belongs to tasks and projects -----------------------------------------------------------


def test_a_comment_is_written_edited_and_deleted_and_the_count_is_right(world: World) -> None:
    count = body(world.ann.get(TASK))["comments_count"]
    assert count == len(world.ann.list_all(f"{TASK}/comments?limit=100"))
    new = body(world.bob.post(f"{TASK}/comments", {"body": "New"}), 201)
    assert body(world.ann.get(TASK))["comments_count"] == count + 1
    earlier = f"{TASK}/comments/{IDS['comment']}"
    assert body(world.bob.patch(earlier, {"body": "Edited"}))["body"] == "Edited"
    for path in (earlier, f"{TASK}/comments/{new['id']}"):
        assert world.bob.delete(path).status_code == 204
    assert body(world.ann.get(TASK))["comments_count"] == count - 1
    assert len(world.ann.list_all(f"{TASK}/comments?limit=100")) == count - 1


def test_a_person_watches_and_stops(world: World) -> None:
    path = f"{TASK}/watchers"
    assert world.cleo.id not in watchers(world)  # the earlier code stopped it
    assert world.cleo.put(f"{path}/me").status_code == 204
    assert world.cleo.id in watchers(world)
    assert world.bob.delete(f"{path}/me").status_code == 204
    assert world.bob.id not in watchers(world)


def watchers(world: World) -> str:
    return json.dumps(body(world.ann.get(f"{TASK}/watchers")))


def test_a_label_keeps_the_earlier_color_under_its_new_name_and_the_table_keeps_its_attribute(
    world: World,
) -> None:
    path = f"{PROJECT}/labels/{IDS['label_urgent']}"
    assert body(world.ann.get(path))["color"] == "#ff0000"
    assert body(world.ann.patch(path, {"color": "#abcdef"}))["color"] == "#abcdef"
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"LABEL#{IDS['label_urgent']}")
    assert item["colour"] == {"S": "#abcdef"} and "color" not in item


def test_the_name_of_a_label_is_taken_until_the_label_is_renamed(world: World) -> None:
    new = {"name": "URGENT"}
    assert world.ann.post(f"{PROJECT}/labels", new).status_code == 409
    body(world.ann.patch(f"{PROJECT}/labels/{IDS['label_urgent']}", {"name": "asap"}))
    body(world.ann.post(f"{PROJECT}/labels", new), 201)


def test_a_label_is_deleted_and_the_tick_takes_it_from_its_tasks(world: World, runs: Any) -> None:
    assert IDS["label_later"] in body(world.ann.get(TASK))["labels"]
    assert world.ann.delete(f"{PROJECT}/labels/{IDS['label_later']}").status_code == 204
    world.clock.shift(timedelta(minutes=2))
    runs("tick")
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"TASK#{IDS['parent']}")
    assert IDS["label_later"] not in json.dumps(item)


def test_an_announced_attachment_is_confirmed_and_deleted_and_its_room_is_counted(
    world: World,
) -> None:
    attachment = f"{TASK}/attachments/{IDS['pending_attachment']}"
    count, room = body(world.ann.get(TASK))["attachments_count"], used_room()
    key = f"att/{IDS['parent']}/{IDS['pending_attachment']}"
    s3().put_object(Bucket=settings.BUCKET_NAME, Key=key, Body=b"four", ContentType="text/plain")
    assert body(world.ann.post(f"{attachment}/complete"))["status"] == "ready"
    assert body(world.ann.get(TASK))["attachments_count"] == count + 1
    assert used_room() == room  # the announcement counted it
    assert world.ann.delete(attachment).status_code == 204
    assert body(world.ann.get(TASK))["attachments_count"] == count
    assert used_room() == (room[0] - 4, room[1] - 1)
    assert key not in object_keys()


def used_room() -> tuple[int, int]:
    """Return the bytes and files that count for the task."""
    (item,) = table_items(f"TASK#{IDS['parent']}", "USAGE")
    return int(item["bytes"]["N"]), int(item["files"]["N"])


def test_an_upload_in_parts_goes_on(world: World) -> None:
    parts = f"{TASK}/attachments/{IDS['large_attachment']}/parts"
    assert body(world.ann.get(parts))["items"] == []
    (part,) = body(world.ann.post(parts, {"numbers": [1]}))["items"]
    (item,) = table_items(f"TASK#{IDS['parent']}", f"FILE#{IDS['large_attachment']}")
    assert f"uploadId={item['upload_id']['S']}" in part["url"]


def test_an_avatar_is_taken_away(world: World) -> None:
    assert body(world.ann.get("/api/auth/profile"))["avatar_url"] is not None
    assert world.ann.delete("/api/auth/profile/avatar").status_code == 204
    assert body(world.ann.get("/api/auth/profile"))["avatar_url"] is None


def test_a_role_is_changed_and_a_member_removed(world: World) -> None:
    vic = world.person("vic")
    body(world.ann.patch(f"{PROJECT}/members/{vic.id}", {"role": "member"}))
    assert body(vic.get(PROJECT))["my_role"] == "member"
    assert world.ann.delete(f"{PROJECT}/members/{vic.id}").status_code == 204
    assert vic.get(PROJECT).status_code == 404
    assert vic.id not in json.dumps(body(world.ann.get(f"{PROJECT}/members")))


def test_a_project_is_handed_over(world: World) -> None:
    done = world.ann.post(f"{PROJECT}/transfer", {"user_id": world.bob.id})
    assert done.status_code < 300, done.json_body
    assert body(world.ann.get(PROJECT))["owner"] == world.bob.id


def test_an_invitation_is_accepted(world: World) -> None:
    ivy = world.person("ivy")
    answer = ivy.post(f"/api/invitations/{IDS['invitation_ivy']}/accept")
    assert answer.status_code == 201, answer.json_body
    assert body(ivy.get(f"/api/projects/{IDS['cleos_project']}"))["my_role"] == "member"
    assert table_items("", f"INVITE#{IDS['invitation_ivy']}") == []


def test_an_invitation_is_revoked(world: World) -> None:
    path = f"{PROJECT}/invitations/{IDS['invitation_zoe']}"
    assert world.ann.delete(path).status_code == 204
    assert body(world.ann.get(f"{PROJECT}/invitations"))["items"] == []


def test_a_project_is_archived_and_opened_again(world: World) -> None:
    path = f"/api/projects/{IDS['archived_project']}"
    assert body(world.cleo.get(path))["archived_at"] is not None
    body(world.cleo.post(f"{path}/unarchive"))
    world.cleo.create_task(IDS["archived_project"], "Now it can be changed")
    assert body(world.cleo.get(path))["tasks_count"] == 2


def test_a_project_that_was_in_the_trash_is_restored(world: World) -> None:
    path = f"/api/projects/{IDS['trashed_project']}"
    assert world.cleo.get(path).status_code == 404
    body(world.cleo.post(f"{path}/restore"))
    assert body(world.cleo.get(path))["tasks_count"] == 1


def test_a_link_in_an_earlier_mail_ends_mails_of_its_kind(world: World) -> None:
    (found,) = (each for each in DATA["gets"] if each["path"].startswith("/api/unsubscribe"))
    assert world.api("").post(found["path"]).status_code == 200
    assert body(world.ann.get("/api/auth/profile"))["notifications"]["assigned"] is False


@pytest.mark.parametrize("post", DATA["posts"], ids=lambda post: route(post["path"]))
def test_a_request_that_is_repeated_with_its_idempotency_key_gets_the_first_answer(
    world: World, post: dict[str, Any]
) -> None:
    before = len(table_items())
    key = {"Idempotency-Key": post["key"]}
    answer = world.ann.post(post["path"], raw=post["raw"].encode(), headers=key)
    assert without_form(body(answer, post["status"])) == without_form(renamed(post["answer"]))
    assert len(table_items()) == before


def without_form(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without the form of an upload, which is signed anew each time."""
    return {name: value for name, value in answer.items() if name != "upload"}


def test_an_idempotency_key_cannot_be_used_for_another_request(world: World) -> None:
    post = DATA["posts"][0]
    key = {"Idempotency-Key": post["key"]}
    answer = world.ann.post(post["path"], {"name": "Other"}, headers=key)
    assert (answer.status_code, answer.json_body["code"]) == (422, "idempotency_key_reused")


# --- jobs -----------------------------------------------------------------------------------------


def test_waiting_mails_are_sent_once_by_the_mail_sweep(world: World, runs: Any) -> None:
    waiting = [item for item in table_items("OUTBOX#", "MAIL") if "wake_at" in item]
    assert len(waiting) > 5
    runs("sweep_mail")
    world.clock.shift(timedelta(minutes=5))
    runs("sweep_mail")  # the first sweep fans a comment out to its watchers
    sent = {name: len(list(mails_to(world.person(name)))) for name in ("ann", "bob", "cleo", "fay")}
    assert all(sent.values()), sent
    assert [item for item in table_items("OUTBOX#", "MAIL") if "wake_at" in item] == []
    world.clock.shift(timedelta(minutes=5))
    runs("sweep_mail")
    assert sent == {name: len(list(mails_to(world.person(name)))) for name in sent}


def test_a_new_mail_is_dispatched_by_the_stream_and_the_sweep_sends_no_second_one(
    world: World, runs: Any, invoke: Invoke
) -> None:
    """The stream record names an item that the earlier code wrote."""
    item = next(
        each
        for each in table_items("OUTBOX#", "MAIL")
        if each["kind"]["S"] == "assigned"
        and each.get("recipient", {}).get("S") == world.cleo.id
        and "wake_at" in each
        and each["task_id"]["S"] == IDS["bobs_task"]
    )
    change = {"Keys": {"PK": item["PK"]}, "SequenceNumber": "7"}
    records = {"Records": [{"eventName": "INSERT", "dynamodb": change}]}
    assert invoke("dispatch_mail", records) == {"batchItemFailures": []}
    (mail,) = mails_to(world.cleo)
    assert IDS["bobs_task"] in text_of(mail)
    runs("sweep_mail")
    assert sum(IDS["bobs_task"] in text_of(each) for each in mails_to(world.cleo)) == 1


def test_nothing_is_sent_to_an_address_that_bounced(world: World, runs: Any) -> None:
    body(world.ann.post(f"{TASK}/comments", {"body": "Are you there, @vic?"}), 201)
    for _ in range(2):
        runs("sweep_mail")
    assert list(mails_to(world.person("vic"))) == []


def test_deferred_task_updates_are_carried_out_by_the_tick(world: World, runs: Any) -> None:
    dan, doomed = DATA["people"]["dan"]["id"], IDS["label_doomed"]
    assert len(table_items("ERRAND#")) == 3
    assert in_tasks(doomed)
    left_by_dan = in_tasks(dan, "assigned_to")
    assert left_by_dan
    outcome = runs("tick")
    assert (outcome["run"], outcome["failed"]) == (3, 0)
    assert table_items("ERRAND#") == []
    assert in_tasks(doomed) == [] and table_items("", f"BY#label:{doomed}") == []
    assert table_items("", f"BY#assignee:{dan}") == [] == in_tasks(dan, "assigned_to")
    assert set(left_by_dan) <= set(in_tasks(world.bob.id, "assigned_to"))
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"TASK#{IDS['parent']}")
    assert item["due_at"]["S"] == "2026-11-20T14:59:59.999Z"  # the end of Bob's day in Tokyo
    assert world.has_sound_statistics()


def in_tasks(text: str, attribute: str = "labels") -> list[str]:
    """Return the keys of the tasks that have `text` in that attribute."""
    tasks = table_items(f"PROJECT#{IDS['project']}", "TASK#")
    return [item["SK"]["S"] for item in tasks if text in json.dumps(item.get(attribute))]


EXPORTS = [
    ("cleo", f"{PROJECT}/exports/{IDS['waiting_export']}"),
    ("bob", f"{PROJECT}/exports/{IDS['running_export']}"),
    ("cleo", f"/api/auth/profile/exports/{IDS['waiting_account_export']}"),
    ("ann", f"{PROJECT}/reports/{IDS['once_report']}"),
]


@pytest.mark.parametrize(("who", "path"), EXPORTS, ids=["waiting", "running", "account", "report"])
def test_a_job_that_was_begun_is_finished_by_the_job_sweep(
    world: World, runs: Any, who: str, path: str
) -> None:
    assert body(world.person(who).get(path))["status"] in {"waiting", "running"}
    world.moves_to("2026-11-18T12:05")
    runs("sweep_jobs")
    job = body(getattr(world, who).get(path))
    assert job["status"] == "done" and job["files"]
    assert table_items("SLOT#") == []
    assert object_keys(f"results/{job['id']}/draft") == set()
    if "/projects/" in path and "exports" in path:
        found = s3().get_object(
            Bucket=settings.BUCKET_NAME, Key=f"results/{job['id']}/project.json"
        )
        exported = json.loads(found["Body"].read())["tasks"]
        assert ids(exported) == ids(world.tasks())


def test_the_results_of_an_earlier_job_are_removed_seven_days_after_its_end(
    world: World, runs: Any
) -> None:
    assert object_keys(f"results/{IDS['done_export']}")
    world.moves_to("2026-11-24T07:55")
    set_watermarks()
    runs("sweep_jobs")
    assert object_keys(f"results/{IDS['done_export']}")
    world.moves_to("2026-11-24T08:05")
    runs("sweep_jobs")
    assert object_keys(f"results/{IDS['done_export']}") == set()
    assert table_items(f"JOB#{IDS['done_export']}") == []


def test_a_chosen_reminder_is_sent_at_its_time(world: World, runs: Any) -> None:
    runs("sweep_mail")
    before = len(list(mails_to(world.bob)))
    for moment, new in (("14:55", 0), ("15:00", 1), ("15:05", 1)):
        world.moves_to(f"2026-11-18T{moment}")
        runs("send_reminders")
        runs("sweep_mail")
        assert len(list(mails_to(world.bob))) == before + new, moment


def test_the_overdue_digest_is_sent_on_the_next_morning(world: World, runs: Any) -> None:
    def digests() -> int:
        return len([item for item in table_items(f"OUTBOX#overdue:{world.cleo.id}:2026-11-19")])

    world.moves_to("2026-11-19T08:55")
    runs("send_reminders")
    assert digests() == 0
    for moment in ("2026-11-19T09:00", "2026-11-19T09:05"):
        world.moves_to(moment)
        runs("send_reminders")
    assert digests() == 1
    runs("sweep_mail")
    assert any(IDS["overdue_task"] in text_of(mail) for mail in mails_to(world.cleo))


def test_the_weekly_report_is_made_on_the_next_monday(world: World, runs: Any) -> None:
    runs("sweep_mail")
    world.moves_to("2026-11-23T06:55")
    set_watermarks()
    runs("sweep_jobs")
    runs("sweep_mail")
    before = len(list(mails_to(world.ann)))
    world.moves_to("2026-11-23T07:00")
    runs("sweep_jobs")
    runs("sweep_mail")
    assert len(list(mails_to(world.ann))) > before


def test_a_purge_that_stopped_half_way_goes_on_when_its_lease_is_over(
    world: World, runs: Any
) -> None:
    project = IDS["purged_project"]
    runs("tick")  # the lease of the stopped purge is still in force
    assert table_items(f"PROJECT#{project}", "META")
    world.moves_to("2026-11-18T12:05")
    for _ in range(2):
        runs("tick")
    left = [item for item in table_items() if project in json.dumps(item)]
    assert {item["PK"]["S"].partition("#")[0] for item in left} <= {"OUTBOX"}
    assert [key for key in object_keys() if project in key] == []


def test_tasks_in_the_trash_are_purged_after_30_days_with_all_that_belongs_to_them(
    world: World, runs: Any
) -> None:
    trashed = ("trashed_task", "deleted_parent", "deleted_child")
    body(world.ann.post(f"/api/tasks/{IDS['deleted_parent']}/restore"))
    time_passes(world, runs, "2026-12-17T07:30")
    runs("tick")
    assert len(table_items("", "TRASH#")) == 2
    world.moves_to("2026-12-17T08:05")
    runs("tick")
    left = {name for name in trashed if any_item_of(IDS[name])}
    assert left == {"deleted_parent"}
    assert world.ann.post(f"/api/tasks/{IDS['trashed_task']}/restore").status_code == 404
    assert body(world.ann.get(f"/api/tasks/{IDS['deleted_parent']}"))["title"] == "A branch"
    assert world.has_sound_statistics()


def any_item_of(task: str) -> bool:
    """Return whether an item other than a mail names the task."""
    found = (item for item in table_items() if not has_key(item, "OUTBOX#", ""))
    return any(task in item["PK"]["S"] + item["SK"]["S"] for item in found)


def time_passes(world: World, runs: Any, until: str) -> None:
    """Run the tick, and set the clock to `until` as if later ticks had found nothing to do."""
    runs("tick")
    world.moves_to(until)
    set_watermarks()


def test_an_account_is_erased_when_its_grace_period_is_over(world: World, runs: Any) -> None:
    fay = world.person("fay")
    time_passes(world, runs, "2026-11-25T11:50")
    assert runs("tick")["erased"] == 0
    assert table_items("EMAIL#f", "fay@")
    world.moves_to("2026-11-25T12:00")
    assert runs("tick")["erased"] == 1
    assert table_items("EMAIL#f") == [] and table_items("USERNAME#fay") == []
    (profile,) = table_items(f"USER#{fay.id}", "PROFILE")
    assert "fay" not in json.dumps(profile).replace(fay.id, "") and "erased_at" in profile
    assert fay.id not in json.dumps(body(world.ann.get(f"{PROJECT}/members")))
    assert world.has_sound_statistics()


def test_signing_in_within_the_grace_period_calls_off_the_deletion_of_an_account(
    world: World, runs: Any
) -> None:
    fay = world.person("fay")
    assert fay.get("/api/auth/profile").status_code == 401
    fay.log_in()
    assert body(fay.get("/api/auth/profile"))["username"] == "fay"
    time_passes(world, runs, "2026-11-25T11:50")
    world.moves_to("2026-11-25T12:30")
    assert runs("tick")["erased"] == 0
    assert table_items("EMAIL#f", "fay@") and table_items("USERNAME#fay")


def test_uploads_that_never_came_are_removed_after_a_day(world: World, runs: Any) -> None:
    before = used_room()
    world.moves_to("2026-11-19T12:00")
    assert runs("tick")["expired"] == 3  # a form, one in parts, an avatar
    assert table_items("TASK#", f"FILE#{IDS['pending_attachment']}") == []
    assert table_items("TASK#", f"FILE#{IDS['large_attachment']}") == []
    assert table_items("USER#", f"AVATAR#{IDS['pending_avatar']}") == []
    assert used_room() == (before[0] - 4 - 7 * 1024 * 1024, before[1] - 2)


def test_tombstones_of_files_are_removed_by_the_tick(world: World, runs: Any) -> None:
    keys = {
        f"att/{IDS['parent']}/{IDS['gone_attachment']}",
        f"avatar/{world.bob.id}/{IDS['gone_avatar']}",
    }
    runs("tick")
    assert not keys & object_keys()
    assert table_items("TASK#", f"FILE#{IDS['gone_attachment']}") == []
    assert table_items("USER#", f"AVATAR#{IDS['gone_avatar']}") == []


def test_the_counter_repair_finds_no_drift(world: World, runs: Any) -> None:
    assert runs(REPAIR_COUNTERS) == {"begun": 1}
    outcome = runs("tick")
    assert (outcome["counted"], outcome["drift"]) == (4, 0)
    assert world.has_sound_statistics()


def test_the_weekly_clean_up_that_was_begun_finds_items_and_objects_in_agreement(
    world: World, runs: Any
) -> None:
    for minutes in range(0, 80, 8):
        world.clock.move_to(NOW + timedelta(minutes=minutes))
        runs("tick")
        (run,) = table_items("SWEEP#files")
        if "finished_at" in run:
            break
    assert "finished_at" in run
    assert (run["rows_without_object"], run["objects_without_row"]) == ({"N": "0"}, {"N": "0"})
    assert int(run["seen"]["N"]) > 0
