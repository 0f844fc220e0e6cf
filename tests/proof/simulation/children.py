"""Rules about what belongs to tasks: comments, files, relations, labels and watchers."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.attachment_files import put_upload
from tests.proof.simulation.base import (
    FAULT,
    PERSON,
    PROJECT,
    TASK,
    Comment,
    Fault,
    File,
    Label,
    Simulation,
    any_of,
)
from tests.proof.simulation.model import (
    EVERYBODY,
    MANAGERS,
    WRITERS,
    Project,
    Relation,
    Task,
    find_cycle,
)

KIND = st.sampled_from(["relates_to", "blocks"])
MAX_RELATIONS = 25


class ChildRules(Simulation):
    """Rules: people change comments, files, relations, labels and watchers of tasks."""

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def comment(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        path, body = f"/api/tasks/{task.id}/comments", {"body": "Done?"}
        answer = self._call(person, "POST", path, body, status=refusal or 201, fault=fault)
        if refusal is not None:
            return
        comment = str(answer.json_body["id"])
        task.comments[comment] = "Done?"
        self.comments.append((task, comment, person))

    def _refuse_comment(self, task: Task, comment: str, person: str) -> int | None:
        refusal = task.refuse(person, WRITERS)
        return refusal or (None if comment in task.comments else 404)

    @rule(comment=any_of("comments"), fault=FAULT)
    def edit_comment(self, comment: Comment, fault: Fault) -> None:
        task, comment_id, author = comment
        refusal = self._refuse_comment(task, comment_id, author)
        body = {"body": f"Done {next(self.keys)}"}
        path = f"/api/tasks/{task.id}/comments/{comment_id}"
        self._call(author, "PATCH", path, body, status=refusal or 200, fault=fault)
        if refusal is None:
            task.comments[comment_id] = body["body"]

    @rule(comment=any_of("comments"), fault=FAULT)
    def delete_comment(self, comment: Comment, fault: Fault) -> None:
        task, comment_id, author = comment
        refusal = self._refuse_comment(task, comment_id, author)
        path = f"/api/tasks/{task.id}/comments/{comment_id}"
        self._call(author, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            del task.comments[comment_id]

    @rule(task=TASK, other=TASK, person=PERSON, kind=KIND, fault=FAULT)
    def relate(self, task: Task, other: Task, person: str, kind: str, fault: Fault) -> None:
        if task is other or task.refuse(person, WRITERS) or other.refuse(person, WRITERS):
            return
        known = [each for each in self.relations if each.kind == kind]
        is_related = any(each.is_of(task, other) for each in known)
        is_refused = is_related or (kind == "blocks" and find_cycle(known, other, task))
        path, body = f"/api/tasks/{task.id}/relations", {"kind": kind, "task": other.id}
        status = 409 if is_refused or self._is_full(task) or self._is_full(other) else 201
        answer = self._call(person, "POST", path, body, status=status, fault=fault)
        if status != 201:
            return
        relation = Relation(answer.json_body["id"], kind, task, other)
        self.relations.append(relation)
        self.all_relations.append(relation)

    def _is_full(self, task: Task) -> bool:
        return sum(task in (each.task, each.other) for each in self.relations) == MAX_RELATIONS

    @rule(relation=any_of("all_relations"), person=PERSON, fault=FAULT)
    def end_relation(self, relation: Relation, person: str, fault: Fault) -> None:
        if relation.task.refuse(person, WRITERS):
            return
        status = 204 if relation in self.relations else 404
        path = f"/api/tasks/{relation.task.id}/relations/{relation.id}"
        self._call(person, "DELETE", path, status=status, fault=fault, repeated=404)
        self.relations = [each for each in self.relations if each is not relation]

    @rule(task=TASK, person=PERSON, fault=FAULT)
    def upload(self, task: Task, person: str, fault: Fault) -> None:
        refusal = task.refuse(person, WRITERS)
        path = f"/api/tasks/{task.id}/attachments"
        body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
        answer = self._call(person, "POST", path, body, status=refusal or 201, fault=fault)
        if refusal is not None:
            return
        attachment = answer.json_body["attachment"]
        put_upload(attachment)
        self._call(person, "POST", f"{path}/{attachment['id']}/complete", status=200, fault=fault)
        task.files.add(attachment["id"])
        self.files.append((task, attachment["id"]))

    @rule(file=any_of("files"), person=PERSON, fault=FAULT)
    def delete_file(self, file: File, person: str, fault: Fault) -> None:
        task, attachment = file
        if task.refuse(person, MANAGERS):
            return
        status = 204 if attachment in task.files else 404
        path = f"/api/tasks/{task.id}/attachments/{attachment}"
        self._call(person, "DELETE", path, status=status, fault=fault, repeated=404)
        task.files.discard(attachment)

    @rule(task=TASK, person=PERSON, watch=st.booleans(), fault=FAULT)
    def watch(self, task: Task, person: str, watch: bool, fault: Fault) -> None:
        refusal = task.project.refuse(person, EVERYBODY, archived=True)
        refusal = refusal or (404 if task.is_trashed else None)
        path = f"/api/tasks/{task.id}/watchers/{self.people[person].id}"
        self._call(person, "PUT" if watch else "DELETE", path, status=refusal or 204, fault=fault)

    @rule(project=PROJECT, person=PERSON, fault=FAULT)
    def create_label(self, project: Project, person: str, fault: Fault) -> None:
        refusal = project.refuse(person, WRITERS)
        name = f"label {len(project.labels)}"
        if refusal is None and name in project.labels.values():
            refusal = 409
        path = f"/api/projects/{project.id}/labels"
        answer = self._call(
            person, "POST", path, {"name": name}, status=refusal or 201, fault=fault
        )
        if refusal is None:
            project.labels[answer.json_body["id"]] = name
            self.labels.append((project, answer.json_body["id"]))

    @rule(label=any_of("labels"), task=TASK, person=PERSON, fault=FAULT)
    def label_task(self, label: Label, task: Task, person: str, fault: Fault) -> None:
        project, label_id = label
        if label_id in task.labels and label_id not in project.labels:
            return  # the task may still have it
        refusal = task.refuse(person, WRITERS)
        if refusal is None and (task.project is not project or label_id not in project.labels):
            refusal = 422
        path, body = f"/api/tasks/{task.id}", {"labels": [label_id]}
        self._call(person, "PATCH", path, body, status=refusal or 200, fault=fault)
        if refusal is None:
            task.labels = {label_id}

    @rule(label=any_of("labels"), person=PERSON, fault=FAULT)
    def delete_label(self, label: Label, person: str, fault: Fault) -> None:
        """Tasks lose a deleted label within some minutes."""
        project, label_id = label
        refusal = project.refuse(person, WRITERS)
        refusal = refusal or (None if label_id in project.labels else 404)
        path = f"/api/projects/{project.id}/labels/{label_id}"
        self._call(person, "DELETE", path, status=refusal or 204, fault=fault, repeated=404)
        if refusal is None:
            del project.labels[label_id]
