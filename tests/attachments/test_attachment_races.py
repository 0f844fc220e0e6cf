"""Rivals for the last room, and for the same attachment, decided by AWS's own engine."""

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
from tests.attachment_files import announced, arrives, file_rows, uploaded
from tests.dynamodb.test_races import at_once
from tests.support import Person

pytestmark = pytest.mark.usefixtures("real_table")

RIVALS = 20
MIB = 1024 * 1024


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


def _enter(ann: Person, task: str) -> TaskAccess:
    return authorize_task(
        RequestContext(parse_credential(ann.token), Action.WRITE_TASKS, now()), task
    )


def _count(key: Any) -> tuple[int, int]:
    usage = get_item(key)
    assert usage is not None
    return int(usage.bytes), int(usage.files)


def test_of_twenty_at_once_as_many_get_in_as_there_is_room_for(ann: Person, task: str) -> None:
    size = settings.TASK_MAX_BYTES // 8

    def announce(number: int) -> str:
        access = _enter(ann, task)
        made = announce_attachment(
            access, filename=str(number), content_type="text/plain", size=size
        )
        return made.attachment.id

    answers = at_once(RIVALS, announce)
    assert Counter(map(_kind, answers)) == {"in": 8, "no_room": RIVALS - 8}
    assert len(file_rows()) == 8
    assert _count(StorageUsage.of_task(task)) == (8 * size, 8)
    assert _count(StorageUsage.of_project(task[26:])) == (8 * size, 8)


def _kind(answer: Any) -> str:
    return "in" if isinstance(answer, str) else str(answer.stable_code)


def test_of_twenty_that_delete_one_gives_the_room_back(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    uploaded(ann, task)

    def delete(number: int) -> bool:
        row = get_attachment(task, attachment["id"])
        assert row is not None
        return close_upload(row, now())

    assert at_once(RIVALS, delete).count(True) == 1
    assert _count(StorageUsage.of_task(task)) == (5, 1)


def test_of_confirming_and_giving_up_one_wins(ann: Person, task: str) -> None:
    for _ in range(5):
        attachment = announced(ann, task)
        arrives(attachment)

        def act(number: int, attachment: dict[str, Any] = attachment) -> Any:
            access = _enter(ann, task)
            if number % 2:
                return delete_attachment(access, attachment["id"])
            return complete_attachment(access, attachment["id"]).status

        at_once(4, act)
        row = get_attachment(task, attachment["id"])
        assert row is None or row.status == "gone"
    assert _count(StorageUsage.of_task(task)) == (0, 0)
