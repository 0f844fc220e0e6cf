"""Any history of calls, faults and ticks agrees with a plain model of the promises.

The histories are derived from the code of the machine, so the same code has the same histories.
"""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from chalice.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.clock import now
from tests.proof.machine import PromiseMachine

Report = Callable[[str, object], None]


def _run(client: Client, invoke: Any, report: Report, *, histories: int, steps: int) -> None:
    bounded = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    with time_machine.travel(now().replace(minute=5)) as clock:
        attributes = {"client": client, "invoke": staticmethod(invoke), "clock": clock, "calls": 0}
        machine = type("Ours", (PromiseMachine,), attributes)
        run_state_machine_as_test(machine, settings=bounded)
        report("cases", machine.calls)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("local_table")
def test_the_promises_hold_after_a_short_history(
    client: Client, invoke: Any, record_property: Report
) -> None:
    _run(client, invoke, record_property, histories=1, steps=40)


@pytest.mark.proof
@pytest.mark.usefixtures("local_table")
def test_the_promises_hold_after_any_history_of_calls_faults_and_ticks(
    client: Client, invoke: Any, record_property: Report
) -> None:
    _run(client, invoke, record_property, histories=100, steps=50)
