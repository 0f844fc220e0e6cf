"""A process that dies at any call: nothing is lost, and what comes twice is counted."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.domain import mailing
from chalicelib.store import outbox, wake
from tests.storm import storm
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
    mailing.sweep(now())
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
    assert _dies_at(call, lambda: mailing.sweep(start))
    accepted = len(list(mails_to(bob, "Assigned")))
    waits = bool(list(wake.ready("mail", start)))
    for tick in (1, 2):
        mailing.sweep(start + tick * (outbox.LEASE + timedelta(seconds=1)))
    doubled = accepted and waits
    assert len(list(mails_to(bob, "Assigned"))) == (2 if doubled else 1)
    assert doubled == (call == 3)


def test_reminders_in_a_storm_of_crashes_all_arrive_and_what_comes_twice_is_counted(
    ann: Person, bob: Person, project: str
) -> None:
    """`bench/reminders.py` does it with 10,000."""
    with time_machine.travel(NOON, tick=False):
        ticked_lately()
        task = _tomorrow(ann, bob, project)
        mailing.sweep(now())
        put_copies(task, 23)
        ids = {row["SK"]["S"][5:] for row in all_rows() if row["SK"]["S"].startswith("TASK#")}
        found = storm(ids, share=0.3, seed=7, now=now())
        assert found.ambiguous > 0 and found.missing == 0
        assert found.twice == found.ambiguous


def _tomorrow(ann: Person, bob: Person, project: str) -> str:
    signed_in = ann.post(
        "/api/auth/login", {"email": ann.email, "password": "correct horse battery"}
    ).json_body
    today = Person(ann.client, ann.id, ann.email, signed_in["access"], "")
    return str(today.adds_task(project, assigned_to=bob.id, due_date=in_hours(20))["id"])
