from typing import Any

import pytest
from chalice.test import Client

from chalicelib import settings
from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.trash.jobs import PAGE, purge_trash
from tests.faults import Killed, kill_at_call
from tests.support import Person, sign_up
from tests.table_stream import TaskStream


def _item_keys(*prefixes: str) -> list[str]:
    """Return the keys of all items whose partition begins with one of the prefixes."""
    client = Item._get_connection().connection.client
    items = client.scan(TableName=settings.TABLE_NAME)["Items"]
    keys = (f"{item['PK']['S']} {item['SK']['S']}" for item in items)
    return sorted(key for key in keys if key.startswith(prefixes))


def _count_objects() -> int:
    return int(clients.s3_client().list_objects_v2(Bucket=settings.BUCKET_NAME)["KeyCount"])


def _delete_closed_files() -> None:
    """Delete the objects and items of closed attachments, as the next tick does."""
    expire_uploads(now())


def _attach_file(person: Person, task: str) -> None:
    """Upload a file to the task and confirm it."""
    path = f"/api/tasks/{task}/attachments"
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    announced = person.post(path, body).json_body
    key = announced["upload"]["fields"]["key"]
    clients.s3_client().put_object(
        Bucket=settings.BUCKET_NAME, Key=key, Body=b"bytes", ContentType="text/plain"
    )
    done = person.post(f"{path}/{announced['attachment']['id']}/complete")
    assert done.status_code == 200, done.json_body


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Create a project with a member, a task with a file, and a task in the trash."""
    project = ann.create_project()
    ann.add_member(project, bob)
    _attach_file(ann, ann.create_task(project, assigned_to=bob.id)["id"])
    ann.delete(f"/api/tasks/{ann.create_task(project)['id']}")
    return project


def test_a_deleted_project_is_purged_completely_after_thirty_days(
    ann: Person, project: str, wait_days: Any, wait: Any
) -> None:
    kept = ann.create_project()
    ann.delete(f"/api/projects/{project}")
    wait_days(days=29)
    assert purge_trash(now()) == {"purged": 0}
    wait(days=1)
    assert purge_trash(now())["purged"] > 5
    _delete_closed_files()
    assert _item_keys(f"PROJECT#{project}", "TASK#") == []
    assert _count_objects() == 0
    assert [key for key in _item_keys("USER#") if project in key] == []
    assert purge_trash(now()) == {"purged": 0}
    assert _item_keys(f"PROJECT#{kept} META") != []


def test_a_restored_project_is_not_purged(
    client: Client, ann: Person, project: str, wait_days: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    ann.post(f"/api/projects/{project}/restore")
    wait_days(days=30)
    purge_trash(now())  # purges the task that was trashed on its own
    ann = sign_up(client, "ann")
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 1


def test_a_deleted_task_is_purged_with_its_files_after_thirty_days(
    client: Client, ann: Person, wait_days: Any
) -> None:
    task = ann.create_task(ann.create_project())["id"]
    _attach_file(ann, task)
    ann.delete(f"/api/tasks/{task}")
    wait_days(days=30)
    purge_trash(now())
    _delete_closed_files()
    assert sign_up(client, "ann").post(f"/api/tasks/{task}/restore").status_code == 404
    assert _item_keys("TASK#") == [] and _count_objects() == 0


def test_a_purged_task_leaves_no_items_in_its_project(
    ann: Person, bob: Person, stream: TaskStream, wait_days: Any
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    stream.deliver_new()
    before = _item_keys(f"PROJECT#{project}", "FEED#", "TASK#")
    label = ann.post(f"/api/projects/{project}/labels", {"name": "x", "color": "#ff0000"})
    labels = [label.json_body["id"]]
    task = ann.create_task(project, assigned_to=bob.id, labels=labels)["id"]
    ann.post(f"/api/tasks/{task}/comments", {"body": "Today, please"})
    ann.delete(f"/api/projects/{project}/labels/{labels[0]}")
    stream.deliver_new()
    ann.delete(f"/api/tasks/{task}")
    stream.deliver_new()
    wait_days(days=30)
    purge_trash(now())
    kept = ("NUMBERS", "STATS#")
    after = _item_keys(f"PROJECT#{project}", "FEED#", "TASK#")
    assert [key for key in after if not key.split()[1].startswith(kept)] == before


def test_a_purge_with_a_live_lease_is_not_repeated(ann: Person, wait_days: Any, wait: Any) -> None:
    project = ann.create_project()
    ann.create_task(project)
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    with pytest.raises(Killed), kill_at_call(3, writes_only=True):
        purge_trash(now())
    left = _item_keys(f"PROJECT#{project}", "TASK#")
    wait(minutes=5)
    assert purge_trash(now()) == {"purged": 0}
    assert _item_keys(f"PROJECT#{project}", "TASK#") == left != []
    wait(minutes=2)
    assert purge_trash(now())["purged"] >= len(left)
    assert _item_keys(f"PROJECT#{project}", "TASK#", "LEASE#") == []


def test_a_purge_without_time_for_a_step_is_left_to_the_next_tick(
    ann: Person, project: str, wait_days: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    short = TimeBudget(clock=now, wait=lambda _: None, milliseconds_left=lambda: 20_000)
    assert purge_trash(now(), short) == {"purged": 0}
    assert purge_trash(now())["purged"] > 5


def test_the_next_tick_continues_a_purge_that_ran_out_of_time(ann: Person, wait_days: Any) -> None:
    project = ann.create_project()
    client = Item._get_connection().connection.client
    puts = [_put_request(project, number) for number in range(3 * PAGE)]
    for start in range(0, len(puts), 25):
        client.batch_write_item(RequestItems={settings.TABLE_NAME: puts[start : start + 25]})
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    for _ in range(3):
        clock = iter([200_000, 150_000, 50_000])
        budget = TimeBudget(clock=now, wait=lambda _: None, milliseconds_left=clock.__next__)
        assert purge_trash(now(), budget) == {"purged": PAGE}
    assert purge_trash(now())["purged"] < PAGE
    assert _item_keys(f"PROJECT#{project}") == []


def _put_request(project: str, number: int) -> dict[str, Any]:
    """Return the request that puts an item without related items into the project."""
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": f"BY#x#{number:05}"}}
    return {"PutRequest": {"Item": key}}


def test_the_next_tick_finishes_a_purge_that_was_killed_at_any_call(
    client: Client, ann: Person, project: str, wait_days: Any, wait: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    calls = 0
    while True:
        calls += 1
        try:
            with kill_at_call(calls, writes_only=True):
                purge_trash(now())
            break
        except Killed:
            wait(minutes=7)  # until the lease has expired
            assert sign_up(client, "ann").get(f"/api/projects/{project}").status_code == 404
    _delete_closed_files()
    assert _item_keys(f"PROJECT#{project}", "TASK#") == [] and _count_objects() == 0
    assert calls > 4
