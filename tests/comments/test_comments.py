"""Comments on tasks."""

from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from tests.support import Person, error_locations, sign_up


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Ann's project, with Bob as a member."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


@pytest.fixture
def path(ann: Person, project: str) -> str:
    """The path of the comments of a task that Ann created."""
    return f"/api/tasks/{ann.create_task(project)['id']}/comments"


def _comment(person: Person, path: str, body: str = "Well done") -> dict[str, Any]:
    answer = person.post(path, {"body": body})
    assert answer.status_code == 201, answer.json_body
    comment: dict[str, Any] = answer.json_body
    return comment


def _bodies(person: Person, path: str, parameters: str = "") -> list[str]:
    return [comment["body"] for comment in person.get(path + parameters).json_body["items"]]


def _count(person: Person, path: str) -> int:
    return int(person.get(path.removesuffix("/comments")).json_body["comments_count"])


def _codes(*answers: HTTPResponse) -> list[int]:
    return [answer.status_code for answer in answers]


def test_a_comment_is_stored_as_it_was_sent(ann: Person, bob: Person, path: str) -> None:
    answer = bob.post(path, {"body": "Fünf 🎉\n\n**done**"})
    comment = answer.json_body
    assert (comment["author"], comment["body"]) == (bob.id, "Fünf 🎉\n\n**done**")
    assert (comment["edited_at"], comment["version"]) == (None, 1)
    assert path == f"/api/tasks/{comment['task']}/comments"
    assert answer.headers["location"] == f"{path}/{comment['id']}/"
    assert ann.get(f"{path}/{comment['id']}").json_body == comment
    assert ann.get(path).json_body == {"items": [comment], "next_cursor": None}


def test_comments_are_listed_oldest_first_or_newest_first(ann: Person, path: str) -> None:
    for body in ("one", "two", "three"):
        _comment(ann, path, body)
    assert _bodies(ann, path) == ["one", "two", "three"]
    assert _bodies(ann, path, "?ordering=created_at") == ["one", "two", "three"]
    assert _bodies(ann, path, "?ordering=-created_at") == ["three", "two", "one"]


@pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_pages_contain_each_comment_once(
    ann: Person, path: str, ordering: str, size: int
) -> None:
    bodies = [_comment(ann, path, str(number))["body"] for number in range(5)]
    comments = ann.list_all(f"{path}?ordering={ordering}&limit={size}")
    listed = [comment["body"] for comment in comments]
    assert listed == (bodies if ordering == "created_at" else bodies[::-1])


def test_a_cursor_is_valid_for_its_own_list_and_caller_only(
    ann: Person, bob: Person, path: str
) -> None:
    _comment(ann, path), _comment(ann, path)
    cursor = ann.get(path + "?limit=1").json_body["next_cursor"]
    other = ann.create_task(ann.get("/api/projects").json_body["items"][0]["id"])["id"]
    for answer in (
        bob.get(f"{path}?limit=1&cursor={cursor}"),
        ann.get(f"{path}?limit=1&ordering=-created_at&cursor={cursor}"),
        ann.get(f"/api/tasks/{other}/comments?limit=1&cursor={cursor}"),
    ):
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("parameters", ["limit=0", "limit=101", "ordering=body", "author=me"])
def test_an_invalid_query_parameter_is_named(ann: Person, path: str, parameters: str) -> None:
    answer = ann.get(f"{path}?{parameters}")
    assert (answer.status_code, error_locations(answer)) == (400, [parameters.partition("=")[0]])


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": None}, {"body": "x" * 10_001}])
def test_a_comment_needs_a_text_of_at_most_10_000_bytes(
    ann: Person, path: str, body: dict[str, Any]
) -> None:
    answer = ann.post(path, body)
    assert (answer.status_code, error_locations(answer)) == (422, ["body"])
    assert _count(ann, path) == 0


def test_the_length_is_counted_in_bytes(ann: Person, path: str) -> None:
    assert _codes(ann.post(path, {"body": "é" * 5_000})) == [201]
    assert _codes(ann.post(path, {"body": "é" * 5_001})) == [422]
    comment_path = f"{path}/{_comment(ann, path)['id']}"
    assert _codes(ann.patch(comment_path, {"body": "é" * 5_001})) == [422]


def test_an_edit_sets_edited_at(ann: Person, path: str) -> None:
    comment = _comment(ann, path, "Wel done")
    comment_path = f"{path}/{comment['id']}"
    edited = ann.patch(comment_path, {"body": "Well done"}).json_body
    assert edited["edited_at"] >= comment["created_at"]
    changed = {"body": "Well done", "version": 2, "edited_at": edited["edited_at"]}
    assert edited == comment | changed
    assert ann.get(comment_path).json_body == edited


@pytest.mark.parametrize("fields", [{}, {"body": "Well done"}])
def test_an_edit_without_changes_does_not_set_edited_at(
    ann: Person, path: str, fields: dict[str, str]
) -> None:
    comment = _comment(ann, path, "Well done")
    answer = ann.patch(f"{path}/{comment['id']}", fields)
    assert (answer.status_code, answer.json_body) == (200, comment)


def test_reading_a_comment_honors_if_none_match(ann: Person, path: str) -> None:
    comment_path = f"{path}/{_comment(ann, path)['id']}"
    known = {"If-None-Match": ann.get(comment_path).headers["etag"]}
    assert ann.get(comment_path, headers=known).status_code == 304
    ann.patch(comment_path, {"body": "x"})
    assert ann.get(comment_path, headers=known).status_code == 200


