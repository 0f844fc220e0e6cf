"""Duplicates of projects, and templates."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.attachment_files import save_state
from tests.copies.move_scenario import describe_tree, list_titles
from tests.counter_checks import count_drift
from tests.faults import is_killed_at
from tests.job_results import list_job_keys, read_job, run_streamed, run_sweep
from tests.support import Person, error_locations, mails_to

Wait = Callable[..., None]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    """Ann's project with two labels and a tree of tasks; Bob is a member."""
    project = ann.create_project("Launch")
    ann.patch(f"/api/projects/{project}", {"description": "All about it"})
    ann.add_member(project, bob)
    labels = f"/api/projects/{project}/labels"
    used, _ = (ann.post(labels, {"name": name}).json_body["id"] for name in ("used", "unused"))
    top = ann.create_task(
        project, "Top", labels=[used], status="in_progress", due_date="2026-03-10"
    )
    first = ann.create_task(project, "First", parent=top["id"], assigned_to=bob.id)
    ann.create_task(project, "Done", parent=top["id"], status="done", start_date="2026-03-01")
    ann.create_task(
        project,
        "Deep",
        parent=first["id"],
        assigned_to=ann.id,
        due_date="2026-03-05T17:00:00+01:00",
    )
    # The parent of this one is newer than its subtask.
    early = ann.create_task(project, "Early")
    late = ann.create_task(project, "Late")
    ann.patch(f"/api/tasks/{early['id']}", {"parent": late["id"]})
    return project


def _request(person: Person, project: str, **fields: Any) -> tuple[str, str]:
    """Request a duplicate; return the path of the job and the id of the new project."""
    answer = person.post(f"/api/projects/{project}/duplicate", {"name": "Copy", **fields})
    assert answer.status_code == 202, answer.json_body
    return answer.headers["location"].rstrip("/"), answer.json_body["project"]


def duplicate_project(person: Person, project: str, **fields: Any) -> str:
    """Duplicate a project and run the job; return the id of the new project."""
    job, copy = _request(person, project, **fields)
    assert run_streamed(job) == 0
    assert read_job(person, job)["status"] == "done"
    return copy


def _tasks(person: Person, project: str) -> dict[str, dict[str, Any]]:
    """Return the tasks of a project by title."""
    path = f"/api/tasks?project={project}&limit=100"
    items = person.get(path).json_body["items"]
    return {task["title"]: person.get(f"/api/tasks/{task['id']}").json_body for task in items}


def test_the_new_project_is_there_at_once_and_the_job_fills_it(ann: Person, project: str) -> None:
    job, copy = _request(ann, project, key="COPY")
    new = ann.get(f"/api/projects/{copy}").json_body
    assert (new["name"], new["key"], new["description"]) == ("Copy", "COPY", "All about it")
    assert (new["my_role"], new["tasks_count"], new["is_template"]) == ("owner", 0, False)
    assert read_job(ann, job)["status"] == "waiting"
    assert run_streamed(job) == 0
    state = read_job(ann, job)
    assert (state["status"], state["project"]) == ("done", copy)
    assert ann.get(f"/api/projects/{copy}").json_body["tasks_count"] == 5
    assert [key for key in list_job_keys() if key.startswith("SLOT#")] == []


@pytest.mark.parametrize("function", ["run_jobs", "sweep_jobs"])
def test_stream_and_sweep_run_the_job(
    ann: Person, project: str, invoke: Any, sample_event: Any, function: str
) -> None:
    job, copy = _request(ann, project)
    event = sample_event(function)
    if function == "run_jobs":
        event["Records"][0]["dynamodb"]["Keys"]["PK"]["S"] = f"JOB#{job.rpartition('/')[2]}"
    invoke(function, event)
    assert read_job(ann, job)["status"] == "done"
    assert len(_tasks(ann, copy)) == 5


