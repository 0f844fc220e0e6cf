"""The calls whose costs docs/data-model.md states, by name in its tables.

Each call is made in a small world: a project of Ann (owner) and Bob (member), a label, tasks of at
most 1 KB. The calls of a table run in their order in one world; a call may use what earlier calls
created.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import quote

import time_machine
from chalice.test import Client

from chalicelib import settings
from chalicelib.clock import now
from chalicelib.jobs.service import ACCOUNT_EXPORT, PROJECT_EXPORT, REPORT
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import refresh_snapshot
from tests.attachment_files import (
    attachment_path,
    create_attachment,
    put_upload,
    upload_attachment,
)
from tests.costs.seeds import fill
from tests.import_files import announce, todoist_file, upload
from tests.job_results import run_sweep
from tests.support import Person, in_hours
from tests.table_items import scan_items

# Method, path, body, caller (default: Ann), headers, expected status (default: any success).
Request = tuple[Any, ...]
LISTED_TASKS = 60
DESCRIPTION = "Some words on what is to be done, and why. " * 12  # half a KB


@dataclass
class Scenario:
    """The users, project and label of the measured calls, with makers of what a call needs."""

    client: Client
    ann: Person
    bob: Person
    make_person: Callable[[str], Person]

    def __post_init__(self) -> None:
        self.project = self.shared_project("Launch")
        self.label = self.new_label(self.project)
        self._numbers = count(1)

    def shared_project(self, name: str) -> str:
        """Create a project of Ann and Bob and return its id."""
        project = self.ann.create_project(name)
        self.ann.add_member(project, self.bob)
        return project

    def new_label(self, project: str, name: str = "urgent") -> str:
        """Create a label and return its id."""
        label = self.ann.post(f"/api/projects/{project}/labels", {"name": name}).json_body
        return str(label["id"])

    def new_user(self) -> Person:
        return self.make_person(f"person{next(self._numbers)}")

    def new_member(self) -> Person:
        person = self.new_user()
        self.ann.add_member(self.project, person)
        return person

    def task(self, **fields: Any) -> str:
        """Create a task and return its path."""
        return "/api/tasks/" + self.ann.create_task(self.project, **fields)["id"]

    @cached_property
    def unchanged_task(self) -> str:
        """The path of a task that no call changes."""
        return self.task()

    def assigned_due_task(self) -> str:
        """Create a task that is assigned and due, and return its path."""
        return self.task(assigned_to=self.ann.id, due_date=in_hours(12))

    def task_with_subtask(self) -> str:
        """Create a task with a subtask, and return its path."""
        path = self.task()
        self.task(parent=path.removeprefix("/api/tasks/"))
        return path

    def task_with_file(self) -> str:
        """Create a task with a label, an assignee and a file, and return its path."""
        path = self.task(labels=[self.label], assigned_to=self.ann.id)
        upload_attachment(self.ann, path.removeprefix("/api/tasks/"))
        return path

    @cached_property
    def move_target(self) -> str:
        """The id of a project with a label of the same name."""
        project = self.shared_project("Target")
        self.new_label(project)
        return project

    def moved_task(self) -> str:
        """Move a task to another project, and return its old path."""
        path = self.task()
        assert self.ann.post(path + "/move", {"project": self.move_target}).status_code == 200
        return path

    @cached_property
    def project_duplicate(self) -> str:
        """The path of a job that copies a project."""
        path = self.other_project + "/duplicate"
        return str(self.ann.post(path, {"name": "Copy"}).headers["location"])

    def trashed_task(self, **fields: Any) -> str:
        """Create a task, delete it, and return its path."""
        path = self.task(**fields)
        assert self.ann.delete(path).status_code == 204
        return path

    @cached_property
    def other_project(self) -> str:
        """The path of another project."""
        return f"/api/projects/{self.shared_project('Apart')}"

    @cached_property
    def comment(self) -> str:
        """The path of a comment."""
        path = self.unchanged_task + "/comments"
        return f"{path}/{self.ann.post(path, {'body': 'Done?'}).json_body['id']}"

    @cached_property
    def file(self) -> str:
        """The path of an attachment whose bytes are uploaded."""
        attachment = create_attachment(self.ann, self.unchanged_task.removeprefix("/api/tasks/"))
        put_upload(attachment)
        return attachment_path(attachment)

    @cached_property
    def large_file(self) -> str:
        """The path of an attachment that is uploaded in parts."""
        size = settings.UPLOAD_FORM_MAX_BYTES + 1
        return attachment_path(
            create_attachment(self.ann, self.task().removeprefix("/api/tasks/"), size=size)
        )

    @cached_property
    def full_project(self) -> str:
        """The id of a project with 60 tasks and a list snapshot."""
        project = self.shared_project("Full")
        self.full_label = self.new_label(project)
        people = [self.ann.id, self.bob.id]
        tasks = fill(project, people, self.full_label, LISTED_TASKS, description=DESCRIPTION)
        self.full_parent = tasks[0].id
        refresh_snapshot(get_projects([project])[project], now())
        return project

    def view(self, project: str | None = None) -> str:
        """Create a saved view and return its path."""
        return "/api/views/" + self.ann.post("/api/views", _new_view(project)).json_body["id"]

    def list_tasks(self, parameters: str = "") -> Request:
        """Request the first page of a list of the full project."""
        path = f"/api/tasks?project={self.full_project}&{parameters}".rstrip("&")
        return ("GET", path.format(label=self.full_label, parent=self.full_parent))

    def list_by_start(self, parameters: str) -> Request:
        """Request the first page of a list of another such project; its tasks start on one day."""
        project, people = self.shared_project("Started"), [self.ann.id, self.bob.id]
        details = {"description": DESCRIPTION, "start_date": "2026-12-01"}
        fill(project, people, self.new_label(project), LISTED_TASKS, **details)
        refresh_snapshot(get_projects([project])[project], now())
        return ("GET", f"/api/tasks?project={project}&{parameters}")

    def list_by_blockers(self, parameters: str) -> Request:
        """Request the first page of a list of another such project; open tasks block all tasks."""
        project, people = self.shared_project("Blocked"), [self.ann.id, self.bob.id]
        details: dict[str, Any] = {"description": DESCRIPTION, "open_blockers_count": 1}
        fill(project, people, self.new_label(project), LISTED_TASKS, **details)
        refresh_snapshot(get_projects([project])[project], now())
        return ("GET", f"/api/tasks?project={project}&{parameters}")

    def relation(self, *, chain: int = 1) -> str:
        """Create a task that blocks another, and return the path of the relation.

        With `chain`, that one blocks another, and so on, so many times.
        """
        ids = [self.task().removeprefix("/api/tasks/") for _ in range(chain + 1)]
        paths = []
        for first, second in zip(ids, ids[1:], strict=False):
            path, body = f"/api/tasks/{first}/relations", {"kind": "blocks", "task": second}
            paths.append(f"{path}/{self.ann.post(path, body).json_body['id']}")
        return paths[0]

    def get_with_full_project(self, path: str) -> Request:
        """Request `path` after the full project exists."""
        assert self.full_project
        return ("GET", path)

    def again(self, method: str, path: str) -> Request:
        """Make a request, and return it."""
        assert self.ann.get(path).status_code == 200
        return (method, path)

    def again_later(self, method: str, path: str) -> Request:
        """Make a request now and in two minutes, and return it."""
        self.again(method, path)
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
            return self.again(method, path)

    def list_trash(self) -> Request:
        self.trashed_task()
        return ("GET", f"/api/trash?project={self.project}")

    def next_changes(self, title: str = "") -> Request:
        """Return a request for the changes feed that continues from a cursor.

        With `title`, one task has changed since the cursor.
        """
        assert self.full_project
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)) as traveller:
            page = self.ann.get("/api/changes").json_body
            traveller.shift(timedelta(minutes=1))
            if title:
                self.ann.patch(f"/api/tasks/{self.full_parent}", {"title": title})
        assert not page["has_more"]
        return ("GET", f"/api/changes?cursor={page['next_cursor']}")

    def next_project_changes(self) -> Request:
        """Return a request for the changes of one project after a moment without any."""
        feed = f"/api/changes?project={self.full_project}"
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
            cursor = self.ann.get(f"{feed}&start=now").json_body["next_cursor"]
        return ("GET", f"{feed}&cursor={cursor}")

    def second_page(self, parameters: str = "") -> Request:
        _, path = self.list_tasks(parameters)
        return ("GET", f"{path}&cursor={self.ann.get(path).json_body['next_cursor']}")


Call = Callable[[Scenario], Request]


def _project_path(world: Scenario, rest: str = "") -> str:
    return f"/api/projects/{world.project}{rest}"


def _latest_job_path(kind: str, collection: str) -> str:
    """Return the path of the export or report that was requested last."""
    jobs = (item["PK"]["S"] for item in scan_items() if item.get("kind", {}).get("S") == kind)
    return f"{collection}/{max(jobs).removeprefix('JOB#')}"


def _download(kind: str, collection: str, file: str) -> Request:
    """Run the latest job, then request a file of its results."""
    run_sweep()
    return ("GET", f"{_latest_job_path(kind, collection)}/download?file={file}")


def _new_member_path(world: Scenario, tasks: int = 0) -> str:
    person = world.new_member()
    for _ in range(tasks):
        world.task(assigned_to=person.id)
    return _project_path(world, f"/members/{person.id}")


def _new_task(world: Scenario, **fields: Any) -> dict[str, Any]:
    return {"project": world.project, "title": "Write the plan", **fields}


def _full_fields(world: Scenario) -> dict[str, Any]:
    fields = {"assigned_to": world.bob.id, "due_date": in_hours(12), "labels": [world.label]}
    return fields | {"parent": world.task().removeprefix("/api/tasks/")}


def _full_new_task(world: Scenario) -> dict[str, Any]:
    return _new_task(world, **_full_fields(world))


def _bulk(*operations: dict[str, Any], **options: Any) -> Request:
    return ("POST", "/api/tasks/bulk", {"operations": [*operations], **options})


def _ten_creates(world: Scenario) -> Request:
    return _bulk(*({"op": "create", **_new_task(world)} for _ in range(10)))


def _ten_titles(world: Scenario) -> Request:
    ids = [world.task().removeprefix("/api/tasks/") for _ in range(10)]
    return _bulk(*({"op": "update", "id": each, "title": "New"} for each in ids), atomic=True)


def _new_relation(
    world: Scenario, target: str, kind: str = "blocks", source: str | None = None
) -> Request:
    """Request a relation from `source` (default: a new task) to the task `target` begins with."""
    body = {"kind": kind, "task": target.split("/")[3]}
    return ("POST", (source or world.task()) + "/relations", body)


def _set_status(path: str, status: str, code: int = 200) -> Request:
    """Request a new status of the task that `path` begins with."""
    return (
        "PATCH",
        "/".join(path.split("/")[:4]) + "/status",
        {"status": status},
        None,
        None,
        code,
    )


def _blocked_task(world: Scenario) -> str:
    """Return the path of a task that another blocks."""
    answer = world.ann.get(world.relation())
    return f"/api/tasks/{answer.json_body['task']['id']}"


def _relation_to_moved_task(world: Scenario) -> str:
    """Return the path of a relation of a task to one that moved to another project."""
    relation = world.relation()
    task = world.ann.get(relation).json_body["task"]["id"]
    moved = world.ann.post(
        f"{relation.partition('/relations')[0]}/move", {"project": world.move_target}
    )
    assert moved.status_code == 200, moved.json_body
    return f"/api/tasks/{task}/relations/{relation.rpartition('/')[2]}"


def _task_key(world: Scenario) -> str:
    return str(world.ann.get(world.unchanged_task).json_body["key"])


def _included_task(world: Scenario) -> Request:
    path = world.task(assigned_to=world.ann.id, labels=[world.label])
    return ("GET", path + "?include=assignee,labels,project")


def _first_move(world: Scenario) -> Request:
    neighbor = world.unchanged_task.removeprefix("/api/tasks/")
    return ("PATCH", world.task() + "/position", {"after": neighbor})


def _second_move(world: Scenario) -> Request:
    _, path, body = _first_move(world)
    world.ann.patch(path, body)
    return ("PATCH", path, {"before": body["after"]})


def _move_without_room(world: Scenario) -> Request:
    """Move two tasks to the same place in turn, until there is no room for the next move."""
    body = {"after": world.task().removeprefix("/api/tasks/")}
    paths = [world.task() + "/position", world.task() + "/position"]
    for number in range(30):
        world.ann.patch(paths[number % 2], body)
    return ("PATCH", paths[0], body)


def _audited_project(world: Scenario) -> str:
    """Create a project with a member, and return its path."""
    return f"/api/projects/{world.shared_project('Audited')}"


PROJECTS: dict[str, Call] = {
    "`POST /api/projects`, owning 1 project": lambda w: ("POST", "/api/projects", {"name": "x"}),
    "`POST /api/projects` with `key`": lambda w: (
        "POST",
        "/api/projects",
        {"name": "x", "key": "OPS"},
    ),
    "`GET /api/projects`, 1 on the page": lambda w: ("GET", "/api/projects?limit=1"),
    "... the same again in the same process": lambda w: w.again("GET", "/api/projects?limit=1"),
    "`GET /api/projects/{project_id}`, also with `include=owner`": lambda w: (
        "GET",
        _project_path(w, "?include=owner"),
    ),
    "... the members are as last read in this process": lambda w: w.again("GET", _project_path(w)),
    "`PATCH /api/projects/{project_id}`": lambda w: ("PATCH", _project_path(w), {"name": "New"}),
    "`POST .../archive`": lambda w: ("POST", w.other_project + "/archive"),
    "`POST .../unarchive`": lambda w: ("POST", w.other_project + "/unarchive"),
    "`DELETE /api/projects/{project_id}`": lambda w: ("DELETE", w.other_project),
    "`POST .../restore`": lambda w: ("POST", w.other_project + "/restore"),
    "`POST .../duplicate`, with `key`": lambda w: (
        "POST",
        _project_path(w, "/duplicate"),
        {"name": "Copy", "key": "COPY"},
    ),
    "`GET .../duplicate/{copy_id}`": lambda w: ("GET", w.project_duplicate),
}
MEMBERS: dict[str, Call] = {
    "`GET .../members`": lambda w: ("GET", _project_path(w, "/members")),
    "`POST .../members`, by id": lambda w: (
        "POST",
        _project_path(w, "/members"),
        {"user_id": w.new_user().id},
    ),
    "... by address": lambda w: (
        "POST",
        _project_path(w, "/members"),
        {"email": w.new_user().verify_address().email},
    ),
    "`PATCH .../members/{user_id}`": lambda w: ("PATCH", _new_member_path(w), {"role": "viewer"}),
    "`DELETE .../members/{user_id}`": lambda w: ("DELETE", _new_member_path(w)),
    "... a member with one task": lambda w: ("DELETE", _new_member_path(w, tasks=1)),
    "`POST .../leave`": lambda w: ("POST", _project_path(w, "/leave"), None, w.new_member()),
    "`POST .../transfer`": lambda w: ("POST", w.other_project + "/transfer", {"user_id": w.bob.id}),
    "`GET .../audit`, 2 entries": lambda w: ("GET", _audited_project(w) + "/audit"),
    "with `action=`": lambda w: ("GET", _audited_project(w) + "/audit?action=member.added"),
}
LABELS: dict[str, Call] = {
    "`POST .../labels`": lambda w: ("POST", _project_path(w, "/labels"), {"name": "x"}),
    "`GET .../labels`": lambda w: ("GET", _project_path(w, "/labels")),
    "`GET .../labels/{label_id}`": lambda w: ("GET", _project_path(w, f"/labels/{w.label}")),
    "`PATCH .../labels/{label_id}`, its color": lambda w: (
        "PATCH",
        _project_path(w, f"/labels/{w.label}"),
        {"color": "#ff0000"},
    ),
    "... its name": lambda w: ("PATCH", _project_path(w, f"/labels/{w.label}"), {"name": "new"}),
    "`DELETE .../labels/{label_id}`": lambda w: (
        "DELETE",
        _project_path(w, f"/labels/{w.new_label(w.project, 'gone')}"),
    ),
}
TASKS: dict[str, Call] = {
    "`POST /api/tasks`": lambda w: ("POST", "/api/tasks", _new_task(w)),
    "... assigned to another user, due, with a label and a parent": lambda w: (
        "POST",
        "/api/tasks",
        _full_new_task(w),
    ),
    "... with `Idempotency-Key`": lambda w: (
        "POST",
        "/api/tasks",
        _new_task(w),
        w.ann,
        {"Idempotency-Key": "k"},
    ),
    "`GET /api/tasks/{task_id}`": lambda w: ("GET", w.unchanged_task),
    "... with `include=assignee,labels,project`, 1 label": lambda w: _included_task(w),
    "... the same again in the same process": lambda w: w.again(*_included_task(w)),
    "... by its key": lambda w: ("GET", f"/api/tasks/{_task_key(w)}"),
    "`PATCH /api/tasks/{task_id}`, title": lambda w: ("PATCH", w.task(), {"title": "New"}),
    "... title, assigned and due": lambda w: ("PATCH", w.assigned_due_task(), {"title": "New"}),
    "... a start date": lambda w: ("PATCH", w.task(), {"start_date": "2026-12-01"}),
    "... a due date": lambda w: ("PATCH", w.task(), {"due_date": "2026-12-01"}),
    "... description of 10 KB": lambda w: ("PATCH", w.task(), {"description": "x" * 10_000}),
    "... priority": lambda w: ("PATCH", w.task(), {"priority": "high"}),
    "... one more label": lambda w: ("PATCH", w.task(), {"labels": [w.label]}),
    "... a parent": lambda w: (
        "PATCH",
        w.task(),
        {"parent": w.unchanged_task.removeprefix("/api/tasks/")},
    ),
    "`PATCH /api/tasks/{task_id}`, no effective change": lambda w: (
        "PATCH",
        w.unchanged_task,
        {"status": "todo"},
    ),
    "`PATCH .../status`": lambda w: ("PATCH", w.task() + "/status", {"status": "done"}),
    "... status, assigned and due": lambda w: (
        "PATCH",
        w.assigned_due_task() + "/status",
        {"status": "done"},
    ),
    "... status, of a recurring task": lambda w: (
        "PATCH",
        w.task(due_date=in_hours(12), rrule="FREQ=DAILY") + "/status",
        {"status": "done"},
    ),
    "... status, of one that is assigned to another user and has a label and a parent": lambda w: (
        "PATCH",
        w.task(**_full_fields(w), rrule="FREQ=DAILY") + "/status",
        {"status": "done"},
    ),
    "`PATCH .../position`": lambda w: _first_move(w),
    "... of a task that was moved before": lambda w: _second_move(w),
    "... without room, so that 1 other task also gets a new rank": lambda w: _move_without_room(w),
    "`PATCH .../assign`": lambda w: ("PATCH", w.task() + "/assign", {"assigned_to": w.bob.id}),
    "`DELETE /api/tasks/{task_id}`": lambda w: ("DELETE", w.task()),
    "... deleted, assigned and due": lambda w: ("DELETE", w.assigned_due_task()),
    "`POST /api/tasks/{task_id}/restore`": lambda w: ("POST", w.trashed_task() + "/restore"),
    "... restored, assigned and due": lambda w: (
        "POST",
        w.trashed_task(assigned_to=w.ann.id, due_date=in_hours(12)) + "/restore",
    ),
    "`GET /api/tasks/{task_id}/reminders`": lambda w: ("GET", w.unchanged_task + "/reminders"),
    "`PUT /api/tasks/{task_id}/reminders`, assigned and due": lambda w: (
        "PUT",
        w.assigned_due_task() + "/reminders",
        {"reminders": [{"minutes_before": 30}]},
    ),
    "`POST /api/tasks/{task_id}/duplicate`": lambda w: ("POST", w.task() + "/duplicate", {}),
    "... with a subtask": lambda w: (
        "POST",
        w.task_with_subtask() + "/duplicate",
        {"subtasks": True},
    ),
    "`POST /api/tasks/{task_id}/move`": lambda w: (
        "POST",
        w.task() + "/move",
        {"project": w.move_target},
    ),
    "... with label, file and assignee": lambda w: (
        "POST",
        w.task_with_file() + "/move",
        {"project": w.move_target},
    ),
    "... with a subtask too": lambda w: (
        "POST",
        w.task_with_subtask() + "/move",
        {"project": w.move_target},
    ),
    "`GET /api/tasks/{task_id}`, of a moved task": lambda w: (
        "GET",
        w.moved_task(),
        None,
        w.ann,
        {},
        308,
    ),
    "`POST /api/tasks/bulk`, 10 creates": _ten_creates,
    "... 10 titles, atomic": _ten_titles,
    "`POST .../relations`, blocks": lambda w: _new_relation(w, w.task()),
    "... blocks, between a blocked task and one that blocks 3 in a row": lambda w: _new_relation(
        w, w.relation(chain=3), source=_blocked_task(w)
    ),
    "`POST .../relations`, relates to": lambda w: _new_relation(w, w.task(), "relates_to"),
    "`GET .../relations`, of 1": lambda w: ("GET", w.relation().rpartition("/")[0]),
    "`GET .../relations/{relation_id}`": lambda w: ("GET", w.relation()),
    "... a relation to a task that moved": lambda w: ("GET", _relation_to_moved_task(w)),
    "`DELETE .../relations/{relation_id}`": lambda w: ("DELETE", w.relation()),
    "`PATCH .../status` of a task that blocks 1": lambda w: _set_status(w.relation(), "done"),
    "... of a blocked task, refused": lambda w: _set_status(_blocked_task(w), "done", 409),
}
LISTS: dict[str, Call] = {
    "`GET /api/tasks?project=`": lambda w: w.list_tasks(),
    "... a later page": lambda w: w.second_page(),
    "... with `include=assignee,labels,project`": lambda w: w.list_tasks(
        "include=assignee,labels,project"
    ),
    "... the same list again in the same process": lambda w: w.again(
        *w.list_tasks("include=assignee,labels,project")
    ),
    "`ordering=due_date`": lambda w: w.list_tasks("ordering=due_date"),
    "`ordering=-updated_at`": lambda w: w.list_tasks("ordering=-updated_at"),
    "`ordering=priority`": lambda w: w.list_tasks("ordering=priority"),
    "`status=`": lambda w: w.list_tasks("status=todo"),
    "`priority=`": lambda w: w.list_tasks("priority=high"),
    "`assigned_to=me`": lambda w: w.list_tasks("assigned_to=me"),
    "`assigned_to=me`, `ordering=due_date`": lambda w: w.list_tasks(
        "assigned_to=me&ordering=due_date"
    ),
    "`assigned_to=none`": lambda w: w.list_tasks("assigned_to=none"),
    "`created_by=me`": lambda w: w.list_tasks("created_by=me"),
    "`label=`": lambda w: w.list_tasks("label={label}"),
    "`label=`, `ordering=-updated_at`": lambda w: w.list_tasks(
        "label={label}&ordering=-updated_at"
    ),
    "`parent=`": lambda w: w.list_tasks("parent={parent}"),
    "`ordering=rank`": lambda w: w.list_tasks("ordering=rank"),
    "`status=`, `ordering=rank`": lambda w: w.list_tasks("status=todo&ordering=rank"),
    "`due=next_7_days`": lambda w: w.list_tasks("due=next_7_days&ordering=due_date"),
    "`due=none`": lambda w: w.list_tasks("due=none"),
    "`label=none`": lambda w: w.list_tasks("label=none"),
    "`overdue=true`": lambda w: w.list_tasks("overdue=true&ordering=due_date"),
    "`due_before=`": lambda w: w.list_tasks(f"due_before={quote(in_hours(50))}"),
    "`updated_since=`": lambda w: w.list_tasks("updated_since=2026-01-01&ordering=-updated_at"),
    "`status=`, `ordering=due_date`": lambda w: w.list_tasks("status=todo&ordering=due_date"),
    "`status=` with 2 values": lambda w: w.list_tasks("status=todo,in_progress"),
    "`status=open`": lambda w: w.list_tasks("status=open"),
    "`status=open`, `ordering=due_date`": lambda w: w.list_tasks("status=open&ordering=due_date"),
    "`priority=` with 2 values": lambda w: w.list_tasks("priority=high,low"),
    "`label=` with 2 values": lambda w: w.list_tasks("label={label},other"),
    "`assigned_to=me,none`": lambda w: w.list_tasks("assigned_to=me,none"),
    "... 3 values": lambda w: w.list_tasks(f"assigned_to=me,none,{w.bob.id}"),
    "`label_all=` with 2 values": lambda w: w.list_tasks("label_all={label},other"),
    "`due=today,overdue`": lambda w: w.list_tasks("due=today,overdue&ordering=due_date"),
    "`due=today,overdue`, `assigned_to=me`": lambda w: w.list_tasks(
        "due=today,overdue&assigned_to=me&ordering=due_date"
    ),
    "`q=`, nothing found": lambda w: w.list_tasks("q=nowhere"),
    "`GET /api/tasks`, of 2 projects": lambda w: w.get_with_full_project("/api/tasks"),
    "`GET /api/tasks/statistics?project=`": lambda w: (
        "GET",
        f"/api/tasks/statistics?project={w.full_project}",
    ),
    "... the same again within a minute in the same process": lambda w: w.again(
        "GET", f"/api/tasks/statistics?project={w.full_project}"
    ),
    "... the same again later, nothing has changed": lambda w: w.again_later(
        "GET", f"/api/tasks/statistics?project={w.full_project}"
    ),
    "`GET /api/tasks/statistics`, of 2 projects": lambda w: w.get_with_full_project(
        "/api/tasks/statistics"
    ),
    "`GET /api/trash?project=`": lambda w: w.list_trash(),
    "`GET /api/trash`, owning 1 project": lambda w: ("GET", "/api/trash"),
    "`GET /api/changes`, nothing new in 2 projects": lambda w: w.next_changes(),
    "... 1 task changed": lambda w: w.next_changes("New"),
    "`GET /api/changes?project=`, nothing new": lambda w: w.next_project_changes(),
    "`start_before=`, 60 tasks that match": lambda w: w.list_by_start("start_before=2026-12-24"),
    "... 60 tasks that do not": lambda w: w.list_by_start("start_before=2026-12-01"),
    "`blocked=true`, 45 tasks": lambda w: w.list_by_blockers("blocked=true"),
    "... `ordering=-updated_at`": lambda w: w.list_by_blockers("blocked=true&ordering=-updated_at"),
    "`blocked=false`": lambda w: w.list_by_blockers("blocked=false"),
}
VIEWS: dict[str, Call] = {
    "`POST /api/views`": lambda w: ("POST", "/api/views", _new_view()),
    "... shared in a project": lambda w: ("POST", "/api/views", _new_view(w.full_project)),
    "`GET /api/views`": lambda w: ("GET", "/api/views"),
    "`GET /api/views/{view_id}`": lambda w: ("GET", w.view()),
    "`GET /api/tasks?view=`, open tasks of a project by due date": lambda w: (
        "GET",
        f"/api/tasks?view={w.view(w.full_project).rpartition('/')[2]}",
    ),
    "`PATCH /api/views/{view_id}`": lambda w: ("PATCH", w.view(), {"name": "New"}),
    "`DELETE /api/views/{view_id}`": lambda w: ("DELETE", w.view()),
}
COMMENTS: dict[str, Call] = {
    "`POST .../comments`": lambda w: ("POST", w.task() + "/comments", {"body": "Done?"}),
    "`GET .../comments`": lambda w: ("GET", w.comment.rpartition("/")[0]),
    "`GET .../comments/{comment_id}`": lambda w: ("GET", w.comment),
    "`PATCH .../comments/{comment_id}`": lambda w: ("PATCH", w.comment, {"body": "Done!"}),
    "`DELETE .../comments/{comment_id}`": lambda w: ("DELETE", w.comment),
    "`GET .../watchers`": lambda w: ("GET", w.unchanged_task + "/watchers"),
    "`PUT .../watchers/{watcher}`, the caller": lambda w: (
        "PUT",
        w.unchanged_task + "/watchers/me",
    ),
    "... another user": lambda w: ("PUT", w.unchanged_task + f"/watchers/{w.bob.id}"),
    "`DELETE .../watchers/{watcher}`": lambda w: ("DELETE", w.unchanged_task + "/watchers/me"),
    "`GET /api/tasks/{task_id}/activity`": lambda w: ("GET", w.unchanged_task + "/activity"),
    "`GET /api/projects/{project_id}/activity`": lambda w: ("GET", _project_path(w, "/activity")),
}
FILES: dict[str, Call] = {
    "`POST .../attachments`": lambda w: (
        "POST",
        w.unchanged_task + "/attachments",
        {"filename": "a.txt", "content_type": "text/plain", "size": 5},
    ),
    "`POST .../complete`": lambda w: ("POST", w.file + "/complete"),
    "`GET .../attachments`": lambda w: ("GET", w.file.rpartition("/")[0]),
    "`GET .../attachments/{attachment_id}`": lambda w: ("GET", w.file),
    "`GET .../attachments/{attachment_id}/download`": lambda w: ("GET", w.file + "/download"),
    "`DELETE .../attachments/{attachment_id}`": lambda w: ("DELETE", w.file),
    "`POST .../parts`": lambda w: ("POST", w.large_file + "/parts", {"numbers": [1]}),
    "`GET .../parts`": lambda w: ("GET", w.large_file + "/parts"),
    "`POST /api/live/tickets`": lambda w: ("POST", "/api/live/tickets"),
    "`POST .../reports`": lambda w: ("POST", _project_path(w, "/reports"), {}),
    "`GET .../reports/{report_id}`": lambda w: (
        "GET",
        _latest_job_path(REPORT, _project_path(w, "/reports")),
    ),
    "`GET .../reports/{report_id}/download`": lambda w: _download(
        REPORT, _project_path(w, "/reports"), "report.json"
    ),
    "`POST /api/auth/profile/exports`": lambda w: ("POST", ACCOUNT_EXPORTS),
    "`GET /api/auth/profile/exports/{export_id}`": lambda w: (
        "GET",
        _latest_job_path(ACCOUNT_EXPORT, ACCOUNT_EXPORTS),
    ),
    "`GET /api/auth/profile/exports/{export_id}/download`": lambda w: _download(
        ACCOUNT_EXPORT, ACCOUNT_EXPORTS, "account.json"
    ),
    "`POST /api/imports`": lambda w: (
        "POST",
        "/api/imports",
        {"format": "todoist_csv", "size": 1, "project": w.project},
    ),
    "`POST .../start`": lambda w: ("POST", f"/api/imports/{_announce_import(w)}/start"),
    "`GET /api/imports/{import_id}`": lambda w: ("GET", f"/api/imports/{_announce_import(w)}"),
    "`GET /api/imports/{import_id}/download`": lambda w: (
        "GET",
        f"/api/imports/{_announce_import(w)}/download?file=problems.csv",
        None,
        None,
        None,
        409,
    ),
    "`POST .../exports`": lambda w: ("POST", _project_path(w, "/exports")),
    "`GET .../exports/{export_id}`": lambda w: (
        "GET",
        _latest_job_path(PROJECT_EXPORT, _project_path(w, "/exports")),
    ),
    "`GET .../exports/{export_id}/download`": lambda w: _download(
        PROJECT_EXPORT, _project_path(w, "/exports"), "tasks.csv"
    ),
    "`POST .../exports`, tasks of a priority": lambda w: (
        "POST",
        _project_path(w, "/exports"),
        {"filter": {"priority": ["low"]}},
    ),
    "`POST /api/markdown`": lambda w: ("POST", "/api/markdown", {"text": "**a**"}),
}
ACCOUNT_EXPORTS = "/api/auth/profile/exports"


def _announce_import(w: Scenario) -> str:
    """Announce an import and upload its file; return its id."""
    file = todoist_file("task,Plan")
    announced = announce(w.ann, "todoist_csv", file, project=w.project)
    upload(announced["id"], file)
    return str(announced["id"])


def _new_view(project: str | None = None) -> dict[str, Any]:
    filters = {"status": ["open"]}
    return {"name": "Open", "project": project, "filter": filters, "ordering": "due_date"}
