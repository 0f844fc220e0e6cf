"""The calls whose prices stand in docs/data-model.md, by table and row. Each is made in a small
world: a project of Ann (owner) and Bob (member), a label, tasks of at most 1 KB. The rows of a
table are gone through in their order; what a call has made, or left as it was, serves the next."""

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
from tests.attachment_files import attachment_path, create_attachment, put_upload
from tests.costs.seeds import fill
from tests.job_results import run_sweep
from tests.support import Person, in_hours
from tests.table_items import scan_items

# Method, path, body; who calls, if it is not Ann; headers; the status, if it is no success.
Request = tuple[Any, ...]
LISTED = 60
DESCRIPTION = "Some words on what is to be done, and why. " * 12


@dataclass
class Scenario:
    client: Client
    ann: Person
    bob: Person
    make_person: Callable[[str], Person]

    def __post_init__(self) -> None:
        self.project = self.shared("Launch")
        self.label = self.labelled(self.project)
        self._numbers = count(1)

    def shared(self, name: str) -> str:
        """A project of both."""
        project = self.ann.create_project(name)
        self.ann.add_member(project, self.bob)
        return project

    def labelled(self, project: str, name: str = "urgent") -> str:
        label = self.ann.post(f"/api/projects/{project}/labels", {"name": name}).json_body
        return str(label["id"])

    def somebody(self) -> Person:
        return self.make_person(f"person{next(self._numbers)}")

    def member(self) -> Person:
        person = self.somebody()
        self.ann.add_member(self.project, person)
        return person

    def task(self, **fields: Any) -> str:
        return "/api/tasks/" + self.ann.create_task(self.project, **fields)["id"]

    @cached_property
    def known_task(self) -> str:
        """One that calls leave as it is."""
        return self.task()

    def busy_task(self) -> str:
        """One that is assigned and due."""
        return self.task(assigned_to=self.ann.id, due_date=in_hours(12))

    def trashed(self, **fields: Any) -> str:
        path = self.task(**fields)
        assert self.ann.delete(path).status_code == 204
        return path

    @cached_property
    def apart(self) -> str:
        """The path of another project."""
        return f"/api/projects/{self.shared('Apart')}"

    @cached_property
    def comment(self) -> str:
        path = self.known_task + "/comments"
        return f"{path}/{self.ann.post(path, {'body': 'Done?'}).json_body['id']}"

    @cached_property
    def file(self) -> str:
        """One whose bytes are there."""
        attachment = create_attachment(self.ann, self.known_task.removeprefix("/api/tasks/"))
        put_upload(attachment)
        return attachment_path(attachment)

    @cached_property
    def large_file(self) -> str:
        """One that comes in parts."""
        size = settings.UPLOAD_FORM_MAX_BYTES + 1
        return attachment_path(
            create_attachment(self.ann, self.task().removeprefix("/api/tasks/"), size=size)
        )

    @cached_property
    def full(self) -> str:
        """A project with many tasks, and a catalogue of them."""
        project = self.shared("Full")
        self.full_label = self.labelled(project)
        people = [self.ann.id, self.bob.id]
        made = fill(project, people, self.full_label, LISTED, description=DESCRIPTION)
        self.full_parent = made[0].id
        refresh_snapshot(get_projects([project])[project], now())
        return project

    def listed(self, parameters: str = "") -> Request:
        path = f"/api/tasks?project={self.full}&{parameters}".rstrip("&")
        return ("GET", path.format(label=self.full_label, parent=self.full_parent))

    def beside_full(self, path: str) -> Request:
        """Once the full project is there."""
        assert self.full
        return ("GET", path)

    def trash(self) -> Request:
        self.trashed()
        return ("GET", f"/api/trash?project={self.project}")

    def next_round(self, title: str = "") -> Request:
        """What is new, after a round in two minutes; with a `title`, what a task gets in three."""
        assert self.full
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)) as traveller:
            page = self.ann.get("/api/changes").json_body
            traveller.shift(timedelta(minutes=1))
            if title:
                self.ann.patch(f"/api/tasks/{self.full_parent}", {"title": title})
        assert not page["has_more"]
        return ("GET", f"/api/changes?cursor={page['next_cursor']}")

    def next_page(self, parameters: str = "") -> Request:
        _, path = self.listed(parameters)
        return ("GET", f"{path}&cursor={self.ann.get(path).json_body['next_cursor']}")


