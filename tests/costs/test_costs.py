"""Tests that docs/data-model.md states the measured units, AWS calls and round trips of each call.

`WRITE_COSTS=1 pytest tests/costs/test_costs.py` writes the measured numbers into the page. A row of
a table may name several calls, separated by semicolons, that cost the same.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import time_machine
from chalice.test import Client, HTTPResponse

from tests.costs import account_costs, costs, factor_costs, job_costs, webhook_costs
from tests.costs.costs import Call, Scenario
from tests.costs.job_costs import HOUR, Action, JobWorld, Prepare
from tests.costs.meter import metered
from tests.job_results import run_sweep
from tests.moto_stack import set_watermarks
from tests.support import Person

TABLES = {
    "Calls about projects and labels": costs.PROJECTS | costs.LABELS,
    "Calls about saved views": costs.VIEWS,
    "Calls about members and invitations": costs.MEMBERS | account_costs.INVITATIONS,
    "Calls about tasks": costs.TASKS,
    "Calls for lists": costs.LISTS,
    "Calls about comments, activity, attachments, exports": costs.COMMENTS | costs.FILES,
    "Calls about accounts": account_costs.ACCOUNTS,
    "Calls about second factors": factor_costs.FACTOR_CALLS,
    "Calls about webhooks": webhook_costs.WEBHOOKS,
}
PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


class Price(NamedTuple):
    """Read units, write units, calls of AWS, sequential round trips."""

    read: float
    written: float
    calls: int
    trips: int


def _read_rows(heading: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the rows of the table below a heading: their calls without links, and all cells."""
    _, _, below = PAGE.read_text().partition(f"\n### {heading}\n")
    for line in below.partition("\n#")[0].splitlines():
        if line.startswith("| ") and not line.startswith(("| Call", "| Job", "| ---")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield _LINK.sub(r"\1", cells[0]).split("; "), cells


def _read_stated_prices(heading: str) -> dict[str, Price]:
    return {
        call: Price(float(cells[-4]), float(cells[-3]), int(cells[-2]), int(cells[-1]))
        for calls, cells in _read_rows(heading)
        for call in calls
    }


def _measure_call(world: Scenario, call: Call) -> Price:
    request = (*call(world), None, None, None, None)[:6]
    method, path, body, person, headers, status = request
    answers: list[HTTPResponse] = []

    def send() -> None:
        answers.append((person or world.ann).call(method, path, body, headers=headers))

    price = _measure(send)
    (answer,) = answers
    as_expected = answer.status_code == status if status else answer.status_code < 300
    assert as_expected, (method, path, answer.json_body)
    return price


def _measure(action: Action) -> Price:
    with metered() as meter:
        action()
    return Price(meter.read, meter.written, len(meter.operations), meter.trips)


def _measure_beyond_idle(world: JobWorld, job: Action, prepare: Prepare) -> Price:
    """Return the price of a job's work without the price of a run that finds nothing to do."""
    job()
    idle = _measure(job)
    prepare(world)
    return Price(*(busy - nothing for busy, nothing in zip(_measure(job), idle, strict=True)))


@pytest.mark.usefixtures("morning", "local_table")
@pytest.mark.parametrize("heading", TABLES)
def test_the_page_states_the_measured_price_of_each_call(
    client: Client, ann: Person, bob: Person, make_person: Callable[[str], Person], heading: str
) -> None:
    world = Scenario(client, ann, bob, make_person)
    measured = {name: _measure_call(world, call) for name, call in TABLES[heading].items()}
    _compare(heading, measured)


@pytest.mark.usefixtures("local_table")
def test_the_page_states_the_measured_price_of_each_job(
    client: Client, ann: Person, bob: Person, make_person: Callable[[str], Person]
) -> None:
    with time_machine.travel(job_costs.START) as clock:
        ann.log_in()
        world = JobWorld(client, ann, bob, make_person, clock)
        set_watermarks()
        run_sweep()  # schedules the weekly reports
        world.later(HOUR)
        found = {name: _measure_beyond_idle(world, *work) for name, work in job_costs.FOUND.items()}
        given = {name: _measure(work(world)) for name, work in job_costs.GIVEN.items()}
        world.later(30 * job_costs.DAY)
        idle = {name: (job(), _measure(job))[1] for name, job in job_costs.IDLE.items()}
    _compare("What jobs cost", found | given | idle)


def _compare(heading: str, measured: dict[str, Price]) -> None:
    stated = _read_stated_prices(heading)
    if os.environ.get("WRITE_COSTS"):
        return _write(heading, measured)
    differing = {
        name: f"measured {price}, the page states {stated.get(name)}"
        for name, price in measured.items()
        if price != stated.get(name)
    }
    assert differing == {}
    assert stated.keys() == measured.keys()


@pytest.mark.usefixtures("local_table")
def test_the_meter_computes_the_write_units_that_dynamodb_local_bills(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), assigned_to=ann.id)
    with metered() as meter:
        ann.patch(f"/api/tasks/{task['id']}", {"title": "New"})
    (bill,) = meter.billed  # for a single item its only error is to count index entries twice
    item_units = bill["Table"]["CapacityUnits"]
    assert meter.written == item_units + (bill["CapacityUnits"] - item_units) / 2


def test_every_row_links_to_its_code() -> None:
    for heading in TABLES:
        cells = [cells[0] for _, cells in _read_rows(heading) if not cells[0].startswith("...")]
        targets = [_LINK.search(cell) for cell in cells]
        assert all(target and "../chalicelib/" in target[2] for target in targets), heading


def _write(heading: str, measured: dict[str, Price]) -> None:
    text = PAGE.read_text()
    for calls, cells in _read_rows(heading):
        prices = {measured[call] for call in calls}
        assert len(prices) == 1, f"the calls of a row differ: {calls} {prices}"
        (price,) = prices
        old = "| " + " | ".join(cells) + " |"
        new = "| " + " | ".join([*cells[:-4], *(f"{n:g}" for n in price)]) + " |"
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    PAGE.write_text(text)
