"""What becomes of uploads later: confirmed by the storage's event, ended by the tick."""

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
from chalicelib.aws.s3_multipart import PART_BYTES
from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.sessions.credentials import parse_credential
from tests.attachment_files import (
    agreed,
    announced,
    arrives,
    exists,
    file_rows,
    key_of,
    objects,
    path_of,
    put,
    snapshot,
    uploaded,
)
from tests.support import Killed, Person, killed_at, ticked_lately

Wait = Callable[..., None]


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


@pytest.fixture
def created(event: Any, invoke: Any) -> Callable[[dict[str, Any]], Any]:
    """The storage says that the attachment's object was created."""

    def tell(attachment: dict[str, Any]) -> Any:
        sample = event("confirm_upload")
        sample["detail"]["object"]["key"] = key_of(attachment)
        return invoke("confirm_upload", sample)

    return tell


def _used(task: str) -> tuple[int, int]:
    """Bytes and files that count for the task."""
    usage = get_item(StorageUsage.of_task(task))
    return (0, 0) if usage is None else (int(usage.bytes), int(usage.files))


def _listed(ann: Person, task: str) -> list[str]:
    items = ann.get(f"/api/tasks/{task}/attachments").json_body["items"]
    return [item["status"] for item in items]


def _settles(wait: Wait) -> None:
    """A day passes, in which the tick has run as it should, and it does all it has to."""
    expire_uploads(now())
    wait(hours=23)
    ticked_lately()
    wait(hours=2)
    expire_uploads(now())


def test_the_storages_event_confirms_what_the_client_did_not(
    ann: Person, task: str, created: Any
) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    assert [created(attachment), created(attachment)] == ["ready", "ready"]
    assert _listed(ann, task) == ["ready"]


@pytest.mark.parametrize("key", ["att/x/y", "att/", "other", "att/a/b/c"])
def test_an_object_of_nobodys_is_left_alone(cloud: None, event: Any, key: str, invoke: Any) -> None:
    sample = event("confirm_upload")
    sample["detail"]["object"]["key"] = key
    put(key)
    assert invoke("confirm_upload", sample) == "unknown"
    assert exists(key)


def test_an_upload_nobody_confirmed_vanishes_after_a_day(
    ann: Person, task: str, wait: Wait
) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    wait(hours=23)
    assert expire_uploads(now()) == {"expired": 0, "removed": 0}
    assert _used(task) == (5, 1)
    wait(hours=2)
    assert expire_uploads(now()) == {"expired": 1, "removed": 1}
    assert agreed() == {} and not exists(key_of(attachment)) and _used(task) == (0, 0)


def test_a_confirmed_upload_stays(ann: Person, task: str, wait: Wait) -> None:
    attachment = uploaded(ann, task)
    _settles(wait)
    assert file_rows() == {key_of(attachment): "ready"} and exists(key_of(attachment))
    assert _used(task) == (5, 1)


@pytest.mark.parametrize("killed_before", [1, 2, 3])
def test_what_comes_after_the_end_is_removed_by_its_own_event(
    ann: Person, task: str, created: Any, killed_before: int
) -> None:
    """A form is good for some minutes after the attachment was deleted. An event that dies is
    delivered again."""
    attachment = announced(ann, task)
    ann.call("DELETE", path_of(attachment))
    assert file_rows() == {}
    arrives(attachment)
    died = _dies(killed_before, lambda: created(attachment))
    assert died == exists(key_of(attachment)) == (killed_before < 3)
    assert created(attachment) == "gone"
    assert agreed() == {}


def test_what_comes_while_the_end_is_under_way_is_removed(
    ann: Person, task: str, created: Any
) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    row = find_upload(key_of(attachment))
    assert row is not None and close_upload(row, now())
    assert created(attachment) == "gone" and not exists(key_of(attachment))
    expire_uploads(now())
    assert agreed() == {}


@pytest.mark.parametrize("by_event", [False, True])
def test_what_was_confirmed_cannot_be_replaced(
    ann: Person, task: str, created: Any, by_event: bool
) -> None:
    versioned = {"Status": "Enabled"}
    clients.s3_client().put_bucket_versioning(
        Bucket=settings.BUCKET_NAME, VersioningConfiguration=versioned
    )
    attachment = announced(ann, task)
    arrives(attachment)
    created(attachment) if by_event else ann.post(path_of(attachment, "/complete"))
    before = clients.s3_client().head_object(Bucket=settings.BUCKET_NAME, Key=key_of(attachment))[
        "VersionId"
    ]
    arrives(attachment, b"<sc>!")
    created(attachment)
    now_ = clients.s3_client().head_object(Bucket=settings.BUCKET_NAME, Key=key_of(attachment))[
        "VersionId"
    ]
    assert now_ == before


# --- killed before any of the calls, then ticked ------------------------------------------------


def _announce(ann: Person, task: str) -> None:
    announced(ann, task)


def _announce_in_parts(ann: Person, task: str) -> None:
    attachment = announced(ann, task, size=9 * 2**20)
    ann.post(path_of(attachment, "/parts"), {"numbers": [1]})


def _complete(ann: Person, task: str) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    ann.post(path_of(attachment, "/complete"))


