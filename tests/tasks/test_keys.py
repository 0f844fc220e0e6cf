from chalice.test import Client

from tests.support import Person, sign_up


def _project(person: Person, name: str, key: str | None = None) -> str:
    answer = person.post("/api/projects", {"name": name} | ({"key": key} if key else {}))
    assert answer.status_code == 201
    return str(answer.json_body["id"])


def test_a_project_without_a_key_gets_one_from_its_name(ann: Person) -> None:
    for name, key in (("Launch", "LAUN"), ("2nd try", "NDTR"), ("日本", "TASK"), ("q", "TASK")):
        assert ann.get(f"/api/projects/{_project(ann, name)}").json_body["key"] == key
    assert ann.get(f"/api/projects/{_project(ann, 'x', 'OPS2')}").json_body["key"] == "OPS2"
    assert ann.post("/api/projects", {"name": "x", "key": "ops"}).status_code == 422


def test_each_project_numbers_its_tasks(ann: Person) -> None:
    first, second = _project(ann, "one", "ONE"), _project(ann, "two", "TWO")
    keys = [ann.create_task(project)["key"] for project in (first, first, second)]
    assert keys == ["ONE-1", "ONE-2", "TWO-1"]


def test_a_key_is_accepted_in_place_of_an_id(ann: Person) -> None:
    project = _project(ann, "Operations", "OPS")
    task = ann.create_task(project)
    assert ann.get("/api/tasks/ops-1").json_body == task
    assert ann.patch("/api/tasks/OPS-1/status", {"status": "done"}).status_code == 200
    child = ann.create_task(project, parent="OPS-1")
    assert child["parent"] == task["id"]
    children = ann.get(f"/api/tasks?project={project}&parent=OPS-1").json_body["items"]
    assert [task["id"] for task in children] == [child["id"]]
    assert ann.delete("/api/tasks/OPS-2").status_code == 204
    assert ann.get("/api/tasks/OPS-2").status_code == 404
    assert ann.post("/api/tasks/OPS-2/restore").json_body["id"] == child["id"]


def test_a_key_is_not_found_by_users_without_access(ann: Person, bob: Person) -> None:
    ann.create_task(_project(ann, "Operations", "OPS"))
    for key in ("OPS-1", "OPS-2", "NIX-1"):
        assert bob.get(f"/api/tasks/{key}").status_code == 404


def test_a_key_that_two_accessible_projects_share_is_refused(ann: Person, client: Client) -> None:
    cleo = sign_up(client, "cleo")
    first, second = _project(ann, "Operations", "OPS"), _project(cleo, "Operations", "OPS")
    ann.create_task(first), cleo.create_task(second)
    cleo.add_member(second, ann)
    answer = ann.get("/api/tasks/OPS-1")
    assert (answer.status_code, answer.json_body["code"]) == (409, "ambiguous_key")
    assert cleo.get("/api/tasks/OPS-1").status_code == 200


def test_a_new_project_key_applies_to_existing_tasks(ann: Person) -> None:
    project = _project(ann, "Operations", "OPS")
    task = ann.create_task(project)["id"]
    ann.patch(f"/api/projects/{project}", {"key": "SRE"})
    assert ann.get("/api/tasks/SRE-1").json_body["id"] == task
    assert ann.get("/api/tasks/OPS-1").status_code == 404
