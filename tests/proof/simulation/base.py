"""The people of the simulation and the calls that they make."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from chalice.test import Client, HTTPResponse
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from chalicelib.clock import now
from tests.attachment_files import empty_bucket
from tests.faults import Killed
from tests.moto_stack import build_watermarks
from tests.proof.faults import FAULTS, fault_at
from tests.proof.simulation.model import ADMIN, MEMBER, OWNER, VIEWER, Project, Relation, Task
from tests.proof.simulation.table_changes import TableChanges
from tests.support import Person, sign_up
from tests.table_items import replace_items

NAMES = ("ann", "bob", "cleo")
PERSON = st.sampled_from(NAMES)
ROLE = st.sampled_from([ADMIN, MEMBER, VIEWER])
STATUS = st.sampled_from(["todo", "in_progress", "review", "done"])
PRIORITY = st.sampled_from(["low", "medium", "high"])
# Half of the calls have no fault. The requests of a call have the numbers 1 to 6, mostly.
FAULT = st.one_of(st.none(), st.tuples(st.sampled_from(sorted(FAULTS)), st.integers(1, 6)))
CALL_TAKES = timedelta(milliseconds=10)


def any_of(name: str) -> st.SearchStrategy[Any]:
    """Choose an element of a list of the simulation, which has one from the beginning."""
    return st.runner().flatmap(lambda simulation: st.sampled_from(getattr(simulation, name)))


PROJECT = any_of("all_projects")
TASK = any_of("all_tasks")

Fault = tuple[str, int] | None
Comment = tuple[Task, str, str]  # with id and author
File = tuple[Task, str]
Label = tuple[Project, str]
Webhook = tuple[Project, str]
View = tuple[str, str]  # person and id
Invoke = Callable[[str, dict[str, Any]], Any]


class Simulation(RuleBasedStateMachine):
    """The calls of three people. `client`, `invoke`, `clock` and `history` are set by the test.

    The clock stands still but for the rules and calls, so that a history can be repeated.
    """

    client: Client
    invoke: Invoke
    clock: time_machine.Traveller
    history: list[tuple[str, str, int]]  # person, method and status of each call

    @initialize()
    def begin(self) -> None:
        replace_items(build_watermarks())
        empty_bucket()
        self.people: dict[str, Person] = {name: sign_up(self.client, name) for name in NAMES}
        self.keys = itertools.count()
        self.all_projects: list[Project] = []
        self.all_tasks: list[Task] = []
        self.comments: list[Comment] = []
        self.files: list[File] = []
        self.labels: list[Label] = []
        self.all_relations: list[Relation] = []
        self.relations: list[Relation] = []  # those that still exist
        self.webhooks: list[Webhook] = []
        self.views: list[View] = []
        self.ended: list[str] = []  # access tokens of ended sessions
        self.logged_in_at = now()
        self.password_changes = 0
        self.changes = TableChanges()
        self._settle()

    def _settle(self) -> None:
        """Create two projects with other roles; the machine adds tasks and what belongs to them."""
        for owner, roles in (
            ("ann", {"bob": MEMBER, "cleo": VIEWER}),
            ("bob", {"ann": ADMIN, "cleo": MEMBER}),
        ):
            project = self._create_project(owner, None)
            for name, role in roles.items():
                self.people[owner].add_member(project.id, self.people[name], role)
            project.roles |= roles

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
        sent = dict(headers or {}) | {"Idempotency-Key": f"{next(self.keys)}"}

        def call() -> HTTPResponse:
            self.clock.shift(CALL_TAKES)
            answer = self.people[person].call(method, path, body, headers=sent)
            self.history.append((person, method, answer.status_code))
            return answer

        expected = {status}
        if fault is not None:
            answer = self._call_with_fault(call, fault)
            if answer is not None and answer.status_code != 503:
                assert answer.status_code == status, (method, path, fault, answer.json_body)
                return answer
            assert not (FAULTS[fault[0]].is_transient and answer is not None), (path, fault)
            expected |= {repeated or status}
        answer = call()
        assert answer.status_code in expected, (method, path, body, fault, answer.json_body)
        return answer

    def _call_with_fault(
        self, call: Callable[[], HTTPResponse], fault: tuple[str, int]
    ) -> HTTPResponse | None:
        """Return the response, or None if the process was killed."""
        with fault_at(FAULTS[fault[0]], fault[1]):
            try:
                return call()
            except Killed:
                return None

    def _create_project(self, person: str, fault: Fault) -> Project:
        name = f"Project {len(self.all_projects)}"
        answer = self._call(
            person, "POST", "/api/projects", {"name": name}, status=201, fault=fault
        )
        project = Project(answer.json_body["id"], name, {person: OWNER})
        self.all_projects.append(project)
        return project
