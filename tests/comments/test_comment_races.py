"""The count of a task's comments is right whatever happens at the same moment."""

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

pytestmark = pytest.mark.usefixtures("real_table")


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


def _enter(ann: Person, task: str, action: Action) -> TaskAccess:
    return authorize_task(RequestContext(parse_credential(ann.token), action, now()), task)


def _says(ann: Person, task: str) -> Comment:
    return create_comment(_enter(ann, task, Action.WRITE_COMMENTS), body="x")


def _count_and_list(ann: Person, task: str) -> tuple[int, int]:
    path = f"/api/tasks/{task}"
    listed = ann.get(path + "/comments?limit=100").json_body["items"]
    return int(ann.get(path).json_body["comments_count"]), len(listed)


def test_the_count_equals_a_recount_after_a_crowd(ann: Person, task: str) -> None:
    def say_and_delete(number: int) -> None:
        comment = _says(ann, task)
        if number % 2:
            access = _enter(ann, task, Action.WRITE_COMMENTS)
            delete_comment(access, comment.id, version=None)

    answers = at_once(8, say_and_delete)
    assert answers == [None] * 8
    assert _count_and_list(ann, task) == (4, 4)


def test_one_comment_deleted_by_many_counts_once(ann: Person, task: str) -> None:
    _says(ann, task)
    comment = _says(ann, task)

    def delete(_: int) -> None:
        access = _enter(ann, task, Action.WRITE_COMMENTS)
        delete_comment(access, comment.id, version=None)

    answers = at_once(6, delete)
    assert answers.count(None) == 1
    assert all(isinstance(answer, NotFound) for answer in answers if answer is not None)
    assert _count_and_list(ann, task) == (1, 1)


def test_comments_on_a_task_on_its_way_to_the_trash_count_or_fail(ann: Person, task: str) -> None:
    entered = [_enter(ann, task, Action.WRITE_COMMENTS) for _ in range(6)]

    def act(number: int) -> Any:
        if number == 3:
            return delete_task(_enter(ann, task, Action.WRITE_TASKS))
        return create_comment(entered[number], body="x").id

    answers = at_once(6, act)
    assert answers[3] is None
    said = [answer for answer in answers if isinstance(answer, str)]
    assert ann.get(f"/api/tasks/{task}").status_code == 404
    ann.post(f"/api/tasks/{task}/restore")
    assert _count_and_list(ann, task) == (len(said), len(said))


def test_a_comment_after_the_task_was_read_goes_with_it_to_the_trash(
    ann: Person, task: str
) -> None:
    read_before = _enter(ann, task, Action.WRITE_TASKS)
    _says(ann, task)
    delete_task(read_before)
    ann.post(f"/api/tasks/{task}/restore")
    assert _count_and_list(ann, task) == (1, 1)


def test_a_comment_that_comes_too_late_does_not_bring_the_task_back(ann: Person, task: str) -> None:
    comment = _says(ann, task)
    access = _enter(ann, task, Action.WRITE_COMMENTS)
    delete_task(_enter(ann, task, Action.WRITE_TASKS))
    with pytest.raises(NotFound):
        create_comment(access, body="too late")
    with pytest.raises(NotFound):
        delete_comment(access, comment.id, version=None)
    assert ann.get(f"/api/tasks/{task}").status_code == 404
    assert ann.post(f"/api/tasks/{task}/restore").json_body["comments_count"] == 1
