"""The prices that docs/data-model.md states are what the calls cost.

`WRITE_COSTS=1 pytest tests/store/test_costs.py` writes into the page what was measured.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from chalice.test import Client

from tests.store import account_costs, costs
from tests.store.costs import Call, World
from tests.store.meter import metered
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
        if line.startswith("| ") and not line.startswith(("| Call", "| ---")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield _LINKED.sub(r"\1", cells[0]), cells


def _stated(heading: str) -> dict[str, Price]:
    return {
        call: Price(float(cells[-3]), float(cells[-2]), int(cells[-1]))
        for call, cells in _rows(heading)
    }


def _measured(world: World, call: Call) -> Price:
    wanted = (*call(world), None, None, None, None)[:6]
    method, path, body, person, headers, status = wanted
    with metered() as meter:
        answer = (person or world.ann).call(method, path, body, headers=headers)
    as_wanted = answer.status_code == status if status else answer.status_code < 300
    assert as_wanted, (method, path, answer.json_body)
    return Price(meter.read, meter.written, meter.trips)


@pytest.mark.usefixtures("real_table")
@pytest.mark.parametrize("heading", TABLES)
def test_the_page_says_what_calls_cost(
    client: Client, ann: Person, bob: Person, resident: Callable[[str], Person], heading: str
) -> None:
    world, stated = World(client, ann, bob, resident), _stated(heading)
    measured = {name: _measured(world, call) for name, call in TABLES[heading].items()}
    if os.environ.get("WRITE_COSTS"):
        return _write(heading, measured)
    differing = {
        name: f"measured {price}, the page says {stated.get(name)}"
        for name, price in measured.items()
        if price != stated.get(name)
    }
    assert differing == {}
    assert stated.keys() == measured.keys()


@pytest.mark.usefixtures("real_table")
def test_the_rules_of_writing_are_those_of_the_engine(ann: Person) -> None:
    task = ann.adds_task(ann.starts_project(), assigned_to=ann.id)
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
