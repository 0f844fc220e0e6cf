"""`include` and `fields` of lists of tasks and of one task."""

import itertools
from typing import Any

import pytest

from tests.costs.meter import metered
from tests.support import Person, error_locations

Task = dict[str, Any]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project("Launch")
    ann.add_member(project, bob)
    return project


@pytest.fixture
def label(ann: Person, project: str) -> Task:
    answer: Task = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body
    return answer


@pytest.fixture
def task(ann: Person, bob: Person, project: str, label: Task) -> Task:
    return ann.create_task(project, assigned_to=bob.id, labels=[label["id"]])


def _paths(task: Task) -> tuple[str, str]:
    return f"/api/tasks/{task['id']}?", f"/api/tasks?project={task['project']}&"


def _read(person: Person, path: str) -> Task:
    """Return the task, or the first one of the list, at `path`."""
    answer = person.get(path)
    assert answer.status_code == 200, answer.json_body
    body: Task = answer.json_body
    return body["items"][0] if "items" in body else body


def test_objects_take_the_place_of_their_ids(
    ann: Person, bob: Person, project: str, label: Task, task: Task
) -> None:
    person = {"id": bob.id, "username": "bob", "display_name": ""}
    expected = {
        "assigned_to": person,
        "labels": [label],
        "project": {"id": project, "name": "Launch", "key": "LAUN"},
    }
    for path in _paths(task):
        plain = _read(ann, path)
        assert _read(ann, f"{path}include=assignee,labels,project") == plain | expected
        one = _read(ann, f"{path}include=labels")
        assert one == plain | {"labels": [label]}


def test_a_task_without_assignee_and_labels_includes_none(ann: Person, project: str) -> None:
    task = ann.create_task(project)
    for path in _paths(task):
        shown = _read(ann, f"{path}include=assignee,labels")
        assert (shown["assigned_to"], shown["labels"]) == (None, [])


def test_a_label_that_was_just_deleted_remains_an_id(
    ann: Person, project: str, label: Task, task: Task
) -> None:
    ann.delete(f"/api/projects/{project}/labels/{label['id']}")
    for path in _paths(task):
        assert _read(ann, f"{path}include=labels")["labels"] == [label["id"]]


def test_only_the_named_fields_are_returned_beside_the_id(ann: Person, task: Task) -> None:
    for path in _paths(task):
        assert _read(ann, f"{path}fields=title,status") == {
            "id": task["id"],
            "title": task["title"],
            "status": "todo",
        }
        assert _read(ann, f"{path}fields=id") == {"id": task["id"]}
    whole = _read(ann, f"{_paths(task)[0]}fields=description,rank")
    assert whole == {name: task[name] for name in ("id", "description", "rank")}


def test_include_and_fields_are_combined(ann: Person, bob: Person, task: Task) -> None:
    for path in _paths(task):
        shown = _read(ann, f"{path}fields=assigned_to,title&include=assignee,labels")
        assert shown.keys() == {"id", "title", "assigned_to"}
        assert shown["assigned_to"]["username"] == "bob"


def test_unknown_names_are_all_named(ann: Person, task: Task) -> None:
    for path in _paths(task):
        answer = ann.get(f"{path}fields=title,color,size&include=owner")
        assert answer.status_code == 400
        assert sorted(error_locations(answer)) == ["fields", "fields", "include"]
        messages = " ".join(error["message"] for error in answer.json_body["errors"])
        assert all(name in messages for name in ("color", "size", "owner"))
        assert ann.get(f"{path}fields=").status_code == 400


def test_lists_do_not_have_the_fields_of_whole_tasks(ann: Person, task: Task) -> None:
    answer = ann.get("/api/tasks?fields=description")
    assert (answer.status_code, error_locations(answer)) == (400, ["fields"])


def test_a_cursor_is_valid_for_any_representation(ann: Person, project: str) -> None:
    created = [ann.create_task(project)["id"] for _ in range(3)]
    path = f"/api/tasks?project={project}&ordering=created_at&limit=1"
    shown, cursor = [], ""
    for parameters in ("", "&fields=title", "&include=project&fields=project"):
        page = ann.get(f"{path}{parameters}{cursor}").json_body
        shown += page["items"]
        cursor = f"&cursor={page['next_cursor']}"
    assert [task["id"] for task in shown] == created


def test_the_etag_of_a_representation_is_its_own_and_has_the_version(
    ann: Person, bob: Person, task: Task
) -> None:
    path, _ = _paths(task)
    parameters = ("", "fields=title", "fields=status", "include=assignee", "include=labels")
    etags = {each: ann.get(path + each).headers["ETag"] for each in parameters}
    assert len(set(etags.values())) == len(parameters)
    for each, etag in etags.items():
        assert ann.get(path + each, headers={"If-None-Match": etag}).status_code == 304
        assert etag.startswith('"1-')

    bob.patch("/api/auth/profile", {"display_name": "Bob"})
    known = {"If-None-Match": etags["include=assignee"]}
    assert ann.get(f"{path}include=assignee", headers=known).status_code == 200
    headers = {"If-Match": etags["fields=title"]}
    changed = ann.patch(f"/api/tasks/{task['id']}", {"title": "New"}, headers=headers)
    assert changed.status_code == 200
    refused = ann.patch(f"/api/tasks/{task['id']}", {"title": "Old"}, headers=headers)
    assert refused.status_code == 412


def test_each_object_is_read_once_in_one_round_trip(
    ann: Person, bob: Person, project: str, label: Task
) -> None:
    people = itertools.cycle([ann.id, bob.id])
    for _ in range(6):
        ann.create_task(project, assigned_to=next(people), labels=[label["id"]])
    path = f"/api/tasks?project={project}"
    with metered() as plain:
        ann.get(path)
    with metered() as with_objects:
        ann.get(f"{path}&include=assignee,labels,project")
    assert with_objects.trips == plain.trips + 1
    assert with_objects.read == plain.read + 2  # the caller was read already
    with metered() as again:
        ann.get(f"{path}&include=assignee,labels,project")
    assert again.trips == plain.trips
    assert again.read <= with_objects.read
    with metered() as with_project:
        ann.get(f"{path}&include=project")
    assert (with_project.trips, with_project.read) == (plain.trips, plain.read)


def test_a_repeated_read_shows_changed_and_new_objects(
    ann: Person, bob: Person, project: str, label: Task, task: Task
) -> None:
    query = "include=assignee,labels"
    before = [_read(ann, path + query) for path in _paths(task)]
    assert all(shown["assigned_to"]["display_name"] == "" for shown in before)
    bob.patch("/api/auth/profile", {"display_name": "Bob B."})
    other = ann.post(f"/api/projects/{project}/labels", {"name": "new"}).json_body
    ann.patch(f"/api/tasks/{task['id']}", {"labels": [other["id"]]})
    for path in _paths(task):
        shown = _read(ann, path + query)
        assert shown["assigned_to"]["display_name"] == "Bob B."
        assert shown["labels"] == [other]
    ann.delete(f"/api/projects/{project}/labels/{other['id']}")
    for path in _paths(task):
        assert _read(ann, path + query)["labels"] in ([], [other["id"]])


def test_a_repeated_read_of_one_task_takes_no_further_round_trip(ann: Person, task: Task) -> None:
    path = f"/api/tasks/{task['id']}"
    with metered() as plain:
        ann.get(path)
    ann.get(f"{path}?include=assignee,labels")
    with metered() as again:
        ann.get(f"{path}?include=assignee,labels")
    assert again.trips == plain.trips
