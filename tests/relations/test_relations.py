"""Relations: create, list, remove, and who may see what."""

from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.relations.models import INVERSE_KINDS, RELATIONS_MAX
from tests.support import Person, error_locations


def relate(person: Person, task: str, kind: str, other: str, **options: Any) -> HTTPResponse:
    return person.post(f"/api/tasks/{task}/relations", {"kind": kind, "task": other}, **options)


def list_relations(person: Person, task: str) -> list[Any]:
    items: list[Any] = person.get(f"/api/tasks/{task}/relations").json_body["items"]
    return items


def counts(person: Person, task: str) -> tuple[int, int]:
    """Return the numbers of relations and of open blockers."""
    found = person.get(f"/api/tasks/{task}").json_body
    return found["relations_count"], found["open_blockers_count"]


def test_a_relation_is_returned_with_the_other_task(ann: Person, task: str, other: str) -> None:
    answer = relate(ann, task, "blocked_by", other)
    assert answer.status_code == 201
    relation = answer.json_body
    known = ann.get(f"/api/tasks/{other}").json_body
    assert relation["kind"] == "blocked_by"
    assert relation["created_by"] == ann.id
    assert relation["task"] == {
        name: known[name] for name in ("id", "key", "project", "title", "status")
    }
    assert ann.get(answer.headers["Location"]).json_body == relation
    assert list_relations(ann, task) == [relation]


@pytest.mark.parametrize(("kind", "inverse"), INVERSE_KINDS.items())
def test_the_other_task_has_the_inverse_relation(
    ann: Person, task: str, other: str, kind: str, inverse: str
) -> None:
    relation = relate(ann, task, kind, other).json_body
    (seen,) = list_relations(ann, other)
    assert (seen["id"], seen["kind"], seen["task"]["id"]) == (relation["id"], inverse, task)


def test_the_other_task_may_be_named_by_its_key(ann: Person, task: str, other: str) -> None:
    key = ann.get(f"/api/tasks/{other}").json_body["key"]
    assert relate(ann, task, "relates_to", key).json_body["task"]["id"] == other


def test_both_tasks_count_their_relations(ann: Person, task: str, other: str) -> None:
    relate(ann, task, "relates_to", other)
    relate(ann, task, "blocks", other)
    assert (counts(ann, task), counts(ann, other)) == ((2, 0), (2, 1))


def test_a_removed_relation_is_removed_from_both_tasks(ann: Person, task: str, other: str) -> None:
    relation = relate(ann, task, "blocks", other).json_body["id"]
    path = f"/api/tasks/{other}/relations/{relation}"
    assert ann.delete(path).status_code == 204
    assert ann.delete(path).status_code == ann.get(path).status_code == 404
    assert list_relations(ann, task) == list_relations(ann, other) == []
    assert counts(ann, task) == counts(ann, other) == (0, 0)


def test_a_relation_changes_neither_version_nor_time_of_a_task(
    ann: Person, task: str, other: str
) -> None:
    before = ann.get(f"/api/tasks/{task}")
    relate(ann, task, "blocks", other)
    after = ann.get(f"/api/tasks/{task}")
    assert after.json_body == before.json_body | {"relations_count": 1}
    assert after.headers["ETag"] != before.headers["ETag"]
    headers = {"If-Match": before.headers["ETag"]}
    assert ann.patch(f"/api/tasks/{task}", {"title": "x"}, headers=headers).status_code == 200


def test_a_repeated_create_is_answered_with_the_first_relation(
    ann: Person, task: str, other: str
) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = [relate(ann, task, "blocks", other, headers=headers) for _ in range(2)]
    assert answers[0].json_body == answers[1].json_body
    assert counts(ann, other) == (1, 1)


def test_a_relation_that_exists_is_refused(ann: Person, task: str, other: str) -> None:
    relate(ann, task, "blocks", other)
    for source, kind, target in ((task, "blocks", other), (other, "blocked_by", task)):
        answer = relate(ann, source, kind, target)
        assert (answer.status_code, answer.json_body["code"]) == (409, "already_related")
    assert counts(ann, other) == (1, 1)


def test_a_task_is_not_related_to_itself(ann: Person, task: str) -> None:
    answer = relate(ann, task, "relates_to", task)
    assert (answer.status_code, error_locations(answer)) == (422, ["task"])


def test_all_invalid_fields_are_named(ann: Person, task: str) -> None:
    answer = ann.post(f"/api/tasks/{task}/relations", {"kind": "likes", "color": "red"})
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == ["color", "kind", "task"]


@pytest.mark.parametrize("target", ["x", "0" * 52, "NONE-1"])
def test_an_unknown_target_is_refused(ann: Person, task: str, target: str) -> None:
    answer = relate(ann, task, "blocks", target)
    assert (answer.status_code, error_locations(answer)) == (422, ["task"])


def test_a_task_in_the_trash_cannot_be_related(ann: Person, task: str, other: str) -> None:
    ann.delete(f"/api/tasks/{other}")
    assert relate(ann, task, "blocks", other).status_code == 422
    assert relate(ann, other, "blocks", task).status_code == 404


