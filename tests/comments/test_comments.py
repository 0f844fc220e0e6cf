from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from tests.support import Person, locations, sign_up


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Ann's project, with Bob as a member."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    return project


@pytest.fixture
def path(ann: Person, project: str) -> str:
    """Where the comments of a task of Ann's are."""
    return f"/api/tasks/{ann.adds_task(project)['id']}/comments"


def _says(person: Person, path: str, body: str = "Well done") -> dict[str, Any]:
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


def test_a_comment_is_kept_as_it_was_said(ann: Person, bob: Person, path: str) -> None:
    said = bob.post(path, {"body": "Fünf 🎉\n\n**done**"})
    comment = said.json_body
    assert (comment["author"], comment["body"]) == (bob.id, "Fünf 🎉\n\n**done**")
    assert (comment["edited_at"], comment["version"]) == (None, 1)
    assert path == f"/api/tasks/{comment['task']}/comments"
    assert said.headers["location"] == f"{path}/{comment['id']}/"
    assert ann.get(f"{path}/{comment['id']}").json_body == comment
    assert ann.get(path).json_body == {"items": [comment], "next_cursor": None}


def test_comments_are_listed_oldest_first_or_newest_first(ann: Person, path: str) -> None:
    for body in ("one", "two", "three"):
        _says(ann, path, body)
    assert _bodies(ann, path) == ["one", "two", "three"]
    assert _bodies(ann, path, "?ordering=created_at") == ["one", "two", "three"]
    assert _bodies(ann, path, "?ordering=-created_at") == ["three", "two", "one"]


