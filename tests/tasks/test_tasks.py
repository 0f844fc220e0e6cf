from typing import Any

import pytest

from tests.support import EMPTY_TASK, Person, error_locations, in_hours
from tests.table_items import put_task_copies


def test_a_new_task_has_the_requested_fields_and_defaults(ann: Person) -> None:
    project, due = ann.create_project(), in_hours(12)
    task = ann.create_task(project, "Plan", due_date=due)
    assert (task["project"], task["title"], task["due_date"]) == (project, "Plan", due)
    assert (task["status"], task["priority"], task["created_by"]) == ("todo", "medium", ann.id)
    assert (task["assigned_to"], task["completed_at"], task["description"]) == (None, None, "")


def test_the_error_names_every_invalid_field(ann: Person) -> None:
    invalid = {"title": "", "status": "doing", "priority": 3, "size": "XL"}
    answer = ann.post("/api/tasks", {"project": ann.create_project()} | invalid)
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == ["priority", "size", "status", "title"]


@pytest.mark.parametrize(
    "due", ["tomorrow", "2026-02-30", "2026-W47-1", "2026-11-22T09:00:00", "9999-12-31", "20261122"]
)
def test_an_invalid_due_date_is_refused(ann: Person, due: str) -> None:
    answer = ann.post(
        "/api/tasks", {"project": ann.create_project(), "title": "x", "due_date": due}
    )
    assert (answer.status_code, error_locations(answer)) == (422, ["due_date"])


@pytest.mark.parametrize("due", ["2026-11-22", "2026-11-22T09:00:00+13:45", "2024-02-29"])
def test_a_due_date_is_returned_as_it_was_sent(ann: Person, due: str) -> None:
    task = ann.create_task(ann.create_project(), due_date=due)
    assert ann.get(f"/api/tasks/{task['id']}").json_body["due_date"] == due


def test_tasks_are_listed_newest_first_and_filtered_by_status(ann: Person) -> None:
    project = ann.create_project()
    first, second = ann.create_task(project, "first"), ann.create_task(project, "second")
    ann.patch(f"/api/tasks/{first['id']}/status", {"status": "done"})
    assert _titles(ann, f"project={project}") == ["second", "first"]
    assert _titles(ann, f"project={project}&status=done") == ["first"]
    assert _titles(ann, f"project={project}&status=review") == []
    assert second["version"] == 1


@pytest.mark.parametrize("due", ["0269-01-08T03:38:36Z", "0001-01-01", "9999-12-30"])
def test_a_task_with_a_due_date_in_any_year_can_be_assigned(ann: Person, due: str) -> None:
    task = ann.create_task(ann.create_project(), due_date=due)
    answer = ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": ann.id})
    assert answer.status_code == 200
    is_overdue = due < "2026"
    (listed,) = ann.get(f"/api/tasks?overdue={str(is_overdue).lower()}").json_body["items"]
    assert listed["due_date"] == due


def test_the_callers_tasks_are_listed_by_due_date(ann: Person) -> None:
    project = ann.create_project()
    for title, hours in (("late", 50), ("soon", 2)):
        ann.create_task(project, title, assigned_to=ann.id, due_date=in_hours(hours))
    ann.create_task(project, "no due date", assigned_to=ann.id)
    ann.create_task(project, "unassigned")
    assert _titles(ann, "assigned_to=me&ordering=due_date") == ["soon", "late", "no due date"]


@pytest.mark.parametrize(
    "parameters",
    ["state=done", "status=doing", "limit=0", "limit=101", "limit=x", "limit=5&limit=6"],
)
def test_the_error_names_the_invalid_query_parameter(ann: Person, parameters: str) -> None:
    answer = ann.get(f"/api/tasks?project={ann.create_project()}&{parameters}")
    assert (answer.status_code, error_locations(answer)) == (400, [parameters.partition("=")[0]])