def _complete_parts(ann: Person, task: str) -> None:
    attachment = announced(ann, task, size=9 * 2**20)
    ann.post(path_of(attachment, "/parts"), {"numbers": [1]})
    sends_parts(attachment)
    ann.post(path_of(attachment, "/complete"))


def _delete(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    ann.call("DELETE", path_of(attachment))


def _give_up_parts(ann: Person, task: str) -> None:
    attachment = announced(ann, task, size=9 * 2**20)
    ann.post(path_of(attachment, "/parts"), {"numbers": [1]})
    ann.call("DELETE", path_of(attachment))


def _purge(ann: Person, task: str) -> None:
    uploaded(ann, task)
    uploaded(ann, task)
    close_task_attachments(task, now())


def sends_parts(attachment: dict[str, Any]) -> None:
    """All parts of a 9 MiB file, to the upload that the storage knows."""
    where = {"Bucket": settings.BUCKET_NAME, "Key": key_of(attachment)}
    found = clients.s3_client().list_multipart_uploads(Bucket=where["Bucket"], Prefix=where["Key"])
    for number, size in ((1, PART_BYTES), (2, 2**20)):
        begun = {"UploadId": found["Uploads"][0]["UploadId"], "PartNumber": number}
        clients.s3_client().upload_part(**where, **begun, Body=bytes(size))


@pytest.mark.parametrize(
    "act",
    [_announce, _announce_in_parts, _complete, _complete_parts, _delete, _give_up_parts, _purge],
)
def test_killed_anywhere_then_ticked_rows_and_objects_agree(
    ann: Person, wait: Wait, act: Callable[[Person, str], None]
) -> None:
    tasks = []
    for call in itertools.count(1):
        tasks.append(str(ann.adds_task(ann.starts_project())["id"]))
        if not _dies(call, lambda: act(ann, tasks[-1])):
            break
    assert call > 2
    expire_uploads(now())
    assert set(agreed().values()) <= {"pending", "ready"}
    _settles(wait)
    assert set(agreed().values()) <= {"ready"}
    counts = [(_used(task), _used_by(task[26:])) for task in tasks]
    assert all(of_task == of_project for of_task, of_project in counts)
    assert sum(files for (_, files), _ in counts) == len(file_rows())


def test_an_event_killed_anywhere_is_repeated_or_the_upload_ends(
    ann: Person, task: str, created: Any, wait: Wait
) -> None:
    left: list[str] = []
    for call in itertools.count(1):
        attachment, again = announced(ann, task), announced(ann, task)
        arrives(attachment)
        arrives(again)
        died = _dies(call, partial(created, attachment))
        assert _dies(call, partial(created, again)) == died
        assert created(again) == "ready"  # Lambda delivers it again
        left.append(agreed()[key_of(attachment)])
        if not died:
            break
    assert set(left) == {"pending", "ready"}
    _settles(wait)
    assert len(agreed()) == call + left.count("ready")


def _dies(call: int, act: Callable[[], Any]) -> bool:
    try:
        with killed_at(call):
            act()
    except Killed:
        return True
    return False


def _used_by(project: str) -> tuple[int, int]:
    usage = get_item(StorageUsage.of_project(project))
    return (0, 0) if usage is None else (int(usage.bytes), int(usage.files))


def test_a_tick_killed_anywhere_is_finished_by_the_next(ann: Person, task: str, wait: Wait) -> None:
    arrives(announced(ann, task))
    announced(ann, task)
    in_parts = announced(ann, task, size=9 * 2**20)
    ann.post(path_of(in_parts, "/parts"), {"numbers": [1]})
    kept, deleted = uploaded(ann, task), uploaded(ann, task)
    wait(hours=23)
    ticked_lately()
    wait(hours=2)
    tombstone = find_upload(key_of(deleted))
    assert tombstone is not None and close_upload(tombstone, now())
    restore = snapshot()
    for call in itertools.count(1):
        restore()
        if not _dies(call, lambda: expire_uploads(now())):
            break
        expire_uploads(now())
        assert agreed() == {key_of(kept): "ready"}
        assert _used(task) == _used_by(task[26:]) == (5, 1)
    assert call > 20


def test_room_is_given_back_once_whoever_ends_it(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    context = RequestContext(parse_credential(ann.token), Action.WRITE_TASKS, now())
    access = authorize_task(context, task)
    delete_attachment(access, attachment["id"])
    close_task_attachments(task, now())
    assert _used(task) == (0, 0)
    project = get_item(StorageUsage.of_project(task[26:]))
    assert project is not None and (project.bytes, project.files) == (0, 0)


def test_files_of_a_purged_task_vanish(ann: Person, task: str, wait: Wait) -> None:
    uploaded(ann, task)
    announced(ann, task)
    assert close_task_attachments(task, now()) == 2
    assert close_task_attachments(task, now()) == 0
    assert get_item(StorageUsage.of_task(task)) is None
    assert _listed(ann, task) == []
    _settles(wait)
    assert objects() == set() and file_rows() == {}


def test_an_attachment_ends_also_when_its_project_has_no_count_any_more(
    ann: Person, task: str
) -> None:
    uploaded(ann, task)
    for key in (StorageUsage.of_task(task), StorageUsage.of_project(task[26:])):
        row = get_item(key)
        assert row is not None
        row.delete()
    assert close_task_attachments(task, now()) == 1
