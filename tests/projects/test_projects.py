"""Projects: create, list, update, archive, delete, restore; and adding members."""

from typing import Any

import pytest

from tests.support import Person, error_locations

UNKNOWN = "01m81ed77eh6xj0yx0x3n4dz2f"


def test_a_project_is_owned_by_its_creator(ann: Person) -> None:
    answer = ann.post("/api/projects", {"name": "Launch", "description": "Ship it"})
    project = answer.json_body
    assert answer.headers["location"] == f"/api/projects/{project['id']}/"
    assert (project["owner"], project["my_role"], project["members_count"]) == (ann.id, "owner", 1)


def test_projects_are_listed_newest_first_with_their_counts(ann: Person) -> None:
    older, newer = ann.create_project("older"), ann.create_project("newer")
    ann.create_task(older)
    items = ann.get("/api/projects").json_body["items"]
    assert [item["id"] for item in items] == [newer, older]
    assert [item["tasks_count"] for item in items] == [0, 1]


def test_a_project_is_shown_with_its_members_and_counts(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, "viewer")
    ann.create_task(project, status="review")
    seen = bob.get(f"/api/projects/{project}").json_body
    assert (seen["my_role"], seen["members_count"]) == ("viewer", 2)
    assert {(m["username"], m["role"]) for m in seen["members"]} == {
        ("ann", "owner"),
        ("bob", "viewer"),
    }
    assert seen["tasks_by_status"] == {"todo": 0, "in_progress": 0, "review": 1, "done": 0}


@pytest.mark.parametrize("include", ["owner", "owner,members", "members,owner"])
def test_a_project_includes_its_owner_on_request(ann: Person, bob: Person, include: str) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    seen = bob.get(f"/api/projects/{project}?include={include}").json_body
    assert seen["owner"] == {"id": ann.id, "username": "ann", "display_name": ""}
    assert len(seen["members"]) == 2


def test_a_project_names_its_owner_by_id_unless_the_owner_is_included(ann: Person) -> None:
    path = f"/api/projects/{ann.create_project()}"
    for query in ("", "?include=members"):
        assert ann.get(path + query).json_body["owner"] == ann.id


@pytest.mark.parametrize("include", ["", "tasks", "owner,", "owner,tasks", "owner&include=tasks"])
def test_an_include_that_a_project_does_not_have_is_refused(ann: Person, include: str) -> None:
    answer = ann.get(f"/api/projects/{ann.create_project()}?include={include}")
    assert (answer.status_code, error_locations(answer)) == (400, ["include"])


def test_a_foreign_project_answers_like_one_that_does_not_exist(ann: Person, bob: Person) -> None:
    foreign = bob.get(f"/api/projects/{ann.create_project()}")
    unknown = bob.get(f"/api/projects/{UNKNOWN}")
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json_body, "request_id": ""} == {**unknown.json_body, "request_id": ""}


@pytest.mark.parametrize("text", ["x", "META", "a%2Fb", UNKNOWN.upper(), UNKNOWN + "0"])
def test_a_malformed_project_id_is_not_found(ann: Person, text: str) -> None:
    assert ann.get(f"/api/projects/{text}").status_code == 404


def test_a_member_is_added_by_verified_address(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    bob.verify_address()
    answer = ann.post(f"/api/projects/{project}/members", {"email": "BOB@example.com"})
    assert answer.json_body["user_id"] == bob.id


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"email": "nobody"}, "email"),
        ({"user_id": UNKNOWN}, "user_id"),
        ({}, "user_id"),
        ({"user_id": UNKNOWN, "role": "owner"}, "role"),
        ({"user_id": UNKNOWN, "role": "king"}, "role"),
    ],
)
def test_a_member_who_cannot_be_added_is_reported_by_field(
    ann: Person, body: dict[str, str], place: str
) -> None:
    answer = ann.post(f"/api/projects/{ann.create_project()}/members", body)
    assert (answer.status_code, error_locations(answer)) == (422, [place])


def test_a_member_cannot_be_added_twice(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    assert ann.add_member(project, bob).json_body["code"] == "already_member"
    assert ann.get(f"/api/projects/{project}").json_body["members_count"] == 2


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("member", 403), ("admin", 201), (None, 404)]
)
def test_only_managers_add_members(
    make_person: Any, ann: Person, bob: Person, role: str | None, status: int
) -> None:
    project, cleo = ann.create_project(), make_person("cleo")
    if role is not None:
        ann.add_member(project, bob, role)
    assert bob.add_member(project, cleo).status_code == status


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_pages_of_projects_contain_each_project_once(ann: Person, size: int) -> None:
    created = [ann.create_project(str(n)) for n in range(5)]
    ann.delete(f"/api/projects/{created[2]}")
    listed = [item["id"] for item in ann.list_all(f"/api/projects?limit={size}")]
    assert listed == [created[4], created[3], created[1], created[0]]


