"""Labels of a project and of its tasks."""

import pytest

from chalicelib.clock import now
from chalicelib.jobs.deferred_updates import run_deferred_updates
from tests.support import Person, error_locations
from tests.table_items import replace_items, scan_items


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


def _create_label(person: Person, project: str, name: str = "urgent", **fields: str) -> str:
    answer = person.post(f"/api/projects/{project}/labels", {"name": name, **fields})
    assert answer.status_code == 201
    return str(answer.json_body["id"])


def test_a_label_is_created_listed_and_read(ann: Person, project: str) -> None:
    label = _create_label(ann, project, "urgent", color="#ff0000")
    path = f"/api/projects/{project}/labels"
    (listed,) = ann.get(path).json_body["items"]
    assert (listed["id"], listed["name"], listed["color"]) == (label, "urgent", "#ff0000")
    assert ann.get(f"{path}/{label}").json_body == listed


def test_a_label_name_is_unique_in_a_project_ignoring_case(ann: Person, project: str) -> None:
    _create_label(ann, project, "Urgent")
    again = ann.post(f"/api/projects/{project}/labels", {"name": "URGENT"})
    assert (again.status_code, again.json_body["code"]) == (409, "name_taken")
    _create_label(ann, ann.create_project("other"), "urgent")


def test_an_invalid_name_or_color_is_reported_by_field(ann: Person, project: str) -> None:
    answer = ann.post(f"/api/projects/{project}/labels", {"name": "", "color": "red"})
    assert (answer.status_code, sorted(error_locations(answer))) == (422, ["color", "name"])


def test_renaming_a_label_keeps_its_tasks_and_frees_the_old_name(ann: Person, project: str) -> None:
    label = _create_label(ann, project)
    task = ann.create_task(project, labels=[label])
    path = f"/api/projects/{project}/labels/{label}"
    assert ann.patch(path, {"name": "later"}).json_body["name"] == "later"
    assert ann.get(f"/api/tasks/{task['id']}").json_body == task
    _create_label(ann, project, "urgent")  # the old name is free again
    taken = ann.patch(path, {"name": "urgent"})
    assert (taken.status_code, taken.json_body["code"]) == (409, "name_taken")


def test_a_label_can_change_only_the_case_of_its_name(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/labels/{_create_label(ann, project)}"
    assert ann.patch(path, {"name": "Urgent"}).json_body["name"] == "Urgent"


def test_an_outdated_etag_prevents_a_change_or_deletion(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/labels/{_create_label(ann, project)}"
    etag = ann.get(path).headers["etag"]
    ann.patch(path, {"color": "#000000"})
    for answer in (
        ann.patch(path, {"name": "x"}, headers={"If-Match": etag}),
        ann.delete(path, headers={"If-Match": etag}),
    ):
        assert answer.status_code == 412


def test_a_task_accepts_only_labels_of_its_project(ann: Person, project: str) -> None:
    foreign = _create_label(ann, ann.create_project("other"))
    for label in (foreign, "x"):
        answer = ann.post("/api/tasks", {"project": project, "title": "x", "labels": [label]})
        assert (answer.status_code, error_locations(answer)) == (422, ["labels"])


def test_tasks_are_filtered_by_label(ann: Person, project: str) -> None:
    urgent, later = _create_label(ann, project), _create_label(ann, project, "later")
    both = ann.create_task(project, "both", labels=[urgent, later, urgent])
    ann.create_task(project, "one", labels=[later])
    ann.create_task(project, "none")
    assert both["labels"] == [urgent, later]

    def titles(label: str) -> list[str]:
        found = ann.get(f"/api/tasks?project={project}&label={label}").json_body["items"]
        return [task["title"] for task in found]

    assert (titles(urgent), titles(later)) == (["both"], ["one", "both"])
    ann.patch(f"/api/tasks/{both['id']}", {"labels": []})
    assert (titles(urgent), titles(later)) == ([], ["one"])


def test_a_deleted_label_is_removed_from_its_tasks(ann: Person, project: str) -> None:
    label, other = _create_label(ann, project), _create_label(ann, project, "other")
    task = ann.create_task(project, labels=[label, other])["id"]
    trashed = ann.create_task(project, labels=[label])["id"]
    ann.delete(f"/api/tasks/{trashed}")
    assert ann.delete(f"/api/projects/{project}/labels/{label}").status_code == 204
    assert run_deferred_updates(now())["run"] == 1
    assert ann.get(f"/api/tasks/{task}").json_body["labels"] == [other]
    assert ann.post(f"/api/tasks/{trashed}/restore").json_body["labels"] == []
    assert ann.get(f"/api/projects/{project}/labels/{label}").status_code == 404


def test_a_viewer_reads_labels_but_cannot_change_them(
    ann: Person, bob: Person, project: str
) -> None:
    path = f"/api/projects/{project}/labels/{_create_label(ann, project)}"
    assert bob.get(path).status_code == 404
    ann.add_member(project, bob, "viewer")
    assert bob.get(path).status_code == 200
    assert bob.patch(path, {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    "other",
    ["cafe\u0301 1", "CAF\u00c9 1", "caf\u00e9 \u2460", " caf\u00e9\u00a0 1", "\uff43af\u00e9 1"],
)
def test_spellings_of_a_label_name_are_one(ann: Person, project: str, other: str) -> None:
    path = f"/api/projects/{project}/labels"
    label = _create_label(ann, project, "caf\u00e9 1")
    again = ann.post(path, {"name": other})
    assert (again.status_code, again.json_body["code"]) == (409, "name_taken")
    second = _create_label(ann, project, "second")
    taken = ann.patch(f"{path}/{second}", {"name": other})
    assert (taken.status_code, taken.json_body["code"]) == (409, "name_taken")
    assert ann.patch(f"{path}/{label}", {"name": other}).status_code == 200
    assert ann.delete(f"{path}/{label}").status_code == 204
    _create_label(ann, project, other)


@pytest.fixture
def earlier_label(ann: Person, project: str) -> str:
    """A label that an earlier version stored, decomposed as it was typed; return its path."""
    label = _create_label(ann, project, "Caf\u00e9")
    rows = scan_items()
    for row in rows:
        if row["SK"]["S"] == f"LABEL#{label}":
            row["name"] = {"S": "Cafe\u0301"}
            del row["folded_name"]
        elif row["SK"]["S"].startswith("LABELNAME#"):
            row["SK"] = {"S": "LABELNAME#cafe\u0301"}
    replace_items(rows)
    return f"/api/projects/{project}/labels/{label}"


def test_the_name_of_an_earlier_label_is_taken(
    ann: Person, project: str, earlier_label: str
) -> None:
    path = f"/api/projects/{project}/labels"
    for name in ("caf\u00e9", "CAFE\u0301"):
        again = ann.post(path, {"name": name})
        assert (again.status_code, again.json_body["code"]) == (409, "name_taken")
    assert ann.delete(earlier_label).status_code == 204
    _create_label(ann, project, "caf\u00e9")


def test_an_earlier_label_can_get_another_spelling_and_another_name(
    ann: Person, project: str, earlier_label: str
) -> None:
    assert ann.patch(earlier_label, {"color": "#000000"}).status_code == 200
    assert ann.patch(earlier_label, {"name": "caf\u00e9"}).json_body["name"] == "caf\u00e9"
    again = ann.post(f"/api/projects/{project}/labels", {"name": "cafe\u0301"})
    assert (again.status_code, again.json_body["code"]) == (409, "name_taken")
    assert ann.patch(earlier_label, {"name": "tea"}).status_code == 200
    _create_label(ann, project, "cafe\u0301")
