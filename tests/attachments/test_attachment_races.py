"""Concurrent requests for the last storage and for the same attachment, on AWS's own engine."""

from collections import Counter
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, TaskAccess, authorize_task
from chalicelib.attachments.models import get_attachment
from chalicelib.attachments.quota_models import StorageUsage
from chalicelib.attachments.service import (
    announce_attachment,
    complete_attachment,
    delete_attachment,
)
from chalicelib.attachments.upload_lifecycle import close_upload
from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.sessions.credentials import parse_credential
from tests.attachment_files import create_attachment, file_statuses, put_upload, upload_attachment
from tests.dynamodb.test_races import at_once
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")

CONCURRENT_REQUESTS = 20
MIB = 1024 * 1024


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.create_task(ann.create_project())["id"])


def _authorize(ann: Person, task: str) -> TaskAccess:
    return authorize_task(
        RequestContext(parse_credential(ann.token), Action.WRITE_TASKS, now()), task
    )


def _usage(key: Any) -> tuple[int, int]:
    usage = get_item(key)
    assert usage is not None
    return int(usage.bytes), int(usage.files)


def test_concurrent_announcements_never_exceed_the_storage_limit(ann: Person, task: str) -> None:
    size = settings.TASK_MAX_BYTES // 8

    def announce(number: int) -> str:
        access = _authorize(ann, task)
        created = announce_attachment(
            access, filename=str(number), content_type="text/plain", size=size
        )
        return created.attachment.id

    answers = at_once(CONCURRENT_REQUESTS, announce)
    assert Counter(map(_outcome, answers)) == {"created": 8, "no_room": CONCURRENT_REQUESTS - 8}
    assert len(file_statuses()) == 8
    assert _usage(StorageUsage.of_task(task)) == (8 * size, 8)
    assert _usage(StorageUsage.of_project(task[26:])) == (8 * size, 8)


def _outcome(answer: Any) -> str:
    return "created" if isinstance(answer, str) else str(answer.stable_code)


def test_concurrent_deletions_release_the_storage_once(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    upload_attachment(ann, task)

    def delete(number: int) -> bool:
        item = get_attachment(task, attachment["id"])
        assert item is not None
        return close_upload(item, now())

    assert at_once(CONCURRENT_REQUESTS, delete).count(True) == 1
    assert _usage(StorageUsage.of_task(task)) == (5, 1)


def test_concurrent_confirmation_and_deletion_end_in_one_consistent_state(
    ann: Person, task: str
) -> None:
    for _ in range(5):
        attachment = create_attachment(ann, task)
        put_upload(attachment)

        def act(number: int, attachment: dict[str, Any] = attachment) -> Any:
            access = _authorize(ann, task)
            if number % 2:
                return delete_attachment(access, attachment["id"])
            return complete_attachment(access, attachment["id"]).status

        at_once(4, act)
        item = get_attachment(task, attachment["id"])
        assert item is None or item.status == "gone"
    assert _usage(StorageUsage.of_task(task)) == (0, 0)
