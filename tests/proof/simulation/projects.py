"""Rules about projects, members, webhooks and views."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.proof.simulation.base import (
    FAULT,
    PERSON,
    PROJECT,
    ROLE,
    Fault,
    Simulation,
    View,
    Webhook,
    any_of,
)
from tests.proof.simulation.model import ADMIN, EVERYBODY, MANAGERS, OWNER, Project

WEBHOOK = {"url": "https://hooks.example.com/tasks", "events": ["task.changed"]}
VIEW = {"name": "Open", "filter": {"status": ["open"]}, "ordering": "due_date"}
MAX_WEBHOOKS = 10
KEPT_PROJECTS = 2


class ProjectRules(Simulation):
    """Rules: people change projects and their members."""

    @rule(person=PERSON, fault=FAULT)
    def create_project(self, person: str, fault: Fault) -> None:
        self._create_project(person, fault)

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def rename_project(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS)
        name = f"Project {next(self.keys)}"
        path = f"/api/projects/{project.id}"
        self._call(person, "PATCH", path, {"name": name}, status=refusal or 200, fault=fault)
        if refusal is None:
            project.name = name

    @rule(project=PROJECT, person=PERSON, archive=st.booleans(), fault=FAULT)
    def archive(self, project: Project, person: str, archive: bool, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS, archived=True)
        path = f"/api/projects/{project.id}/{'archive' if archive else 'unarchive'}"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        if refusal is None:
            project.is_archived = archive

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def delete_project(self, project: Project, person: str, fault: Fault) -> None:
        """The last two projects stay, so that there is something to do."""
        if sum(not each.is_trashed for each in self.all_projects) <= KEPT_PROJECTS:
            return
        refusal = project.refuse(person, {OWNER}, archived=True)
        path = f"/api/projects/{project.id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        project.is_trashed |= refusal is None

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def restore_project(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, {OWNER}, archived=True, trashed=True)
        path = f"/api/projects/{project.id}/restore"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        project.is_trashed &= refusal is not None

    @rule(project=PROJECT, person=PERSON, other=PERSON, role=ROLE, fault=FAULT)
    def add_member(
        self, project: Project, person: str, other: str, role: str, fault: Fault
    ) -> None:
        if other in project.roles:
            return
        refusal = project.refuse(person, MANAGERS)
        body = {"user_id": self.people[other].id, "role": role}
        path = f"/api/projects/{project.id}/members"
        self._call(person, "POST", path, body, status=refusal or 201, fault=fault, repeated=409)
        if refusal is None:
            project.roles[other] = role

    @rule(project=PROJECT, person=PERSON, other=PERSON, role=ROLE, fault=FAULT)
    def change_role(
        self, project: Project, person: str, other: str, role: str, fault: Fault
    ) -> None:
        refusal = project.refuse(person, MANAGERS)
        if refusal is None and other not in project.roles:
            refusal = 404
        if refusal is None and project.roles[other] == OWNER:
            refusal = 409
        # A person who is no longer an admin may not repeat it.
        repeated = 403 if person == other else None
        path = f"/api/projects/{project.id}/members/{self.people[other].id}"
        body = {"role": role}
        status = refusal or 200
        self._call(person, "PATCH", path, body, status=status, fault=fault, repeated=repeated)
        if refusal is None:
            project.roles[other] = role

    @rule(project=PROJECT, person=PERSON, other=PERSON, fault=FAULT)
    def remove_member(self, project: Project, person: str, other: str, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS)
        if refusal is None and project.roles.get(other) == OWNER:
            refusal = 409
        # A person who left may not repeat it.
        repeated = 404 if person == other else None
        path = f"/api/projects/{project.id}/members/{self.people[other].id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=repeated)
        if refusal is None:
            project.roles.pop(other, None)

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def leave(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, EVERYBODY, archived=True)
        if refusal is None and project.roles[person] == OWNER:
            refusal = 409
        path = f"/api/projects/{project.id}/leave"
        self._call(person, "POST", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            del project.roles[person]

    @rule(project=PROJECT, person=PERSON, other=PERSON, fault=FAULT)
    def transfer(self, project: Project, person: str, other: str, fault: Fault) -> None:
        if person == other:
            return
        refusal = project.refuse(person, {OWNER}, archived=True)
        if refusal is None and other not in project.roles:
            refusal = 422
        body = {"user_id": self.people[other].id}
        path = f"/api/projects/{project.id}/transfer"
        self._call(person, "POST", path, body, status=refusal or 200, fault=fault, repeated=403)
        if refusal is None:
            project.roles |= {person: ADMIN, other: OWNER}

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def create_webhook(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS, archived=True)
        if refusal is None and len(project.webhooks) == MAX_WEBHOOKS:
            refusal = 409
        path = f"/api/projects/{project.id}/webhooks"
        answer = self._call(person, "POST", path, WEBHOOK, status=refusal or 201, fault=fault)
        if refusal is None:
            project.webhooks.add(answer.json_body["id"])
            self.webhooks.append((project, answer.json_body["id"]))

    @rule(webhook=any_of("webhooks"), person=PERSON, fault=FAULT)
    def delete_webhook(self, webhook: Webhook, person: str, fault: Fault) -> None:
        project, webhook_id = webhook
        refusal = project.refuse(person, MANAGERS, archived=True)
        refusal = refusal or (None if webhook_id in project.webhooks else 404)
        path = f"/api/projects/{project.id}/webhooks/{webhook_id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            project.webhooks.remove(webhook_id)

    @rule(person=PERSON, fault=FAULT)
    def create_view(self, person: str, fault: Fault) -> None:
        answer = self._call(person, "POST", "/api/views", VIEW, status=201, fault=fault)
        self.views.append((person, answer.json_body["id"]))

    @rule(view=any_of("views"), fault=FAULT)
    def delete_view(self, view: View, fault: Fault) -> None:
        person, view_id = view
        path = f"/api/views/{view_id}"
        status = 204 if self.people[person].get(path).status_code == 200 else 404
        self._call(person, "DELETE", path, status=status, fault=fault, repeated=404)
