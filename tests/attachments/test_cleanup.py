"""The weekly clean-up of table and bucket."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.attachments.jobs import (
    EARLIEST_TASK,
    continue_cleanup,
    list_prefixes,
    start_cleanup,
)
from chalicelib.attachments.models import (
    attachment_object_key,
    avatar_object_key,
    list_attachment_prefixes,
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
    check_agreement,
    create_attachment,
    file_statuses,
    list_objects,
    object_exists,
    object_key,
    put_object,
    put_upload,
    save_state,
    similar_key,
    upload_attachment,
)
from tests.faults import is_killed_at
from tests.moto_stack import set_watermarks
from tests.support import Person

Wait = Callable[..., None]


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.create_task(ann.create_project())["id"])


def _run_cleanup() -> dict[str, int]:
    """Run a whole clean-up as the schedule and the ticks do; return the sums of the counts."""
    set_watermarks()
    counts = start_cleanup(now())
    for _ in range(20):
        if claim_run(ATTACHMENT_CLEANUP, now()) is None:
            return counts
        release_run(_current_run())
        for name, count in continue_cleanup(now()).items():
            counts[name] = counts.get(name, 0) + count
    raise AssertionError("the clean-up does not finish")


def _tick() -> None:
    """Run the tick that deletes objects and items of tombstones."""
    expire_uploads(now())


def _delete_object(key: str) -> None:
    clients.s3_client().delete_object(Bucket=settings.BUCKET_NAME, Key=key)


def test_a_consistent_table_and_bucket_are_not_changed(ann: Person, task: str, wait: Wait) -> None:
    ready, pending = upload_attachment(ann, task), create_attachment(ann, task)
    put_upload(pending)
    before = file_statuses()
    assert _run_cleanup() == {
        "seen": 2,
        "dropped": 0,
        "rows_without_object": 0,
        "objects_without_row": 0,
    }
    wait(hours=23)
    assert _run_cleanup()["objects_without_row"] == 0
    assert file_statuses() == before and list_objects() == {object_key(ready), object_key(pending)}


def test_differences_in_both_directions_are_repaired(
    ann: Person, bob: Person, task: str, wait: Wait
) -> None:
    kept, empty = object_key(upload_attachment(ann, task)), object_key(upload_attachment(ann, task))
    seen, unseen = _upload_avatar(ann), _upload_avatar(bob)
    for key in (empty, unseen):
        _delete_object(key)
    for key in (kept, seen):
        put_object(similar_key(key))
    wait(hours=23)
    young = _run_cleanup()
    assert (young["rows_without_object"], young["objects_without_row"]) == (0, 0)
    wait(hours=2)
    repaired = _run_cleanup()
    assert (repaired["rows_without_object"], repaired["objects_without_row"]) == (2, 2)
    _tick()
    assert check_agreement() == {kept: "ready", seen: "ready"}
    assert (_avatar_key(ann), _avatar_key(bob)) == (seen, None)


def test_objects_with_foreign_keys_are_never_touched(ann: Person, wait: Wait) -> None:
    foreign_keys = {"att/01/x", "att/01m8zzz/y", "avatar/a", "backup/att/1", "att"}
    for key in foreign_keys:
        put_object(key)
    wait(days=3)
    _run_cleanup()
    assert list_objects() == foreign_keys


def test_files_of_a_purged_task_are_deleted(ann: Person, task: str, wait: Wait) -> None:
    upload_attachment(ann, task)
    Task.key(task).empty_item().delete()
    assert _run_cleanup()["dropped"] == 1
    _tick()
    assert list_objects() == set() and file_statuses() == {}


def test_files_of_a_task_in_the_trash_are_kept(ann: Person, task: str, wait: Wait) -> None:
    attachment = upload_attachment(ann, task)
    assert ann.call("DELETE", f"/api/tasks/{task}").status_code == 204
    wait(days=20)
    assert _run_cleanup()["dropped"] == 0
    assert object_exists(object_key(attachment))


def test_files_of_a_task_done_for_too_long_are_deleted(ann: Person, task: str, wait: Wait) -> None:
    attachment = upload_attachment(ann, task)
    open_task = str(ann.create_task(ann.create_project())["id"])
    other = upload_attachment(ann, open_task)
    ann.patch(f"/api/tasks/{task}/status", {"status": "done"})
    wait(days=settings.FILES_KEPT_DAYS - 1)
    assert _run_cleanup()["dropped"] == 0
    wait(days=2)
    assert _run_cleanup()["dropped"] == 1
    _tick()
    assert not object_exists(object_key(attachment)) and object_exists(object_key(other))


def test_a_clean_up_of_many_pages_sees_each_object_once(ann: Person, wait: Wait, task: str) -> None:
    """One call processes a limited number of pages, so several calls are necessary."""
    project = task[26:]
    keys = [f"att/{number:0>26}{project}/{number:0>26}" for number in range(3)]
    some = [attachment_object_key(task, f"{number:0>26}") for number in range(300)]
    for key in [*keys, *some]:
        put_object(key)
    wait(hours=25)
    assert _run_cleanup()["objects_without_row"] == 300  # the other three belong to tasks of 1970
    assert list_objects() == set(keys)


def test_two_clean_ups_never_run_at_once(ann: Person, task: str) -> None:
    upload_attachment(ann, task)
    assert start_run(ATTACHMENT_CLEANUP, now())
    assert claim_run(ATTACHMENT_CLEANUP, now()) is not None
    assert continue_cleanup(now()) == {} and start_cleanup(now()) == {}
    assert claim_run(ATTACHMENT_CLEANUP, now() + RUN_LEASE + timedelta(seconds=1)) is not None


def test_a_clean_up_killed_anywhere_is_finished_by_later_ticks(
    ann: Person, task: str, wait: Wait
) -> None:
    """It is killed before each write; dying before a read equals dying before the next write."""
    kept, empty = upload_attachment(ann, task), upload_attachment(ann, task)
    finished = upload_attachment(ann, purged := str(ann.create_task(task[26:])["id"]))
    Task.key(purged).empty_item().delete()
    _delete_object(object_key(empty))
    put_object(similar_key(object_key(kept)))
    _start_at(len(list_prefixes(now())) - 3)
    restore = save_state()
    for call in itertools.count(1):
        restore()
        wait(hours=25)  # restored objects are new
        set_watermarks()
        died = is_killed_at(call, lambda: continue_cleanup(now()))
        wait(minutes=6, seconds=1)  # until the lease ends
        continue_cleanup(now())
        _tick()
        assert check_agreement() == {object_key(kept): "ready"}, object_key(finished)
        if not died:
            break
    assert call > 8


def test_a_clean_up_killed_while_it_checks_avatars_is_finished_by_the_next_tick(
    ann: Person, bob: Person, wait: Wait
) -> None:
    kept, empty = _upload_avatar(ann), _upload_avatar(bob)
    _delete_object(empty)
    put_object(similar_key(kept))
    _start_at(0)
    restore = save_state()
    for call in itertools.count(1):
        restore()
        wait(hours=25)  # restored objects are new
        set_watermarks()
        died = is_killed_at(call, lambda: continue_cleanup(now()))
        moved = _current_run().position
        wait(minutes=6, seconds=1)
        continue_cleanup(now())
        _tick()
        assert check_agreement() == {kept: "ready"}
        assert (_avatar_key(ann), _avatar_key(bob)) == (kept, None)
        if moved or not died:
            break
    assert call > 3


def _start_at(position: int) -> None:
    """Start a clean-up at the prefix `position`, without a lease."""
    assert start_run(ATTACHMENT_CLEANUP, now())
    run = claim_run(ATTACHMENT_CLEANUP, now())
    assert run is not None
    advance_run(run, position, None, {})
    release_run(run)


def _current_run() -> MaintenanceRun:
    run = get_item(MaintenanceRun.key(ATTACHMENT_CLEANUP))
    assert run is not None
    return run


def _upload_avatar(person: Person) -> str:
    """Upload an avatar for the person; return its object key."""
    body = {"content_type": "image/png", "size": len(PNG)}
    announced = person.post("/api/auth/profile/avatar", body).json_body
    put_object(announced["upload"]["fields"]["key"], PNG, "image/png")
    answer = person.post(f"/api/auth/profile/avatar/{announced['id']}/complete")
    assert answer.status_code == 200, answer.json_body
    return str(announced["upload"]["fields"]["key"])


def _avatar_key(person: Person) -> str | None:
    """Return the object key of the person's current avatar."""
    user = get_item(User.key(person.id))
    assert user is not None
    return user.avatar and avatar_object_key(user.id, user.avatar)


def test_the_schedule_starts_a_clean_up_and_the_ticks_continue_it(
    ann: Person, task: str, invoke: Any, sample_event: Any
) -> None:
    upload_attachment(ann, task)
    seen = invoke("clean_up", sample_event("clean_up"))["seen"]
    while (run := get_item(MaintenanceRun.key(ATTACHMENT_CLEANUP))) and run.finished_at is None:
        seen += invoke("tick", sample_event("tick"))["seen"]
    assert run is not None and run.seen == seen == 1


def test_each_period_of_task_creation_has_its_own_prefix() -> None:
    begin = EARLIEST_TASK
    first = list_attachment_prefixes(begin, begin + timedelta(days=365))
    later = list_attachment_prefixes(begin, begin + timedelta(days=3650))
    assert later[: len(first)] == first and len(set(later)) == len(later)
    at = datetime.fromisoformat("2031-05-05T05:05:05Z")
    assert list_attachment_prefixes(at, at)[0] in later
