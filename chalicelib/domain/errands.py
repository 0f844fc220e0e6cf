"""Running errands: what a change has left to be done to many tasks."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from chalicelib.domain import assignments, labels, zones
from chalicelib.domain.pacing import OutOfTime, Pace, unhurried
from chalicelib.observability import logger, report
from chalicelib.store import errands, wake
from chalicelib.store.errands import Errand
from chalicelib.store.transaction import ConditionFailed

_RUNNERS: dict[str, Callable[[Errand, Pace], None]] = {
    assignments.DEPARTURE: assignments.finish,
    labels.WITHDRAWAL: labels.withdraw,
    zones.MOVE: zones.move_days,
}
# Is left to those behind us in the tick.
LEFT_MILLISECONDS = 150_000


def run(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Run all whose time has come, as far as there is time. One that fails does not stop the
    others; the next tick runs it again, and goes on with what was put off."""
    pace = (pace or unhurried(now)).leaving(LEFT_MILLISECONDS)
    outcome = Counter(run=0, failed=0)
    try:
        for errand in pace.each(errands.ready(now)):
            outcome[_guarded(errand, pace)] += 1
    except OutOfTime:
        outcome["put_off"] = 1
    wake.settle(errands.WHAT, now)
    return report("errands", outcome)


def _guarded(errand: Errand, pace: Pace) -> str:
    try:
        _RUNNERS[errand.kind](errand, pace)
        _forget(errand)
    except OutOfTime:
        raise
    except Exception:
        logger.exception("an errand could not be run", errand=errand.PK)
        return "failed"
    return "run"


def _forget(errand: Errand) -> None:
    try:
        errands.forget(errand)
    except ConditionFailed:  # owed anew while it was run
        return
