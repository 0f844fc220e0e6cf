"""The weekly walk through table and bucket."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.domain import reconciliation, uploads
from chalicelib.store import attachments, aws, sweeps, table
from chalicelib.store.tasks import Task
from tests.files import announced, arrives, exists, file_rows, key_of, objects, put, uploaded
from tests.support import Killed, Person, killed_at, ticked_lately

Wait = Callable[..., None]


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


def _walks() -> dict[str, int]:
    """From Sunday 02:00 to the end, as the schedule and the ticks do it."""
    ticked_lately()
    done = reconciliation.begin(now())
    for _ in range(20):
        if sweeps.claim(now()) is None:
            return done
        _release()
        for name, count in reconciliation.advance(now()).items():
            done[name] = done.get(name, 0) + count
    raise AssertionError("no end")


def _release() -> None:
    sweep = table.get(sweeps.Sweep.key())
    assert sweep is not None
    sweeps.release(sweep)


def _removed() -> None:
    """The ticks that follow."""
    uploads.expire(now())
    uploads.expire(now() + timedelta(hours=2))


def _delete_object(key: str) -> None:
    aws.s3().delete_object(Bucket=settings.BUCKET_NAME, Key=key)


def test_a_sound_table_and_bucket_are_left_alone(ann: Person, task: str, wait: Wait) -> None:
    ready, pending = uploaded(ann, task), announced(ann, task)
    arrives(pending)
    before = file_rows()
    assert _walks() == {
        "seen": 2,
        "dropped": 0,
        "rows_without_object": 0,
        "objects_without_row": 0,
    }
    wait(hours=23)
    assert _walks()["objects_without_row"] == 0
    assert file_rows() == before and objects() == {key_of(ready), key_of(pending)}


def test_both_directions_are_mended(ann: Person, task: str, wait: Wait) -> None:
    kept, empty = uploaded(ann, task), uploaded(ann, task)
    orphans = {key_of(kept)[:-1] + "0", f"avatar/{ann.id}/{kept['id']}"}
    _delete_object(key_of(empty))
    for key in orphans:
        put(key)
    wait(hours=23)
    young = _walks()
    assert (young["rows_without_object"], young["objects_without_row"]) == (0, 0)
    wait(hours=2)
    mended = _walks()
    assert (mended["rows_without_object"], mended["objects_without_row"]) == (1, 2)
    _removed()
    assert objects() == set(file_rows()) == {key_of(kept)}


def test_what_is_not_ours_is_never_touched(ann: Person, wait: Wait) -> None:
    strangers = {"att/01/x", "att/01m8zzz/y", "avatar/a", "backup/att/1", "att"}
    for key in strangers:
        put(key)
    wait(days=3)
    _walks()
    assert objects() == strangers


def test_files_of_a_task_that_is_no_more_vanish(ann: Person, task: str, wait: Wait) -> None:
    uploaded(ann, task)
    Task.key(task).bare().delete()
    assert _walks()["dropped"] == 1
    _removed()
    assert objects() == set() and file_rows() == {}


def test_files_of_a_task_in_the_trash_stay(ann: Person, task: str, wait: Wait) -> None:
    attachment = uploaded(ann, task)
    assert ann.call("DELETE", f"/api/tasks/{task}").status_code == 204
    wait(days=20)
    assert _walks()["dropped"] == 0
    assert exists(key_of(attachment))


def test_files_of_a_task_done_for_longer_than_kept_vanish(
    ann: Person, task: str, wait: Wait
) -> None:
    attachment = uploaded(ann, task)
    open_task = str(ann.adds_task(ann.starts_project())["id"])
    other = uploaded(ann, open_task)
    ann.patch(f"/api/tasks/{task}/status", {"status": "done"})
    wait(days=settings.FILES_KEPT_DAYS - 1)
    assert _walks()["dropped"] == 0
    wait(days=2)
    assert _walks()["dropped"] == 1
    _removed()
    assert not exists(key_of(attachment)) and exists(key_of(other))


def test_a_walk_over_many_pages_sees_each_file_once(ann: Person, wait: Wait, task: str) -> None:
    """More objects than a page holds, and more pages than a run walks."""
    project = task[26:]
    keys = [f"att/{number:0>26}{project}/{number:0>26}" for number in range(3)]
    some = [attachments.object_key(task, f"{number:0>26}") for number in range(300)]
    for key in [*keys, *some]:
        put(key)
    wait(hours=25)
    assert _walks()["objects_without_row"] == 300  # the three are of tasks of the year 1970
    assert objects() == set(keys)


def test_two_never_walk_at_once(ann: Person, task: str) -> None:
    uploaded(ann, task)
    assert sweeps.start(now())
    assert sweeps.claim(now()) is not None
    assert reconciliation.advance(now()) == {} and reconciliation.begin(now()) == {}
    assert sweeps.claim(now() + sweeps.LEASE + timedelta(seconds=1)) is not None


def test_a_walk_killed_anywhere_is_finished_by_later_ticks(
    ann: Person, task: str, wait: Wait
) -> None:
    kept, empty, late = uploaded(ann, task), uploaded(ann, task), uploaded(ann, task)
    _delete_object(key_of(empty))
    put(key_of(late)[:-1] + "0")
    wait(hours=25)
    reconciliation.begin(now())  # the empty years
    for call in itertools.count(1):
        wait(minutes=10)
        try:
            with killed_at(call):
                reconciliation.begin(now())
        except Killed:
            continue
        break
    wait(minutes=10)
    _walks()
    _removed()
    assert objects() == set(file_rows()) == {key_of(kept), key_of(late)}


def test_the_schedule_begins_and_the_ticks_go_on(
    ann: Person, task: str, invoke: Any, event: Any
) -> None:
    uploaded(ann, task)
    seen = invoke("clean_up", event("clean_up"))["seen"]
    while (sweep := table.get(sweeps.Sweep.key())) and sweep.finished_at is None:
        seen += invoke("tick", event("tick"))["seen"]
    assert sweep is not None and sweep.seen == seen == 1


def test_each_time_has_its_stretch() -> None:
    begin = reconciliation.BEGINNING
    first = attachments.stretches(begin, begin + timedelta(days=365))
    later = attachments.stretches(begin, begin + timedelta(days=3650))
    assert later[: len(first)] == first and len(set(later)) == len(later)
    at = datetime.fromisoformat("2031-05-05T05:05:05Z")
    assert attachments.stretches(at, at)[0] in later
