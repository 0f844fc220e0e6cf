"""Counter repair: the weekly comparison of all counters with what they count."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item, get_item
from chalicelib.jobs.maintenance_models import (
    COUNTER_REPAIR,
    RUN_LEASE,
    MaintenanceRun,
    advance_run,
    claim_run,
    release_run,
)
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.projects.jobs import continue_counter_repair, start_counter_repair
from chalicelib.projects.models import list_months
from chalicelib.trash.jobs import purge_trash
from tests.attachment_files import attachment_path, create_attachment, upload_attachment
from tests.faults import event_hook, is_killed_at
from tests.support import Person
from tests.table_items import put_items, scan_items

Wait = Callable[..., None]
Act = Callable[[], Any]
NO_DRIFT = {"counted": 1, "drift": 0}


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


@pytest.fixture
def task(ann: Person, project: str) -> str:
    return str(ann.create_task(project, priority="high")["id"])


def _client() -> Any:
    return Item._get_connection().connection.client


def _counter_item(project: str) -> Any:
    """Return the one counter item of a project with one task."""
    (item,) = _counter_items(project)
    return item


def _counter_items(project: str) -> list[Any]:
    return [
        item for item in scan_items() if _item_key(item).startswith(f"PROJECT#{project} STATS#")
    ]


def _item_key(item: Any) -> str:
    return f"{item['PK']['S']} {item['SK']['S']}"


def _set_counts(project: str, **counts: int) -> None:
    """Store wrong counts, as a defect or a write from outside would."""
    wrong = {name.replace("_", ":", 1): {"N": str(count)} for name, count in counts.items()}
    _client().put_item(TableName=settings.TABLE_NAME, Item={**_counter_item(project), **wrong})


def _run_repair(since: datetime | None = None) -> dict[str, int]:
    """Start a run and continue it to its end, as the schedule and the ticks do.

    It begins at the month of `since` (default: this month), because earlier months have no
    projects. Returns the metrics, without the search terms that it wrote: they are all missing,
    because nothing reads the stream.
    """
    start_counter_repair(now())
    _move_run_to(since or now())
    outcome: Counter[str] = Counter()
    while _get_run().finished_at is None:
        outcome.update(continue_counter_repair(now()))
    del outcome["reindexed"]
    return dict(outcome)


def _get_run() -> MaintenanceRun:
    run = get_item(MaintenanceRun.key(COUNTER_REPAIR))
    assert run is not None
    return run


def _get_statistics(ann: Person, project: str) -> Any:
    return ann.get(f"/api/tasks/statistics?project={project}").json_body


@contextmanager
def _before_requests(operation: str, about: bytes, *acts: Act) -> Iterator[None]:
    """Call the first of `acts` right before the first request of this operation whose body contains
    `about`, the second before the second request, and so on."""
    remaining = list(acts)

    def hook(request: Any, **_: Any) -> None:
        if remaining and about in request.body:
            remaining.pop(0)()

    with event_hook(_client(), f"before-send.dynamodb.{operation}", hook):
        yield
    assert remaining == []


def test_correct_counters_are_not_written(ann: Person, project: str, task: str) -> None:
    for _ in range(5):
        ann.create_task(project)
    before = _counter_items(project)
    assert _run_repair() == NO_DRIFT
    assert _counter_items(project) == before


def test_the_tasks_of_a_project_are_counted_by_four_items(ann: Person, project: str) -> None:
    create = {"op": "create", "project": project, "title": "x"}
    ann.post("/api/tasks/bulk", {"operations": [create] * 40})
    keys = [item["SK"]["S"] for item in _counter_items(project)]
    assert sorted(keys) == ["STATS#0", "STATS#1", "STATS#2", "STATS#3"]


def test_drift_is_repaired_and_reported(
    ann: Person, project: str, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    sound, item = _get_statistics(ann, project), _counter_item(project)
    del item["priority:high"]
    _client().put_item(TableName=settings.TABLE_NAME, Item=item)
    _set_counts(project, status_todo=7, status_review=2, assignee_gone=-1)
    assert _get_statistics(ann, project) != sound
    assert _run_repair() == {"counted": 1, "drift": 4}
    assert _get_statistics(ann, project) == sound
    assert "counter drift repaired" in caplog.messages
    assert _run_repair() == NO_DRIFT


@pytest.mark.parametrize(
    "name", ["comments_count", "attachments_count", "subtasks_count", "members_count"]
)
@pytest.mark.parametrize("wrong", [0, 7])
def test_counts_on_a_task_or_a_project_are_repaired(
    ann: Person, bob: Person, project: str, task: str, name: str, wrong: int
) -> None:
    ann.add_member(project, bob)
    ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
    upload_attachment(ann, task)
    create_attachment(ann, task)
    ann.create_task(project, parent=task)
    key = f"PROJECT#{project} " + ("META" if name == "members_count" else f"TASK#{task}")
    _check_repair(key, **{name: wrong})


@pytest.mark.parametrize("name", ["comments_count", "attachments_count", "subtasks_count"])
def test_counts_on_a_task_in_the_trash_are_repaired(
    ann: Person, project: str, task: str, name: str
) -> None:
    ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
    upload_attachment(ann, task)
    ann.delete(f"/api/tasks/{task}")
    _check_repair(f"PROJECT#{project} TRASH#{task}", **{name: 7})


@pytest.mark.parametrize(
    ("of", "wrong", "trashed"),
    [
        ("TASK", {"files": 7}, False),
        ("TASK", {"bytes": -5, "files": 0}, True),
        ("PROJECT", {"bytes": 0, "files": 7}, False),
        ("PROJECT", {"bytes": 7}, True),
    ],
)
def test_storage_usage_is_repaired(
    ann: Person, project: str, task: str, of: str, wrong: dict[str, int], trashed: bool
) -> None:
    upload_attachment(ann, task)
    create_attachment(ann, task, size=9)
    ann.delete(attachment_path(upload_attachment(ann, task)))
    if trashed:
        ann.delete(f"/api/tasks/{task}")
    key = f"{of}#{task if of == 'TASK' else project} USAGE"
    usage = {name: _stored_item(key)[name]["N"] for name in ("bytes", "files")}
    assert usage == {"bytes": "14", "files": "2"}
    _check_repair(key, **wrong)


def _stored_item(key: str) -> Any:
    (item,) = (item for item in scan_items() if _item_key(item) == key)
    return item


def _check_repair(key: str, **wrong: int) -> None:
    """Store wrong counts in an item, and check that a run repairs exactly these."""
    sound = _stored_item(key)
    put_items([sound | {name: {"N": str(count)} for name, count in wrong.items()}])
    assert _run_repair() == {"counted": 1, "drift": len(wrong)}
    assert _stored_item(key) == sound
    assert _run_repair() == NO_DRIFT


def test_a_missing_storage_usage_item_is_written_again(
    ann: Person, project: str, task: str
) -> None:
    upload_attachment(ann, task)
    for key in (f"TASK#{task} USAGE", f"PROJECT#{project} USAGE"):
        item = _stored_item(key)
        primary_key = {name: item[name] for name in ("PK", "SK")}
        _client().delete_item(TableName=settings.TABLE_NAME, Key=primary_key)
        assert _run_repair() == {"counted": 1, "drift": 2}
        assert _stored_item(key) | {"changes": item["changes"]} == item


@pytest.mark.parametrize("of", ["TASK", "PROJECT"])
def test_files_added_and_deleted_before_the_repair_are_counted(
    ann: Person, project: str, task: str, of: str
) -> None:
    """The stored usage is as it was read, but the files have changed."""
    key = f"{of}#{task if of == 'TASK' else project} USAGE"
    first = attachment_path(upload_attachment(ann, task))
    put_items([_stored_item(key) | {"bytes": {"N": "9"}}])

    def swap() -> None:
        ann.delete(first)
        create_attachment(ann, task, size=5)
        create_attachment(ann, task, size=7)

    with _before_requests("TransactWriteItems", f"{key.split()[0]}".encode(), swap):
        assert _run_repair() == {"counted": 1, "drift": 1}
    assert (_stored_item(key)["bytes"], _stored_item(key)["files"]) == ({"N": "12"}, {"N": "2"})


def test_a_file_of_a_task_restored_during_the_run_is_no_drift(
    ann: Person, project: str, task: str
) -> None:
    upload_attachment(ann, task)
    ann.delete(f"/api/tasks/{task}")

    def restore() -> None:
        assert ann.post(f"/api/tasks/{task}/restore").status_code == 200

    with _before_requests("Query", b'"TRASH#', restore):
        assert _run_repair() == NO_DRIFT


def test_a_comment_added_between_check_and_repair_is_counted(
    ann: Person, project: str, task: str
) -> None:
    def comments() -> None:
        assert ann.post(f"/api/tasks/{task}/comments", {"body": "x"}).status_code == 201

    (item,) = (item for item in scan_items() if _item_key(item) == f"PROJECT#{project} TASK#{task}")
    put_items([{**item, "comments_count": {"N": "4"}}])
    with _before_requests("TransactWriteItems", b'"comments_count"', comments):
        assert _run_repair() == {"counted": 1, "drift": 1}
    assert ann.get(f"/api/tasks/{task}").json_body["comments_count"] == 1


def test_a_missing_counter_item_is_written_again(ann: Person, project: str, task: str) -> None:
    sound, item = _get_statistics(ann, project), _counter_item(project)
    key = {name: item[name] for name in ("PK", "SK")}
    _client().delete_item(TableName=settings.TABLE_NAME, Key=key)
    assert _run_repair() == {"counted": 1, "drift": 3}
    assert _get_statistics(ann, project) == sound


def test_old_daily_counts_and_zeros_are_removed(
    ann: Person, project: str, task: str, wait: Wait
) -> None:
    for status in ("done", "todo", "done"):
        ann.patch(f"/api/tasks/{task}/status", {"status": status})
    began, day = now(), f"done:{now():%Y-%m-%d}"
    assert _counter_item(project)["status:todo"] == {"N": "0"}
    assert _run_repair() == NO_DRIFT
    assert "status:todo" not in _counter_item(project) and day in _counter_item(project)
    wait(days=41)
    assert _run_repair(began) == NO_DRIFT
    assert day not in _counter_item(project)
    assert _counter_item(project)["status:done"] == {"N": "1"}


def test_a_task_change_between_read_and_repair_is_kept(
    ann: Person, project: str, task: str
) -> None:
    _set_counts(project, status_todo=5)
    with _before_requests("TransactWriteItems", b'"STATS#', _task_change(ann, task, status="done")):
        assert _run_repair() == {"counted": 1, "drift": 1}
    counts = _get_statistics(ann, project)["by_status"]
    assert (counts["todo"], counts["done"]) == (0, 1)


def test_a_count_that_changes_and_changes_back_is_no_drift(
    ann: Person, project: str, task: str
) -> None:
    """The tasks that were read in between differ from the final state."""
    there, back = _task_change(ann, task, priority="low"), _task_change(ann, task, priority="high")
    with (
        _before_requests("Query", b'"TASK#', there),
        _before_requests("TransactWriteItems", b'"STATS#', _no_change, back),
    ):
        assert _run_repair() == NO_DRIFT
    assert _get_statistics(ann, project)["by_priority"] == {"high": 1, "medium": 0, "low": 0}


def _no_change() -> None:
    """Do nothing before the request of the change itself."""


def _task_change(ann: Person, task: str, **fields: Any) -> Act:
    def change() -> None:
        assert ann.patch(f"/api/tasks/{task}", fields).status_code == 200

    return change


def test_a_project_that_keeps_changing_is_checked_in_the_next_week(
    ann: Person, project: str, task: str
) -> None:
    _set_counts(project, status_review=5)
    before = [
        _task_change(ann, task, priority=priority) if even else _no_change
        for priority in ("low", "high", "medium")
        for even in (True, False)
    ]
    with _before_requests("TransactWriteItems", b'"STATS#', *before):
        assert _run_repair() == {"uncounted": 1, "drift": 0}
    assert _run_repair() == {"counted": 1, "drift": 1}


def test_a_project_too_large_for_a_tick_does_not_stop_the_rest(
    ann: Person, project: str, task: str
) -> None:
    start_counter_repair(now())
    _move_run_to(now())
    assert continue_counter_repair(now(), _budget(120_000, 59_000)) == {"uncounted": 1}
    assert _get_run().after == project
    assert continue_counter_repair(now(), _budget(119_000)) == {}
    assert _get_run().finished_at is None


def test_storage_usage_without_time_left_is_checked_in_the_next_week(
    ann: Person, project: str, task: str
) -> None:
    upload_attachment(ann, task)
    put_items([_stored_item(f"PROJECT#{project} USAGE") | {"files": {"N": "7"}}])
    start_counter_repair(now())
    _move_run_to(now())
    short = _budget(120_000, *[60_000] * 7, 59_000)
    outcome = continue_counter_repair(now(), short)
    assert outcome == {**NO_DRIFT, "uncounted": 1, "reindexed": outcome["reindexed"]}
    assert _run_repair() == {"counted": 1, "drift": 1}


def _budget(*milliseconds: int) -> TimeBudget:
    """Return a budget that has these times left, one for each question, and then none."""
    left = iter(milliseconds)
    return TimeBudget(now, lambda _: None, lambda: next(left, 0))


def _move_run_to(month: datetime) -> None:
    """Move the run in progress to `month` and release its lease."""
    run = claim_run(COUNTER_REPAIR, now())
    assert run is not None
    advance_run(run, list_months(now()).index(f"{month:%Y-%m}"), None, {})
    release_run(run)


def test_all_projects_outside_the_trash_are_checked(ann: Person, bob: Person, wait: Wait) -> None:
    began, projects = now(), [ann.create_project() for _ in range(3)]
    wait(days=40)
    for person in (ann, bob):
        person.log_in()
    projects.append(bob.create_project())
    for trashed in projects[:2]:
        ann.delete(f"/api/projects/{trashed}")
    assert _run_repair(began)["counted"] == 2
    ann.post(f"/api/projects/{projects[0]}/restore")
    assert _run_repair(began)["counted"] == 3


def test_a_project_restored_when_the_purge_starts_is_kept(
    ann: Person, project: str, task: str, wait_days: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    ann.log_in()

    def restore() -> None:
        assert ann.post(f"/api/projects/{project}/restore").status_code == 200

    with _before_requests("TransactWriteItems", b"LEASE#purge", restore):
        assert purge_trash(now()) == {"purged": 0}
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 1


def test_two_runs_are_never_concurrent(ann: Person, project: str) -> None:
    start_counter_repair(now())
    assert claim_run(COUNTER_REPAIR, now()) is not None
    assert continue_counter_repair(now()) == {}
    assert start_counter_repair(now()) == {"begun": 0}
    later = now() + RUN_LEASE + timedelta(seconds=1)
    assert continue_counter_repair(later) == NO_DRIFT


def test_a_run_killed_before_any_of_its_writes_is_finished_by_later_ticks(
    ann: Person, project: str, task: str, wait: Wait
) -> None:
    start_counter_repair(now())
    _move_run_to(now())
    items = scan_items()
    for call in itertools.count(1):
        put_items(items)
        _set_counts(project, status_todo=4)
        died = is_killed_at(call, lambda: continue_counter_repair(now()))
        wait(minutes=6, seconds=1)  # the lease of the killed run ends
        continue_counter_repair(now())
        assert _get_run().finished_at is not None
        assert _counter_item(project)["status:todo"] == {"N": "1"}
        if not died:
            break
    assert call > 5


def test_the_schedule_starts_a_run_and_the_ticks_continue_it(
    ann: Person, project: str, task: str, invoke: Any, sample_event: Any
) -> None:
    _set_counts(project, status_todo=3)
    assert invoke("repair_counters", sample_event("repair_counters")) == {"begun": 1}
    assert invoke("tick", sample_event("tick"))["drift"] == 1
    assert _get_run().finished_at is not None
    assert (_get_run().counted, _get_run().drift) == (1, 1)