def test_the_number_of_relations_is_limited(ann: Person, project: str, task: str) -> None:
    others = [ann.create_task(project)["id"] for _ in range(RELATIONS_MAX + 1)]
    for other in others[:-1]:
        assert relate(ann, task, "blocks", other).status_code == 201
    for answer in (
        relate(ann, task, "blocks", others[-1]),
        relate(ann, others[-1], "blocks", task),
    ):
        assert (answer.status_code, answer.json_body["code"]) == (409, "too_many_relations")
    assert counts(ann, task) == (RELATIONS_MAX, 0)
    assert counts(ann, others[-1]) == (0, 0)


def test_a_repeated_create_is_no_relation_too_many(ann: Person, project: str, task: str) -> None:
    headers = {"Idempotency-Key": "last"}
    others = [ann.create_task(project)["id"] for _ in range(RELATIONS_MAX)]
    answers = [relate(ann, task, "blocks", other, headers=headers) for other in others[:1]]
    for other in others[1:]:
        relate(ann, task, "blocks", other)
    answers.append(relate(ann, task, "blocks", others[0], headers=headers))
    assert answers[0].json_body == answers[1].json_body


# Access


def test_a_foreign_task_cannot_be_related(ann: Person, bob: Person, task: str) -> None:
    foreign = bob.create_task(bob.create_project())["id"]
    answer = relate(ann, task, "blocks", foreign)
    assert (answer.status_code, error_locations(answer)) == (422, ["task"])
    assert relate(ann, foreign, "blocks", task).status_code == 404


def test_a_relation_needs_the_edit_right_in_both_projects(
    ann: Person, bob: Person, task: str
) -> None:
    shared = ann.create_project("Shared")
    target = ann.create_task(shared)["id"]
    ann.add_member(shared, bob, "viewer")
    own = bob.create_task(bob.create_project())["id"]
    assert relate(bob, own, "blocked_by", target).status_code == 403
    assert relate(bob, target, "blocks", own).status_code == 403


def test_a_task_of_an_archived_project_cannot_be_related(ann: Person, task: str) -> None:
    archived = ann.create_project("Old")
    target = ann.create_task(archived)["id"]
    ann.post(f"/api/projects/{archived}/archive")
    answer = relate(ann, task, "blocks", target)
    assert (answer.status_code, answer.json_body["code"]) == (409, "archived")


@pytest.fixture
def hidden(ann: Person, bob: Person, project: str, task: str) -> str:
    """A task of ann's own project that blocks `task`; bob is a member of the project of `task`."""
    ann.add_member(project, bob)
    blocker = ann.create_task(ann.create_project("Secret"), "Secret title")["id"]
    relate(ann, task, "blocked_by", blocker)
    return str(blocker)


def test_a_task_of_a_project_without_access_is_not_shown(
    ann: Person, bob: Person, task: str, hidden: str
) -> None:
    (relation,) = list_relations(bob, task)
    assert (relation["kind"], relation["task"]) == ("blocked_by", None)
    assert bob.get(f"/api/tasks/{task}/relations/{relation['id']}").json_body == relation
    assert list_relations(ann, task)[0]["task"]["id"] == hidden
    assert counts(bob, task) == (1, 1)


def test_a_member_can_remove_a_relation_to_a_task_that_is_not_shown(
    ann: Person, bob: Person, task: str, hidden: str
) -> None:
    (relation,) = list_relations(bob, task)
    assert bob.delete(f"/api/tasks/{task}/relations/{relation['id']}").status_code == 204
    assert counts(ann, hidden) == (0, 0)


def test_a_viewer_cannot_remove_a_relation(
    ann: Person, bob: Person, project: str, task: str, other: str
) -> None:
    relation = relate(ann, task, "blocks", other).json_body["id"]
    ann.add_member(project, bob, "viewer")
    assert bob.delete(f"/api/tasks/{task}/relations/{relation}").status_code == 403


def test_a_user_who_leaves_the_other_project_no_longer_sees_its_task(
    ann: Person, bob: Person, task: str
) -> None:
    shared = ann.create_project("Shared")
    ann.add_member(shared, bob)
    own = bob.create_task(bob.create_project())["id"]
    relate(bob, own, "blocked_by", ann.create_task(shared)["id"])
    bob.post(f"/api/projects/{shared}/leave")
    assert [each["task"] for each in list_relations(bob, own)] == [None]


def test_an_api_token_for_one_project_does_not_see_the_tasks_of_others(
    ann: Person, project: str, task: str, hidden: str
) -> None:
    script = ann.use_token("tasks:read", "tasks:write", projects=[project])
    answer = script.get(f"/api/tasks/{task}/relations")
    assert [each["task"] for each in answer.json_body["items"]] == [None]
    refusal = script.patch(f"/api/tasks/{task}/status", {"status": "done"})
    assert refusal.json_body["code"] == "blocked"
    assert "errors" not in refusal.json_body and hidden not in refusal.body.decode()
    assert relate(script, task, "blocks", hidden).status_code == 422
