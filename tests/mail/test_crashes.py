"""Crashes at any call: no mail is lost, and every duplicate is accounted for."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.models import MAIL_LEASE
from tests.crash_simulation import FunctionRunner, simulate_crashes
from tests.faults import is_killed_at
from tests.moto_stack import set_watermarks
from tests.support import Person, in_hours, mails_to
from tests.table_items import put_task_copies, scan_items

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Claim, put into the inbox, send, record the result.
CALLS = range(1, 5)


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    sweep_outbox(now())
    return project


def test_a_mail_is_queued_if_and_only_if_its_cause_was_committed(
    ann: Person, bob: Person, project: str
) -> None:
    for call in itertools.count(1):
        title = f"Task {call}"
        killed = is_killed_at(
            call, lambda title=title: ann.create_task(project, title, assigned_to=bob.id)
        )
        items = scan_items()
        tasks = [item for item in items if item.get("title", {}).get("S") == title]
        kinds = [item["kind"]["S"] for item in items if item["PK"]["S"].startswith("OUTBOX#")]
        assert kinds.count("assigned") == len(_titles(items)), call
        if not killed:
            break
    assert len(tasks) == 1 and call > 1


def _titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["title"]["S"] for item in items if item["SK"]["S"].startswith("TASK#")]


@pytest.mark.parametrize("call", CALLS)
def test_a_killed_dispatcher_loses_no_mail_and_repeats_only_one_with_no_recorded_result(
    ann: Person, bob: Person, project: str, call: int
) -> None:
    ann.create_task(project, assigned_to=bob.id)
    start = now()
    assert is_killed_at(call, lambda: sweep_outbox(start))
    accepted = len(list(mails_to(bob, "Assigned")))
    is_waiting = bool(list(time_index.list_due("mail", start)))
    for tick in (1, 2):
        sweep_outbox(start + tick * (MAIL_LEASE + timedelta(seconds=1)))
    sent_twice = accepted and is_waiting
    assert len(list(mails_to(bob, "Assigned"))) == (2 if sent_twice else 1)
    assert sent_twice == (call == 4)
    (notification,) = bob.get("/api/notifications").json_body["items"]
    assert notification["kind"] == "assigned"


@pytest.fixture
def runner(invoke: Any, sample_event: Any) -> Iterator[FunctionRunner]:
    with time_machine.travel(NOON) as clock:
        set_watermarks()
        yield FunctionRunner(invoke, sample_event, clock)


def test_all_reminders_arrive_despite_many_crashes_and_duplicates_are_accounted_for(
    runner: FunctionRunner, ann: Person, bob: Person
) -> None:
    found = simulate_crashes(runner, _add_tasks_due_tomorrow(ann, bob, 24), share=0.3, seed=1)
    assert found.killed > 3 and found.ambiguous > 0
    assert (found.missing, found.twice) == (0, found.ambiguous)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_of_10_000_reminders_none_is_missing_after_two_runs_and_duplicates_are_accounted_for(
    runner: FunctionRunner, ann: Person, bob: Person, seed: int
) -> None:
    """Runs in four parts, so that each core gets one. It uses moto, which takes half the time of
    DynamoDB Local, because no functions run concurrently here. Tests of concurrent functions use
    the real engine (`tests/dynamodb`)."""
    found = simulate_crashes(
        runner, _add_tasks_due_tomorrow(ann, bob, 2_500), share=0.05, seed=seed
    )
    assert found.killed > 60 and found.ambiguous > 3
    assert (found.missing, found.twice) == (0, found.ambiguous)


def _add_tasks_due_tomorrow(ann: Person, bob: Person, count: int) -> set[str]:
    """Create `count` tasks that are due tomorrow and return their ids."""
    for person in (ann, bob):
        person.log_in()
    project = ann.create_project()
    ann.add_member(project, bob)
    task = ann.create_task(project, assigned_to=bob.id, due_date=in_hours(20))
    sweep_outbox(now())
    put_task_copies(task["id"], count - 1)
    return {item["SK"]["S"][5:] for item in scan_items() if item["SK"]["S"].startswith("TASK#")}
