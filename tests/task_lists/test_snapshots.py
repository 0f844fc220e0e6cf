"""List snapshots: the lists that no partition holds in their order are read from them."""

import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.aws import clients, s3
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import (
    PREFIX,
    delete_snapshot,
    read_snapshot,
    refresh_snapshot,
    write_snapshot,
)
from chalicelib.trash.jobs import purge_trash
from tests.costs.seeds import fill
from tests.faults import event_hook
from tests.support import Person
from tests.table_stream import TaskStream

Task = dict[str, Any]
Wait = Callable[..., None]

MANY = 60
RANK = {"high": 0, "medium": 1, "low": 2}
# Lists that are read from the snapshot: the filter and the sort key that each should apply.
LISTS: dict[str, tuple[Callable[[Task], bool], Callable[[Task], Any]]] = {
    "status=todo&ordering=due_date": (
        lambda task: task["status"] == "todo",
        lambda task: (task["due_date"] or "~", task["id"]),
    ),
    "priority=high&ordering=updated_at": (
        lambda task: task["priority"] == "high",
        lambda task: (task["updated_at"], task["id"]),
    ),
    "parent=none&ordering=priority": (
        lambda task: task["parent"] is None,
        lambda task: (RANK[task["priority"]], task["id"]),
    ),
    "status=done&assigned_to=none&ordering=created_at": (
        lambda task: (task["status"], task["assigned_to"]) == ("done", None),
        lambda task: task["id"],
    ),
}
SNAPSHOT_LIST = next(iter(LISTS))


@pytest.fixture
def project(ann: Person, bob: Person, wait: Wait) -> str:
    """A project with many tasks that were created some hours ago."""
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    fill(project, [ann.id, bob.id], label, MANY)
    return project


def _path(project: str, parameters: str) -> str:
    return f"/api/tasks?project={project}&limit=100&{parameters}"


def _assert_complete(ann: Person, project: str, lists: Iterable[str] = LISTS) -> None:
    """Compare the lists with a plain filter and sort of all tasks."""
    all_tasks = ann.list_all(_path(project, "ordering=created_at"))
    for parameters in lists:
        matches, sort = LISTS[parameters]
        found = ann.list_all(_path(project, parameters))
        expected = sorted(filter(matches, all_tasks), key=sort)
        assert [task["id"] for task in found] == [task["id"] for task in expected], parameters


def _change_until_refresh(ann: Person, stream: TaskStream, project: str, wait: Wait) -> None:
    """Make enough changes for a refresh of the snapshot, minutes after the last one."""
    wait(minutes=5)
    ann.log_in()
    task = ann.create_task(project)["id"]
    for number in range(15):
        ann.patch(f"/api/tasks/{task}", {"title": f"another title, {number}"})
    stream.deliver_new()


def _snapshot_time(project: str) -> str | None:
    snapshot = read_snapshot(project)
    return None if snapshot is None else snapshot.until


class RandomEvents:
    """Random changes of tasks, and random losses of their snapshot."""

    def __init__(
        self, ann: Person, stream: TaskStream, project: str, wait: Wait, dice: random.Random
    ) -> None:
        self.ann, self.stream, self.project, self.wait, self.dice = ann, stream, project, wait, dice
        self.old_snapshot: bytes | None = None
        self.deleted: list[str] = []

    def run_one(self) -> None:
        frequent = [self.change, self.move_due_date, self.add, self.delete, self.refresh]
        rare = [self.restore, self.lose_snapshot, self.put_old_snapshot_back]
        self.dice.choice([*frequent, *frequent, *rare])()
        self.wait(seconds=self.dice.choice((1, 40, 200)))
        self.ann.log_in()

    def change(self) -> None:
        fields = {"status": ("todo", "done"), "priority": ("high", "low"), "assigned_to": (None,)}
        name, values = self.dice.choice(list(fields.items()))
        self.ann.patch(f"/api/tasks/{self._pick_task()}", {name: self.dice.choice(values)})

    def move_due_date(self) -> None:
        due = self.dice.choice((None, "2026-12-01", "2020-01-01"))
        self.ann.patch(f"/api/tasks/{self._pick_task()}", {"due_date": due})

    def add(self) -> None:
        self.ann.create_task(self.project, priority="high")

    def delete(self) -> None:
        self.deleted.append(self._pick_task())
        self.ann.delete(f"/api/tasks/{self.deleted[-1]}?subtasks=delete")

    def restore(self) -> None:
        if self.deleted:
            self.ann.post(f"/api/tasks/{self.deleted.pop()}/restore")

    def refresh(self) -> None:
        _change_until_refresh(self.ann, self.stream, self.project, self.wait)
        self.old_snapshot = self.old_snapshot or s3.read_object(PREFIX + self.project)

    def lose_snapshot(self) -> None:
        delete_snapshot(self.project)

    def put_old_snapshot_back(self) -> None:
        """Replace the snapshot by an older one, as a slow concurrent writer would."""
        if self.old_snapshot is not None:
            s3.put_object(PREFIX + self.project, self.old_snapshot)

    def _pick_task(self) -> str:
        return str(self.dice.choice(self.ann.list_all(_path(self.project, "")))["id"])


@pytest.mark.parametrize("seed", range(2))
def test_lists_remain_complete_after_random_changes_and_snapshot_losses(
    ann: Person, stream: TaskStream, project: str, wait: Wait, seed: int
) -> None:
    dice = random.Random(seed)
    events = RandomEvents(ann, stream, project, wait, dice)
    events.refresh()
    for _ in range(15):
        events.run_one()
        _assert_complete(ann, project, dice.sample(list(LISTS), 2))