@pytest.mark.parametrize("ordering", ["created_at", "-created_at"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_walking_the_pages_meets_each_comment_once(
    ann: Person, path: str, ordering: str, size: int
) -> None:
    said = [_says(ann, path, str(number))["body"] for number in range(5)]
    comments = ann.listed(f"{path}?ordering={ordering}&limit={size}")
    met = [comment["body"] for comment in comments]
    assert met == (said if ordering == "created_at" else said[::-1])


def test_a_cursor_is_good_for_its_own_list_and_caller(ann: Person, bob: Person, path: str) -> None:
    _says(ann, path), _says(ann, path)
    cursor = ann.get(path + "?limit=1").json_body["next_cursor"]
    other = ann.adds_task(ann.get("/api/projects").json_body["items"][0]["id"])["id"]
    for answer in (
        bob.get(f"{path}?limit=1&cursor={cursor}"),
        ann.get(f"{path}?limit=1&ordering=-created_at&cursor={cursor}"),
        ann.get(f"/api/tasks/{other}/comments?limit=1&cursor={cursor}"),
    ):
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("parameters", ["limit=0", "limit=101", "ordering=body", "author=me"])
def test_a_query_that_cannot_be_read_is_refused_by_name(
    ann: Person, path: str, parameters: str
) -> None:
    answer = ann.get(f"{path}?{parameters}")
    assert (answer.status_code, locations(answer)) == (400, [parameters.partition("=")[0]])


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": None}, {"body": "x" * 10_001}])
def test_a_comment_has_a_text_of_at_most_10_000_bytes(
    ann: Person, path: str, body: dict[str, Any]
) -> None:
    answer = ann.post(path, body)
    assert (answer.status_code, locations(answer)) == (422, ["body"])
    assert _count(ann, path) == 0


def test_the_length_counts_in_bytes(ann: Person, path: str) -> None:
    assert _codes(ann.post(path, {"body": "é" * 5_000})) == [201]
    assert _codes(ann.post(path, {"body": "é" * 5_001})) == [422]
    longest = f"{path}/{_says(ann, path)['id']}"
    assert _codes(ann.patch(longest, {"body": "é" * 5_001})) == [422]


def test_an_edit_leaves_its_mark(ann: Person, path: str) -> None:
    comment = _says(ann, path, "Wel done")
    where = f"{path}/{comment['id']}"
    edited = ann.patch(where, {"body": "Well done"}).json_body
    assert edited["edited_at"] >= comment["created_at"]
    changed = {"body": "Well done", "version": 2, "edited_at": edited["edited_at"]}
    assert edited == comment | changed
    assert ann.get(where).json_body == edited


@pytest.mark.parametrize("fields", [{}, {"body": "Well done"}])
def test_an_edit_that_changes_nothing_leaves_no_mark(
    ann: Person, path: str, fields: dict[str, str]
) -> None:
    comment = _says(ann, path, "Well done")
    answer = ann.patch(f"{path}/{comment['id']}", fields)
    assert (answer.status_code, answer.json_body) == (200, comment)


def test_reading_one_is_conditional(ann: Person, path: str) -> None:
    where = f"{path}/{_says(ann, path)['id']}"
    known = {"If-None-Match": ann.get(where).headers["etag"]}
    assert ann.get(where, headers=known).status_code == 304
    ann.patch(where, {"body": "x"})
    assert ann.get(where, headers=known).status_code == 200


def test_edits_and_deletions_honour_if_match(ann: Person, path: str) -> None:
    first = ann.post(path, {"body": "x"})
    where, read = f"{path}/{first.json_body['id']}", {"If-Match": first.headers["etag"]}
    edited = ann.patch(where, {"body": "y"}, headers=read)
    assert edited.status_code == 200
    assert _codes(ann.patch(where, {"body": "z"}, headers=read)) == [412]
    assert _codes(ann.delete(where, headers=read)) == [412]
    assert _codes(ann.delete(where, headers={"If-Match": edited.headers["etag"]})) == [204]


def test_a_repeated_comment_is_said_once(ann: Person, path: str) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (ann.post(path, {"body": "x"}, headers=key) for _ in range(2))
    assert _codes(first, again) == [201, 201] and first.json_body == again.json_body
    assert _codes(ann.post(path, {"body": "y"}, headers=key)) == [422]
    assert (_bodies(ann, path), _count(ann, path)) == (["x"], 1)


def test_a_task_counts_its_comments_without_a_new_version(ann: Person, path: str) -> None:
    before = ann.get(path.removesuffix("/comments"))
    comments = [_says(ann, path) for _ in range(3)]
    assert _count(ann, path) == 3
    for _ in range(2):
        ann.delete(f"{path}/{comments[0]['id']}")
    after = ann.get(path.removesuffix("/comments"))
    assert after.json_body == before.json_body | {"comments_count": 2}
    assert after.headers["etag"] != before.headers["etag"]


def test_the_count_outlives_the_trash(ann: Person, path: str) -> None:
    comment, task = _says(ann, path), path.removesuffix("/comments")
    ann.delete(task)
    gone = [
        ann.get(path),
        ann.post(path, {"body": "x"}),
        ann.get(f"{path}/{comment['id']}"),
        ann.patch(f"{path}/{comment['id']}", {"body": "x"}),
        ann.delete(f"{path}/{comment['id']}"),
    ]
    assert _codes(*gone) == [404] * 5
    assert ann.post(task + "/restore").json_body["comments_count"] == 1
    assert (_bodies(ann, path), _count(ann, path)) == (["Well done"], 1)


def test_viewers_read_and_nothing_else(
    client: Client, ann: Person, project: str, path: str
) -> None:
    vic = sign_up(client, "vic")
    ann.lets_in(project, vic, "viewer")
    where = f"{path}/{_says(ann, path)['id']}"
    assert _codes(vic.get(path), vic.get(where)) == [200, 200]
    writes = [vic.post(path, {"body": "x"}), vic.patch(where, {"body": "x"}), vic.delete(where)]
    assert _codes(*writes) == [403] * 3


def test_only_the_author_edits(ann: Person, bob: Person, path: str) -> None:
    where = f"{path}/{_says(bob, path)['id']}"
    assert _codes(ann.patch(where, {"body": "x"}), bob.patch(where, {"body": "y"})) == [403, 200]
    assert _bodies(ann, path) == ["y"]


def test_the_author_the_admins_and_the_owner_delete(
    client: Client, ann: Person, bob: Person, project: str, path: str
) -> None:
    eve, mel = sign_up(client, "eve"), sign_up(client, "mel")
    ann.lets_in(project, eve, "admin")
    ann.lets_in(project, mel)
    comments = [f"{path}/{_says(bob, path)['id']}" for _ in range(3)]
    assert _codes(mel.delete(comments[0])) == [403]
    deleted = [who.delete(where) for who, where in zip((bob, eve, ann), comments, strict=True)]
    assert _codes(*deleted) == [204] * 3
    assert _codes(*(ann.get(where) for where in comments)) == [404] * 3
    assert _codes(bob.delete(comments[0])) == [404]
    assert (_bodies(ann, path), _count(ann, path)) == ([], 0)


def test_an_archived_project_is_read_only(ann: Person, project: str, path: str) -> None:
    where = f"{path}/{_says(ann, path)['id']}"
    ann.post(f"/api/projects/{project}/archive")
    assert _codes(ann.get(path), ann.get(where)) == [200, 200]
    refused = [ann.post(path, {"body": "x"}), ann.patch(where, {}), ann.delete(where)]
    assert {answer.json_body["code"] for answer in refused} == {"archived"}


def test_a_foreign_comment_looks_like_none(
    client: Client, ann: Person, bob: Person, project: str, path: str
) -> None:
    comment, eve = _says(ann, path)["id"], sign_up(client, "eve")
    elsewhere = f"/api/tasks/{ann.adds_task(project)['id']}/comments/{comment}"
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
