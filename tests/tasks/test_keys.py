from chalice.test import Client

from tests.support import Person, sign_up


def _project(person: Person, name: str, key: str | None = None) -> str:
    answer = person.post("/api/projects", {"name": name} | ({"key": key} if key else {}))
    assert answer.status_code == 201
    return str(answer.json_body["id"])


def test_a_projects_name_gives_the_key_if_nobody_does(ann: Person) -> None:
    for name, key in (("Launch", "LAUN"), ("2nd try", "NDTR"), ("日本", "TASK"), ("q", "TASK")):
        assert ann.get(f"/api/projects/{_project(ann, name)}").json_body["key"] == key
    assert ann.get(f"/api/projects/{_project(ann, 'x', 'OPS2')}").json_body["key"] == "OPS2"
    assert ann.post("/api/projects", {"name": "x", "key": "ops"}).status_code == 422


def test_tasks_are_numbered_by_project(ann: Person) -> None:
    first, second = _project(ann, "one", "ONE"), _project(ann, "two", "TWO")
    keys = [ann.adds_task(project)["key"] for project in (first, first, second)]
    assert keys == ["ONE-1", "ONE-2", "TWO-1"]


def test_a_key_is_taken_wherever_an_id_is(ann: Person) -> None:
    project = _project(ann, "Operations", "OPS")
    task = ann.adds_task(project)
    assert ann.get("/api/tasks/ops-1").json_body == task
    assert ann.patch("/api/tasks/OPS-1/status", {"status": "done"}).status_code == 200
    child = ann.adds_task(project, parent="OPS-1")
    assert child["parent"] == task["id"]
    found = ann.get(f"/api/tasks?project={project}&parent=OPS-1").json_body["items"]
    assert [each["id"] for each in found] == [child["id"]]
    assert ann.delete("/api/tasks/OPS-2").status_code == 204
    assert ann.get("/api/tasks/OPS-2").status_code == 404
    assert ann.post("/api/tasks/OPS-2/restore").json_body["id"] == child["id"]


def test_a_key_names_nothing_to_strangers(ann: Person, bob: Person) -> None:
    ann.adds_task(_project(ann, "Operations", "OPS"))
    for key in ("OPS-1", "OPS-2", "NIX-1"):
        assert bob.get(f"/api/tasks/{key}").status_code == 404


def test_a_key_that_two_of_my_projects_have_is_refused(ann: Person, client: Client) -> None:
    cleo = sign_up(client, "cleo")
    mine, hers = _project(ann, "Operations", "OPS"), _project(cleo, "Operations", "OPS")
    ann.adds_task(mine), cleo.adds_task(hers)
    cleo.lets_in(hers, ann)
    answer = ann.get("/api/tasks/OPS-1")
    assert (answer.status_code, answer.json_body["code"]) == (409, "ambiguous_key")
    assert cleo.get("/api/tasks/OPS-1").status_code == 200


def test_a_new_key_names_all_tasks_of_the_project(ann: Person) -> None:
    project = _project(ann, "Operations", "OPS")
    task = ann.adds_task(project)["id"]
    ann.patch(f"/api/projects/{project}", {"key": "SRE"})
    assert ann.get("/api/tasks/SRE-1").json_body["id"] == task
    assert ann.get("/api/tasks/OPS-1").status_code == 404