def test_edits_and_deletions_honor_if_match(ann: Person, path: str) -> None:
    created = ann.post(path, {"body": "x"})
    comment_path, read = f"{path}/{created.json_body['id']}", {"If-Match": created.headers["etag"]}
    edited = ann.patch(comment_path, {"body": "y"}, headers=read)
    assert edited.status_code == 200
    assert _codes(ann.patch(comment_path, {"body": "z"}, headers=read)) == [412]
    assert _codes(ann.delete(comment_path, headers=read)) == [412]
    assert _codes(ann.delete(comment_path, headers={"If-Match": edited.headers["etag"]})) == [204]


def test_a_repeated_request_creates_one_comment(ann: Person, path: str) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (ann.post(path, {"body": "x"}, headers=key) for _ in range(2))
    assert _codes(first, again) == [201, 201] and first.json_body == again.json_body
    assert _codes(ann.post(path, {"body": "y"}, headers=key)) == [422]
    assert (_bodies(ann, path), _count(ann, path)) == (["x"], 1)


def test_the_comment_count_changes_without_a_new_task_version(ann: Person, path: str) -> None:
    before = ann.get(path.removesuffix("/comments"))
    comments = [_comment(ann, path) for _ in range(3)]
    assert _count(ann, path) == 3
    for _ in range(2):
        ann.delete(f"{path}/{comments[0]['id']}")
    after = ann.get(path.removesuffix("/comments"))
    assert after.json_body == before.json_body | {"comments_count": 2}
    assert after.headers["etag"] != before.headers["etag"]


def test_the_comment_count_survives_the_trash(ann: Person, path: str) -> None:
    comment, task = _comment(ann, path), path.removesuffix("/comments")
    ann.delete(task)
    answers = [
        ann.get(path),
        ann.post(path, {"body": "x"}),
        ann.get(f"{path}/{comment['id']}"),
        ann.patch(f"{path}/{comment['id']}", {"body": "x"}),
        ann.delete(f"{path}/{comment['id']}"),
    ]
    assert _codes(*answers) == [404] * 5
    assert ann.post(task + "/restore").json_body["comments_count"] == 1
    assert (_bodies(ann, path), _count(ann, path)) == (["Well done"], 1)


def test_viewers_can_only_read_comments(
    client: Client, ann: Person, project: str, path: str
) -> None:
    vic = sign_up(client, "vic")
    ann.add_member(project, vic, "viewer")
    comment_path = f"{path}/{_comment(ann, path)['id']}"
    assert _codes(vic.get(path), vic.get(comment_path)) == [200, 200]
    writes = [
        vic.post(path, {"body": "x"}),
        vic.patch(comment_path, {"body": "x"}),
        vic.delete(comment_path),
    ]
    assert _codes(*writes) == [403] * 3


def test_only_the_author_can_edit_a_comment(ann: Person, bob: Person, path: str) -> None:
    comment_path = f"{path}/{_comment(bob, path)['id']}"
    assert _codes(
        ann.patch(comment_path, {"body": "x"}), bob.patch(comment_path, {"body": "y"})
    ) == [403, 200]
    assert _bodies(ann, path) == ["y"]


def test_the_author_admins_and_the_owner_can_delete_a_comment(
    client: Client, ann: Person, bob: Person, project: str, path: str
) -> None:
    eve, mel = sign_up(client, "eve"), sign_up(client, "mel")
    ann.add_member(project, eve, "admin")
    ann.add_member(project, mel)
    comments = [f"{path}/{_comment(bob, path)['id']}" for _ in range(3)]
    assert _codes(mel.delete(comments[0])) == [403]
    deleted = [
        person.delete(comment_path)
        for person, comment_path in zip((bob, eve, ann), comments, strict=True)
    ]
    assert _codes(*deleted) == [204] * 3
    assert _codes(*(ann.get(comment_path) for comment_path in comments)) == [404] * 3
    assert _codes(bob.delete(comments[0])) == [404]
    assert (_bodies(ann, path), _count(ann, path)) == ([], 0)


def test_an_archived_project_is_read_only(ann: Person, project: str, path: str) -> None:
    comment_path = f"{path}/{_comment(ann, path)['id']}"
    ann.post(f"/api/projects/{project}/archive")
    assert _codes(ann.get(path), ann.get(comment_path)) == [200, 200]
    refused = [ann.post(path, {"body": "x"}), ann.patch(comment_path, {}), ann.delete(comment_path)]
    assert {answer.json_body["code"] for answer in refused} == {"archived"}


def test_a_comment_of_another_task_or_project_is_not_found(
    client: Client, ann: Person, bob: Person, project: str, path: str
) -> None:
    comment, eve = _comment(ann, path)["id"], sign_up(client, "eve")
    elsewhere = f"/api/tasks/{ann.create_task(project)['id']}/comments/{comment}"
    unknown = f"{path}/{'0' * 26}"
    answers = [
        eve.get(path),
        eve.get(f"{path}/{comment}"),
        eve.delete(f"{path}/{comment}"),
        bob.get(elsewhere),
        bob.patch(elsewhere, {"body": "x"}),
        bob.delete(elsewhere),
        bob.get(unknown),
        bob.get(f"{path}/nonsense"),
    ]
    bodies = [answer.json_body | {"request_id": ""} for answer in answers]
    assert bodies == [bodies[0]] * len(bodies) and bodies[0]["status"] == 404