Call = Callable[[Scenario], Request]


def _project(world: Scenario, verb: str = "") -> str:
    return f"/api/projects/{world.project}{verb}"


def _ordered(kind: str, place: str) -> str:
    """Where the export or report is that was asked for last."""
    jobs = (row["PK"]["S"] for row in scan_items() if row.get("kind", {}).get("S") == kind)
    return f"{place}/{max(jobs).removeprefix('JOB#')}"


def _made(kind: str, place: str, file: str) -> Request:
    """A file of it, once it is made."""
    run_sweep()
    return ("GET", f"{_ordered(kind, place)}/download?file={file}")


def _member(world: Scenario, tasks: int = 0) -> str:
    person = world.member()
    for _ in range(tasks):
        world.task(assigned_to=person.id)
    return _project(world, f"/members/{person.id}")


def _new_task(world: Scenario, **fields: Any) -> dict[str, Any]:
    return {"project": world.project, "title": "Write the plan", **fields}


def _busy(world: Scenario) -> dict[str, Any]:
    fields = {"assigned_to": world.bob.id, "due_date": in_hours(12), "labels": [world.label]}
    return _new_task(world, **fields, parent=world.task().removeprefix("/api/tasks/"))


def _bulk(*operations: dict[str, Any], **options: Any) -> Request:
    return ("POST", "/api/tasks/bulk", {"operations": [*operations], **options})


def _ten_creates(world: Scenario) -> Request:
    return _bulk(*({"op": "create", **_new_task(world)} for _ in range(10)))


def _ten_titles(world: Scenario) -> Request:
    ids = [world.task().removeprefix("/api/tasks/") for _ in range(10)]
    return _bulk(*({"op": "update", "id": each, "title": "New"} for each in ids), atomic=True)


def _key(world: Scenario) -> str:
    return str(world.ann.get(world.known_task).json_body["key"])


