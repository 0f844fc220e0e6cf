"""Any history of calls, faults and ticks agrees with a plain model of the promises."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from chalice.test import Client
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from tests.proof.simulation.machine import PromiseMachine

Report = Callable[[str, object], None]
History = list[tuple[str, str, int]]

START = datetime(2026, 3, 4, 9, 5, tzinfo=UTC)
SEEDS = range(1, 5)


def _run(client: Client, invoke: Any, number: int, *, histories: int, steps: int) -> History:
    """Run the histories of a seed; return the calls in their order."""
    bounded = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    made: History = []
    with time_machine.travel(START, tick=False) as clock:
        attributes = {"client": client, "invoke": staticmethod(invoke), "clock": clock}
        machine = type("Machine", (PromiseMachine,), attributes | {"history": made})
        seed(number)(get_state_machine_test(machine, settings=bounded))()
    return made


@pytest.mark.usefixtures("local_table")
def test_the_promises_hold_after_a_short_history(
    client: Client, invoke: Any, record_property: Report
) -> None:
    record_property("cases", len(_run(client, invoke, 1, histories=2, steps=30)))


@pytest.mark.proof
@pytest.mark.usefixtures("local_table")
def test_a_seed_has_always_the_same_history(client: Client, invoke: Any) -> None:
    first, again, other = (_run(client, invoke, n, histories=3, steps=30) for n in (7, 7, 8))
    assert first == again != other


@pytest.mark.proof
@pytest.mark.usefixtures("local_table")
@pytest.mark.parametrize("number", SEEDS)
def test_the_promises_hold_after_any_history_of_calls_faults_and_ticks(
    client: Client, invoke: Any, number: int, record_property: Report
) -> None:
    record_property("cases", len(_run(client, invoke, number, histories=25, steps=50)))
