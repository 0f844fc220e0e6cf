"""Moves that run at the same moment as other requests, on AWS's own engine."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, TaskAccess, authorize_task
from chalicelib.attachments.service import announce_attachment, complete_attachment
from chalicelib.clock import now
from chalicelib.comments.service import create_comment
from chalicelib.copies.moves import MoveResult, move_task
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.relations.service import create_relation
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.service import delete_task, update_task
from tests.attachment_files import create_attachment, put_upload, upload_attachment
from tests.counter_checks import count_drift
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")

ROUNDS = 6


def _authorize(ann: Person, task: str, key: IdempotencyKey | None = None) -> TaskAccess:
    credential = parse_credential(ann.token)
    return authorize_task(RequestContext(credential, Action.MOVE_TASK, now(), key), task)


def _repeat_while_unavailable(act: Callable[[], Any]) -> Any:
    """Call `act` again after each 503, as clients do."""
    while True:
        try:
            return act()
        except Unavailable:
            continue


def _move(access: TaskAccess, target: str) -> MoveResult:
    result: MoveResult = _repeat_while_unavailable(lambda: move_task(access, target, version=None))
    return result


def _move_against(
    ann: Person, task: str, target: str, change: Callable[[TaskAccess], Any]
) -> tuple[Any, Any]:
    """Move a task and change it at the same moment; return both results or errors."""
    accesses = [_authorize(ann, task) for _ in range(2)]

    def act(number: int) -> Any:
        if number:
            return _repeat_while_unavailable(lambda: change(accesses[1]))
        return _move(accesses[0], target)

    moved, changed = at_once(2, act)
    return moved, changed


def _find(ann: Person, task: str) -> dict[str, Any]:
    """Return the task wherever it is."""
    answer = ann.get(f"/api/tasks/{task}")
    if answer.status_code == 308:
        answer = ann.get(answer.headers["location"])
    assert answer.status_code == 200, answer.json_body
    found: dict[str, Any] = answer.json_body
    return found


def test_of_moves_to_different_projects_one_succeeds(ann: Person, source: str) -> None:
    targets = [ann.create_project() for _ in range(4)]

    def move_everywhere(task: str) -> list[Any]:
        accesses = [_authorize(ann, task) for _ in targets]
        return at_once(4, lambda n: _move(accesses[n], targets[n]))

    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        results = move_everywhere(task)
        (moved,) = (each for each in results if isinstance(each, MoveResult))
        assert sum(isinstance(each, Conflict) for each in results) == 3
        assert _find(ann, task)["id"] == moved.task.id
    assert count_drift() == 0


def test_concurrent_requests_with_one_key_move_once_and_get_one_answer(
    ann: Person, source: str, target: str
) -> None:
    def move_at_once(task: str, key: IdempotencyKey) -> list[Any]:
        accesses = [_authorize(ann, task, key) for _ in range(4)]
        return at_once(4, lambda n: _move(accesses[n], target))

    for number in range(ROUNDS):
        task = ann.create_task(source)["id"]
        ann.create_task(source, parent=task)
        results = move_at_once(task, IdempotencyKey(f"key {number}", "a request"))
        assert {(each.task.id, each.task.number) for each in results} == {
            (task[:26] + target, results[0].task.number)
        }
    assert count_drift() == 0


def test_a_concurrent_edit_is_kept_or_refused(ann: Person, source: str, target: str) -> None:
    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        moved, edited = _move_against(
            ann, task, target, lambda access: update_task(access, {"title": "new"})
        )
        assert isinstance(moved, MoveResult)
        is_kept = not isinstance(edited, NotFound)
        assert (_find(ann, task)["title"] == "new") == is_kept
    assert count_drift() == 0


def test_a_concurrent_comment_is_kept_or_refused(ann: Person, source: str, target: str) -> None:
    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        moved, comment = _move_against(
            ann, task, target, lambda access: create_comment(access, body="new")
        )
        assert isinstance(moved, MoveResult)
        found = _find(ann, task)
        comments = ann.get(f"/api/tasks/{found['id']}/comments").json_body["items"]
        is_kept = not isinstance(comment, NotFound)
        assert len(comments) == found["comments_count"] == is_kept
    assert count_drift() == 0


def test_a_concurrent_announcement_is_kept_or_refused(
    ann: Person, source: str, target: str
) -> None:
    def announce(access: TaskAccess) -> Any:
        return announce_attachment(access, filename="b.txt", content_type="text/plain", size=7)

    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        moved, announced = _move_against(ann, task, target, announce)
        assert isinstance(moved, MoveResult)
        files = ann.get(f"/api/tasks/{_find(ann, task)['id']}/attachments").json_body["items"]
        assert len(files) == (not isinstance(announced, NotFound))
    assert count_drift() == 0


def test_a_concurrent_confirmation_counts_once(ann: Person, source: str, target: str) -> None:
    def confirm(task: str, upload: str) -> tuple[Any, Any]:
        return _move_against(ann, task, target, lambda access: complete_attachment(access, upload))

    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        upload = create_attachment(ann, task, size=5)
        put_upload(upload)
        moved, confirmed = confirm(task, upload["id"])
        assert isinstance(moved, MoveResult)
        assert confirmed.status == "ready"
        assert _find(ann, task)["attachments_count"] == 1
    assert count_drift() == 0


def test_a_concurrent_relation_is_kept_or_refused(ann: Person, source: str, target: str) -> None:
    def relate(task: str, other: str) -> tuple[Any, Any]:
        return _move_against(
            ann, task, target, lambda access: create_relation(access, kind="blocks", target=other)
        )

    for _ in range(ROUNDS):
        task, other = (ann.create_task(source)["id"] for _ in range(2))
        moved, relation = relate(task, other)
        assert isinstance(moved, MoveResult)
        is_kept = not isinstance(relation, NotFound)
        assert _find(ann, task)["relations_count"] == is_kept
        assert _find(ann, other)["open_blockers_count"] == is_kept
        relations = ann.get(f"/api/tasks/{other}/relations").json_body["items"]
        assert [each["task"]["id"] for each in relations] == [moved.task.id] * is_kept
    assert count_drift() == 0


@pytest.mark.parametrize("moved_side", ["blocker", "blocked"])
def test_a_blocker_that_is_finished_during_a_move_is_counted_right(
    ann: Person, source: str, target: str, moved_side: str
) -> None:
    def finish_and_move(blocker: str, moved: str) -> None:
        finishing, moving = _authorize(ann, blocker), _authorize(ann, moved)
        acts: list[Callable[[], Any]] = [
            lambda: update_task(finishing, {"status": "done"}),
            lambda: move_task(moving, target, version=None),
        ]
        finished, result = at_once(2, lambda n: _repeat_while_unavailable(acts[n]))
        assert isinstance(result, MoveResult)
        assert not isinstance(finished, Exception) or isinstance(finished, Conflict | NotFound)

    for _ in range(ROUNDS):
        blocker, blocked = (ann.create_task(source)["id"] for _ in range(2))
        ann.post(f"/api/tasks/{blocker}/relations", {"kind": "blocks", "task": blocked})
        finish_and_move(blocker, blocker if moved_side == "blocker" else blocked)
        is_open = _find(ann, blocker)["status"] != "done"
        assert _find(ann, blocked)["open_blockers_count"] == is_open
    assert count_drift() == 0


def test_a_task_is_either_moved_or_deleted(ann: Person, source: str, target: str) -> None:
    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        upload_attachment(ann, task)
        moved, deleted = _move_against(ann, task, target, delete_task)
        assert isinstance(moved, MoveResult) != (deleted is None)
        trash = ann.get(f"/api/trash?project={source}").json_body["items"]
        assert (task in {each["id"] for each in trash}) == (deleted is None)
    assert count_drift() == 0


def test_a_subtask_created_at_the_same_moment_comes_along_or_is_refused(
    ann: Person, source: str, target: str
) -> None:
    def create_subtask(access: TaskAccess) -> Any:
        body = {"project": source, "title": "x", "parent": access.task.id}
        return ann.post("/api/tasks", body)

    for _ in range(ROUNDS):
        task = ann.create_task(source)["id"]
        moved, created = _move_against(ann, task, target, create_subtask)
        assert isinstance(moved, MoveResult)
        found = _find(ann, task)
        path = f"/api/tasks?project={target}&parent={found['id']}"
        listed = ann.get(path).json_body["items"]
        assert len(listed) == found["subtasks_count"] == (created.status_code == 201)
        assert ann.get(f"/api/tasks?project={source}").json_body["items"] == []
    assert count_drift() == 0


def test_a_lost_response_of_dynamodb_changes_nothing(ann: Person, source: str, target: str) -> None:
    """The response to each request of a move is lost in turn; botocore sends the request again."""
    for lost in itertools.count(1):
        task = ann.create_task(source)["id"]
        ann.create_task(source, parent=task)
        with faulty_connection(lost_response=lost) as connection:
            answer = ann.post(f"/api/tasks/{task}/move", {"project": target})
        assert answer.status_code == 200, (lost, answer.json_body)
        assert answer.json_body["task"]["subtasks_count"] == 1
        if connection.requests < lost:
            break
    tasks = ann.get(f"/api/tasks?project={target}&limit=100").json_body["items"]
    assert len(tasks) == 2 * lost
    assert ann.get(f"/api/tasks?project={source}").json_body["items"] == []
    assert count_drift() == 0
