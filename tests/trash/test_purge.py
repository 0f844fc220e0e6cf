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
from tests.support import Killed, Person, killed_at, sign_up
from tests.table_stream import TaskStream


def _rows(*prefixes: str) -> list[str]:
    """The keys of all rows whose partition begins so."""
    client = Item._get_connection().connection.client
    items = client.scan(TableName=settings.TABLE_NAME)["Items"]
    found = (f"{item['PK']['S']} {item['SK']['S']}" for item in items)
    return sorted(row for row in found if row.startswith(prefixes))


def _objects() -> int:
    return int(clients.s3_client().list_objects_v2(Bucket=settings.BUCKET_NAME)["KeyCount"])


def _empty() -> None:
    """The tick that follows removes objects and their rows."""
    expire_uploads(now())


def _attaches(person: Person, task: str) -> None:
    """A file, uploaded and confirmed."""
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
    """A project with a member, tasks, one of them in the trash, and a file."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    _attaches(ann, ann.adds_task(project, assigned_to=bob.id)["id"])
    ann.delete(f"/api/tasks/{ann.adds_task(project)['id']}")
    return project


def test_after_thirty_days_nothing_is_left_of_a_project(
    ann: Person, project: str, pass_by: Any, wait: Any
) -> None:
    kept = ann.starts_project()
    ann.delete(f"/api/projects/{project}")
    pass_by(days=29)
    assert purge_trash(now()) == {"purged": 0}
    wait(days=1)
    assert purge_trash(now())["purged"] > 5
    _empty()
    assert _rows(f"PROJECT#{project}", "TASK#") == []
    assert _objects() == 0
    assert [row for row in _rows("USER#") if project in row] == []
    assert purge_trash(now()) == {"purged": 0}
    assert _rows(f"PROJECT#{kept} META") != []


def test_a_restored_project_is_not_purged(
    client: Client, ann: Person, project: str, pass_by: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    ann.post(f"/api/projects/{project}/restore")
    pass_by(days=30)
    purge_trash(now())  # the task that was in the trash by itself goes
    ann = sign_up(client, "ann")
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 1


def test_after_thirty_days_a_task_is_gone_with_its_files(
    client: Client, ann: Person, pass_by: Any
) -> None:
    task = ann.adds_task(ann.starts_project())["id"]
    _attaches(ann, task)
    ann.delete(f"/api/tasks/{task}")
    pass_by(days=30)
    purge_trash(now())
    _empty()
    assert sign_up(client, "ann").post(f"/api/tasks/{task}/restore").status_code == 404
    assert _rows("TASK#") == [] and _objects() == 0


def test_a_task_that_is_purged_leaves_nothing_in_its_project(
    ann: Person, bob: Person, stream: TaskStream, pass_by: Any
) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    stream.flows()
    before = _rows(f"PROJECT#{project}", "FEED#", "TASK#")
    label = ann.post(f"/api/projects/{project}/labels", {"name": "x", "color": "#ff0000"})
    labels = [label.json_body["id"]]
    task = ann.adds_task(project, assigned_to=bob.id, labels=labels)["id"]
    ann.post(f"/api/tasks/{task}/comments", {"body": "Today, please"})
    ann.delete(f"/api/projects/{project}/labels/{labels[0]}")
    stream.flows()
    ann.delete(f"/api/tasks/{task}")
    stream.flows()
    pass_by(days=30)
    purge_trash(now())
    kept = ("NUMBERS", "STATS#")
    after = _rows(f"PROJECT#{project}", "FEED#", "TASK#")
    assert [row for row in after if not row.split()[1].startswith(kept)] == before


def test_a_purge_that_somebody_is_at_is_left_to_them(ann: Person, pass_by: Any, wait: Any) -> None:
    project = ann.starts_project()
    ann.adds_task(project)
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    with pytest.raises(Killed), killed_at(3, writes_only=True):
        purge_trash(now())
    left = _rows(f"PROJECT#{project}", "TASK#")
    wait(minutes=5)
    assert purge_trash(now()) == {"purged": 0}
    assert _rows(f"PROJECT#{project}", "TASK#") == left != []
    wait(minutes=2)
    assert purge_trash(now())["purged"] >= len(left)
    assert _rows(f"PROJECT#{project}", "TASK#", "LEASE#") == []


def test_a_purge_without_time_for_a_step_leaves_it_to_the_next(
    ann: Person, project: str, pass_by: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    short = TimeBudget(clock=now, wait=lambda _: None, milliseconds_left=lambda: 20_000)
    assert purge_trash(now(), short) == {"purged": 0}
    assert purge_trash(now())["purged"] > 5


def test_what_there_is_no_time_for_is_left_to_the_next_tick(ann: Person, pass_by: Any) -> None:
    project = ann.starts_project()
    client = Item._get_connection().connection.client
    puts = [_bare(project, number) for number in range(3 * PAGE)]
    for start in range(0, len(puts), 25):
        client.batch_write_item(RequestItems={settings.TABLE_NAME: puts[start : start + 25]})
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    for _ in range(3):
        clock = iter([200_000, 150_000, 50_000])
        pace = TimeBudget(clock=now, wait=lambda _: None, milliseconds_left=clock.__next__)
        assert purge_trash(now(), pace) == {"purged": PAGE}
    assert purge_trash(now())["purged"] < PAGE
    assert _rows(f"PROJECT#{project}") == []


def _bare(project: str, number: int) -> dict[str, Any]:
    """A row of the project that nothing hangs on."""
    key = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": f"BY#x#{number:05}"}}
    return {"PutRequest": {"Item": key}}


def test_a_purge_killed_before_any_of_its_calls_is_finished_by_the_next(
    client: Client, ann: Person, project: str, pass_by: Any, wait: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    calls = 0
    while True:
        calls += 1
        try:
            with killed_at(calls, writes_only=True):
                purge_trash(now())
            break
        except Killed:
            wait(minutes=7)  # until the lease is over
            assert sign_up(client, "ann").get(f"/api/projects/{project}").status_code == 404
    _empty()
    assert _rows(f"PROJECT#{project}", "TASK#") == [] and _objects() == 0
    assert calls > 4
