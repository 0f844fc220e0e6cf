"""Uploads after the request: confirmed by the S3 event, ended by the tick."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, authorize_task
from chalicelib.attachments.models import find_upload
from chalicelib.attachments.quota_models import StorageUsage
from chalicelib.attachments.service import close_task_attachments, delete_attachment
from chalicelib.attachments.upload_lifecycle import close_upload, expire_uploads
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.sessions.credentials import parse_credential
from tests.attachment_files import (
    attachment_path,
    check_agreement,
    create_attachment,
    file_statuses,
    list_objects,
    object_exists,
    object_key,
    put_object,
    put_upload,
    save_state,
    upload_attachment,
    upload_parts,
)
from tests.faults import is_killed_at
from tests.moto_stack import set_watermarks
from tests.support import Person

Wait = Callable[..., None]


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.create_task(ann.create_project())["id"])


@pytest.fixture
def send_event(sample_event: Any, invoke: Any) -> Callable[[dict[str, Any]], Any]:
    """Return a function that delivers the S3 event of the attachment's object."""

    def send(attachment: dict[str, Any]) -> Any:
        sample = sample_event("confirm_upload")
        sample["detail"]["object"]["key"] = object_key(attachment)
        return invoke("confirm_upload", sample)

    return send


def _task_usage(task: str) -> tuple[int, int]:
    """Return the bytes and the number of files that count for the task."""
    usage = get_item(StorageUsage.of_task(task))
    return (0, 0) if usage is None else (int(usage.bytes), int(usage.files))


def _statuses(ann: Person, task: str) -> list[str]:
    items = ann.get(f"/api/tasks/{task}/attachments").json_body["items"]
    return [item["status"] for item in items]


def _wait_a_day_with_ticks(wait: Wait) -> None:
    """Let a day pass with regular ticks, then run the tick again."""
    expire_uploads(now())
    wait(hours=23)
    set_watermarks()
    wait(hours=2)
    expire_uploads(now())


def test_the_s3_event_confirms_an_upload_that_the_client_did_not_complete(
    ann: Person, task: str, send_event: Any
) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    assert [send_event(attachment), send_event(attachment)] == ["ready", "ready"]
    assert _statuses(ann, task) == ["ready"]


@pytest.mark.parametrize("key", ["att/x/y", "att/", "other", "att/a/b/c"])
def test_an_object_with_a_foreign_key_is_left_alone(
    cloud: None, sample_event: Any, key: str, invoke: Any
) -> None:
    sample = sample_event("confirm_upload")
    sample["detail"]["object"]["key"] = key
    put_object(key)
    assert invoke("confirm_upload", sample) == "unknown"
    assert object_exists(key)


def test_an_unconfirmed_upload_is_removed_after_a_day(ann: Person, task: str, wait: Wait) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    wait(hours=23)
    assert expire_uploads(now()) == {"expired": 0, "removed": 0}
    assert _task_usage(task) == (5, 1)
    wait(hours=2)
    assert expire_uploads(now()) == {"expired": 1, "removed": 1}
    assert (
        check_agreement() == {}
        and not object_exists(object_key(attachment))
        and _task_usage(task) == (0, 0)
    )


def test_a_confirmed_upload_is_kept(ann: Person, task: str, wait: Wait) -> None:
    attachment = upload_attachment(ann, task)
    _wait_a_day_with_ticks(wait)
    assert file_statuses() == {object_key(attachment): "ready"} and object_exists(
        object_key(attachment)
    )
    assert _task_usage(task) == (5, 1)


@pytest.mark.parametrize("killed_before", [1, 2, 3])
def test_an_object_that_arrives_after_deletion_is_removed_by_its_own_event(
    ann: Person, task: str, send_event: Any, killed_before: int
) -> None:
    """A form stays valid for some minutes after the attachment is deleted. A failed event is
    delivered again."""
    attachment = create_attachment(ann, task)
    ann.call("DELETE", attachment_path(attachment))
    assert file_statuses() == {}
    put_upload(attachment)
    died = is_killed_at(killed_before, lambda: send_event(attachment), writes_only=False)
    assert died == object_exists(object_key(attachment)) == (killed_before < 3)
    assert send_event(attachment) == "gone"
    assert check_agreement() == {}


def test_an_object_that_arrives_during_deletion_is_removed(
    ann: Person, task: str, send_event: Any
) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    upload = find_upload(object_key(attachment))
    assert upload is not None and close_upload(upload, now())
    assert send_event(attachment) == "gone" and not object_exists(object_key(attachment))
    expire_uploads(now())
    assert check_agreement() == {}


@pytest.mark.parametrize("by_event", [False, True])
def test_a_confirmed_file_cannot_be_replaced(
    ann: Person, task: str, send_event: Any, by_event: bool
) -> None:
    versioned = {"Status": "Enabled"}
    clients.s3_client().put_bucket_versioning(
        Bucket=settings.BUCKET_NAME, VersioningConfiguration=versioned
    )
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    send_event(attachment) if by_event else ann.post(attachment_path(attachment, "/complete"))
    before = clients.s3_client().head_object(
        Bucket=settings.BUCKET_NAME, Key=object_key(attachment)
    )["VersionId"]
    put_upload(attachment, b"<sc>!")
    send_event(attachment)
    after = clients.s3_client().head_object(
        Bucket=settings.BUCKET_NAME, Key=object_key(attachment)
    )["VersionId"]
    assert after == before


