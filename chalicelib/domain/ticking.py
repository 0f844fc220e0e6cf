"""What the tick does every five minutes: whatever must happen and has not happened yet."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from chalicelib.domain import (
    backlog,
    errands,
    farewell,
    purging,
    reconciliation,
    recounting,
    uploads,
)
from chalicelib.domain.pacing import Pace
from chalicelib.observability import logger

Job = Callable[[datetime], dict[str, int]]

JOBS: tuple[Job, ...] = (uploads.expire, reconciliation.advance, backlog.measure)
# Those that may take minutes. Each stops early enough for those behind it: errands, erasures and
# the purge have half a minute of every tick at least; projects are recounted in what they leave.
LONG: tuple[Callable[..., dict[str, int]], ...] = (
    errands.run,
    farewell.erase_due,
    purging.purge,
    recounting.advance,
)


def tick(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Run every job and add up what they did; those that take whatever time is left come last. One
    that fails does not stop the others; it raises in the end, so that the retry, the alarm and the
    dead letters see it."""
    outcome: dict[str, int] = {}
    failures: list[Exception] = []
    jobs: list[Job] = [*JOBS, *(partial(job, pace=pace) for job in LONG)]
    for job in jobs:
        try:
            outcome |= job(now)
        except Exception as failure:
            logger.exception("a job of the tick failed", job=_name(job))
            failures.append(failure)
    if failures:
        raise ExceptionGroup("some jobs of the tick failed", failures)
    return outcome


def _name(job: Job) -> str:
    return str(getattr(job, "func", job).__module__)
