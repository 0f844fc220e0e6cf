"""Work on many items, of which some may fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.observability import logger


class Attempts:
    """Logs and collects the failures of work on many items, so that one does not stop the others.

    `message` describes a failure: `the check of a task failed`.
    """

    def __init__(self, message: str) -> None:
        self._message = message
        self._failures: list[Exception] = []

    @contextmanager
    def attempt(self, **fields: Any) -> Iterator[None]:
        """Run the block; if it fails, log the failure with these `fields` and continue after it."""
        try:
            yield
        except Exception as failure:
            logger.exception(self._message, **fields)
            self._failures.append(failure)

    def raise_failures(self) -> None:
        """Raise `ExceptionGroup` if an attempt failed: Lambda repeats the event, and the alarm
        fires."""
        if self._failures:
            raise ExceptionGroup(self._message, self._failures)
