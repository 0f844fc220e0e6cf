import pytest
from chalice.test import Client

from tests.support import Person, locations, sign_up

UNKNOWN = "01m81ed77eh6xj0yx0x3n4dz2f"


def test_whoever_starts_a_project_owns_it(ann: Person) -> None:
    answer = ann.post("/api/projects", {"name": "Launch", "description": "Ship it"})
    project = answer.json_body
    assert answer.headers["location"] == f"/api/projects/{project['id']}/"
    assert (project["owner"], project["my_role"], project["members_count"]) == (ann.id, "owner", 1)


def test_projects_are_listed_newest_first_with_their_counts(ann: Person) -> None:
    older, newer = ann.starts_project("older"), ann.starts_project("newer")
    ann.adds_task(older)
    items = ann.get("/api/projects").json_body["items"]
    assert [item["id"] for item in items] == [newer, older]
    assert [item["tasks_count"] for item in items] == [0, 1]


def test_a_member_sees_the_project_with_members_and_counts(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob, "viewer")
    ann.adds_task(project, status="review")
    seen = bob.get(f"/api/projects/{project}").json_body
    assert (seen["my_role"], seen["members_count"]) == ("viewer", 2)
    assert {(m["username"], m["role"]) for m in seen["members"]} == {
        ("ann", "owner"),
        ("bob", "viewer"),
    }
    assert seen["tasks_by_status"] == {"todo": 0, "in_progress": 0, "review": 1, "done": 0}


def test_a_foreign_project_answers_like_one_that_does_not_exist(ann: Person, bob: Person) -> None:
    foreign = bob.get(f"/api/projects/{ann.starts_project()}")
    unknown = bob.get(f"/api/projects/{UNKNOWN}")
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json_body, "request_id": ""} == {**unknown.json_body, "request_id": ""}


@pytest.mark.parametrize("text", ["x", "META", "a%2Fb", UNKNOWN.upper(), UNKNOWN + "0"])
def test_what_is_no_id_names_nothing(ann: Person, text: str) -> None:
    assert ann.get(f"/api/projects/{text}").status_code == 404


def test_members_are_found_by_address(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    answer = ann.post(f"/api/projects/{project}/members", {"email": "BOB@example.com"})
    assert answer.json_body["user_id"] == bob.id


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "nobody@example.com"}, "email"),
        ({"user_id": UNKNOWN}, "user_id"),
        ({}, "user_id"),
        ({"user_id": UNKNOWN, "role": "owner"}, "role"),
        ({"user_id": UNKNOWN, "role": "king"}, "role"),
    ],
)
def test_a_member_who_cannot_be_added_is_named(
    ann: Person, body: dict[str, str], place: str
) -> None:
    answer = ann.post(f"/api/projects/{ann.starts_project()}/members", body)
    assert (answer.status_code, locations(answer)) == (422, [place])


def test_nobody_joins_twice(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    assert ann.lets_in(project, bob).json_body["code"] == "already_member"
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("member", 403), ("admin", 201), (None, 404)]
)
def test_only_managers_let_people_in(
    client: Client, ann: Person, bob: Person, role: str | None, status: int
) -> None:
    project, cleo = ann.starts_project(), sign_up(client, "cleo")
    if role is not None:
        ann.lets_in(project, bob, role)
    assert bob.lets_in(project, cleo).status_code == status
