"""The comment count of a task is correct under concurrent requests."""

from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, TaskAccess, authorize_task
from chalicelib.clock import now
from chalicelib.comments.models import Comment
from chalicelib.comments.service import create_comment, delete_comment
from chalicelib.errors import NotFound
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.service import delete_task
from tests.dynamodb.test_races import at_once
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.create_task(ann.create_project())["id"])


def _authorize(ann: Person, task: str, action: Action) -> TaskAccess:
    return authorize_task(RequestContext(parse_credential(ann.token), action, now()), task)


def _create(ann: Person, task: str) -> Comment:
    return create_comment(_authorize(ann, task, Action.WRITE_COMMENTS), body="x")


def _count_and_list(ann: Person, task: str) -> tuple[int, int]:
    path = f"/api/tasks/{task}"
    listed = ann.get(path + "/comments?limit=100").json_body["items"]
    return int(ann.get(path).json_body["comments_count"]), len(listed)


def test_the_count_equals_the_number_of_comments_after_concurrent_changes(
    ann: Person, task: str
) -> None:
    def create_and_delete(number: int) -> None:
        comment = _create(ann, task)
        if number % 2:
            access = _authorize(ann, task, Action.WRITE_COMMENTS)
            delete_comment(access, comment.id, version=None)

    answers = at_once(8, create_and_delete)
    assert answers == [None] * 8
    assert _count_and_list(ann, task) == (4, 4)


def test_concurrent_deletions_of_a_comment_count_once(ann: Person, task: str) -> None:
    _create(ann, task)
    comment = _create(ann, task)

    def delete(_: int) -> None:
        access = _authorize(ann, task, Action.WRITE_COMMENTS)
        delete_comment(access, comment.id, version=None)

    answers = at_once(6, delete)
    assert answers.count(None) == 1
    assert all(isinstance(answer, NotFound) for answer in answers if answer is not None)
    assert _count_and_list(ann, task) == (1, 1)


def test_comments_created_while_the_task_is_deleted_count_or_fail(ann: Person, task: str) -> None:
    accesses = [_authorize(ann, task, Action.WRITE_COMMENTS) for _ in range(6)]

    def act(number: int) -> Any:
        if number == 3:
            return delete_task(_authorize(ann, task, Action.WRITE_TASKS))
        return create_comment(accesses[number], body="x").id

    answers = at_once(6, act)
    assert answers[3] is None
    created = [answer for answer in answers if isinstance(answer, str)]
    assert ann.get(f"/api/tasks/{task}").status_code == 404
    ann.post(f"/api/tasks/{task}/restore")
    assert _count_and_list(ann, task) == (len(created), len(created))


def test_a_comment_created_after_the_task_was_read_moves_with_it_to_the_trash(
    ann: Person, task: str
) -> None:
    access = _authorize(ann, task, Action.WRITE_TASKS)
    _create(ann, task)
    delete_task(access)
    ann.post(f"/api/tasks/{task}/restore")
    assert _count_and_list(ann, task) == (1, 1)


def test_a_late_comment_does_not_restore_a_deleted_task(ann: Person, task: str) -> None:
    comment = _create(ann, task)
    access = _authorize(ann, task, Action.WRITE_COMMENTS)
    delete_task(_authorize(ann, task, Action.WRITE_TASKS))
    with pytest.raises(NotFound):
        create_comment(access, body="too late")
    with pytest.raises(NotFound):
        delete_comment(access, comment.id, version=None)
    assert ann.get(f"/api/tasks/{task}").status_code == 404
    assert ann.post(f"/api/tasks/{task}/restore").json_body["comments_count"] == 1
