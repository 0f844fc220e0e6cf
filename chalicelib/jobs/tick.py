"""The tick: the work that runs every five minutes."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.attachments.jobs import continue_cleanup
from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.jobs import deferred_updates
from chalicelib.jobs.attempts import Attempts
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.mail.jobs import measure_backlog
from chalicelib.projects.jobs import continue_counter_repair
from chalicelib.trash.jobs import purge_trash
from chalicelib.webhooks.jobs import start_due_webhooks

TickJob = Callable[[datetime], dict[str, int]]

SHORT_JOBS: tuple[TickJob, ...] = (
    expire_uploads,
    continue_cleanup,
    measure_backlog,
    start_due_webhooks,
)
# Work that can take minutes. Each part stops early enough for the parts after it: deferred updates,
# account deletions and the purge get at least half a minute of every tick; the counter repair uses
# the rest.
LONG_JOBS: tuple[Callable[[datetime, TimeBudget], dict[str, int]], ...] = (
    deferred_updates.run_deferred_updates,
    delete_due_accounts,
    purge_trash,
    continue_counter_repair,
)


def run_tick(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Run every part of the tick and return the sum of their outcomes.

    A part that fails does not stop the others. Raises `ExceptionGroup` at the end when a part
    failed, so that Lambda retries the event, the alarm fires and the event reaches the dead-letter
    queue.
    """
    budget = budget or unlimited_budget(now)
    outcome: dict[str, int] = {}
    attempts = Attempts("a job of the tick failed")
    long_jobs = [(job.__module__, partial(job, now, budget)) for job in LONG_JOBS]
    short_jobs = [(job.__module__, partial(job, now)) for job in SHORT_JOBS]
    for module, run in [*short_jobs, *long_jobs]:
        with attempts.attempt(job=module):
            outcome |= run()
    attempts.raise_failures()
    return outcome