def test_a_page_has_25_tasks_by_default(ann: Person) -> None:
    project = ann.create_project()
    put_task_copies(ann.create_task(project)["id"], 30)
    page = ann.get(f"/api/tasks?project={project}").json_body
    assert len(page["items"]) == 25 and page["next_cursor"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("status", ["", "&status=todo"])
def test_the_pages_of_a_list_contain_each_task_once(ann: Person, size: int, status: str) -> None:
    project = ann.create_project()
    titles = [ann.create_task(project, f"task {n}")["title"] for n in range(7)]
    tasks = ann.list_all(f"/api/tasks?project={project}&limit={size}{status}")
    assert [task["title"] for task in tasks] == titles[::-1]


def test_a_cursor_is_valid_only_for_its_caller_and_filter(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    for _ in range(3):
        ann.create_task(project)
    path = f"/api/tasks?project={project}&limit=1"
    cursor = ann.get(path).json_body["next_cursor"]
    changed = cursor[:-4] + ("AAAA" if cursor[-4:] != "AAAA" else "BBBB")
    refused = [
        bob.get(f"{path}&cursor={cursor}"),
        ann.get(f"{path}&status=todo&cursor={cursor}"),
        ann.get(f"{path}&cursor={changed}"),
        ann.get(f"{path}&cursor=nonsense"),
    ]
    assert {answer.json_body["code"] for answer in refused} == {"invalid_cursor"}
    assert ann.get(f"{path}&cursor={cursor}").status_code == 200


def test_a_read_with_the_current_etag_returns_304(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    etag = ann.get(path).headers["etag"]
    again = ann.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.body) == (304, b"")
    ann.patch(path, {"title": "changed"})
    assert ann.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_a_patch_changes_only_the_fields_that_it_names(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), description="keep me", due_date="2026-12-24")
    path = f"/api/tasks/{task['id']}"
    changed = ann.patch(path, {"title": "new"}).json_body
    unchanged = set(task) - {"title", "version", "updated_at"}
    assert {name: changed[name] for name in unchanged} == {name: task[name] for name in unchanged}
    assert (changed["title"], changed["version"]) == ("new", 2)


def test_null_clears_a_field_and_an_empty_patch_changes_nothing(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), due_date="2026-12-24")
    path = f"/api/tasks/{task['id']}"
    assert ann.patch(path, {}).json_body["version"] == 1
    assert ann.patch(path, {"due_date": "2026-12-24"}).json_body["version"] == 1
    assert ann.patch(path, {"due_date": None}).json_body["due_date"] is None