# --- killed before each call, then ticked -------------------------------------------------------


def _announce(ann: Person, task: str) -> None:
    create_attachment(ann, task)


def _announce_multipart(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task, size=9 * 2**20)
    ann.post(attachment_path(attachment, "/parts"), {"numbers": [1]})


def _complete(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    ann.post(attachment_path(attachment, "/complete"))


def _complete_multipart(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task, size=9 * 2**20)
    ann.post(attachment_path(attachment, "/parts"), {"numbers": [1]})
    upload_parts(attachment)
    ann.post(attachment_path(attachment, "/complete"))


def _delete(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    ann.call("DELETE", attachment_path(attachment))


def _abort_multipart(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task, size=9 * 2**20)
    ann.post(attachment_path(attachment, "/parts"), {"numbers": [1]})
    ann.call("DELETE", attachment_path(attachment))


def _purge(ann: Person, task: str) -> None:
    upload_attachment(ann, task)
    upload_attachment(ann, task)
    close_task_attachments(task, now())


@pytest.mark.parametrize(
    "act",
    [
        _announce,
        _announce_multipart,
        _complete,
        _complete_multipart,
        _delete,
        _abort_multipart,
        _purge,
    ],
)
def test_items_and_objects_agree_after_a_crash_anywhere_and_a_tick(
    ann: Person, wait: Wait, act: Callable[[Person, str], None]
) -> None:
    tasks = []
    for call in itertools.count(1):
        tasks.append(str(ann.create_task(ann.create_project())["id"]))
        if not is_killed_at(call, lambda: act(ann, tasks[-1]), writes_only=False):
            break
    assert call > 2
    expire_uploads(now())
    assert set(check_agreement().values()) <= {"pending", "ready"}
    _wait_a_day_with_ticks(wait)
    assert set(check_agreement().values()) <= {"ready"}
    counts = [(_task_usage(task), _project_usage(task[26:])) for task in tasks]
    assert all(of_task == of_project for of_task, of_project in counts)
    assert sum(files for (_, files), _ in counts) == len(file_statuses())


def test_an_event_killed_anywhere_is_delivered_again_or_the_upload_expires(
    ann: Person, task: str, send_event: Any, wait: Wait
) -> None:
    statuses: list[str] = []
    for call in itertools.count(1):
        attachment, again = create_attachment(ann, task), create_attachment(ann, task)
        put_upload(attachment)
        put_upload(again)
        died = is_killed_at(call, partial(send_event, attachment), writes_only=False)
        assert is_killed_at(call, partial(send_event, again), writes_only=False) == died
        assert send_event(again) == "ready"  # Lambda delivers it again
        statuses.append(check_agreement()[object_key(attachment)])
        if not died:
            break
    assert set(statuses) == {"pending", "ready"}
    _wait_a_day_with_ticks(wait)
    assert len(check_agreement()) == call + statuses.count("ready")


def _project_usage(project: str) -> tuple[int, int]:
    usage = get_item(StorageUsage.of_project(project))
    return (0, 0) if usage is None else (int(usage.bytes), int(usage.files))


def test_a_tick_killed_anywhere_is_finished_by_the_next(ann: Person, task: str, wait: Wait) -> None:
    put_upload(create_attachment(ann, task))
    create_attachment(ann, task)
    multipart = create_attachment(ann, task, size=9 * 2**20)
    ann.post(attachment_path(multipart, "/parts"), {"numbers": [1]})
    kept, deleted = upload_attachment(ann, task), upload_attachment(ann, task)
    wait(hours=23)
    set_watermarks()
    wait(hours=2)
    tombstone = find_upload(object_key(deleted))
    assert tombstone is not None and close_upload(tombstone, now())
    restore = save_state()
    for call in itertools.count(1):
        restore()
        if not is_killed_at(call, lambda: expire_uploads(now()), writes_only=False):
            break
        expire_uploads(now())
        assert check_agreement() == {object_key(kept): "ready"}
        assert _task_usage(task) == _project_usage(task[26:]) == (5, 1)
    assert call > 20


def test_storage_is_released_once_by_deletion_and_purge(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    context = RequestContext(parse_credential(ann.token), Action.WRITE_TASKS, now())
    access = authorize_task(context, task)
    delete_attachment(access, attachment["id"])
    close_task_attachments(task, now())
    assert _task_usage(task) == (0, 0)
    project = get_item(StorageUsage.of_project(task[26:]))
    assert project is not None and (project.bytes, project.files) == (0, 0)


def test_files_of_a_purged_task_are_removed(ann: Person, task: str, wait: Wait) -> None:
    upload_attachment(ann, task)
    create_attachment(ann, task)
    assert close_task_attachments(task, now()) == 2
    assert close_task_attachments(task, now()) == 0
    assert get_item(StorageUsage.of_task(task)) is None
    assert _statuses(ann, task) == []
    _wait_a_day_with_ticks(wait)
    assert list_objects() == set() and file_statuses() == {}


def test_an_attachment_can_be_closed_when_its_usage_items_are_deleted(
    ann: Person, task: str
) -> None:
    upload_attachment(ann, task)
    for key in (StorageUsage.of_task(task), StorageUsage.of_project(task[26:])):
        usage = get_item(key)
        assert usage is not None
        usage.delete()
    assert close_task_attachments(task, now()) == 1