def test_open_tasks_are_copied_with_structure_order_status_and_labels(
    ann: Person, project: str
) -> None:
    copy = duplicate_project(ann, project)
    assert list_titles(ann, copy) == ["Top", "First", "Deep", "Early", "Late"]
    tree = describe_tree(ann, copy, "none")
    assert tree == {"Top": {"First": {"Deep": {}}}, "Late": {"Early": {}}}
    labels = ann.get(f"/api/projects/{copy}/labels").json_body["items"]
    assert [label["name"] for label in labels] == ["used", "unused"]
    old, new = _tasks(ann, project), _tasks(ann, copy)
    assert new["Top"]["labels"] == [labels[0]["id"]]
    assert (new["Top"]["status"], new["Top"]["due_date"]) == ("in_progress", "2026-03-10")
    assert new["Deep"]["due_date"] == old["Deep"]["due_date"]
    assert sorted(task["key"] for task in new.values()) == [f"COPY-{n}" for n in range(1, 6)]
    assert new["Top"]["subtasks_count"] == 1
    assert count_drift() == 0


def test_done_tasks_are_copied_on_request(ann: Person, project: str) -> None:
    copy = duplicate_project(ann, project, done_tasks=True)
    done = _tasks(ann, copy)["Done"]
    assert done["status"] == "done"
    assert done["completed_at"] == _tasks(ann, project)["Done"]["completed_at"]
    assert count_drift() == 0


def test_a_subtask_of_a_done_task_that_is_left_out_stands_alone(ann: Person, project: str) -> None:
    tasks = _tasks(ann, project)
    ann.patch(f"/api/tasks/{tasks['First']['id']}", {"status": "done"})
    copy = duplicate_project(ann, project)
    assert describe_tree(ann, copy, "none") == {"Top": {}, "Deep": {}, "Late": {"Early": {}}}
    assert count_drift() == 0


def test_without_members_only_the_callers_own_tasks_stay_assigned(
    ann: Person, bob: Person, project: str
) -> None:
    tasks = _tasks(ann, duplicate_project(ann, project))
    assert (tasks["First"]["assigned_to"], tasks["Deep"]["assigned_to"]) == (None, ann.id)
    assert list(mails_to(bob, "Assigned")) == []


def test_members_are_copied_on_request(
    ann: Person, bob: Person, make_person: Any, project: str
) -> None:
    cleo = make_person("cleo")
    ann.add_member(project, cleo, "viewer")
    copy = duplicate_project(bob, project, members=True)
    details = bob.get(f"/api/projects/{copy}").json_body
    assert {each["username"]: each["role"] for each in details["members"]} == {
        "ann": "admin",
        "bob": "owner",
        "cleo": "viewer",
    }
    assert details["members_count"] == 3
    assert _tasks(cleo, copy)["Deep"]["assigned_to"] == ann.id
    assert count_drift() == 0


def test_dates_are_shifted_so_that_the_earliest_is_on_the_start_date(
    ann: Person, project: str
) -> None:
    at = {"reminders": [{"at": "2026-03-04T09:00:00.000Z"}]}
    path = f"/api/tasks/{_tasks(ann, project)['Deep']['id']}/reminders"
    assert ann.put(path, at).status_code in {200, 422}
    tasks = _tasks(ann, duplicate_project(ann, project, start_date="2027-01-01"))
    # Without the done task, the earliest date is March 5.
    assert tasks["Deep"]["due_date"] == "2027-01-01T17:00:00+01:00"
    assert tasks["Top"]["due_date"] == "2027-01-06"
    all_tasks = _tasks(
        ann, duplicate_project(ann, project, start_date="2024-02-28", done_tasks=True)
    )
    assert all_tasks["Done"]["start_date"] == "2024-02-28"
    assert all_tasks["Deep"]["due_date"] == "2024-03-03T17:00:00+01:00"


def test_a_date_beyond_the_calendar_is_left_out(ann: Person) -> None:
    project = ann.create_project()
    ann.create_task(project, "Near", due_date="2026-01-01")
    ann.create_task(project, "Far", due_date="9999-01-01")
    tasks = _tasks(ann, duplicate_project(ann, project, start_date="2027-06-01"))
    assert (tasks["Near"]["due_date"], tasks["Far"]["due_date"]) == ("2027-06-01", None)


def test_the_copies_of_a_template_begin_as_todo(ann: Person, project: str) -> None:
    ann.patch(f"/api/projects/{project}", {"is_template": True})
    copy = duplicate_project(ann, project, done_tasks=True, start_date="2027-01-01")
    tasks = _tasks(ann, copy)
    assert {task["status"] for task in tasks.values()} == {"todo"}
    assert {task["completed_at"] for task in tasks.values()} == {None}
    assert ann.get(f"/api/projects/{copy}").json_body["is_template"] is False
    assert count_drift() == 0


