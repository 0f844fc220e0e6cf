"""Fixtures of the tests of costs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine


@pytest.fixture
def morning() -> Iterator[None]:
    """Move the clock to a morning and to the start of an hour.

    In the evening, tasks that are due in five hours are not due today; and a measurement that an
    hour's end interrupts reads one more bucket of the time index.
    """
    with time_machine.travel(datetime.now(UTC).replace(hour=9, minute=5) + timedelta(days=1)):
        yield