def test_the_snapshot_is_refreshed_regularly_but_not_with_each_change(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    assert _snapshot_time(project) is None
    _change_until_refresh(ann, stream, project, wait)
    first = _snapshot_time(project)
    assert first is not None
    ann.create_task(project)
    stream.deliver_new()
    assert _snapshot_time(project) == first
    _change_until_refresh(ann, stream, project, wait)
    assert str(_snapshot_time(project)) > first


def test_a_burst_of_changes_refreshes_the_snapshot_once(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    first = _snapshot_time(project)
    for _ in range(32):
        ann.create_task(project)
    stream.deliver_new()
    assert _snapshot_time(project) == first


def test_a_small_project_has_no_snapshot(ann: Person, stream: TaskStream, wait: Wait) -> None:
    project = ann.create_project()
    _change_until_refresh(ann, stream, project, wait)
    assert _snapshot_time(project) is None
    assert ann.get(_path(project, SNAPSHOT_LIST)).status_code == 200


def test_a_page_that_reads_many_changes_refreshes_the_snapshot(
    ann: Person, bob: Person, wait: Wait
) -> None:
    project = ann.create_project()
    fill(project, [ann.id, bob.id], new_id(now()), 120)
    _assert_complete(ann, project)
    first = _snapshot_time(project)
    assert first is not None
    wait(minutes=5)
    ann.log_in()
    _assert_complete(ann, project)
    assert _snapshot_time(project) == first


def _just_before(operation: str, act: Callable[[], Any]) -> AbstractContextManager[None]:
    """Call `act` once, right before the first DynamoDB `operation` that concerns tasks."""
    acts = iter([act])

    def intercept(params: Any, event_name: str, **_: Any) -> None:
        if event_name.endswith(operation) and "TASK#" in str(params):
            next(acts, lambda: None)()

    return event_hook(Item._get_connection().connection.client, "before-parameter-build", intercept)


def test_a_task_that_moves_while_its_page_is_read_does_not_move_the_next_page(ann: Person) -> None:
    project = ann.create_project()
    tasks = [ann.create_task(project)["id"] for _ in range(5)]
    path = f"/api/tasks?project={project}&priority=medium&ordering=updated_at&limit=2"
    change = partial(ann.patch, f"/api/tasks/{tasks[1]}", {"title": "x"})
    with _just_before("BatchGetItem", change):  # after the tasks of the page were chosen
        first = ann.get(path).json_body
    assert [task["id"] for task in first["items"]] == tasks[:2]
    second = ann.get(f"{path}&cursor={first['next_cursor']}").json_body
    assert [task["id"] for task in second["items"]] == tasks[2:4]


def test_a_change_written_long_after_its_timestamp_is_not_missed(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    task = ann.create_task(project)["id"]

    def refresh_meanwhile() -> None:
        wait(seconds=40)
        refresh_snapshot(get_projects([project])[project], now())

    with _just_before("TransactWriteItems", refresh_meanwhile):
        assert ann.patch(f"/api/tasks/{task}", {"status": "done"}).status_code == 200
    wait(minutes=5)
    ann.log_in()
    _assert_complete(ann, project)


def test_a_deleted_task_is_removed_from_the_snapshot(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    task = ann.create_task(project)["id"]
    _change_until_refresh(ann, stream, project, wait)
    assert task in _snapshot_task_ids(project)
    ann.delete(f"/api/tasks/{task}")
    _change_until_refresh(ann, stream, project, wait)
    assert task not in _snapshot_task_ids(project)


def _snapshot_task_ids(project: str) -> set[str]:
    snapshot = read_snapshot(project)
    assert snapshot is not None
    return {entry.id for entry in snapshot.entries}


def _bucket_unavailable() -> AbstractContextManager[None]:
    def fail(request: Any, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=request.url)

    return event_hook(clients.s3_client(), "before-send.s3", fail)


def test_without_the_bucket_changes_succeed_and_snapshot_lists_answer_503(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    with _bucket_unavailable():
        _change_until_refresh(ann, stream, project, wait)
        assert ann.get(_path(project, SNAPSHOT_LIST)).status_code == 503
        assert ann.get(_path(project, "status=todo")).status_code == 200
    _assert_complete(ann, project)


def test_a_page_is_returned_although_the_snapshot_cannot_be_written(
    ann: Person, bob: Person
) -> None:
    project = ann.create_project()
    fill(project, [ann.id, bob.id], new_id(now()), 120)
    with _bucket_unavailable():
        assert len(ann.get(_path(project, SNAPSHOT_LIST)).json_body["items"]) == 30
    assert _snapshot_time(project) is None


def test_counter_repair_writes_the_snapshot_from_scratch(
    ann: Person, stream: TaskStream, project: str, wait: Wait, invoke: Any, sample_event: Any
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    snapshot = read_snapshot(project)
    assert snapshot is not None
    write_snapshot(project, snapshot.until, list(snapshot.entries)[::2])
    with pytest.raises(AssertionError):
        _assert_complete(ann, project)
    invoke("repair_counters", sample_event("repair_counters"))
    invoke("tick", sample_event("tick"))
    _assert_complete(ann, project)


def test_repeated_stream_records_write_no_snapshot_of_a_project_in_the_trash(
    ann: Person, stream: TaskStream, project: str
) -> None:
    for _ in range(16):
        ann.create_task(project)
    records = stream.take_records()
    ann.delete(f"/api/projects/{project}")
    assert stream.deliver(records) == []
    assert _snapshot_time(project) is None


def test_the_purge_deletes_the_snapshot(
    ann: Person, stream: TaskStream, project: str, wait: Wait, wait_days: Callable[..., None]
) -> None:
    _change_until_refresh(ann, stream, project, wait)
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    purge_trash(now())
    stream.deliver_new()
    assert _snapshot_time(project) is None