def test_projects_are_listed_by_whether_they_are_templates(ann: Person) -> None:
    plain = ann.create_project("Plain")
    answer = ann.post("/api/projects", {"name": "Template", "is_template": True})
    template = answer.json_body["id"]
    assert answer.json_body["is_template"] is True

    def list_ids(parameters: str) -> list[str]:
        return [each["id"] for each in ann.get(f"/api/projects{parameters}").json_body["items"]]

    assert list_ids("?template=true") == [template]
    assert list_ids("?template=false") == [plain]
    assert list_ids("") == [template, plain]
    version = ann.get(f"/api/projects/{plain}").json_body["version"]
    same = ann.patch(f"/api/projects/{plain}", {"is_template": False}).json_body
    assert same["version"] == version
    body = {"name": "Plain", "description": "", "is_template": True}
    assert ann.put(f"/api/projects/{plain}", body).json_body["is_template"] is True
    for parameter in ("template=maybe", "template=", "template=null"):
        assert ann.get(f"/api/projects?{parameter}").status_code == 400


def test_the_same_request_gets_the_job_and_another_one_waits(ann: Person, project: str) -> None:
    first = _request(ann, project)
    assert _request(ann, project) == first
    answer = ann.post(f"/api/projects/{project}/duplicate", {"name": "Another"})
    assert (answer.status_code, answer.json_body["code"]) == (409, "busy")
    assert len(ann.get("/api/projects").json_body["items"]) == 2
    run_streamed(first[0])
    assert _request(ann, project) != first


def test_the_same_idempotency_key_makes_one_project(ann: Person, project: str) -> None:
    headers, path = {"Idempotency-Key": "once"}, f"/api/projects/{project}/duplicate"
    first = ann.post(path, {"name": "Copy"}, headers=headers)
    run_streamed(first.headers["location"].rstrip("/"))
    again = ann.post(path, {"name": "Copy"}, headers=headers)
    assert again.json_body["project"] == first.json_body["project"]
    assert len(ann.get("/api/projects").json_body["items"]) == 2
    assert ann.post(path, {"name": "x"}, headers=headers).status_code == 422


def test_a_viewer_may_duplicate_and_a_stranger_may_not(
    ann: Person, make_person: Any, project: str
) -> None:
    cleo = make_person("cleo")
    path = f"/api/projects/{project}/duplicate"
    assert cleo.post(path, {"name": "Copy"}).status_code == 404
    ann.add_member(project, cleo, "viewer")
    assert len(_tasks(cleo, duplicate_project(cleo, project))) == 5
    ann.post(f"/api/projects/{project}/archive")
    assert len(_tasks(cleo, duplicate_project(cleo, project, name="From the archive"))) == 5


def test_the_job_belongs_to_the_person_who_requested_it(
    ann: Person, bob: Person, project: str
) -> None:
    job, _ = _request(ann, project)
    assert bob.get(job).status_code == 404


def test_bad_fields_are_named(ann: Person, project: str) -> None:
    path = f"/api/projects/{project}/duplicate"
    body = {"name": "", "key": "x", "done_tasks": 1, "members": "no", "start_date": "soon", "a": 1}
    answer = ann.post(path, body)
    assert (answer.status_code, sorted(error_locations(answer))) == (422, sorted(body))
    for day in ("2027-02-29", "2027-13-01", "0000-01-01"):
        answer = ann.post(path, {"name": "x", "start_date": day})
        assert (answer.status_code, error_locations(answer)) == (422, ["start_date"])


def test_the_job_fails_when_the_caller_loses_access(ann: Person, bob: Person, project: str) -> None:
    job, _ = _request(bob, project)
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert run_streamed(job) == 0
    assert ann.get(f"/api/projects/{project}").status_code == 200
    ann.add_member(project, bob)
    state = read_job(bob, job)
    assert (state["status"], state["reason"]) == ("failed", "access_lost")


