"""The weekly recount of what the counters of a project say."""

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
from tests.attachment_files import announced, path_of, uploaded
from tests.support import Killed, Person, all_rows, hooked, killed_at, put_rows

Wait = Callable[..., None]
Act = Callable[[], Any]
SOUND = {"counted": 1, "drift": 0}


@pytest.fixture
def project(ann: Person) -> str:
    return ann.starts_project()


@pytest.fixture
def task(ann: Person, project: str) -> str:
    return str(ann.adds_task(project, priority="high")["id"])


def _client() -> Any:
    return Item._get_connection().connection.client


def _row_of(project: str) -> Any:
    """The one row of counters that the project's only task has."""
    (row,) = _counters(project)
    return row


def _counters(project: str) -> list[Any]:
    return [row for row in all_rows() if _place(row).startswith(f"PROJECT#{project} STATS#")]


def _place(row: Any) -> str:
    return f"{row['PK']['S']} {row['SK']['S']}"


def _drifts(project: str, **counts: int) -> None:
    """Let the row say something else, as a defect or a hand in the table would."""
    wrong = {name.replace("_", ":", 1): {"N": str(count)} for name, count in counts.items()}
    _client().put_item(TableName=settings.TABLE_NAME, Item={**_row_of(project), **wrong})


def _walks(since: datetime | None = None) -> dict[str, int]:
    """From Sunday 03:00 to the end, as the schedule and the ticks do it; over the months `since`
    then, or this one, as in the others there is nothing."""
    start_counter_repair(now())
    _goes_to(since or now())
    done: Counter[str] = Counter()
    while _sweep().finished_at is None:
        done.update(continue_counter_repair(now()))
    return dict(done)


def _sweep() -> MaintenanceRun:
    sweep = get_item(MaintenanceRun.key(COUNTER_REPAIR))
    assert sweep is not None
    return sweep


def _says(ann: Person, project: str) -> Any:
    return ann.get(f"/api/tasks/statistics?project={project}").json_body


@contextmanager
def _before(operation: str, about: bytes, *acts: Act) -> Iterator[None]:
    """Do the first of `acts` right before the first request of the kind, and so on."""
    left = list(acts)

    def hook(request: Any, **_: Any) -> None:
        if left and about in request.body:
            left.pop(0)()

    with hooked(_client(), f"before-send.dynamodb.{operation}", hook):
        yield
    assert left == []


def test_a_sound_project_is_left_alone(ann: Person, project: str, task: str) -> None:
    for _ in range(5):
        ann.adds_task(project)
    before = _counters(project)
    assert _walks() == SOUND
    assert _counters(project) == before


def test_drift_is_mended_and_reported(
    ann: Person, project: str, task: str, caplog: pytest.LogCaptureFixture
) -> None:
    sound, row = _says(ann, project), _row_of(project)
    del row["priority:high"]
    _client().put_item(TableName=settings.TABLE_NAME, Item=row)
    _drifts(project, status_todo=7, status_review=2, assignee_gone=-1)
    assert _says(ann, project) != sound
    assert _walks() == {"counted": 1, "drift": 4}
    assert _says(ann, project) == sound
    assert "counter drift repaired" in caplog.messages
    assert _walks() == SOUND


@pytest.mark.parametrize(
    "name", ["comments_count", "attachments_count", "subtasks_count", "members_count"]
)
@pytest.mark.parametrize("said", [0, 7])
def test_what_a_task_or_a_project_says_of_itself_is_mended_too(
    ann: Person, bob: Person, project: str, task: str, name: str, said: int
) -> None:
    ann.lets_in(project, bob)
    ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
    uploaded(ann, task)
    announced(ann, task)
    ann.adds_task(project, parent=task)
    place = f"PROJECT#{project} " + ("META" if name == "members_count" else f"TASK#{task}")
    _is_mended(place, **{name: said})


@pytest.mark.parametrize("name", ["comments_count", "attachments_count", "subtasks_count"])
def test_what_a_task_in_the_trash_says_of_itself_is_mended_before_it_comes_back(
    ann: Person, project: str, task: str, name: str
) -> None:
    ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
    uploaded(ann, task)
    ann.delete(f"/api/tasks/{task}")
    _is_mended(f"PROJECT#{project} TRASH#{task}", **{name: 7})


@pytest.mark.parametrize(
    ("of", "said", "trashed"),
    [
        ("TASK", {"files": 7}, False),
        ("TASK", {"bytes": -5, "files": 0}, True),
        ("PROJECT", {"bytes": 0, "files": 7}, False),
        ("PROJECT", {"bytes": 7}, True),
    ],
)
def test_the_room_that_files_take_is_mended(
    ann: Person, project: str, task: str, of: str, said: dict[str, int], trashed: bool
) -> None:
    uploaded(ann, task)
    announced(ann, task, size=9)
    ann.delete(path_of(uploaded(ann, task)))
    if trashed:
        ann.delete(f"/api/tasks/{task}")
    place = f"{of}#{task if of == 'TASK' else project} USAGE"
    room = {name: _row_at(place)[name]["N"] for name in ("bytes", "files")}
    assert room == {"bytes": "14", "files": "2"}
    _is_mended(place, **said)


