"""Items and objects that the code wrote before it was moved into packages.

`tests/data/items_before_packages.json.gz` was written by commit f9c763c, the last one before the
move. It contains at least one item of every entity, all S3 objects, the time of the clock, the
tokens of the people, and the responses of that commit to GET requests.

Each test puts the items into an empty table, sets the clock to the recorded time, and uses the API
and the scheduled functions of the current code.

Clients see three differences: the field `colour` of a label is now called `color` (the attribute in
the table is still called `colour`), a whole task has the fields `WHOLE_TASK_FIELDS` and a `rank`,
which is that of its creation, and a project has `is_template`, which is false. An account also has
the settings of its inbox.
"""

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import time_machine
from chalice.test import Client, HTTPResponse

from chalicelib import settings
from chalicelib.dynamodb.ids import ID_LENGTH
from tests.support import Api, Person

Item = dict[str, Any]
RunFunction = Callable[[str], dict[str, Any]]

FILE = Path(__file__).parent / "data" / "items_before_packages.json.gz"
DATA: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
IDS: dict[str, str] = DATA["ids"]
NOW = datetime.fromisoformat(DATA["now"])
PROJECT = f"/api/projects/{IDS['project']}"
TASK = f"/api/tasks/{IDS['parent']}"
REPAIR_COUNTERS = "repair_counters"
BATCH_SIZE = 25
WHOLE_TASK_FIELDS = {
    "start_date": None,
    "rrule": None,
    "repeat_from": None,
    "next_task": None,
    "relations_count": 0,
    "open_blockers_count": 0,
}
# The settings of an account from before there were a daily digest and quiet hours.
NO_QUIET_TIME = {"digest_hour": None, "quiet_hours": None}

# Entity -> the beginnings of its partition key and sort key.
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


class EarlierScenario:
    """Table and bucket with the recorded content, and the people of the recording."""

    def __init__(self, client: Client, clock: time_machine.Traveller) -> None:
        self.client, self.clock = client, clock
        self.ann, self.bob, self.cleo = (self.person(name) for name in ("ann", "bob", "cleo"))

    def person(self, name: str) -> Person:
        """Return the person with the tokens that the earlier code gave them."""
        return Person(self.client, **DATA["people"][name])

    def api(self, name: str) -> Api:
        """Return the client of a person or of an API token (`reader`, `writer`).

        An empty name returns a client without a token.
        """
        if name in DATA["people"]:
            return self.person(name)
        return Api(self.client, IDS[f"secret_{name}"] if name else None)

    def set_time(self, moment: str) -> None:
        """Set the clock to a time in UTC and log in Ann, Bob and Cleo, who act in most tests."""
        self.clock.move_to(datetime.fromisoformat(f"{moment}+00:00"))
        for person in (self.ann, self.bob, self.cleo):
            person.log_in()

    def statistics(self) -> dict[str, Any]:
        """Return the statistics of the project."""
        return read_body(self.ann.get(f"/api/tasks/statistics?project={IDS['project']}"))

    def statistics_match_tasks(self) -> bool:
        """Return whether the statistics agree with a list of all tasks."""
        tasks = self.tasks()
        statistics = self.statistics()
        statuses = Counter(task["status"] for task in tasks)
        assignees = Counter(task["assigned_to"] for task in tasks)
        by_assignee = {each["user_id"]: each["count"] for each in statistics["by_assignee"]}
        by_status = {status: n for status, n in statistics["by_status"].items() if n}
        return (by_status, by_assignee, statistics["total"]) == (
            dict(statuses),
            dict(assignees),
            len(tasks),
        )

    def tasks(self, query: str = "") -> list[Item]:
        """Return all tasks of the project that match a query, which begins with `&`."""
        return self.ann.list_all(f"/api/tasks?project={IDS['project']}&limit=100{query}")


