"""The prices that docs/data-model.md states are what the calls cost.

`WRITE_COSTS=1 pytest tests/costs/test_costs.py` writes into the page what was measured.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from chalice.test import Client, HTTPResponse

from tests.costs import account_costs, costs, job_costs
from tests.costs.costs import Call, Scenario
from tests.costs.job_costs import HOUR, Act, JobScenario, Prepare
from tests.costs.meter import metered
from tests.job_results import run_sweep
from tests.moto_stack import set_watermarks
from tests.support import Person

TABLES = {
    **costs.TABLES,
    "Calls about accounts": account_costs.ACCOUNTS,
    "Calls about invitations": account_costs.INVITATIONS,
}
PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"
_LINKED = re.compile(r"\[(.+)\]\(([^)]+)\)")


class Price(NamedTuple):
    """Units read, units written, round trips."""

    read: float
    written: float
    trips: int


def _rows(heading: str) -> Iterator[tuple[str, list[str]]]:
    """The rows of the table under a heading: the call, and all cells."""
    _, _, below = PAGE.read_text().partition(f"\n### {heading}\n")
    for line in below.partition("\n#")[0].splitlines():
        if line.startswith("| ") and not line.startswith(("| Call", "| Job", "| ---")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield _LINKED.sub(r"\1", cells[0]), cells


def _stated(heading: str) -> dict[str, Price]:
    return {
        call: Price(float(cells[-3]), float(cells[-2]), int(cells[-1]))
        for call, cells in _rows(heading)
    }


def _measured(world: Scenario, call: Call) -> Price:
    wanted = (*call(world), None, None, None, None)[:6]
    method, path, body, person, headers, status = wanted
    answers: list[HTTPResponse] = []

    def make_it() -> None:
        answers.append((person or world.ann).call(method, path, body, headers=headers))

    price = _of(make_it)
    (answer,) = answers
    as_wanted = answer.status_code == status if status else answer.status_code < 300
    assert as_wanted, (method, path, answer.json_body)
    return price


def _of(act: Act) -> Price:
    with metered() as meter:
        act()
    return Price(meter.read, meter.written, meter.trips)


def _beyond_nothing(office: JobScenario, job: Act, prepare: Prepare) -> Price:
    job()
    idle = _of(job)
    prepare(office)
    return Price(*(busy - nothing for busy, nothing in zip(_of(job), idle, strict=True)))


@pytest.mark.usefixtures("local_table")
@pytest.mark.parametrize("heading", TABLES)
def test_the_page_says_what_calls_cost(
    client: Client, ann: Person, bob: Person, make_person: Callable[[str], Person], heading: str
) -> None:
    world = Scenario(client, ann, bob, make_person)
    measured = {name: _measured(world, call) for name, call in TABLES[heading].items()}
    _compare(heading, measured)


@pytest.mark.usefixtures("local_table")
def test_the_page_says_what_jobs_cost(
    client: Client, ann: Person, bob: Person, make_person: Callable[[str], Person]
) -> None:
    with time_machine.travel(job_costs.START) as clock:
        ann.log_in()
        office = JobScenario(client, ann, bob, make_person, clock)
        set_watermarks()
        run_sweep()  # notes whom to report to on Monday
        office.later(HOUR)
        found = {name: _beyond_nothing(office, *work) for name, work in job_costs.FOUND.items()}
        done = {name: _of(work(office)) for name, work in job_costs.AT_HAND.items()}
        office.later(30 * job_costs.DAY)
        idle = {name: (job(), _of(job))[1] for name, job in job_costs.IDLE.items()}
    _compare("What jobs cost", found | done | idle)


def _compare(heading: str, measured: dict[str, Price]) -> None:
    stated = _stated(heading)
    if os.environ.get("WRITE_COSTS"):
        return _write(heading, measured)
    differing = {
        name: f"measured {price}, the page says {stated.get(name)}"
        for name, price in measured.items()
        if price != stated.get(name)
    }
    assert differing == {}
    assert stated.keys() == measured.keys()


@pytest.mark.usefixtures("local_table")
def test_the_rules_of_writing_are_those_of_the_engine(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), assigned_to=ann.id)
    with metered() as meter:
        ann.patch(f"/api/tasks/{task['id']}", {"title": "New"})
    (bill,) = meter.billed  # of one row, so all it gets wrong is to count entries twice
    row = bill["Table"]["CapacityUnits"]
    assert meter.written == row + (bill["CapacityUnits"] - row) / 2


def test_every_row_links_to_the_code_that_does_it() -> None:
    for heading in TABLES:
        targets = [_LINKED.search(cells[0]) for _, cells in _rows(heading) if cells[0][:3] != "..."]
        assert all(target and "../chalicelib/" in target[2] for target in targets), heading


def _write(heading: str, measured: dict[str, Price]) -> None:
    text = PAGE.read_text()
    for call, cells in _rows(heading):
        old = "| " + " | ".join(cells) + " |"
        new = "| " + " | ".join([*cells[:-3], *(f"{n:g}" for n in measured[call])]) + " |"
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    PAGE.write_text(text)