PROJECTS: dict[str, Call] = {
    "`POST /api/projects`": lambda w: ("POST", "/api/projects", {"name": "x"}),
    "`GET /api/projects`, 1 on the page": lambda w: ("GET", "/api/projects?limit=1"),
    "`GET /api/projects/{project_id}`": lambda w: ("GET", _project(w)),
    "`PATCH /api/projects/{project_id}`": lambda w: ("PATCH", _project(w), {"name": "New"}),
    "`POST .../archive`": lambda w: ("POST", w.apart + "/archive"),
    "`POST .../unarchive`": lambda w: ("POST", w.apart + "/unarchive"),
    "`DELETE /api/projects/{project_id}`": lambda w: ("DELETE", w.apart),
    "`POST .../restore`": lambda w: ("POST", w.apart + "/restore"),
}
MEMBERS: dict[str, Call] = {
    "`GET .../members`": lambda w: ("GET", _project(w, "/members")),
    "`POST .../members`, by id": lambda w: (
        "POST",
        _project(w, "/members"),
        {"user_id": w.somebody().id},
    ),
    "... by address": lambda w: (
        "POST",
        _project(w, "/members"),
        {"email": w.somebody().verify_address().email},
    ),
    "`PATCH .../members/{user_id}`": lambda w: ("PATCH", _member(w), {"role": "viewer"}),
    "`DELETE .../members/{user_id}`": lambda w: ("DELETE", _member(w)),
    "... who has one task": lambda w: ("DELETE", _member(w, tasks=1)),
    "`POST .../leave`": lambda w: ("POST", _project(w, "/leave"), None, w.member()),
    "`POST .../transfer`": lambda w: ("POST", w.apart + "/transfer", {"user_id": w.bob.id}),
}
LABELS: dict[str, Call] = {
    "`POST .../labels`": lambda w: ("POST", _project(w, "/labels"), {"name": "x"}),
    "`GET .../labels`": lambda w: ("GET", _project(w, "/labels")),
    "`GET .../labels/{label_id}`": lambda w: ("GET", _project(w, f"/labels/{w.label}")),
    "`PATCH .../labels/{label_id}`, its color": lambda w: (
        "PATCH",
        _project(w, f"/labels/{w.label}"),
        {"color": "#ff0000"},
    ),
    "... its name": lambda w: ("PATCH", _project(w, f"/labels/{w.label}"), {"name": "new"}),
    "`DELETE .../labels/{label_id}`": lambda w: (
        "DELETE",
        _project(w, f"/labels/{w.labelled(w.project, 'gone')}"),
    ),
}
TASKS: dict[str, Call] = {
    "`POST /api/tasks`": lambda w: ("POST", "/api/tasks", _new_task(w)),
    "... assigned to another, due, with a label and a parent": lambda w: (
        "POST",
        "/api/tasks",
        _busy(w),
    ),
    "... with `Idempotency-Key`": lambda w: (
        "POST",
        "/api/tasks",
        _new_task(w),
        w.ann,
        {"Idempotency-Key": "k"},
    ),
    "`GET /api/tasks/{task_id}`": lambda w: ("GET", w.known_task),
    "... by its key": lambda w: ("GET", f"/api/tasks/{_key(w)}"),
    "`PATCH /api/tasks/{task_id}`, title": lambda w: ("PATCH", w.task(), {"title": "New"}),
    "... title, assigned and due": lambda w: ("PATCH", w.busy_task(), {"title": "New"}),
    "... description of 10 KB": lambda w: ("PATCH", w.task(), {"description": "x" * 10_000}),
    "... priority": lambda w: ("PATCH", w.task(), {"priority": "high"}),
    "... one label more": lambda w: ("PATCH", w.task(), {"labels": [w.label]}),
    "... a parent": lambda w: (
        "PATCH",
        w.task(),
        {"parent": w.known_task.removeprefix("/api/tasks/")},
    ),
    "... a change that changes nothing": lambda w: ("PATCH", w.known_task, {"status": "todo"}),
    "`PATCH .../status`": lambda w: ("PATCH", w.task() + "/status", {"status": "done"}),
    "... status, assigned and due": lambda w: (
        "PATCH",
        w.busy_task() + "/status",
        {"status": "done"},
    ),
    "`PATCH .../assign`": lambda w: ("PATCH", w.task() + "/assign", {"assigned_to": w.bob.id}),
    "`DELETE /api/tasks/{task_id}`": lambda w: ("DELETE", w.task()),
    "... deleted, assigned and due": lambda w: ("DELETE", w.busy_task()),
    "`POST /api/tasks/{task_id}/restore`": lambda w: ("POST", w.trashed() + "/restore"),
    "... restored, assigned and due": lambda w: (
        "POST",
        w.trashed(assigned_to=w.ann.id, due_date=in_hours(12)) + "/restore",
    ),
    "`GET /api/tasks/{task_id}/reminders`": lambda w: ("GET", w.known_task + "/reminders"),
    "`PUT /api/tasks/{task_id}/reminders`, assigned and due": lambda w: (
        "PUT",
        w.busy_task() + "/reminders",
        {"reminders": [{"minutes_before": 30}]},
    ),
    "`POST /api/tasks/bulk`, 10 creates": _ten_creates,
    "... 10 titles, atomic": _ten_titles,
}
LISTS: dict[str, Call] = {
    "`GET /api/tasks?project=`": lambda w: w.listed(),
    "... a later page": lambda w: w.next_page(),
    "`ordering=due_date`": lambda w: w.listed("ordering=due_date"),
    "`ordering=-updated_at`": lambda w: w.listed("ordering=-updated_at"),
    "`ordering=priority`": lambda w: w.listed("ordering=priority"),
    "`status=`": lambda w: w.listed("status=todo"),
    "`priority=`": lambda w: w.listed("priority=high"),
    "`assigned_to=me`": lambda w: w.listed("assigned_to=me"),
    "... `ordering=due_date`": lambda w: w.listed("assigned_to=me&ordering=due_date"),
    "`assigned_to=none`": lambda w: w.listed("assigned_to=none"),
    "`created_by=me`": lambda w: w.listed("created_by=me"),
    "`label=`": lambda w: w.listed("label={label}"),
    "... `ordering=-updated_at`": lambda w: w.listed("label={label}&ordering=-updated_at"),
    "`parent=`": lambda w: w.listed("parent={parent}"),
    "`due=next_7_days`": lambda w: w.listed("due=next_7_days&ordering=due_date"),
    "`overdue=true`": lambda w: w.listed("overdue=true&ordering=due_date"),
    "`due_before=`": lambda w: w.listed(f"due_before={quote(in_hours(50))}"),
    "`updated_since=`": lambda w: w.listed("updated_since=2026-01-01&ordering=-updated_at"),
    "`status=`, `ordering=due_date`": lambda w: w.listed("status=todo&ordering=due_date"),
    "`q=`, nothing found": lambda w: w.listed("q=nowhere"),
    "`GET /api/tasks`, of 2 projects": lambda w: w.beside_full("/api/tasks"),
    "`GET /api/tasks/statistics?project=`": lambda w: (
        "GET",
        f"/api/tasks/statistics?project={w.full}",
    ),
    "`GET /api/tasks/statistics`, of 2 projects": lambda w: w.beside_full("/api/tasks/statistics"),
    "`GET /api/trash?project=`": lambda w: w.trash(),
    "`GET /api/trash`, owning 1 project": lambda w: ("GET", "/api/trash"),
    "`GET /api/changes`, nothing new in 2 projects": lambda w: w.next_round(),
    "... 1 task changed": lambda w: w.next_round("New"),
}
TALK: dict[str, Call] = {
    "`POST .../comments`": lambda w: ("POST", w.task() + "/comments", {"body": "Done?"}),
    "`GET .../comments`": lambda w: ("GET", w.comment.rpartition("/")[0]),
    "`GET .../comments/{comment_id}`": lambda w: ("GET", w.comment),
    "`PATCH .../comments/{comment_id}`": lambda w: ("PATCH", w.comment, {"body": "Done!"}),
    "`DELETE .../comments/{comment_id}`": lambda w: ("DELETE", w.comment),
    "`GET .../watchers`": lambda w: ("GET", w.known_task + "/watchers"),
    "`PUT .../watchers/{watcher}`, oneself": lambda w: ("PUT", w.known_task + "/watchers/me"),
    "... another": lambda w: ("PUT", w.known_task + f"/watchers/{w.bob.id}"),
    "`DELETE .../watchers/{watcher}`": lambda w: ("DELETE", w.known_task + "/watchers/me"),
    "`GET /api/tasks/{task_id}/activity`": lambda w: ("GET", w.known_task + "/activity"),
    "`GET /api/projects/{project_id}/activity`": lambda w: ("GET", _project(w, "/activity")),
}
FILES: dict[str, Call] = {
    "`POST .../attachments`": lambda w: (
        "POST",
        w.known_task + "/attachments",
        {"filename": "a.txt", "content_type": "text/plain", "size": 5},
    ),
    "`POST .../complete`": lambda w: ("POST", w.file + "/complete"),
    "`GET .../attachments`": lambda w: ("GET", w.file.rpartition("/")[0]),
    "`GET .../attachments/{attachment_id}`": lambda w: ("GET", w.file),
    "`GET .../attachments/{attachment_id}/download`": lambda w: ("GET", w.file + "/download"),
    "`DELETE .../attachments/{attachment_id}`": lambda w: ("DELETE", w.file),
    "`POST .../parts`": lambda w: ("POST", w.large_file + "/parts", {"numbers": [1]}),
    "`GET .../parts`": lambda w: ("GET", w.large_file + "/parts"),
    "`POST .../reports`": lambda w: ("POST", _project(w, "/reports"), {}),
    "`GET .../reports/{report_id}`": lambda w: (
        "GET",
        _ordered(REPORT, _project(w, "/reports")),
    ),
    "`GET .../reports/{report_id}/download`": lambda w: _made(
        REPORT, _project(w, "/reports"), "report.json"
    ),
    "`POST /api/auth/profile/exports`": lambda w: ("POST", OWN),
    "`GET /api/auth/profile/exports/{export_id}`": lambda w: (
        "GET",
        _ordered(ACCOUNT_EXPORT, OWN),
    ),
    "`GET /api/auth/profile/exports/{export_id}/download`": lambda w: _made(
        ACCOUNT_EXPORT, OWN, "account.json"
    ),
    "`POST .../exports`": lambda w: ("POST", _project(w, "/exports")),
    "`GET .../exports/{export_id}`": lambda w: (
        "GET",
        _ordered(PROJECT_EXPORT, _project(w, "/exports")),
    ),
    "`GET .../exports/{export_id}/download`": lambda w: _made(
        PROJECT_EXPORT, _project(w, "/exports"), "tasks.csv"
    ),
}
OWN = "/api/auth/profile/exports"
TABLES = {
    "Calls about projects": PROJECTS,
    "Calls about members": MEMBERS,
    "Calls about labels": LABELS,
    "Calls about tasks": TASKS,
    "Calls for lists": LISTS,
    "Calls about comments, watchers, activity": TALK,
    "Calls about attachments and exports": FILES,
}
