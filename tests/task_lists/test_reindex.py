"""Reindex: filter entries, search terms and list snapshots are made to agree with the tasks.

Each test breaks the index in the table, past the API, as lost stream records or a defect would.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import get_item
from chalicelib.jobs.maintenance_models import (
    COUNTER_REPAIR,
    MaintenanceRun,
    advance_run,
    claim_run,
    release_run,
)
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.projects.jobs import continue_counter_repair, start_counter_repair
from chalicelib.projects.models import get_projects, list_months
from chalicelib.task_lists.snapshots import (
    delete_snapshot,
    read_snapshot,
    refresh_snapshot,
    write_snapshot,
)
from chalicelib.tasks.cards import SnapshotEntry
from tests.costs.seeds import fill
from tests.faults import event_hook, is_killed_at
from tests.support import Person
from tests.table_items import dynamodb_client, put_items, scan_items
from tests.table_stream import TaskStream

Index = set[tuple[str, str]]
Repair = Callable[[], dict[str, int]]
Act = Callable[[], Any]


@pytest.fixture
def project(ann: Person, stream: TaskStream) -> str:
    return ann.create_project()


@pytest.fixture
def label(ann: Person, project: str) -> str:
    answer = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"})
    return str(answer.json_body["id"])


@pytest.fixture
def task(ann: Person, project: str, label: str, stream: TaskStream) -> str:
    """The id of a subtask; the search index has it and its parent."""
    parent = ann.create_task(project, "Write the report")["id"]
    fields = {"labels": [label], "start_date": "2026-11-23", "assigned_to": ann.id}
    task = ann.create_task(project, "Deploy the API", parent=parent, **fields)
    ann.patch(f"/api/tasks/{task['id']}/position", {"before": parent})
    stream.deliver_new()
    return str(task["id"])


@pytest.fixture
def repair(invoke: Any, sample_event: Any) -> Repair:
    """Start a run as the schedule and `make reindex` do, and continue it in one tick."""

    def run() -> dict[str, int]:
        assert invoke("repair_counters", sample_event("repair_counters")) == {"begun": 1}
        outcome: dict[str, int] = invoke("tick", sample_event("tick"))
        assert not outcome.get("failed")
        return outcome

    return run


def _index() -> Index:
    """Return the keys of all filter entries and search terms."""
    keys = {(item["PK"]["S"], item["SK"]["S"]) for item in scan_items()}
    return {key for key in keys if key[1].startswith(("BY#", "WORD#"))}


def _raw(keys: Iterable[tuple[str, str]]) -> list[Any]:
    return [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in keys]


def _delete(keys: Iterable[tuple[str, str]]) -> None:
    for key in _raw(keys):
        dynamodb_client().delete_item(TableName=settings.TABLE_NAME, Key=key)


def _add(project: str, *sort_keys: str) -> None:
    put_items(_raw((f"PROJECT#{project}", sort_key) for sort_key in sort_keys))


def _titles(person: Person, parameters: str) -> list[str]:
    answer = person.get(f"/api/tasks?ordering=created_at&{parameters}")
    assert answer.status_code == 200, answer.json_body
    return [task["title"] for task in answer.json_body["items"]]


def _start_run() -> None:
    """Start a run at the projects of this month, because earlier months have none."""
    start_counter_repair(now())
    run = claim_run(COUNTER_REPAIR, now())
    assert run is not None
    advance_run(run, list_months(now()).index(f"{now():%Y-%m}"), None, {})
    release_run(run)


def _get_run() -> MaintenanceRun:
    run = get_item(MaintenanceRun.key(COUNTER_REPAIR))
    assert run is not None
    return run


@contextmanager
def _before_repairs(text: str, *acts: Act) -> Iterator[None]:
    """Call one of `acts` before each transaction about `text`, as long as there are any."""
    remaining = list(acts)

    def hook(request: Any, **_: Any) -> None:
        if remaining and text.encode() in request.body:
            remaining.pop(0)()

    with event_hook(dynamodb_client(), "before-send.dynamodb.TransactWriteItems", hook):
        yield
    assert remaining == []


def test_an_index_that_agrees_with_the_tasks_is_not_written(
    task: str, repair: Repair, caplog: pytest.LogCaptureFixture
) -> None:
    before = _index()
    assert "reindexed" not in repair()
    assert _index() == before
    assert "index repaired" not in caplog.messages


def test_missing_filter_entries_are_added(
    ann: Person, label: str, task: str, repair: Repair
) -> None:
    before = _index()
    lost = {key for key in before if key[1].startswith("BY#")}
    _delete(lost)
    assert _titles(ann, f"label={label}") == []
    assert repair()["reindexed"] == len(lost)
    assert _titles(ann, f"label={label}") == _titles(ann, "assigned_to=me") == ["Deploy the API"]
    parent = ann.get(f"/api/tasks/{task}").json_body["parent"]
    assert _titles(ann, f"parent={parent}") == ["Deploy the API"]
    assert _index() == before


def test_missing_search_terms_are_added(ann: Person, task: str, repair: Repair) -> None:
    before = _index()
    _delete(key for key in before if key[1].startswith("WORD#"))
    assert _titles(ann, "q=deploy") == []
    assert repair()["reindexed"] == len({"deploy", "the", "api"}) + len({"write", "the", "report"})
    assert _titles(ann, "q=deploy") == ["Deploy the API"]
    assert _index() == before


@pytest.mark.parametrize("kind", ["BY#label:other", "BY#start:2026-01-01T00:00:00.000Z", "WORD#no"])
def test_superfluous_entries_are_removed(
    ann: Person, project: str, task: str, repair: Repair, kind: str
) -> None:
    """They name a task, one in the trash, one that does not exist, and one of another project."""
    trashed = ann.create_task(project)["id"]
    ann.delete(f"/api/tasks/{trashed}")
    foreign = ann.create_task(ann.create_project())["id"]
    repair()
    before = _index()
    ids = [task, trashed, new_id(now()) + project, foreign]
    _add(project, *(f"{kind}#{task_id}" for task_id in ids))
    assert repair()["reindexed"] == 4
    assert _index() == before


def test_a_task_with_more_words_than_a_transaction_takes_is_reindexed(
    ann: Person, project: str, stream: TaskStream, repair: Repair
) -> None:
    words = " ".join(f"word{number}" for number in range(190))
    ann.create_task(project, "Long", description=words)
    stream.deliver_new()
    before = _index()
    _delete(before)
    assert repair()["reindexed"] == len(before)
    assert _index() == before


def test_a_wrong_list_snapshot_is_written_again(
    ann: Person, bob: Person, project: str, label: str, repair: Repair
) -> None:
    """It lacks every second task and has one that does not exist."""
    ids = _write_snapshot(ann, bob, project, label)
    snapshot = read_snapshot(project)
    assert snapshot is not None
    entries: list[SnapshotEntry] = list(snapshot.entries)
    strangers = [type(entries[0])(**{**_fields(entries[0]), "id": new_id(now()) + project})]
    write_snapshot(project, snapshot.until, entries[::2] + strangers)
    repair()
    assert _snapshot_ids(project) == ids


def test_a_lost_list_snapshot_is_written_again(
    ann: Person, bob: Person, project: str, label: str, repair: Repair
) -> None:
    ids = _write_snapshot(ann, bob, project, label)
    delete_snapshot(project)
    repair()
    assert _snapshot_ids(project) == ids


def test_a_list_snapshot_that_was_never_written_is_written(
    ann: Person, bob: Person, project: str, label: str, repair: Repair
) -> None:
    fill(project, [ann.id, bob.id], label, 60)
    repair()
    assert len(_snapshot_ids(project)) == 60


def _write_snapshot(ann: Person, bob: Person, project: str, label: str) -> set[str]:
    """Give the project 60 tasks and a snapshot; return the ids in it."""
    fill(project, [ann.id, bob.id], label, 60)
    (stored,) = get_projects([project]).values()
    refresh_snapshot(stored, now())
    ids = _snapshot_ids(project)
    assert len(ids) == 60
    return ids


def _fields(entry: SnapshotEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def _snapshot_ids(project: str) -> set[str]:
    snapshot = read_snapshot(project)
    assert snapshot is not None
    return {entry.id for entry in snapshot.entries}


CHANGES: dict[str, Callable[[Person, str], Any]] = {
    "changed": lambda ann, task: ann.patch(
        f"/api/tasks/{task}", {"title": "Roll back", "labels": [], "assigned_to": None}
    ),
    "trashed": lambda ann, task: ann.delete(f"/api/tasks/{task}"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_delivered", [True, False])
def test_a_task_that_changes_while_it_is_reindexed_gets_the_entries_of_its_last_state(
    ann: Person, task: str, stream: TaskStream, repair: Repair, change: str, is_delivered: bool
) -> None:
    """The stream handler sees the change before or after the task is reindexed."""
    _delete(_index())

    def act() -> None:
        assert CHANGES[change](ann, task).status_code < 300
        if is_delivered:
            stream.deliver_new()

    with _before_repairs(f'"BY#creator:{ann.id}#{task}"', act):
        repair()
    stream.deliver_new()
    after = _index()
    assert "reindexed" not in repair()
    assert _index() == after
    words = {sk.split("#")[1] for _, sk in after if sk.startswith("WORD#") and sk.endswith(task)}
    assert words == ({"roll", "back"} if change == "changed" else set())


def test_a_task_restored_while_its_entries_are_removed_keeps_them(
    ann: Person, task: str, stream: TaskStream, repair: Repair
) -> None:
    before = _index()
    ann.delete(f"/api/tasks/{task}")
    stream.deliver_new()
    put_items(_raw(before))  # as if the deletion had left them

    def restore() -> None:
        assert ann.post(f"/api/tasks/{task}/restore").status_code == 200

    with _before_repairs(f'"WORD#deploy#{task}"', restore):
        repair()
    stream.deliver_new()
    assert _index() == before


def test_a_task_that_keeps_changing_is_reindexed_in_the_next_week(
    ann: Person, task: str, repair: Repair
) -> None:
    _delete(key for key in _index() if key[1].startswith("WORD#") and key[1].endswith(task))
    changes = [
        partial(ann.patch, f"/api/tasks/{task}", {"priority": priority})
        for priority in ("high", "low", "high", "low", "high")
    ]
    with _before_repairs(f'"WORD#deploy#{task}"', *changes):
        assert repair()["uncounted"] == 1
    assert repair()["reindexed"] == 3


def test_a_run_interrupted_in_the_middle_of_a_project_is_continued_by_the_next_tick(
    ann: Person, project: str, task: str, repair: Repair
) -> None:
    before = _index()
    _delete(before)
    _start_run()
    # The time is up after one of the two tasks.
    first = continue_counter_repair(now(), _budget(120_000, *[60_000] * 3))
    assert 0 < first["reindexed"] < len(before)
    assert "counted" not in first
    assert (_get_run().finished_at, _get_run().after) == (None, None)
    second = continue_counter_repair(now())
    assert first["reindexed"] + second["reindexed"] == len(before) == _get_run().reindexed
    assert _get_run().finished_at is not None
    assert _index() == before


def _budget(*milliseconds: int) -> TimeBudget:
    """Return a budget that has these times left, one for each question, and then none."""
    left = iter(milliseconds)
    return TimeBudget(now, lambda _: None, lambda: next(left, 0))


def test_a_run_killed_before_any_of_its_writes_is_finished_by_a_later_tick(
    task: str, wait: Callable[..., None]
) -> None:
    before = _index()
    for call in itertools.count(1):
        _delete(before)
        _start_run()
        died = is_killed_at(call, lambda: continue_counter_repair(now()))
        wait(minutes=6, seconds=1)  # the lease of the killed run ends
        continue_counter_repair(now())
        assert _get_run().finished_at is not None
        assert _index() == before
        if not died:
            break
    assert call > 4