def _row_at(place: str) -> Any:
    (row,) = (row for row in all_rows() if _place(row) == place)
    return row


def _is_mended(place: str, **said: int) -> None:
    """What a row says wrongly is set right, and no other word of it changes."""
    sound = _row_at(place)
    put_rows([sound | {name: {"N": str(count)} for name, count in said.items()}])
    assert _walks() == {"counted": 1, "drift": len(said)}
    assert _row_at(place) == sound
    assert _walks() == SOUND


def test_a_row_of_room_that_is_gone_is_written_anew(ann: Person, project: str, task: str) -> None:
    uploaded(ann, task)
    for place in (f"TASK#{task} USAGE", f"PROJECT#{project} USAGE"):
        row = _row_at(place)
        key = {name: row[name] for name in ("PK", "SK")}
        _client().delete_item(TableName=settings.TABLE_NAME, Key=key)
        assert _walks() == {"counted": 1, "drift": 2}
        assert _row_at(place) | {"changes": row["changes"]} == row


@pytest.mark.parametrize("of", ["TASK", "PROJECT"])
def test_files_that_come_and_go_before_the_repair_are_counted(
    ann: Person, project: str, task: str, of: str
) -> None:
    """The sums are as they were read, but not what they are of."""
    place = f"{of}#{task if of == 'TASK' else project} USAGE"
    first = path_of(uploaded(ann, task))
    put_rows([_row_at(place) | {"bytes": {"N": "9"}}])

    def swap() -> None:
        ann.delete(first)
        announced(ann, task, size=5)
        announced(ann, task, size=7)

    with _before("TransactWriteItems", f"{place.split()[0]}".encode(), swap):
        assert _walks() == {"counted": 1, "drift": 1}
    assert (_row_at(place)["bytes"], _row_at(place)["files"]) == ({"N": "12"}, {"N": "2"})


def test_a_file_of_a_task_that_comes_back_unseen_is_no_drift(
    ann: Person, project: str, task: str
) -> None:
    uploaded(ann, task)
    ann.delete(f"/api/tasks/{task}")

    def restore() -> None:
        assert ann.post(f"/api/tasks/{task}/restore").status_code == 200

    with _before("Query", b'"TRASH#', restore):
        assert _walks() == SOUND


def test_a_comment_between_look_and_repair_is_counted(ann: Person, project: str, task: str) -> None:
    def comments() -> None:
        assert ann.post(f"/api/tasks/{task}/comments", {"body": "x"}).status_code == 201

    (row,) = (row for row in all_rows() if _place(row) == f"PROJECT#{project} TASK#{task}")
    put_rows([{**row, "comments_count": {"N": "4"}}])
    with _before("TransactWriteItems", b'"comments_count"', comments):
        assert _walks() == {"counted": 1, "drift": 1}
    assert ann.get(f"/api/tasks/{task}").json_body["comments_count"] == 1


def test_a_row_that_is_gone_is_written_anew(ann: Person, project: str, task: str) -> None:
    sound, row = _says(ann, project), _row_of(project)
    key = {name: row[name] for name in ("PK", "SK")}
    _client().delete_item(TableName=settings.TABLE_NAME, Key=key)
    assert _walks() == {"counted": 1, "drift": 3}
    assert _says(ann, project) == sound


def test_days_of_long_ago_and_zeros_go(ann: Person, project: str, task: str, wait: Wait) -> None:
    for status in ("done", "todo", "done"):
        ann.patch(f"/api/tasks/{task}/status", {"status": status})
    began, day = now(), f"done:{now():%Y-%m-%d}"
    assert _row_of(project)["status:todo"] == {"N": "0"}
    assert _walks() == SOUND
    assert "status:todo" not in _row_of(project) and day in _row_of(project)
    wait(days=41)
    assert _walks(began) == SOUND
    assert day not in _row_of(project)
    assert _row_of(project)["status:done"] == {"N": "1"}


def test_a_change_between_read_and_repair_survives(ann: Person, project: str, task: str) -> None:
    _drifts(project, status_todo=5)
    with _before("TransactWriteItems", b'"STATS#', _changes(ann, task, status="done")):
        assert _walks() == {"counted": 1, "drift": 1}
    counts = _says(ann, project)["by_status"]
    assert (counts["todo"], counts["done"]) == (0, 1)


def test_a_count_that_went_there_and_back_is_no_drift(ann: Person, project: str, task: str) -> None:
    """What was read in between is not what is."""
    there, back = _changes(ann, task, priority="low"), _changes(ann, task, priority="high")
    with _before("Query", b'"TASK#', there), _before("TransactWriteItems", b'"STATS#', _no, back):
        assert _walks() == SOUND
    assert _says(ann, project)["by_priority"] == {"high": 1, "medium": 0, "low": 0}


