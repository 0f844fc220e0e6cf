"""A process that dies at any call: nothing is lost, and what comes twice is counted."""

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
from tests.crash_storm import Lambda, storm
from tests.support import (
    Killed,
    Person,
    all_rows,
    in_hours,
    killed_at,
    mails_to,
    put_copies,
    ticked_lately,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Claim, send, mark.
CALLS = range(1, 4)


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    sweep_outbox(now())
    return project


def _dies_at(call: int, work: Any) -> bool:
    """Whether `work` came so far."""
    try:
        with killed_at(call, writes_only=True):
            work()
    except Killed:
        return True
    return False


def test_a_mail_is_owed_if_and_only_if_its_cause_was_committed(
    ann: Person, bob: Person, project: str
) -> None:
    for call in itertools.count(1):
        title = f"Task {call}"
        died = _dies_at(call, lambda title=title: ann.adds_task(project, title, assigned_to=bob.id))
        rows = all_rows()
        made = [row for row in rows if row.get("title", {}).get("S") == title]
        kinds = [row["kind"]["S"] for row in rows if row["PK"]["S"].startswith("OUTBOX#")]
        assert kinds.count("assigned") == len(_titles(rows)), call
        if not died:
            break
    assert len(made) == 1 and call > 1


def _titles(rows: list[dict[str, Any]]) -> list[str]:
    return [row["title"]["S"] for row in rows if row["SK"]["S"].startswith("TASK#")]


@pytest.mark.parametrize("call", CALLS)
def test_a_dispatcher_that_dies_loses_nothing_and_doubles_only_what_was_not_marked(
    ann: Person, bob: Person, project: str, call: int
) -> None:
    ann.adds_task(project, assigned_to=bob.id)
    start = now()
    assert _dies_at(call, lambda: sweep_outbox(start))
    accepted = len(list(mails_to(bob, "Assigned")))
    waits = bool(list(time_index.list_due("mail", start)))
    for tick in (1, 2):
        sweep_outbox(start + tick * (MAIL_LEASE + timedelta(seconds=1)))
    doubled = accepted and waits
    assert len(list(mails_to(bob, "Assigned"))) == (2 if doubled else 1)
    assert doubled == (call == 3)


@pytest.fixture
def aws_lambda(invoke: Any, event: Any) -> Iterator[Lambda]:
    with time_machine.travel(NOON) as clock:
        ticked_lately()
        yield Lambda(invoke, event, clock)


def test_reminders_in_a_storm_of_crashes_all_arrive_and_what_comes_twice_is_counted(
    aws_lambda: Lambda, ann: Person, bob: Person
) -> None:
    found = storm(aws_lambda, _due_tomorrow(ann, bob, 24), share=0.3, seed=1)
    assert found.killed > 3 and found.ambiguous > 0
    assert (found.missing, found.twice) == (0, found.ambiguous)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_of_10_000_reminders_none_is_missing_after_two_ticks_and_each_second_one_is_accounted_for(
    aws_lambda: Lambda, ann: Person, bob: Person, seed: int
) -> None:
    """In four parts, so that each core has one. On moto, at half of DynamoDB Local's cost: no two
    functions run at once here; those that do are in `tests/store`, on the real engine."""
    found = storm(aws_lambda, _due_tomorrow(ann, bob, 2_500), share=0.05, seed=seed)
    assert found.killed > 60 and found.ambiguous > 3
    assert (found.missing, found.twice) == (0, found.ambiguous)


def _due_tomorrow(ann: Person, bob: Person, count: int) -> set[str]:
    """The ids of so many tasks."""
    for person in (ann, bob):
        person.signs_in()
    project = ann.starts_project()
    ann.lets_in(project, bob)
    task = ann.adds_task(project, assigned_to=bob.id, due_date=in_hours(20))
    sweep_outbox(now())
    put_copies(task["id"], count - 1)
    return {row["SK"]["S"][5:] for row in all_rows() if row["SK"]["S"].startswith("TASK#")}
