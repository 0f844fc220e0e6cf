"""A task with everything that a move takes along, and what there must be of it afterwards."""

from dataclasses import dataclass
from typing import Any

from tests.attachment_files import upload_attachment
from tests.support import Person


@dataclass(frozen=True)
class MoveScenario:
    """Ann's projects `source` and `target`, and a task of the first with two subtasks, one of which
    has a subtask. Bob is a member of both, Cleo only of the first. The task has a label that the
    other project has too, a comment by Bob, and a file."""

    source: str
    target: str
    task: dict[str, Any]

    @property
    def moved_id(self) -> str:
        return str(self.task["id"][:26] + self.target)


def build_scenario(ann: Person, bob: Person, cleo: Person) -> MoveScenario:
    source, target = ann.create_project("Source"), ann.create_project("Target")
    for project, person in ((source, bob), (source, cleo), (target, bob)):
        ann.add_member(project, person)
    labels = f"/api/projects/{source}/labels"
    shared = ann.post(labels, {"name": "Shared", "color": "#c02020"}).json_body["id"]
    own = ann.post(labels, {"name": "Own", "color": "#20c020"}).json_body["id"]
    ann.post(f"/api/projects/{target}/labels", {"name": "shared"})
    top = ann.create_task(source, "Top", labels=[shared, own], due_date="2030-01-01")
    first = ann.create_task(source, "First", parent=top["id"], assigned_to=cleo.id)
    ann.create_task(source, "Second", parent=top["id"], assigned_to=bob.id, status="done")
    ann.create_task(source, "Deep", parent=first["id"])
    bob.post(f"/api/tasks/{top['id']}/comments", {"body": "hello"})
    upload_attachment(ann, top["id"])
    upload_attachment(ann, first["id"], b"other bytes")
    task = ann.get(f"/api/tasks/{top['id']}").json_body
    return MoveScenario(source, target, task)


def list_titles(person: Person, project: str) -> list[str]:
    """Return the titles of a project's tasks, in order of creation."""
    items = person.get(f"/api/tasks?project={project}&limit=100&ordering=created_at").json_body
    return [task["title"] for task in items["items"]]


def describe_tree(person: Person, project: str, parent: str) -> dict[str, Any]:
    """Return the tasks below `parent` by title, each with those below it."""
    path = f"/api/tasks?project={project}&parent={parent}&limit=100"
    return {
        task["title"]: describe_tree(person, project, task["id"])
        for task in person.get(path).json_body["items"]
    }