def test_patch_changes_only_the_given_fields_and_put_requires_all(ann: Person) -> None:
    path = f"/api/projects/{ann.create_project()}"
    ann.patch(path, {"description": "Ship it"})
    changed = ann.patch(path, {"name": "Landing"}).json_body
    assert (changed["name"], changed["description"], changed["version"]) == (
        "Landing",
        "Ship it",
        3,
    )
    missing = ann.put(path, {"name": "x"})
    assert (missing.status_code, error_locations(missing)) == (422, ["description"])
    assert ann.put(path, {"name": "x", "description": ""}).json_body["description"] == ""
    assert ann.patch(path, {}).json_body["version"] == 4


def test_the_etag_of_a_project_also_depends_on_its_counts(ann: Person) -> None:
    project = ann.create_project()
    path = f"/api/projects/{project}"
    etag = ann.get(path).headers["etag"]
    assert ann.get(path, headers={"If-None-Match": etag}).status_code == 304
    ann.create_task(project)
    assert ann.get(path, headers={"If-None-Match": etag}).status_code == 200
    assert ann.patch(path, {"name": "x"}, headers={"If-Match": etag}).status_code == 200
    late = ann.patch(path, {"name": "y"}, headers={"If-Match": etag})
    assert late.status_code == 412


@pytest.mark.parametrize("etag", ["1", '"x"', 'W/"1-0123456789abcdef"', '"1"'])
def test_an_if_match_that_is_no_etag_of_this_api_is_refused(ann: Person, etag: str) -> None:
    path = f"/api/projects/{ann.create_project()}"
    answer = ann.patch(path, {"name": "x"}, headers={"If-Match": etag})
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_if_match")


def test_an_archived_project_can_be_transferred_and_left(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    path = f"/api/projects/{project}"
    ann.post(path + "/archive")
    assert ann.post(path + "/transfer", {"user_id": bob.id}).status_code == 200
    assert ann.post(path + "/leave").status_code == 204


def test_a_task_of_an_archived_project_cannot_be_restored(ann: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project)["id"]
    ann.delete(f"/api/tasks/{task}")
    ann.post(f"/api/projects/{project}/archive")
    refused = ann.post(f"/api/tasks/{task}/restore")
    assert (refused.status_code, refused.json_body["code"]) == (409, "archived")


def test_an_archived_project_is_read_only(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    path, task = f"/api/projects/{project}", ann.create_task(project)["id"]
    assert ann.post(path + "/archive").json_body["archived_at"]
    assert ann.post(path + "/archive").status_code == 200
    writes = [
        ann.patch(path, {"name": "x"}),
        ann.add_member(project, bob),
        ann.post("/api/tasks", {"project": project, "title": "x"}),
        ann.patch(f"/api/tasks/{task}", {"title": "x"}),
    ]
    assert {answer.json_body["code"] for answer in writes} == {"archived"}
    reads = [ann.get(path), ann.get(f"/api/tasks/{task}"), ann.get(f"/api/tasks?project={project}")]
    assert {answer.status_code for answer in reads} == {200}
    assert ann.post(path + "/unarchive").json_body["archived_at"] is None
    assert ann.patch(path, {"name": "x"}).status_code == 200


def test_a_deleted_project_is_out_of_reach_and_can_be_restored(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    path, task = f"/api/projects/{project}", ann.create_task(project)["id"]
    assert ann.delete(path).status_code == 204
    for person in (ann, bob):
        assert person.get("/api/projects").json_body["items"] == []
        for address in (path, f"/api/tasks/{task}", f"/api/tasks?project={project}"):
            assert person.get(address).status_code == 404
    assert ann.delete(path).status_code == 404
    assert [item["id"] for item in ann.get("/api/trash").json_body["items"]] == [project]
    assert bob.get("/api/trash").json_body["items"] == []
    assert bob.post(path + "/restore").status_code == 403
    assert ann.post(path + "/restore").json_body["deleted_at"] is None
    assert bob.get(f"/api/tasks/{task}").status_code == 200
    assert ann.get("/api/trash").json_body["items"] == []


@pytest.mark.parametrize("role", ["admin", "member", "viewer"])
def test_only_the_owner_deletes_a_project(ann: Person, bob: Person, role: str) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, role)
    assert bob.delete(f"/api/projects/{project}").status_code == 403
