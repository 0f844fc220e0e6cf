"""The weekly walk through table and bucket."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.attachments.jobs import BEGINNING, continue_cleanup, list_prefixes, start_cleanup
from chalicelib.attachments.models import (
    attachment_object_key,
    avatar_object_key,
    list_key_prefixes,
)
from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.jobs.maintenance_models import (
    ATTACHMENT_CLEANUP,
    RUN_LEASE,
    MaintenanceRun,
    advance_run,
    claim_run,
    release_run,
    start_run,
)
from chalicelib.tasks.models import Task
from tests.attachment_files import (
    PNG,
    agreed,
    announced,
    arrives,
    exists,
    file_rows,
    key_of,
    objects,
    put,
    snapshot,
    stray,
    uploaded,
)
from tests.support import Killed, Person, killed_at, ticked_lately

Wait = Callable[..., None]


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


def _walks() -> dict[str, int]:
    """From Sunday 02:00 to the end, as the schedule and the ticks do it."""
    ticked_lately()
    done = start_cleanup(now())
    for _ in range(20):
        if claim_run(ATTACHMENT_CLEANUP, now()) is None:
            return done
        _release()
        for name, count in continue_cleanup(now()).items():
            done[name] = done.get(name, 0) + count
    raise AssertionError("no end")


def _release() -> None:
    release_run(_sweep())


def _removed() -> None:
    """The tick that follows."""
    expire_uploads(now())


def _delete_object(key: str) -> None:
    clients.s3_client().delete_object(Bucket=settings.BUCKET_NAME, Key=key)


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


def test_both_directions_are_mended(ann: Person, bob: Person, task: str, wait: Wait) -> None:
    kept, empty = key_of(uploaded(ann, task)), key_of(uploaded(ann, task))
    seen, unseen = _avatar(ann), _avatar(bob)
    for key in (empty, unseen):
        _delete_object(key)
    for key in (kept, seen):
        put(stray(key))
    wait(hours=23)
    young = _walks()
    assert (young["rows_without_object"], young["objects_without_row"]) == (0, 0)
    wait(hours=2)
    mended = _walks()
    assert (mended["rows_without_object"], mended["objects_without_row"]) == (2, 2)
    _removed()
    assert agreed() == {kept: "ready", seen: "ready"}
    assert (_shows(ann), _shows(bob)) == (seen, None)


def test_what_is_not_ours_is_never_touched(ann: Person, wait: Wait) -> None:
    strangers = {"att/01/x", "att/01m8zzz/y", "avatar/a", "backup/att/1", "att"}
    for key in strangers:
        put(key)
    wait(days=3)
    _walks()
    assert objects() == strangers


def test_files_of_a_task_that_is_no_more_vanish(ann: Person, task: str, wait: Wait) -> None:
    uploaded(ann, task)
    Task.key(task).empty_item().delete()
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
    some = [attachment_object_key(task, f"{number:0>26}") for number in range(300)]
    for key in [*keys, *some]:
        put(key)
    wait(hours=25)
    assert _walks()["objects_without_row"] == 300  # the three are of tasks of the year 1970
    assert objects() == set(keys)


def test_two_never_walk_at_once(ann: Person, task: str) -> None:
    uploaded(ann, task)
    assert start_run(ATTACHMENT_CLEANUP, now())
    assert claim_run(ATTACHMENT_CLEANUP, now()) is not None
    assert continue_cleanup(now()) == {} and start_cleanup(now()) == {}
    assert claim_run(ATTACHMENT_CLEANUP, now() + RUN_LEASE + timedelta(seconds=1)) is not None


def test_a_walk_killed_anywhere_is_finished_by_later_ticks(
    ann: Person, task: str, wait: Wait
) -> None:
    """Before each of its writes: dying before a read is dying before the next of these."""
    kept, empty = uploaded(ann, task), uploaded(ann, task)
    finished = uploaded(ann, purged := str(ann.adds_task(task[26:])["id"]))
    Task.key(purged).empty_item().delete()
    _delete_object(key_of(empty))
    put(stray(key_of(kept)))
    _goes_to(len(list_prefixes(now())) - 3)
    restore = snapshot()
    for call in itertools.count(1):
        restore()
        wait(hours=25)  # what was put back is young
        ticked_lately()
        died = _dies(call, lambda: continue_cleanup(now()))
        wait(minutes=6, seconds=1)  # the lease of the dead
        continue_cleanup(now())
        _removed()
        assert agreed() == {key_of(kept): "ready"}, key_of(finished)
        if not died:
            break
    assert call > 8


def test_a_walk_killed_among_the_avatars_is_finished_by_the_next_tick(
    ann: Person, bob: Person, wait: Wait
) -> None:
    kept, empty = _avatar(ann), _avatar(bob)
    _delete_object(empty)
    put(stray(kept))
    _goes_to(0)
    restore = snapshot()
    for call in itertools.count(1):
        restore()
        wait(hours=25)  # what was put back is young
        ticked_lately()
        died = _dies(call, lambda: continue_cleanup(now()))
        moved = _sweep().position
        wait(minutes=6, seconds=1)
        continue_cleanup(now())
        _removed()
        assert agreed() == {kept: "ready"}
        assert (_shows(ann), _shows(bob)) == (kept, None)
        if moved or not died:
            break
    assert call > 3


def _goes_to(stretch: int) -> None:
    """A walk has come so far, and nobody walks."""
    assert start_run(ATTACHMENT_CLEANUP, now())
    sweep = claim_run(ATTACHMENT_CLEANUP, now())
    assert sweep is not None
    advance_run(sweep, stretch, None, {})
    release_run(sweep)


def _sweep() -> MaintenanceRun:
    sweep = get_item(MaintenanceRun.key(ATTACHMENT_CLEANUP))
    assert sweep is not None
    return sweep


def _dies(call: int, act: Callable[[], Any]) -> bool:
    try:
        with killed_at(call, writes_only=True):
            act()
    except Killed:
        return True
    return False


def _avatar(person: Person) -> str:
    """The key of a picture that the person shows."""
    body = {"content_type": "image/png", "size": len(PNG)}
    announced = person.post("/api/auth/profile/avatar", body).json_body
    put(announced["upload"]["fields"]["key"], PNG, "image/png")
    answer = person.post(f"/api/auth/profile/avatar/{announced['id']}/complete")
    assert answer.status_code == 200, answer.json_body
    return str(announced["upload"]["fields"]["key"])


def _shows(person: Person) -> str | None:
    user = get_item(User.key(person.id))
    assert user is not None
    return user.avatar and avatar_object_key(user.id, user.avatar)


def test_the_schedule_begins_and_the_ticks_go_on(
    ann: Person, task: str, invoke: Any, event: Any
) -> None:
    uploaded(ann, task)
    seen = invoke("clean_up", event("clean_up"))["seen"]
    while (sweep := get_item(MaintenanceRun.key(ATTACHMENT_CLEANUP))) and sweep.finished_at is None:
        seen += invoke("tick", event("tick"))["seen"]
    assert sweep is not None and sweep.seen == seen == 1


def test_each_time_has_its_stretch() -> None:
    begin = BEGINNING
    first = list_key_prefixes(begin, begin + timedelta(days=365))
    later = list_key_prefixes(begin, begin + timedelta(days=3650))
    assert later[: len(first)] == first and len(set(later)) == len(later)
    at = datetime.fromisoformat("2031-05-05T05:05:05Z")
    assert list_key_prefixes(at, at)[0] in later
