"""Every call of the API with every fault at every request that it sends to DynamoDB.

A fault that passes is not noticed by the client. After any other the table is as before the call or
as after it, and a repetition of the call completes it once. Then the checkers find nothing.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from chalice.test import Client

from app import app
from chalicelib.clock import now
from chalicelib.jobs.deferred_updates import run_deferred_updates
from infra.openapi.routes import Route, list_routes
from tests.costs.costs import Call, Scenario
from tests.faults import Killed
from tests.proof.calls import CALLS, send
from tests.proof.checkers import find_violations
from tests.proof.faults import FAULTS, fault_at
from tests.proof.tables import State, TrackedTable, describe, difference, tracked_table
from tests.support import Person

UNAVAILABLE, KILLED = 503, 0
OUTAGE_SECONDS = 10  # an outage is answered within this time
# Calls of more than one transaction. Where one fails, the call is repeated by the client, or a
# deferred update completes it.
IN_STEPS = {
    "... a member with one task": "each task of the member is reassigned by itself",
    "... with a subtask": "each subtask is copied by itself",
    "... with a subtask too": "each subtask is moved by itself",
    "`POST /api/tasks/bulk`, 10 creates": "each operation is a transaction",
    "`DELETE .../attachments/{attachment_id}`": "the item is deleted after the object",
    "`GET /api/calendar/{address}`, a project with 60 tasks": "the use and the digest are recorded",
    "`GET /api/projects` by an API token": "the use is recorded first",
}
# Of these, a job completes what the client cannot: see the tests of the job.
COMPLETED_BY_A_JOB = {"`DELETE .../attachments/{attachment_id}`": "the clean-up of attachments"}
# The deferred update does the rest of these later, so that has another time.
COMPLETED_LATER = {
    "... with a subtask": "the subtasks of a duplicate are copied",
    "... with a subtask too": "the subtasks of a moved task follow",
}
# A repetition of these does the same again, by intention.
REPEATED = {
    "`POST .../resend`": "sends the invitation again",
    "`POST /api/auth/login`": "begins another session",
    "`POST /api/auth/resend-verification`": "sends another token, which replaces the first",
    "`POST /api/auth/forgot-password`": "sends another token, which replaces the first",
    "`POST /api/auth/change-email`": "sends another token, which replaces the first",
    "`POST /api/auth/profile/avatar`": "announces another upload; the first expires after a day",
    "`POST /api/live/tickets`": "creates another ticket",
    "`POST .../recovery-codes`": "creates other codes: they are not stored, so they are shown once",
}
# These wait until time passes, which the clock of the proof does not let pass.
WAITING = {"`GET /api/admin/dead-letters`": "the double of SQS polls for a second"}
# They need an identity provider; tests/identity_providers has their races and outages.
AT_PROVIDERS = {
    "POST /api/auth/sign-in/start",
    "POST /api/auth/sign-in",
    "POST /api/auth/identities/start",
    "POST /api/auth/identities",
}
_keys = itertools.count()

Report = Callable[[str, object], None]


@dataclass(frozen=True)
class Outcome:
    """The status of the response (0: the process was killed) and the table after the call."""

    status: int
    table: Counter[str]


@pytest.fixture
def frozen_clock() -> Iterator[None]:
    """Let no time pass, so that the states of the table have the same times."""
    start = datetime.now(UTC).replace(hour=9, minute=5, second=0, microsecond=0)
    with time_machine.travel(start, tick=False):
        yield


class Proof:
    """One call in a world: what it does without a fault, and with each."""

    def __init__(self, table: TrackedTable, world: Scenario, name: str, call: Call) -> None:
        self._table, self._name = table, name
        method, path, body, person, headers, _ = (*call(world), None, None, None, None)[:6]
        key = {"Idempotency-Key": f"{next(_keys)}"} if method == "POST" else {}
        sent = dict(headers or {}) | key
        self._call = lambda: (person or world.ann).call(method, path, body, headers=sent)
        self._before: State = self._table.read()
        # Tasks that are seeded for lists have counts without what they count.
        self._known = find_violations(self._before.values())
        self.points = 0

    def find_failures(self) -> Iterator[str]:
        """Yield what is wrong after a fault; afterwards the call is made without one."""
        unchanged = describe(self._before)
        clean = Outcome(self._send(), describe(self._table.read()))
        completed = self._describe(self._complete())
        repeated: set[str] = set()
        for name, fault in FAULTS.items():
            for number in itertools.count(1):
                self._table.restore(self._before)
                with fault_at(fault, number) as session:
                    status = self._send()
                found = Outcome(status, describe(self._table.read()))
                if session.requests < number:
                    break
                if session.happened:
                    self.points += 1
                    case = f"{name}, at request {number}: {found.status}"
                    if fault.is_transient:
                        yield from self._compare(case, found, clean)
                    else:
                        if session.seconds > OUTAGE_SECONDS:
                            yield f"{case}, after up to {session.seconds} s"
                        yield from self._check_outage(case, found, unchanged, clean)
                        # If nothing was written, a repetition is the call without a fault: once.
                        if found.table != unchanged or name not in repeated:
                            repeated.add(name)
                            yield from self._check_repetition(case, found, clean, completed)
        self._table.restore(self._before)
        self._send()

    def _send(self) -> int:
        try:
            return int(self._call().status_code)
        except Killed:
            return KILLED

    def _complete(self) -> State:
        """Run the deferred updates, and return the items of the table."""
        run_deferred_updates(now() + timedelta(minutes=2))
        return self._table.read()

    def _check_outage(
        self, case: str, found: Outcome, unchanged: Counter[str], clean: Outcome
    ) -> Iterator[str]:
        if found.status not in (clean.status, UNAVAILABLE, KILLED):
            yield f"{case}, not {clean.status} or {UNAVAILABLE}"
        if self._name not in IN_STEPS and found.table not in (unchanged, clean.table):
            yield f"{case}, half done: {difference(found.table, clean.table)}"

    def _check_repetition(
        self, case: str, first: Outcome, clean: Outcome, completed: Counter[str]
    ) -> Iterator[str]:
        again = self._send()
        # A call that is done already may be refused: the comment is deleted, the person a member.
        is_done = first.table == clean.table or self._name in COMPLETED_BY_A_JOB
        if again != clean.status and not (is_done and 400 <= again < 500):
            yield f"{case}, {again} when repeated"
        state = self._complete()
        violations = set(find_violations(state.values())).difference(self._known)
        yield from (f"{case}, {violation}" for violation in violations)
        if self._name in REPEATED | COMPLETED_BY_A_JOB:
            return
        if (found := self._describe(state)) != completed:
            yield f"{case}, another state when repeated: {difference(found, completed)}"

    def _describe(self, state: State) -> Counter[str]:
        return describe(state, with_times=self._name not in COMPLETED_LATER)

    def _compare(self, case: str, found: Outcome, clean: Outcome) -> Iterator[str]:
        if found.status != clean.status:
            yield f"{case}, not {clean.status}"
        elif found.table != clean.table:
            yield f"{case}, another state: {difference(found.table, clean.table)}"


def _prove(world: Scenario, calls: dict[str, Call], report: Report) -> None:
    """Fail with a line for each failure, and report how many points were tried."""
    failures: list[str] = []
    points = 0
    with tracked_table() as table:
        for name, call in calls.items():
            if name not in WAITING:
                proof = Proof(table, world, name, call)
                failures += [f"{name}: {failure}" for failure in proof.find_failures()]
                points += proof.points
    report("cases", points)
    assert not failures, "\n".join(failures)


on_dynamodb_local = pytest.mark.usefixtures("frozen_clock", "local_table")
on_lean_transport = pytest.mark.parametrize("transport", ["lean"], indirect=True)


@pytest.fixture
def world(
    client: Client, ann: Person, bob: Person, make_person: Callable[[str], Person]
) -> Scenario:
    return Scenario(client, ann, bob, make_person)


@pytest.mark.proof
@on_dynamodb_local
@on_lean_transport
@pytest.mark.parametrize("heading", CALLS)
def test_no_fault_leaves_a_call_half_done(
    world: Scenario, heading: str, record_property: Report
) -> None:
    _prove(world, CALLS[heading], record_property)


@on_dynamodb_local
@on_lean_transport
@pytest.mark.parametrize("name", ["`POST /api/tasks`", "`PATCH .../status`"])
def test_no_fault_leaves_the_usual_change_half_done(
    world: Scenario, name: str, record_property: Report
) -> None:
    _prove(world, {name: CALLS["Calls about tasks"][name]}, record_property)


def test_every_route_that_writes_is_among_the_calls(world: Scenario) -> None:
    routes = [route for route in list_routes(app) if route.method != "GET"]
    for heading, calls in CALLS.items():
        for name, call in calls.items():
            # Variants of a call, and reads, lead to no further route.
            if heading != "Calls for lists" and not name.startswith(("...", "`GET")):
                called = send(world, call)
                routes = [route for route in routes if not _is_call_of(route, *called)]
    assert {route.name for route in routes} == AT_PROVIDERS


def _is_call_of(route: Route, method: str, path: str) -> bool:
    form = re.sub(r"{\w+}", "[^/]+", route.path)
    return method == route.method and re.fullmatch(form, path) is not None