def put_recorded_items(upload_ids: dict[str, str]) -> None:
    """Put the recorded items; `upload_ids` maps recorded ids of multipart uploads to new ones."""
    text = json.dumps(DATA["items"])
    for before, after in upload_ids.items():
        text = text.replace(before, after)
    requests = [{"PutRequest": {"Item": item}} for item in json.loads(text)]
    client = dynamodb()
    for first in range(0, len(requests), BATCH_SIZE):
        batch = {settings.TABLE_NAME: requests[first : first + BATCH_SIZE]}
        assert not client.batch_write_item(RequestItems=batch)["UnprocessedItems"]


def put_objects() -> dict[str, str]:
    """Put the objects and begin the multipart uploads; return recorded upload id -> new one."""
    client, bucket = s3(), settings.BUCKET_NAME
    for recorded in DATA["objects"]:
        content, content_type = base64.b64decode(recorded["body"]), recorded["type"]
        client.put_object(
            Bucket=bucket, Key=recorded["key"], Body=content, ContentType=content_type
        )
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
    items = (item for page in pages for item in page["Items"])
    return [item for item in items if has_key(item, pk, sk)]


def has_key(item: Item, pk: str, sk: str) -> bool:
    """Return whether the keys of an item begin with `pk` and `sk`."""
    return bool(item["PK"]["S"].startswith(pk) and item["SK"]["S"].startswith(sk))


def object_keys(prefix: str = "") -> set[str]:
    found = s3().list_objects_v2(Bucket=settings.BUCKET_NAME, Prefix=prefix)
    return {entry["Key"] for entry in found.get("Contents", [])}


def read_body(answer: HTTPResponse, status: int = 200) -> dict[str, Any]:
    """Return the JSON body of a response, which must have that status."""
    assert answer.status_code == status, answer.json_body
    content: dict[str, Any] = answer.json_body
    return content


# What jobs of an earlier version, which did not count tasks, show as their progress.
DONE_PERCENT = {"done": 100, "waiting": 0, "running": None}


def build_current_body(recorded: dict[str, Any]) -> Any:
    """Return the body of a recorded response as the current code writes it."""
    body = use_current_fields(recorded["body"])
    is_project_export = path_template(recorded["path"]) == "/api/projects/{id}/exports/{id}"
    return body | {"filter": None} if is_project_export and "status" in body else body


def use_current_fields(value: Any) -> Any:
    """Return a recorded body as the current code writes it.

    A label has `color` instead of `colour`, a whole task has more fields, and a project has
    `is_template`, a job its progress, an account for site staff whether it has a second factor. An
    account has its settings of the inbox: all kinds are on.
    """
    if isinstance(value, dict):
        is_whole_task = {"due_date", "description"} <= value.keys()
        added = WHOLE_TASK_FIELDS | {"rank": value["id"][:ID_LENGTH]} if is_whole_task else {}
        if {"my_role", "members_count"} <= value.keys():
            added = {"is_template": False}
        if {"email", "notifications"} <= value.keys():
            added = {"inbox": dict.fromkeys(value["notifications"], True), **NO_QUIET_TIME}
        if {"email", "is_disabled"} <= value.keys():
            added = {"has_second_factor": False}
        if {"status", "files"} <= value.keys():
            added = {"progress": DONE_PERCENT[value["status"]]}
        return {
            "color" if name == "colour" else name: use_current_fields(each)
            for name, each in value.items()
        } | added
    if isinstance(value, list):
        return [use_current_fields(each) for each in value]
    return value


def path_template(path: str) -> str:
    """Return the path without its query and with `{id}` in place of ids."""
    return re.sub("/([0-9a-z]{26}){1,2}(?=/|$)", "/{id}", path.partition("?")[0])


def ids_of(items: list[Item]) -> set[str]:
    return {item["id"] for item in items}


def text_of(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def used_storage() -> tuple[int, int]:
    """Return the number of bytes and files in the storage usage of the task `TASK`."""
    (item,) = table_items(f"TASK#{IDS['parent']}", "USAGE")
    return int(item["bytes"]["N"]), int(item["files"]["N"])
