"""Rules about tasks."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chalicelib.clock import now
from chalicelib.mail.notifications import ASSIGNED
from tests.proof.simulation.base import (
    FAULT,
    PERSON,
    PRIORITY,
    PROJECT,
    STATUS,
    TASK,
    Fault,
    Simulation,
)
from tests.proof.simulation.model import DONE, EVERYBODY, WRITERS, Project, Task
from tests.table_items import scan_items

SOME = st.lists(TASK, min_size=1, max_size=3)


class TaskRules(Simulation):
    """Rules: people change tasks."""

    @rule(project=PROJECT, person=PERSON, priority=PRIORITY, fault=FAULT)
    def create_task(self, project: Project, person: str, priority: str, fault: Fault) -> None:
        refusal = project.refuse(person, WRITERS)
        fields = {"title": f"Task {next(self.keys)}", "priority": priority, "status": "todo"}
        body = fields | {"project": project.id}
        answer = self._call(person, "POST", "/api/tasks", body, status=refusal or 201, fault=fault)
        if refusal is None:
            self.all_tasks.append(Task(answer.json_body["id"], project, fields))

    def _change(self, task: Task, person: str, fault: Fault, **fields: Any) -> bool:
        """Change a task; return whether that was not refused."""
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}"
        self._call(person, "PATCH", path, fields, status=refusal or 200, fault=fault)
        return refusal is None

    @rule(task=TASK, person=PERSON, priority=PRIORITY, fault=FAULT)
    def edit_task(self, task: Task, person: str, priority: str, fault: Fault) -> None:
        title = f"Task {next(self.keys)} repeats nothing"
        if self._change(task, person, fault, title=title, priority=priority):
            task.fields |= {"title": title, "priority": priority}

    @rule(task=TASK, person=PERSON, hours=st.integers(1, 30), fault=FAULT)
    def set_due_date(self, task: Task, person: str, hours: int, fault: Fault) -> None:
        self._change(task, person, fault, due_date=_in_hours(hours))

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def make_recurring(self, task: Task, person: str, fault: Fault) -> None:
        changes = {"due_date": _in_hours(12), "rrule": "FREQ=DAILY"}
        if self._change(task, person, fault, **changes):
            task.recurs = True

    @rule(task=TASK, person=PERSON, status=STATUS, fault=FAULT)
    def set_status(self, task: Task, person: str, status: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        if refusal is None and status == DONE and self._is_blocked(task):
            refusal = 409
        path = f"/api/tasks/{task.id}/status"
        self._call(person, "PATCH", path, {"status": status}, status=refusal or 200, fault=fault)
        if refusal is None:
            self._set_status(task, status, person)

    @rule(some=SOME, person=PERSON, status=STATUS, fault=FAULT)
    def change_many(self, some: list[Task], person: str, status: str, fault: Fault) -> None:
        tasks = list(dict.fromkeys(some))
        if any(task.refuse(person, WRITERS) for task in tasks):
            return
        if status == DONE and any(map(self._is_blocked, tasks)):
            return
        operations = [{"op": "update", "id": task.id, "status": status} for task in tasks]
        body = {"operations": operations, "atomic": True}
        self._call(person, "POST", "/api/tasks/bulk", body, status=200, fault=fault)
        for task in tasks:
            self._set_status(task, status, person)

    def _is_blocked(self, task: Task) -> bool:
        blockers = [each.task for each in self.relations if each.blocks(task)]
        return not task.is_done and any(blocker.is_open for blocker in blockers)

    def _set_status(self, task: Task, status: str, person: str) -> None:
        """Note a new status, and the next task of a recurring one."""
        creates_next = task.recurs and not task.has_next and status == DONE and not task.is_done
        task.fields["status"] = status
        if not creates_next:
            return
        task.has_next = True
        next_task = self.people[person].get(f"/api/tasks/{task.id}").json_body["next_task"]
        fields = task.fields | {"status": "todo"}
        labels = task.labels & task.project.labels.keys()
        new = Task(next_task, task.project, fields, recurs=True, labels=labels)
        self.all_tasks.append(new)

    @rule(task=TASK, person=PERSON, other=PERSON, fault=FAULT)
    def assign(self, task: Task, person: str, other: str, fault: Fault) -> None:
        """A new assignee gets one mail. The checkers compare assignees, because members leave."""
        refusal = task.refuse(person, WRITERS)
        if refusal is None and other not in task.project.roles:
            refusal = 422
        body = {"assigned_to": self.people[other].id}
        path = f"/api/tasks/{task.id}"
        before = None if refusal else self.people[person].get(path).json_body["assigned_to"]
        mails = _count_assignment_mails()
        status = refusal or 200
        self._call(person, "PATCH", f"{path}/assign", body, status=status, fault=fault)
        is_told = refusal is None and person != other and before != body["assigned_to"]
        assert _count_assignment_mails() == mails + is_told

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def overwrite_unseen(self, task: Task, person: str, fault: Fault) -> None:
        """A change of a version that another change has replaced is refused."""
        if task.refuse(person, EVERYBODY):
            return
        path = f"/api/tasks/{task.id}"
        etag = self.people[person].get(path).headers["etag"]
        title = f"Task {next(self.keys)}, changed meanwhile"
        if self._change(task, person, None, title=title):
            task.fields["title"] = title
            body, headers = {"title": "overwritten"}, {"If-Match": etag}
            self._call(person, "PATCH", path, body, status=412, fault=fault, headers=headers)
            self._call(person, "DELETE", path, status=412, headers=headers)

    @rule(task=TASK, other=TASK, person=PERSON, fault=FAULT)
    def put_after(self, task: Task, other: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        is_near = task is not other and task.project is other.project and not other.is_trashed
        if refusal is None and not is_near:
            refusal = 422
        path = f"/api/tasks/{task.id}/position"
        self._call(person, "PATCH", path, {"after": other.id}, status=refusal or 200, fault=fault)

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def delete_task(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        task.is_trashed |= refusal is None

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def restore_task(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.project.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/restore"
        self._call(person, "POST", path, status=refusal or 200, fault=fault)
        task.is_trashed &= refusal is not None

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def duplicate_task(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/duplicate"
        answer = self._call(person, "POST", path, {}, status=refusal or 201, fault=fault)
        if refusal is not None:
            return
        fields = task.fields | {"status": "todo"}
        copied = {name: answer.json_body[name] for name in fields}
        assert copied == fields
        labels = task.labels & task.project.labels.keys()
        copy = Task(answer.json_body["id"], task.project, copied, recurs=task.recurs, labels=labels)
        self.all_tasks.append(copy)

    @rule(task=TASK, project=PROJECT, person=PERSON, fault=FAULT)
    def move_task(self, task: Task, project: Project, person: str, fault: Fault) -> None:
        """The task has another id afterwards, and the labels of its new project."""
        refusal = task.refuse(person, WRITERS)
        if refusal is None and project is not task.project:
            refusal = project.refuse(person, WRITERS)
        path, body = f"/api/tasks/{task.id}/move", {"project": project.id}
        answer = self._call(person, "POST", path, body, status=refusal or 200, fault=fault)
        if refusal is None and project is not task.project:
            names = task.labels_now()
            moved = answer.json_body["task"]
            task.id, task.labels = moved["id"], set(moved["labels"])
            missing = names - set(project.labels.values())
            assert len(answer.json_body["created_labels"]) == len(missing)
            for label in self.people[person].list_all(
                f"/api/projects/{project.id}/labels?limit=99"
            ):
                project.labels[label["id"]] = label["name"]
            task.project = project
            assert task.labels_now() == names


def _in_hours(hours: int) -> str:
    return (now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _count_assignment_mails() -> int:
    return sum(
        item["PK"]["S"].startswith("OUTBOX#") and item["kind"]["S"] == ASSIGNED
        for item in scan_items()
    )
