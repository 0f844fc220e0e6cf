"""What people do that leaves much to the tick."""

from chalicelib.members.jobs import REASSIGNED_IN_REQUEST
from tests.support import Person, put_copies


def owe(change: str, ann: Person, bob: Person, many: int) -> str:
    """A change that leaves `many` tasks of a project to the tick."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    path = f"/api/projects/{project}"
    label = ann.post(f"{path}/labels", {"name": "old"}).json_body["id"]
    fields = {"labels": [label], "assigned_to": bob.id, "due_date": "2030-01-01"}
    task = ann.adds_task(project, **fields)["id"]
    put_copies(task, many - 1 + REASSIGNED_IN_REQUEST * (change == "departure"))
    if change == "zone":
        bob.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    else:
        ann.delete(f"{path}/labels/{label}" if change == "label" else f"{path}/members/{bob.id}")
    return project


def owe_erasure(ann: Person, bob: Person, many: int) -> list[str]:
    """An account that ends in a week, assigned to a task in each of so many projects."""
    projects = [ann.starts_project() for _ in range(many)]
    for project in projects:
        ann.lets_in(project, bob)
        ann.adds_task(project, assigned_to=bob.id)
    bob.delete("/api/auth/profile")
    return projects
