"""The catalogue of a project, from which lists are chosen that no partition has in their order."""

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
from chalicelib.task_lists.snapshot_storage import (
    PREFIX,
    build_snapshot,
    delete_snapshot,
    read_snapshot,
    write_snapshot,
)
from chalicelib.task_lists.snapshots import refresh_snapshot
from chalicelib.trash.jobs import purge_trash
from tests.costs.seeds import fill
from tests.support import Person, hooked
from tests.table_stream import TaskStream

Task = dict[str, Any]
Wait = Callable[..., None]

MANY = 60
RANK = {"high": 0, "medium": 1, "low": 2}
# Lists that are chosen from the catalogue, what they show, and in which order.
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
CHOSEN = next(iter(LISTS))


@pytest.fixture
def project(ann: Person, bob: Person, wait: Wait) -> str:
    """A project with many tasks that were made some hours ago."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    fill(project, [ann.id, bob.id], label, MANY)
    return project


def _path(project: str, parameters: str) -> str:
    return f"/api/tasks?project={project}&limit=100&{parameters}"


def _are_complete(ann: Person, project: str, lists: Iterable[str] = LISTS) -> None:
    """The lists show what a look at each task says."""
    everything = ann.listed(_path(project, "ordering=created_at"))
    for parameters in lists:
        matches, sort = LISTS[parameters]
        found = ann.listed(_path(project, parameters))
        expected = sorted(filter(matches, everything), key=sort)
        assert [task["id"] for task in found] == [task["id"] for task in expected], parameters


def _changes(ann: Person, stream: TaskStream, project: str, wait: Wait) -> None:
    """So many changes that it is the turn of one, minutes after the last."""
    wait(minutes=5)
    ann.signs_in()
    task = ann.adds_task(project)["id"]
    for number in range(15):
        ann.patch(f"/api/tasks/{task}", {"title": f"another title, {number}"})
    stream.flows()


def _until(project: str) -> str | None:
    known = read_snapshot(project)
    return None if known is None else known.until


class Life:
    """Whatever may happen to tasks and to their catalogue."""

    def __init__(
        self, ann: Person, stream: TaskStream, project: str, wait: Wait, dice: random.Random
    ) -> None:
        self.ann, self.stream, self.project, self.wait, self.dice = ann, stream, project, wait, dice
        self.kept: bytes | None = None
        self.deleted: list[str] = []

    def happens(self) -> None:
        often = [self.changes, self.moves, self.adds, self.deletes, self.is_followed]
        self.dice.choice([*often, *often, self.restores, self.is_lost, self.is_put_back])()
        self.wait(seconds=self.dice.choice((1, 40, 200)))
        self.ann.signs_in()

    def changes(self) -> None:
        fields = {"status": ("todo", "done"), "priority": ("high", "low"), "assigned_to": (None,)}
        name, values = self.dice.choice(list(fields.items()))
        self.ann.patch(f"/api/tasks/{self._one()}", {name: self.dice.choice(values)})

    def moves(self) -> None:
        due = self.dice.choice((None, "2026-12-01", "2020-01-01"))
        self.ann.patch(f"/api/tasks/{self._one()}", {"due_date": due})

    def adds(self) -> None:
        self.ann.adds_task(self.project, priority="high")

    def deletes(self) -> None:
        self.deleted.append(self._one())
        self.ann.delete(f"/api/tasks/{self.deleted[-1]}?subtasks=delete")

    def restores(self) -> None:
        if self.deleted:
            self.ann.post(f"/api/tasks/{self.deleted.pop()}/restore")

    def is_followed(self) -> None:
        _changes(self.ann, self.stream, self.project, self.wait)
        self.kept = self.kept or s3.read_object(PREFIX + self.project)

    def is_lost(self) -> None:
        delete_snapshot(self.project)

    def is_put_back(self) -> None:
        """A writer that was slow replaces what was written meanwhile."""
        if self.kept is not None:
            s3.put_object(PREFIX + self.project, self.kept)

    def _one(self) -> str:
        return str(self.dice.choice(self.ann.listed(_path(self.project, "")))["id"])


@pytest.mark.parametrize("seed", range(2))
def test_lists_are_complete_whatever_the_catalogue_has_seen(
    ann: Person, stream: TaskStream, project: str, wait: Wait, seed: int
) -> None:
    dice = random.Random(seed)
    life = Life(ann, stream, project, wait, dice)
    life.is_followed()
    for _ in range(15):
        life.happens()
        _are_complete(ann, project, dice.sample(list(LISTS), 2))


def test_the_catalogue_is_renewed_by_and_by_but_not_with_each_change(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    assert _until(project) is None
    _changes(ann, stream, project, wait)
    first = _until(project)
    assert first is not None
    ann.adds_task(project)
    stream.flows()
    assert _until(project) == first
    _changes(ann, stream, project, wait)
    assert str(_until(project)) > first


def test_a_burst_of_changes_renews_it_once(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _changes(ann, stream, project, wait)
    first = _until(project)
    for _ in range(32):
        ann.adds_task(project)
    stream.flows()
    assert _until(project) == first


def test_a_small_project_has_none(ann: Person, stream: TaskStream, wait: Wait) -> None:
    project = ann.starts_project()
    _changes(ann, stream, project, wait)
    assert _until(project) is None
    assert ann.get(_path(project, CHOSEN)).status_code == 200


def test_a_page_that_reads_far_behind_has_it_written(ann: Person, bob: Person, wait: Wait) -> None:
    project = ann.starts_project()
    fill(project, [ann.id, bob.id], new_id(now()), 120)
    _are_complete(ann, project)
    first = _until(project)
    assert first is not None
    wait(minutes=5)
    ann.signs_in()
    _are_complete(ann, project)
    assert _until(project) == first


def _just_before(call: str, act: Callable[[], Any]) -> AbstractContextManager[None]:
    """Something happens right before tasks are read or written by such a call of AWS; once."""
    acts = iter([act])

    def meet(params: Any, event_name: str, **_: Any) -> None:
        if event_name.endswith(call) and "TASK#" in str(params):
            next(acts, lambda: None)()

    return hooked(Item._get_connection().connection.client, "before-parameter-build", meet)


def test_a_task_that_moves_while_its_page_is_read_takes_no_other_along(ann: Person) -> None:
    project = ann.starts_project()
    tasks = [ann.adds_task(project)["id"] for _ in range(5)]
    asked = f"/api/tasks?project={project}&priority=medium&ordering=updated_at&limit=2"
    changed = partial(ann.patch, f"/api/tasks/{tasks[1]}", {"title": "x"})
    with _just_before("BatchGetItem", changed):  # and after the page was chosen
        first = ann.get(asked).json_body
    assert [task["id"] for task in first["items"]] == tasks[:2]
    second = ann.get(f"{asked}&cursor={first['next_cursor']}").json_body
    assert [task["id"] for task in second["items"]] == tasks[2:4]


def test_a_change_that_is_written_long_after_it_was_stamped_is_not_missed(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _changes(ann, stream, project, wait)
    task = ann.adds_task(project)["id"]

    def meanwhile() -> None:
        wait(seconds=40)
        refresh_snapshot(get_projects([project])[project], now())

    with _just_before("TransactWriteItems", meanwhile):
        assert ann.patch(f"/api/tasks/{task}", {"status": "done"}).status_code == 200
    wait(minutes=5)
    ann.signs_in()
    _are_complete(ann, project)


def test_a_task_that_is_gone_leaves_the_catalogue(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _changes(ann, stream, project, wait)
    task = ann.adds_task(project)["id"]
    _changes(ann, stream, project, wait)
    assert task in _ids_in(project)
    ann.delete(f"/api/tasks/{task}")
    _changes(ann, stream, project, wait)
    assert task not in _ids_in(project)


def _ids_in(project: str) -> set[str]:
    known = read_snapshot(project)
    assert known is not None
    return {line.id for line in known.lines}


def _bucket_out_of_order() -> AbstractContextManager[None]:
    def fail(request: Any, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=request.url)

    return hooked(clients.s3_client(), "before-send.s3", fail)


def test_without_the_bucket_changes_go_on_and_lists_say_that_they_cannot(
    ann: Person, stream: TaskStream, project: str, wait: Wait
) -> None:
    _changes(ann, stream, project, wait)
    with _bucket_out_of_order():
        _changes(ann, stream, project, wait)
        assert ann.get(_path(project, CHOSEN)).status_code == 503
        assert ann.get(_path(project, "status=todo")).status_code == 200
    _are_complete(ann, project)


def test_a_page_is_shown_although_its_catalogue_cannot_be_written(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    fill(project, [ann.id, bob.id], new_id(now()), 120)
    with _bucket_out_of_order():
        assert len(ann.get(_path(project, CHOSEN)).json_body["items"]) == 30
    assert _until(project) is None


def test_the_recount_begins_it_from_nothing(
    ann: Person, stream: TaskStream, project: str, wait: Wait, invoke: Any, event: Any
) -> None:
    _changes(ann, stream, project, wait)
    known = read_snapshot(project)
    assert known is not None
    write_snapshot(project, build_snapshot(known.until, list(known.lines)[::2]))
    with pytest.raises(AssertionError):
        _are_complete(ann, project)
    invoke("repair_counters", event("repair_counters"))
    invoke("tick", event("tick"))
    _are_complete(ann, project)


def test_what_is_told_again_brings_none_back_to_a_project_in_the_trash(
    ann: Person, stream: TaskStream, project: str
) -> None:
    for _ in range(16):
        ann.adds_task(project)
    told = stream.records()
    ann.delete(f"/api/projects/{project}")
    assert stream.tells(told) == []
    assert _until(project) is None


def test_nothing_is_left_of_it_after_the_purge(
    ann: Person, stream: TaskStream, project: str, wait: Wait, pass_by: Callable[..., None]
) -> None:
    _changes(ann, stream, project, wait)
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    purge_trash(now())
    stream.flows()
    assert _until(project) is None