def test_if_match_refuses_to_overwrite_an_unseen_change(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    seen = ann.get(path).headers["etag"]
    assert ann.patch(path, {"title": "first"}, headers={"If-Match": seen}).status_code == 200
    late = ann.patch(path, {"title": "second"}, headers={"If-Match": seen})
    assert late.json_body["code"] == "precondition_failed"
    assert ann.get(path).json_body["title"] == "first"


def test_a_done_task_has_a_completion_time_until_it_is_reopened(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    assert ann.patch(path + "/status", {"status": "done"}).json_body["completed_at"]
    assert ann.patch(path + "/status", {"status": "todo"}).json_body["completed_at"] is None


def test_the_project_counts_tasks_by_status(ann: Person) -> None:
    project = ann.create_project()
    tasks = [ann.create_task(project) for _ in range(3)]
    for status in ("in_progress", "done"):
        ann.patch(f"/api/tasks/{tasks[0]['id']}/status", {"status": status})
    counts = ann.get(f"/api/projects/{project}").json_body["tasks_by_status"]
    assert counts == {"todo": 2, "in_progress": 0, "review": 0, "done": 1}


def test_only_members_can_be_assigned(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project)
    answer = ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": bob.id})
    assert (answer.status_code, error_locations(answer)) == (422, ["assigned_to"])
    body = {"project": project, "title": "x", "assigned_to": bob.id}
    assert ann.post("/api/tasks", body).status_code == 422


def test_null_unassigns_a_task(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), assigned_to=ann.id)
    answer = ann.patch(f"/api/tasks/{task['id']}/assign", {"assigned_to": None})
    assert answer.json_body["assigned_to"] is None
    assert _titles(ann, "assigned_to=me&ordering=due_date") == []


def test_the_callers_tasks_exclude_deleted_projects(ann: Person, bob: Person) -> None:
    kept, trashed = ann.create_project(), ann.create_project()
    for project in (kept, trashed):
        ann.create_task(project, project, assigned_to=ann.id)
    ann.delete(f"/api/projects/{trashed}")
    assert _titles(ann, "assigned_to=me&ordering=due_date") == [kept]
    assert _titles(ann, "assigned_to=me&limit=1") == [kept]


def test_a_put_requires_every_field(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    missing = ann.put(path, {"title": "x", "status": "done"})
    assert missing.status_code == 422
    missing_fields = EMPTY_TASK.keys() - {"title", "status"}
    assert set(error_locations(missing)) == missing_fields
    whole = EMPTY_TASK | {"status": "done", "description": "y"}
    replaced = ann.put(path, whole).json_body
    assert whole.items() <= replaced.items()


def test_a_deleted_task_is_not_found_and_can_be_restored(ann: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project, assigned_to=ann.id, due_date=in_hours(9), status="review")
    path = f"/api/tasks/{task['id']}"
    assert ann.delete(path).status_code == 204
    responses = [ann.get(path), ann.patch(path, {"title": "x"}), ann.delete(path)]
    assert {answer.status_code for answer in responses} == {404}
    for parameters in (f"project={project}", f"project={project}&status=review", "assigned_to=me"):
        assert _titles(ann, parameters) == []
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 0
    (trashed,) = ann.get(f"/api/trash?project={project}").json_body["items"]
    assert (trashed["kind"], trashed["id"]) == ("task", task["id"])
    assert trashed["deleted_at"]
    restored = ann.post(path + "/restore").json_body
    assert restored["updated_at"] > task["updated_at"]
    assert restored == task | {"version": 2, "updated_at": restored["updated_at"]}
    assert ann.post(path + "/restore").json_body == restored
    for parameters in (f"project={project}", f"project={project}&status=review", "assigned_to=me"):
        assert len(_titles(ann, parameters)) == 1
    assert ann.get(f"/api/projects/{project}").json_body["tasks_count"] == 1
    assert ann.get(f"/api/trash?project={project}").json_body["items"] == []


def test_a_deletion_respects_if_match(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    seen = ann.get(path).headers["etag"]
    ann.patch(path, {"title": "changed"})
    assert ann.delete(path, headers={"If-Match": seen}).status_code == 412
    assert ann.delete(path).status_code == 204


def test_a_restore_unassigns_a_user_who_left_the_project(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    path = f"/api/tasks/{ann.create_task(project, assigned_to=bob.id)['id']}"
    ann.delete(path)
    bob.post(f"/api/projects/{project}/leave")
    assert ann.post(path + "/restore").json_body["assigned_to"] is None


def _call_every_route(person: Person, project: str, task: str) -> list[Any]:
    return [
        person.get(f"/api/tasks/{task}"),
        person.get(f"/api/tasks?project={project}"),
        person.post("/api/tasks", {"project": project, "title": "x"}),
        person.patch(f"/api/tasks/{task}", {"title": "x"}),
        person.patch(f"/api/tasks/{task}/status", {"status": "done"}),
        person.patch(f"/api/tasks/{task}/assign", {"assigned_to": None}),
        person.put(f"/api/tasks/{task}", EMPTY_TASK | {"status": "done"}),
        person.post(f"/api/tasks/{task}/restore"),
        person.delete(f"/api/tasks/{task}"),
    ]


def test_a_user_who_is_not_a_member_reads_and_changes_nothing(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project)
    answers = _call_every_route(bob, project, task["id"])
    assert {answer.status_code for answer in answers} == {404}
    assert ann.get(f"/api/tasks/{task['id']}").json_body == task


def test_a_viewer_reads_but_changes_nothing(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, "viewer")
    answers = _call_every_route(bob, project, ann.create_task(project)["id"])
    assert [answer.status_code for answer in answers] == [200, 200] + [403] * 7


def test_a_task_id_with_another_project_is_not_found(ann: Person) -> None:
    task = ann.create_task(ann.create_project())["id"]
    other = ann.create_project()
    assert ann.get(f"/api/tasks/{task[:26]}{other}").status_code == 404


def _titles(person: Person, parameters: str) -> list[str]:
    return [task["title"] for task in person.get(f"/api/tasks?{parameters}").json_body["items"]]
