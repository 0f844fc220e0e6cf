"""What the tick does every five minutes: whatever must happen and has not happened yet."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import assignments, farewell, mailing, purging, reconciliation, uploads
from chalicelib.observability import logger

JOBS: tuple[Callable[[datetime], dict[str, int]], ...] = (
    mailing.sweep,
    uploads.expire,
    reconciliation.advance,
    assignments.finish,
    purging.purge,
    farewell.erase_due,
)


def tick(now: datetime) -> dict[str, int]:
    """Run every job and add up what they did. One that fails does not stop the others; it raises
    in the end, so that the retry, the alarm and the dead letters see it."""
    outcome: dict[str, int] = {}
    failures: list[Exception] = []
    for job in JOBS:
        try:
            outcome |= job(now)
        except Exception as failure:
            logger.exception("a job of the tick failed", job=job.__module__)
            failures.append(failure)
    if failures:
        raise ExceptionGroup("some jobs of the tick failed", failures)
    return outcome
