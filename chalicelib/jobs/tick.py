"""What the tick does every five minutes: whatever must happen and has not happened yet."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.attachments.jobs import continue_cleanup
from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.jobs import deferred_updates
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail.jobs import measure_backlog
from chalicelib.observability import logger
from chalicelib.projects.jobs import continue_counter_repair
from chalicelib.trash.jobs import purge_trash

TickJob = Callable[[datetime], dict[str, int]]

SHORT_JOBS: tuple[TickJob, ...] = (expire_uploads, continue_cleanup, measure_backlog)
# Those that may take minutes. Each stops early enough for those behind it: errands, erasures and
# the purge have half a minute of every tick at least; projects are recounted in what they leave.
LONG_JOBS: tuple[Callable[..., dict[str, int]], ...] = (
    deferred_updates.run_deferred_updates,
    delete_due_accounts,
    purge_trash,
    continue_counter_repair,
)


def run_tick(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Run every job and add up what they did; those that take whatever time is left come last. One
    that fails does not stop the others; it raises in the end, so that the retry, the alarm and the
    dead letters see it."""
    outcome: dict[str, int] = {}
    failures: list[Exception] = []
    jobs: list[TickJob] = [*SHORT_JOBS, *(partial(job, pace=pace) for job in LONG_JOBS)]
    for job in jobs:
        try:
            outcome |= job(now)
        except Exception as failure:
            logger.exception("a job of the tick failed", job=_name(job))
            failures.append(failure)
    if failures:
        raise ExceptionGroup("some jobs of the tick failed", failures)
    return outcome


def _name(job: TickJob) -> str:
    return str(getattr(job, "func", job).__module__)
