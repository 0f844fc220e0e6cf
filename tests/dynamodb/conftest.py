"""Fixtures of the tests with earlier items."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from chalice.test import Client

from tests.earlier_items import (
    DATA,
    NOW,
    EarlierScenario,
    RunFunction,
    put_objects,
    put_recorded_items,
)

Invoke = Callable[[str, dict[str, Any]], Any]
SampleEvent = Callable[[str], dict[str, Any]]


@pytest.fixture
def scenario(client: Client, set_signing_keys: Callable[..., None]) -> Iterator[EarlierScenario]:
    """Table, bucket, signing keys and clock as recorded in `tests/earlier_items.py`."""
    set_signing_keys(**DATA["secret"])
    with time_machine.travel(NOW, tick=False) as clock:
        put_recorded_items(put_objects())
        yield EarlierScenario(client, clock)


@pytest.fixture
def run_function(
    scenario: EarlierScenario, invoke: Invoke, sample_event: SampleEvent
) -> RunFunction:
    """Invoke a scheduled function at the current time: `run_function("tick")`."""

    def run(name: str) -> dict[str, Any]:
        time = f"{datetime.now(NOW.tzinfo):%Y-%m-%dT%H:%M:%SZ}"
        outcome: dict[str, Any] = invoke(name, sample_event("tick") | {"time": time})
        return outcome

    return run
