"""Changes that leave work for the tick."""

from chalicelib.members.jobs import REASSIGNED_IN_REQUEST
from tests.support import Person
from tests.table_items import put_task_copies


def defer_task_updates(change: str, ann: Person, bob: Person, count: int) -> str:
    """Make a change that leaves updates of `count` tasks to the tick; return the project's id.

    `change` is `departure` (Bob is removed from the project), `label` (a label is deleted) or
    `zone` (Bob changes his time zone).
    """
    project = ann.create_project()
    ann.add_member(project, bob)
    path = f"/api/projects/{project}"
    label = ann.post(f"{path}/labels", {"name": "old"}).json_body["id"]
    fields = {"labels": [label], "assigned_to": bob.id, "due_date": "2030-01-01"}
    task = ann.create_task(project, **fields)["id"]
    put_task_copies(task, count - 1 + REASSIGNED_IN_REQUEST * (change == "departure"))
    if change == "zone":
        bob.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    else:
        ann.delete(f"{path}/labels/{label}" if change == "label" else f"{path}/members/{bob.id}")
    return project


def delete_assignee_account(ann: Person, bob: Person, count: int) -> list[str]:
    """Let Bob delete his account, which then ends in a week.

    Bob is assigned to a task in each of `count` projects, whose ids are returned.
    """
    projects = [ann.create_project() for _ in range(count)]
    for project in projects:
        ann.add_member(project, bob)
        ann.create_task(project, assigned_to=bob.id)
    bob.delete("/api/auth/profile")
    return projects
