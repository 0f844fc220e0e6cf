"""A state machine: people use the API in any order, under faults, while schedules run.

Each rule makes a call, often with a fault at one of its requests to DynamoDB, and repeats a call
that failed or died. The model says which status the call must have and what it leaves behind. A
fault may hit any request, and a killed process leaves whatever it had written.
"""

import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import time_machine
from chalice.test import Client, HTTPResponse
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.clock import now
from chalicelib.jobs.tick import run_tick
from chalicelib.mail.jobs import sweep_outbox
from tests.attachment_files import empty_bucket, put_upload
from tests.counter_checks import count_drift
from tests.faults import Killed
from tests.job_results import run_sweep
from tests.moto_stack import build_watermarks
from tests.proof.checkers import find_file_violations, find_list_violations, find_violations
from tests.proof.faults import FAULTS, fault_at
from tests.proof.model import (
    ADMIN,
    EVERYBODY,
    MANAGERS,
    MEMBER,
    OWNER,
    VIEWER,
    WRITERS,
    Project,
    Task,
)
from tests.proof.table_changes import Record, TableChanges
from tests.support import PASSWORD, Api, Person, sign_up
from tests.table_items import replace_items

NAMES = ("ann", "bob", "cleo")
PERSON = st.sampled_from(NAMES)
ROLE = st.sampled_from([ADMIN, MEMBER, VIEWER])
STATUS = st.sampled_from(["todo", "in_progress", "review", "done"])
PRIORITY = st.sampled_from(["low", "medium", "high"])
# Half of the calls have no fault. The requests of a call have the numbers 1 to 6, mostly.
FAULT = st.one_of(st.none(), st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(1, 6)))
TASK_KINDS = ("TASK#", "TRASH#", "MEMBER#", "LABEL#")
LOG_IN_AGAIN_AFTER = timedelta(minutes=7)

Fault = tuple[str, int] | None
Invoke = Callable[[str, dict[str, Any]], Any]