def test_a_job_that_dies_anywhere_copies_each_task_once(
    ann: Person, bob: Person, project: str, wait: Wait
) -> None:
    job, copy = _request(ann, project, members=True, done_tasks=True, start_date="2027-01-01")
    restore, killed = save_state(), 0
    while is_killed_at(killed + 1, lambda: run_streamed(job)):
        killed += 1
        wait(minutes=7)  # the lease runs out
        run_sweep()
        ann.log_in()
        assert read_job(ann, job)["status"] == "done", killed
        assert list_titles(ann, copy) == ["Top", "First", "Done", "Deep", "Early", "Late"]
        assert describe_tree(ann, copy, "none") == {
            "Top": {"First": {"Deep": {}}, "Done": {}},
            "Late": {"Early": {}},
        }
        assert ann.get(f"/api/projects/{copy}").json_body["members_count"] == 2
        assert len(ann.get(f"/api/projects/{copy}/labels").json_body["items"]) == 2
        assert count_drift() == 0, killed
        restore()
        ann.log_in()
    assert killed > 15


def _find_relations(person: Person, project: str) -> set[tuple[str, str, str, bool]]:
    """Return title, kind, and title of the other task, and whether it is in the same project."""
    return {
        (title, each["kind"], each["task"]["title"], each["task"]["project"] == project)
        for title, task in _tasks(person, project).items()
        for each in person.get(f"/api/tasks/{task['id']}/relations").json_body["items"]
    }


@pytest.fixture
def related_project(ann: Person, project: str) -> str:
    """The project, with relations between its tasks and to one of another project."""
    tasks = {title: task["id"] for title, task in _tasks(ann, project).items()}
    tasks["Far"] = ann.create_task(ann.create_project(), "Far")["id"]
    for title, kind, other in (
        ("Early", "blocks", "Late"),
        ("Deep", "blocked_by", "Early"),
        ("Top", "relates_to", "Late"),
        ("Late", "duplicates", "First"),
        ("Done", "blocks", "Late"),
        ("Far", "blocks", "Late"),
    ):
        body = {"kind": kind, "task": tasks[other]}
        assert ann.post(f"/api/tasks/{tasks[title]}/relations", body).status_code == 201
    return project


def test_relations_between_copied_tasks_are_copied(ann: Person, related_project: str) -> None:
    copy = duplicate_project(ann, related_project)
    assert _find_relations(ann, copy) == {
        ("Early", "blocks", "Late", True),
        ("Late", "blocked_by", "Early", True),
        ("Early", "blocks", "Deep", True),
        ("Deep", "blocked_by", "Early", True),
        ("Top", "relates_to", "Late", True),
        ("Late", "relates_to", "Top", True),
        ("Late", "duplicates", "First", True),
        ("First", "duplicated_by", "Late", True),
    }
    assert _tasks(ann, copy)["Late"]["open_blockers_count"] == 1
    assert len(_find_relations(ann, related_project)) == 11
    assert count_drift() == 0


def test_in_a_copy_of_a_template_all_blockers_are_open(ann: Person, related_project: str) -> None:
    ann.patch(f"/api/projects/{related_project}", {"is_template": True})
    copy = duplicate_project(ann, related_project, done_tasks=True)
    assert _tasks(ann, copy)["Late"]["open_blockers_count"] == 2
    assert count_drift() == 0


def test_relations_are_copied_once_whenever_the_job_is_interrupted(
    ann: Person, related_project: str, wait: Wait
) -> None:
    job, copy = _request(ann, related_project)
    restore, killed = save_state(), 0
    while is_killed_at(killed + 1, lambda: run_streamed(job)):
        killed += 1
        wait(minutes=7)  # the lease runs out
        run_sweep()
        ann.log_in()
        assert len(_find_relations(ann, copy)) == 8, killed
        assert count_drift() == 0, killed
        restore()
        ann.log_in()
    assert killed > 20


def test_many_tasks_are_copied_in_several_runs(ann: Person, wait: Wait) -> None:
    project = ann.create_project()
    operations = [{"op": "create", "project": project, "title": f"{n:03}"} for n in range(60)]
    ann.post("/api/tasks/bulk", {"operations": operations})
    job, copy = _request(ann, project)
    run_streamed(job, milliseconds=33_000)
    assert read_job(ann, job)["status"] == "running"
    wait(minutes=7)
    ann.log_in()
    run_sweep()
    assert list_titles(ann, copy) == [f"{n:03}" for n in range(60)]
    assert count_drift() == 0
