"""Running errands: what a change has left to be done to many tasks."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import assignments, labels, zones
from chalicelib.domain.pacing import Clock, Pace, clock_of
from chalicelib.observability import logger, report
from chalicelib.store import errands, wake
from chalicelib.store.errands import Errand
from chalicelib.store.transaction import ConditionFailed

_RUNNERS: dict[str, Callable[[Errand, Clock], None]] = {
    assignments.DEPARTURE: assignments.finish,
    labels.WITHDRAWAL: labels.withdraw,
    zones.MOVE: zones.move_days,
}


def run(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Run all whose time has come. One that fails does not stop the others, and is run again by the
    next tick."""
    clock = clock_of(pace, now)
    done = failed = 0
    for errand in errands.ready(now):
        try:
            _RUNNERS[errand.kind](errand, clock)
            _forget(errand)
            done += 1
        except Exception:
            logger.exception("an errand could not be run", errand=errand.PK)
            failed += 1
    wake.settle(errands.WHAT, now)
    return report("errands", {"run": done, "failed": failed})


def _forget(errand: Errand) -> None:
    try:
        errands.forget(errand)
    except ConditionFailed:  # owed anew while it was run
        return