def _no() -> None:
    """The change itself."""


def _changes(ann: Person, task: str, **fields: Any) -> Act:
    def change() -> None:
        assert ann.patch(f"/api/tasks/{task}", fields).status_code == 200

    return change


def test_a_project_that_never_rests_is_left_for_the_next_week(
    ann: Person, project: str, task: str
) -> None:
    _drifts(project, status_review=5)
    before = [
        _changes(ann, task, priority=priority) if even else _no
        for priority in ("low", "high", "medium")
        for even in (True, False)
    ]
    with _before("TransactWriteItems", b'"STATS#', *before):
        assert _walks() == {"uncounted": 1, "drift": 0}
    assert _walks() == {"counted": 1, "drift": 1}


def test_a_project_too_large_for_a_tick_does_not_stop_the_rest(
    ann: Person, project: str, task: str
) -> None:
    start_counter_repair(now())
    _goes_to(now())
    assert continue_counter_repair(now(), _with(120_000, 59_000)) == {"uncounted": 1}
    assert _sweep().after == project
    assert continue_counter_repair(now(), _with(119_000)) == {}
    assert _sweep().finished_at is None


def test_room_for_which_there_is_no_time_is_left_for_the_next_week(
    ann: Person, project: str, task: str
) -> None:
    uploaded(ann, task)
    put_rows([_row_at(f"PROJECT#{project} USAGE") | {"files": {"N": "7"}}])
    start_counter_repair(now())
    _goes_to(now())
    short = _with(120_000, *[60_000] * 3, 59_000)
    assert continue_counter_repair(now(), short) == {**SOUND, "uncounted": 1}
    assert _walks() == {"counted": 1, "drift": 1}


def _with(*milliseconds: int) -> TimeBudget:
    """A function that has so much time left, then so much, and at last none."""
    left = iter(milliseconds)
    return TimeBudget(now, lambda _: None, lambda: next(left, 0))


def _goes_to(month: datetime) -> None:
    """The walk has come so far, and nobody walks."""
    sweep = claim_run(COUNTER_REPAIR, now())
    assert sweep is not None
    advance_run(sweep, list_months(now()).index(f"{month:%Y-%m}"), None, {})
    release_run(sweep)


def test_all_projects_are_met_but_those_in_the_trash(ann: Person, bob: Person, wait: Wait) -> None:
    began, ours = now(), [ann.starts_project() for _ in range(3)]
    wait(days=40)
    for person in (ann, bob):
        person.signs_in()
    ours.append(bob.starts_project())
    for trashed in ours[:2]:
        ann.delete(f"/api/projects/{trashed}")
    assert _walks(began)["counted"] == 2
    ann.post(f"/api/projects/{ours[0]}/restore")
    assert _walks(began)["counted"] == 3


def test_a_project_restored_while_the_purge_sets_out_stays(
    ann: Person, project: str, task: str, pass_by: Any
) -> None:
    ann.delete(f"/api/projects/{project}")
    pass_by(days=30)
    ann.signs_in()

    def restore() -> None:
        assert ann.post(f"/api/projects/{project}/restore").status_code == 200

    with _before("TransactWriteItems", b"LEASE#purge", restore):
        assert purge_trash(now()) == {"purged": 0}
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 1


def test_two_never_walk_at_once(ann: Person, project: str) -> None:
    start_counter_repair(now())
    assert claim_run(COUNTER_REPAIR, now()) is not None
    assert continue_counter_repair(now()) == {}
    assert start_counter_repair(now()) == {"begun": 0}
    later = now() + RUN_LEASE + timedelta(seconds=1)
    assert continue_counter_repair(later) == SOUND


def test_a_walk_killed_before_any_of_its_writes_is_finished_by_later_ticks(
    ann: Person, project: str, task: str, wait: Wait
) -> None:
    start_counter_repair(now())
    _goes_to(now())
    rows = all_rows()
    for call in itertools.count(1):
        put_rows(rows)
        _drifts(project, status_todo=4)
        died = _dies(call)
        wait(minutes=6, seconds=1)  # the lease of the dead
        continue_counter_repair(now())
        assert _sweep().finished_at is not None
        assert _row_of(project)["status:todo"] == {"N": "1"}
        if not died:
            break
    assert call > 5


def _dies(call: int) -> bool:
    try:
        with killed_at(call, writes_only=True):
            continue_counter_repair(now())
    except Killed:
        return True
    return False


def test_the_schedule_begins_and_the_ticks_go_on(
    ann: Person, project: str, task: str, invoke: Any, event: Any
) -> None:
    _drifts(project, status_todo=3)
    assert invoke("repair_counters", event("repair_counters")) == {"begun": 1}
    assert invoke("tick", event("tick"))["drift"] == 1
    assert _sweep().finished_at is not None
    assert (_sweep().counted, _sweep().drift) == (1, 1)
