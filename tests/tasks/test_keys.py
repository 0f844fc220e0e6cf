from typing import Any

from chalice.test import Client, HTTPResponse

from tests.support import Person, sign_up


def _project(person: Person, name: str, key: str | None = None) -> str:
    answer = person.post("/api/projects", {"name": name} | ({"key": key} if key else {}))
    assert answer.status_code == 201
    return str(answer.json_body["id"])


def test_a_project_without_a_key_gets_one_from_its_name(ann: Person) -> None:
    names = {"Launch": "LAUN", "2nd try": "NDTR", "q": "TASK", "Проект А": "PROE", "日本": "RIBE"}
    for name, key in names.items():
        assert ann.get(f"/api/projects/{_project(ann, name)}").json_body["key"] == key
    assert ann.get(f"/api/projects/{_project(ann, 'x', 'OPS2')}").json_body["key"] == "OPS2"
    assert ann.post("/api/projects", {"name": "x", "key": "ops"}).status_code == 422


def test_default_keys_of_a_persons_projects_differ(ann: Person, bob: Person) -> None:
    shared = _project(bob, "Проект", "PROE2")
    bob.add_member(shared, ann)
    projects = [_project(ann, name) for name in ("Проект А", "Проект Б", "!", "?")]
    keys = [ann.get(f"/api/projects/{each}").json_body["key"] for each in projects]
    assert keys == ["PROE", "PROE3", "TASK", "TASK2"]
    tasks = [ann.create_task(project) for project in projects]
    assert [ann.get(f"/api/tasks/{key}-1").json_body for key in keys] == tasks


def test_a_default_key_is_not_that_of_a_project_in_the_trash(ann: Person) -> None:
    first = _project(ann, "Launch")
    ann.delete(f"/api/projects/{first}")
    assert ann.get(f"/api/projects/{_project(ann, 'Launch')}").json_body["key"] == "LAUN2"


def test_a_default_key_can_be_chosen_by_several_people(ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        assert person.get(f"/api/projects/{_project(person, 'x1')}").json_body["key"] == "X1"


def test_a_default_key_is_given_again_after_a_change_of_the_key(ann: Person, wait: Any) -> None:
    first = _project(ann, "Launch")
    ann.patch(f"/api/projects/{first}", {"key": "OTHER"})
    wait(seconds=3601)
    ann.log_in()
    assert ann.get(f"/api/projects/{_project(ann, 'Launch')}").json_body["key"] == "LAUN"


def test_a_repeated_create_gets_the_same_default_key(ann: Person) -> None:
    answers = [
        ann.post("/api/projects", {"name": "Launch"}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json_body == answers[1].json_body


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


def _candidates(answer: HTTPResponse) -> dict[str, str]:
    """Return the candidates that a refused key names: task ids, each with its description."""
    assert (answer.status_code, answer.json_body["code"]) == (409, "ambiguous_key")
    return {each["location"]: each["message"] for each in answer.json_body["errors"]}


def test_a_key_names_a_task_of_the_callers_own_project(ann: Person, bob: Person) -> None:
    own = ann.create_task(_project(ann, "Mine", "OPS"))
    shared = _project(bob, "Theirs", "OPS")
    other = bob.create_task(shared)
    bob.add_member(shared, ann)
    assert ann.get("/api/tasks/OPS-1").json_body == own
    assert bob.get("/api/tasks/OPS-1").json_body == other
    assert ann.patch("/api/tasks/OPS-1", {"title": "New"}).json_body["id"] == own["id"]


def test_a_key_of_an_own_project_never_names_a_task_of_another(ann: Person, bob: Person) -> None:
    ann.create_task(_project(ann, "Mine", "OPS"))
    shared = _project(bob, "Theirs", "OPS")
    other = [bob.create_task(shared)["id"] for _ in range(2)][1]
    bob.add_member(shared, ann)
    answer = ann.get("/api/tasks/OPS-2")
    assert _candidates(answer) == {f"tasks.{other}": "OPS-2 of the project Theirs"}
    assert ann.get("/api/tasks/OPS-3").status_code == 404


def test_an_ambiguous_key_is_refused_with_its_candidates(
    ann: Person, bob: Person, client: Client
) -> None:
    candidates = {}
    for owner, name in ((bob, "Berlin"), (sign_up(client, "cleo"), "Paris")):
        project = _project(owner, name, "OPS")
        task = owner.create_task(project)["id"]
        candidates[f"tasks.{task}"] = f"OPS-1 of the project {name}"
        owner.add_member(project, ann)
    assert _candidates(ann.get("/api/tasks/OPS-1")) == candidates
    assert _candidates(ann.get("/api/tasks?parent=ops-1")) == candidates
    for place in candidates:
        assert ann.get(f"/api/tasks/{place.removeprefix('tasks.')}").status_code == 200


def test_two_own_projects_with_one_key_make_it_ambiguous(ann: Person) -> None:
    tasks = [ann.create_task(_project(ann, name, "OPS"))["id"] for name in ("one", "two")]
    assert _candidates(ann.get("/api/tasks/OPS-1")).keys() == {f"tasks.{each}" for each in tasks}


def test_a_new_project_key_applies_to_existing_tasks(ann: Person) -> None:
    project = _project(ann, "Operations", "OPS")
    task = ann.create_task(project)["id"]
    ann.patch(f"/api/projects/{project}", {"key": "SRE"})
    assert ann.get("/api/tasks/SRE-1").json_body["id"] == task
    assert ann.get("/api/tasks/OPS-1").status_code == 404