class PromiseMachine(RuleBasedStateMachine):
    """The calls of three people. `client`, `invoke` and `clock` are set by the test."""

    client: Client
    invoke: Invoke
    clock: time_machine.Traveller
    calls = 0

    projects = Bundle("projects")
    tasks = Bundle("tasks")
    comments = Bundle("comments")
    files = Bundle("files")

    @initialize(target=projects)
    def begin(self) -> Project:
        replace_items(build_watermarks())
        empty_bucket()
        self.people: dict[str, Person] = {name: sign_up(self.client, name) for name in NAMES}
        self.names = {person.id: name for name, person in self.people.items()}
        self.keys = itertools.count()
        self.all_projects: list[Project] = []
        self.all_tasks: list[Task] = []
        self.ended: list[str] = []  # access tokens of ended sessions
        self.logged_in_at = now()
        self.password_changes = 0
        self.changes = TableChanges()
        self.events = 0
        project = self._create_project("ann", None)
        for name, role in (("bob", MEMBER), ("cleo", VIEWER)):
            self.people["ann"].add_member(project.id, self.people[name], role)
            project.roles[name] = role
        return project

    # --- calls

    def _call(
        self,
        person: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int,
        fault: Fault = None,
        repeated: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> HTTPResponse:
        """Make a call that must answer with `status`, and repeat it after a fault.

        `repeated` is the status of the repetition if the first call was carried out but its
        response was lost; default: `status`, because the call is idempotent.
        """
        type(self).calls += 1
        sent = dict(headers or {}) | {"Idempotency-Key": f"{next(self.keys)}"}
        expected = {status}
        if fault is not None:
            with fault_at(FAULTS[fault[0]], fault[1]):
                try:
                    answer = self.people[person].call(method, path, body, headers=sent)
                except Killed:
                    answer = None
            if answer is not None and answer.status_code != 503:
                assert answer.status_code == status, (method, path, fault, answer.json_body)
                return answer
            assert not (FAULTS[fault[0]].is_transient and answer is not None), (path, fault)
            expected |= {repeated or status}
        answer = self.people[person].call(method, path, body, headers=sent)
        assert answer.status_code in expected, (method, path, body, fault, answer.json_body)
        return answer

    def _create_project(self, person: str, fault: Fault) -> Project:
        name = f"Project {len(self.all_projects)}"
        answer = self._call(
            person, "POST", "/api/projects", {"name": name}, status=201, fault=fault
        )
        project = Project(answer.json_body["id"], name, {person: OWNER})
        self.all_projects.append(project)
        return project

    # --- projects and members

    @rule(target=projects, person=PERSON, fault=FAULT)
    def create_project(self, person: str, fault: Fault) -> Project:
        return self._create_project(person, fault)

    @rule(project=projects, person=PERSON, fault=FAULT)
    def rename_project(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS)
        name = f"Project {next(self.keys)}"
        path = f"/api/projects/{project.id}"
        self._call(person, "PATCH", path, {"name": name}, status=refusal or 200, fault=fault)
        if refusal is None:
            project.name = name

    @rule(project=projects, person=PERSON, archive=st.booleans(), fault=FAULT)
    def archive(self, project: Project, person: str, archive: bool, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS, archived=True)
        path = f"/api/projects/{project.id}/{'archive' if archive else 'unarchive'}"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        if refusal is None:
            project.is_archived = archive

    @rule(project=projects, person=PERSON, fault=FAULT)
    def delete_project(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, {OWNER}, archived=True)
        path = f"/api/projects/{project.id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        project.is_trashed |= refusal is None

    @rule(project=projects, person=PERSON, fault=FAULT)
    def restore_project(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, {OWNER}, archived=True, trashed=True)
        path = f"/api/projects/{project.id}/restore"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        project.is_trashed &= refusal is not None

    @rule(project=projects, person=PERSON, other=PERSON, role=ROLE, fault=FAULT)
    def add_member(
        self, project: Project, person: str, other: str, role: str, fault: Fault
    ) -> None:
        assume(other not in project.roles)
        refusal = project.refuse(person, MANAGERS)
        body = {"user_id": self.people[other].id, "role": role}
        path = f"/api/projects/{project.id}/members"
        self._call(person, "POST", path, body, status=refusal or 201, fault=fault, repeated=409)
        if refusal is None:
            project.roles[other] = role

    @rule(project=projects, person=PERSON, other=PERSON, role=ROLE, fault=FAULT)
    def change_role(
        self, project: Project, person: str, other: str, role: str, fault: Fault
    ) -> None:
        refusal = project.refuse(person, MANAGERS)
        if refusal is None and other not in project.roles:
            refusal = 404
        if refusal is None and project.roles[other] == OWNER:
            refusal = 409
        path = f"/api/projects/{project.id}/members/{self.people[other].id}"
        self._call(person, "PATCH", path, {"role": role}, status=refusal or 200, fault=fault)
        if refusal is None:
            project.roles[other] = role

    @rule(project=projects, person=PERSON, other=PERSON, fault=FAULT)
    def remove_member(self, project: Project, person: str, other: str, fault: Fault) -> None:
        refusal = project.refuse(person, MANAGERS)
        if refusal is None and project.roles.get(other) == OWNER:
            refusal = 409
        # Who removes themselves may not repeat it.
        repeated = 404 if person == other else None
        path = f"/api/projects/{project.id}/members/{self.people[other].id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=repeated)
        if refusal is None:
            project.roles.pop(other, None)

    @rule(project=projects, person=PERSON, fault=FAULT)
    def leave(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, EVERYBODY, archived=True)
        if refusal is None and project.roles[person] == OWNER:
            refusal = 409
        path = f"/api/projects/{project.id}/leave"
        self._call(person, "POST", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            del project.roles[person]

    @rule(project=projects, person=PERSON, other=PERSON, fault=FAULT)
    def transfer(self, project: Project, person: str, other: str, fault: Fault) -> None:
        assume(person != other)
        refusal = project.refuse(person, {OWNER}, archived=True)
        if refusal is None and other not in project.roles:
            refusal = 422
        body = {"user_id": self.people[other].id}
        path = f"/api/projects/{project.id}/transfer"
        self._call(person, "POST", path, body, status=refusal or 200, fault=fault, repeated=403)
        if refusal is None:
            project.roles |= {person: ADMIN, other: OWNER}

    # --- tasks

    @rule(target=tasks, project=projects, person=PERSON, priority=PRIORITY, fault=FAULT)
    def create_task(self, project: Project, person: str, priority: str, fault: Fault) -> Task:
        refusal = project.refuse(person, WRITERS)
        fields = {"title": f"Task {next(self.keys)}", "priority": priority, "status": "todo"}
        body = fields | {"project": project.id}
        answer = self._call(person, "POST", "/api/tasks", body, status=refusal or 201, fault=fault)
        assume(refusal is None)
        task = Task(answer.json_body["id"], project, fields)
        self.all_tasks.append(task)
        return task

    def _change(self, task: Task, person: str, verb: str, fault: Fault, **fields: Any) -> None:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}{verb}"
        self._call(person, "PATCH", path, fields, status=refusal or 200, fault=fault)
        if refusal is None:
            task.fields |= fields

    @rule(task=tasks, person=PERSON, priority=PRIORITY, fault=FAULT)
    def edit_task(self, task: Task, person: str, priority: str, fault: Fault) -> None:
        title = f"Task {next(self.keys)} repeats nothing"
        self._change(task, person, "", fault, title=title, priority=priority)

    @rule(task=tasks, person=PERSON, status=STATUS, fault=FAULT)
    def set_status(self, task: Task, person: str, status: str, fault: Fault) -> None:
        self._change(task, person, "/status", fault, status=status)

    @rule(task=tasks, person=PERSON, fault=FAULT)
    def set_due_date(self, task: Task, person: str, fault: Fault) -> None:
        due = (now() + timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._change(task, person, "", fault, due_date=due)

    @rule(task=tasks, person=PERSON, other=PERSON, fault=FAULT)
    def assign(self, task: Task, person: str, other: str, fault: Fault) -> None:
        """The checkers compare assignees, because members leave in the meantime."""
        refusal = task.refuse(person, WRITERS)
        if refusal is None and other not in task.project.roles:
            refusal = 422
        body = {"assigned_to": self.people[other].id}
        path = f"/api/tasks/{task.id}/assign"
        self._call(person, "PATCH", path, body, status=refusal or 200, fault=fault)

    @rule(task=tasks, person=PERSON)
    def overwrite_unseen(self, task: Task, person: str) -> None:
        """A change of a version that is not the present one is refused."""
        refusal = task.refuse(person, WRITERS)
        headers = {"If-Match": '"1000000"'}
        path, body = f"/api/tasks/{task.id}", {"title": "overwritten"}
        self._call(person, "PATCH", path, body, status=refusal or 412, headers=headers)

    @rule(task=tasks, person=PERSON, fault=FAULT)
    def delete_task(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        task.is_trashed |= refusal is None

    @rule(task=tasks, person=PERSON, fault=FAULT)
    def restore_task(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.project.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/restore"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        task.is_trashed &= refusal is not None

    @rule(target=tasks, task=tasks, person=PERSON, fault=FAULT)
    def duplicate_task(self, task: Task, person: str, fault: Fault) -> Task:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/duplicate"
        answer = self._call(person, "POST", path, {}, status=refusal or 201, fault=fault)
        assume(refusal is None)
        copied = {name: answer.json_body[name] for name in ("title", "priority", "status")}
        copy = Task(answer.json_body["id"], task.project, copied)
        self.all_tasks.append(copy)
        return copy

    @rule(some=st.lists(tasks, min_size=1, max_size=3), person=PERSON, status=STATUS, fault=FAULT)
    def change_many(self, some: list[Task], person: str, status: str, fault: Fault) -> None:
        chosen = {task.id: task for task in some}
        assume(all(task.refuse(person, WRITERS) is None for task in some))
        operations = [{"op": "update", "id": task, "status": status} for task in chosen]
        body = {"operations": operations, "atomic": True}
        self._call(person, "POST", "/api/tasks/bulk", body, status=200, fault=fault)
        for task in some:
            task.fields["status"] = status

    # --- what belongs to tasks

    @rule(target=comments, task=tasks, person=PERSON, fault=FAULT)
    def comment(self, task: Task, person: str, fault: Fault) -> tuple[Task, str, str]:
        refusal = task.refuse(person, WRITERS)
        path, body = f"/api/tasks/{task.id}/comments", {"body": "Done?"}
        answer = self._call(person, "POST", path, body, status=refusal or 201, fault=fault)
        assume(refusal is None)
        comment = str(answer.json_body["id"])
        task.comments[comment] = "Done?"
        return task, comment, person

    def _refuse_comment(self, task: Task, comment: str, person: str) -> int | None:
        refusal = task.refuse(person, WRITERS)
        return refusal or (None if comment in task.comments else 404)

    @rule(comment=comments, fault=FAULT)
    def edit_comment(self, comment: tuple[Task, str, str], fault: Fault) -> None:
        task, comment_id, author = comment
        refusal = self._refuse_comment(task, comment_id, author)
        body = {"body": f"Done {next(self.keys)}"}
        path = f"/api/tasks/{task.id}/comments/{comment_id}"
        self._call(author, "PATCH", path, body, status=refusal or 200, fault=fault)
        if refusal is None:
            task.comments[comment_id] = body["body"]

    @rule(comment=comments, fault=FAULT)
    def delete_comment(self, comment: tuple[Task, str, str], fault: Fault) -> None:
        task, comment_id, author = comment
        refusal = self._refuse_comment(task, comment_id, author)
        path = f"/api/tasks/{task.id}/comments/{comment_id}"
        self._call(author, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            del task.comments[comment_id]

    @rule(task=tasks, other=tasks, person=PERSON, fault=FAULT)
    def block(self, task: Task, other: Task, person: str, fault: Fault) -> None:
        assume(task is not other and not task.refuse(person, WRITERS))
        assume(not other.refuse(person, WRITERS))
        path, body = f"/api/tasks/{task.id}/relations", {"kind": "relates_to", "task": other.id}
        related = self.people[person].get(path).json_body["items"]
        is_related = any(each["task"]["id"] == other.id for each in related)
        self._call(person, "POST", path, body, status=409 if is_related else 201, fault=fault)

    @rule(target=files, task=tasks, person=PERSON, fault=FAULT)
    def upload(self, task: Task, person: str, fault: Fault) -> tuple[Task, str]:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/attachments"
        body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
        answer = self._call(person, "POST", path, body, status=refusal or 201, fault=fault)
        assume(refusal is None)
        attachment = answer.json_body["attachment"]
        put_upload(attachment)
        self._call(person, "POST", f"{path}/{attachment['id']}/complete", status=200, fault=fault)
        task.files.add(attachment["id"])
        return task, attachment["id"]

    @rule(file=files, person=PERSON, fault=FAULT)
    def delete_file(self, file: tuple[Task, str], person: str, fault: Fault) -> None:
        task, attachment = file
        assume(task.project.roles.get(person) in MANAGERS and not task.refuse(person, MANAGERS))
        status = 204 if attachment in task.files else 404
        path = f"/api/tasks/{task.id}/attachments/{attachment}"
        self._call(person, "DELETE", path, status=status, fault=fault, repeated=404)
        task.files.discard(attachment)

    @rule(task=tasks, person=PERSON, watch=st.booleans(), fault=FAULT)
    def watch(self, task: Task, person: str, watch: bool, fault: Fault) -> None:
        refusal = task.project.refuse(person, EVERYBODY, archived=True)
        refusal = refusal or (404 if task.is_trashed else None)
        path = f"/api/tasks/{task.id}/watchers/{self.people[person].id}"
        self._call(person, "PUT" if watch else "DELETE", path, status=refusal or 204, fault=fault)

    # --- sessions

    @rule(person=PERSON)
    def log_out(self, person: str) -> None:
        self._call(person, "POST", "/api/auth/logout", status=204)
        self._log_in_again(person)

    @rule(person=PERSON)
    def end_other_sessions(self, person: str) -> None:
        """Another session, which ends all others."""
        self.ended.append(self.people[person].token)
        elsewhere = sign_up(self.client, person)
        assert elsewhere.delete("/api/auth/sessions").status_code == 204
        self.people[person] = elsewhere

    @rule(person=PERSON)
    def change_password(self, person: str) -> None:
        """Change the password in another session, which ends this one."""
        assume(self.password_changes < 2)
        self.password_changes += 1
        other = sign_up(self.client, person)
        body = {"password": PASSWORD, "new_password": PASSWORD, "new_password_confirm": PASSWORD}
        self._call(person, "POST", "/api/auth/change-password", body, status=204)
        self.ended.append(other.token)

    def _log_in_again(self, person: str) -> None:
        self.ended.append(self.people[person].token)
        self.people[person] = sign_up(self.client, person)

    # --- what happens later

    @rule(minutes=st.integers(1, 4), fault=FAULT)
    def tick(self, minutes: int, fault: Fault) -> None:
        """Time passes, and the schedules run; one of them may die or fail."""
        self.clock.shift(timedelta(minutes=minutes))
        if fault is not None:
            with fault_at(FAULTS[fault[0]], fault[1] * 3):
                self._survive(self._run_schedules)
        self._run_schedules()
        if now() - self.logged_in_at > LOG_IN_AGAIN_AFTER:
            self.logged_in_at, self.ended = now(), []
            self.people = {name: sign_up(self.client, name) for name in NAMES}

    @rule(fault=FAULT)
    def deliver_stream(self, fault: Fault) -> None:
        """The stream delivers; if the function fails or dies, it delivers again."""
        records = self.changes.take_records()
        if fault is not None:
            with fault_at(FAULTS[fault[0]], fault[1]):
                self._survive(lambda: self._deliver(records))
        self._deliver(records)

    def _run_schedules(self) -> None:
        run_tick(now())
        sweep_outbox(now())
        run_sweep()
        expire_uploads(now())

    def _survive(self, act: Callable[[], Any]) -> None:
        with suppress(Killed, Exception):  # an outage ends a function, as on AWS
            act()

    def _deliver(self, records: list[Record]) -> None:
        mails = [record for record in records if _is_new_mail(record)]
        others = [record for record in records if _is_followed(record)]
        if mails:
            self.invoke("dispatch_mail", {"Records": mails})
        if others:
            self.invoke("follow_changes", {"Records": others})

    # --- what must be true

    @rule(person=PERSON)
    def compare(self, person: str) -> None:
        """A person sees the projects and tasks that the model has."""
        for project in self.all_projects:
            answer = self.people[person].get(f"/api/projects/{project.id}")
            refusal = project.refuse(person, EVERYBODY, archived=True)
            assert answer.status_code == (refusal or 200)
            if refusal is None:
                assert answer.json_body["name"] == project.name
                assert answer.json_body["my_role"] == project.roles[person]
                self._compare_tasks(project, person)
        self._compare_sessions()

    def _compare_tasks(self, project: Project, person: str) -> None:
        expected = {
            task.id: task
            for task in self.all_tasks
            if task.project is project and not task.is_trashed
        }
        path = f"/api/tasks?project={project.id}&limit=100"
        listed = {task["id"]: task for task in self.people[person].list_all(path)}
        assert listed.keys() == expected.keys()
        for task_id, task in expected.items():
            names = task.fields.keys() & listed[task_id].keys()
            assert {name: listed[task_id][name] for name in names} == {
                name: task.fields[name] for name in names
            }
            assert listed[task_id]["comments_count"] == len(task.comments)
            assert listed[task_id]["attachments_count"] == len(task.files)

    def _compare_sessions(self) -> None:
        for token in self.ended:
            assert Api(self.client, token).get("/api/auth/profile").status_code == 401
        for person in self.people.values():
            assert person.get("/api/auth/profile").status_code == 200

    def teardown(self) -> None:
        """Complete all background work; afterwards no checker finds a violation."""
        if not hasattr(self, "changes"):
            return
        for _ in range(3):
            self.clock.shift(timedelta(minutes=7))  # leases end
            self._run_schedules()
            self._deliver(self.changes.take_records())
        self.people = {name: sign_up(self.client, name) for name in NAMES}
        self.ended = []
        for name in NAMES:
            self.compare(name)
        assert find_violations() == []
        assert find_file_violations() == []
        assert find_list_violations() == []
        assert count_drift() == 0


def _is_new_mail(record: Record) -> bool:
    return record["eventName"] == "INSERT" and _keys(record)[0].startswith("OUTBOX#")


def _is_followed(record: Record) -> bool:
    """Return whether the event filters of `infra/resources.yaml` select the record."""
    pk, sk = _keys(record)
    if pk.startswith("PROJECT#"):
        return sk.startswith(TASK_KINDS)
    return pk.startswith("TASK#") and sk.startswith("COMMENT#")


def _keys(record: Record) -> tuple[str, str]:
    keys = record["dynamodb"]["Keys"]
    return keys["PK"]["S"], keys["SK"]["S"]
