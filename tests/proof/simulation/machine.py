"""The state machine with all rules, and what must be true after any of its histories."""

from datetime import timedelta

from hypothesis.stateful import rule

from tests.counter_checks import count_drift
from tests.proof.checkers import find_file_violations, find_list_violations, find_violations
from tests.proof.simulation.base import NAMES, PERSON
from tests.proof.simulation.children import ChildRules
from tests.proof.simulation.model import EVERYBODY, OWNER, Project
from tests.proof.simulation.projects import ProjectRules
from tests.proof.simulation.schedules import ScheduleRules
from tests.proof.simulation.sessions import SessionRules
from tests.proof.simulation.tasks import TaskRules
from tests.support import Api, sign_up

LEASE = timedelta(minutes=7)  # longer than any


class PromiseMachine(ProjectRules, TaskRules, ChildRules, SessionRules, ScheduleRules):
    """Any history agrees with the model, and leaves data without violations."""

    def _settle(self) -> None:
        """Begin with one of everything, so that each rule can apply."""
        super()._settle()
        for project in self.all_projects:
            owner = next(name for name, role in project.roles.items() if role == OWNER)
            for priority in ("low", "high"):
                self.create_task(project, owner, priority, None)
            self.create_label(project, owner, None)
            self.create_webhook(project, owner, None)
            first, second = self.all_tasks[-2:]
            self.label_task(self.labels[-1], first, owner, None)
            self.comment(first, owner, None)
            self.upload(first, owner, None)
            self.relate(first, second, owner, "blocks", None)
        self.create_view("ann", None)

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
            found = listed[task_id]
            assert {name: found[name] for name in task.fields} == task.fields
            assert found["comments_count"] == len(task.comments)
            assert found["attachments_count"] == len(task.files)
            # A deleted label leaves its tasks within some minutes.
            labels = project.labels.keys()
            assert set(found["labels"]) & labels == task.labels & labels

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
            self.clock.shift(LEASE)
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
