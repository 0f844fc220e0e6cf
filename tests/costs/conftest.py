"""Fixtures of the tests of costs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine


@pytest.fixture
def morning() -> Iterator[None]:
    """Set the clock to 09:05 UTC of the next day.

    In the evening, a task that is due in five hours is due on the next day. A measurement that
    begins before a full hour and ends after it reads one more bucket of the time index.
    """
    with time_machine.travel(datetime.now(UTC).replace(hour=9, minute=5) + timedelta(days=1)):
        yield
