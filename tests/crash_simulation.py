"""Simulates the dispatch of many reminders while functions are killed at random points.

It counts the reminders that are missing and the emails that arrive twice.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import time_machine
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.aws import clients as aws_clients
from chalicelib.clock import now
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item
from tests.faults import Killed

Invoke = Callable[[str, dict[str, Any]], Any]
SampleEvent = Callable[[str], dict[str, Any]]

# The number of AWS calls for one email, from reading the item to marking it as sent.
CALLS = 9
BATCH = 10
TRIES = 4
TASK = re.compile(r"References: <task\.(\w+)@")


@dataclass(frozen=True)
class CrashCounts:
    """The result of a simulation.

    `killed` counts the killed functions; `ambiguous` those of them that were killed after SES
    accepted an email and before it was marked as sent. `missing` counts the tasks without an
    email, `twice` the emails after the first of each task.
    """

    killed: int
    ambiguous: int
    missing: int
    twice: int


class CrashInjector:
    """Kills the function that makes a chosen AWS call."""

    def __init__(self) -> None:
        self.killed = self.ambiguous = 0
        self._calls_left = 0
        self._is_unmarked = False

    def set_call(self, call: int) -> None:
        """Kill at the `call`-th AWS call from now; 0 means never."""
        self._calls_left = call

    def after_mail_accepted(self, **_: Any) -> None:
        self._is_unmarked = True

    def before_call(self, **_: Any) -> None:
        unmarked, self._is_unmarked = self._is_unmarked, False
        self._calls_left -= 1
        if self._calls_left == 0:
            self.killed += 1
            self.ambiguous += unmarked
            raise Killed


class FunctionRunner:
    """Invokes functions, which may be killed, and moves the clock between the invocations."""

    def __init__(
        self, invoke: Invoke, sample_event: SampleEvent, clock: time_machine.Traveller
    ) -> None:
        self._invoke, self._sample_event, self._clock = invoke, sample_event, clock

    def run_schedule(self, function: str) -> None:
        """Invoke a function with its scheduled event, dated now."""
        self.invoke(function, {**self._sample_event(function), "time": now().isoformat()})

    def invoke(self, function: str, event: dict[str, Any]) -> None:
        with suppress(Killed):
            self._invoke(function, event)

    def wait(self, minutes: int) -> None:
        self._clock.shift(timedelta(minutes=minutes))


def simulate_crashes(
    runner: FunctionRunner, task_ids: set[str], *, share: float, seed: int
) -> CrashCounts:
    """Send the reminders of the tasks while functions are killed, and return the counts.

    The reminder schedule is killed once, fires twice and is skipped. The stream functions are
    killed for a `share` of the emails. Then the mail sweep runs for the time of two ticks.
    """
    before = _count_mails()
    with _inject_crashes() as injector:
        injector.set_call(len(task_ids) // 2)  # one call per task: in the middle of the tasks
        for minutes in (0, 0, 10):
            runner.wait(minutes)
            runner.run_schedule("send_reminders")
        _deliver_stream(runner, injector, random.Random(seed), share)
        injector.set_call(0)
        for minutes in (1, 0, 1, 2, 0, 3, 3):  # some runs twice, some skipped
            runner.wait(minutes)
            runner.run_schedule("sweep_mail")
    sent = _count_mails() - before
    missing = sum(sent[task_id] == 0 for task_id in task_ids)
    twice = sum(sent.values()) - len(task_ids) + missing
    return CrashCounts(injector.killed, injector.ambiguous, missing, twice)


def _deliver_stream(
    runner: FunctionRunner, injector: CrashInjector, dice: random.Random, share: float
) -> None:
    """Deliver the waiting emails as Lambda does: in batches of ten, split in half on failure."""
    waiting = [item.PK for item in time_index.list_due("mail", now())]
    batches = [(waiting[first : first + BATCH], 1) for first in range(0, len(waiting), BATCH)]
    while batches:
        batch, tries = batches.pop(0)
        is_killed = dice.random() < 1 - (1 - share) ** len(batch)
        injector.set_call(dice.randint(1, CALLS * len(batch)) if is_killed else 0)
        before = injector.killed
        runner.invoke("dispatch_mail", {"Records": [_build_record(key) for key in batch]})
        if injector.killed > before and tries < TRIES:
            half = (len(batch) + 1) // 2
            batches += [(part, tries + 1) for part in (batch[:half], batch[half:]) if part]


@contextmanager
def _inject_crashes() -> Iterator[CrashInjector]:
    injector = CrashInjector()
    ses_events = aws_clients.ses_client().meta.events
    clients = [Item._get_connection().connection.client, aws_clients.ses_client()]  # type: ignore[attr-defined]
    for client in clients:
        client.meta.events.register_first("before-parameter-build", injector.before_call)
    ses_events.register("after-call.ses.SendRawEmail", injector.after_mail_accepted)
    try:
        yield injector
    finally:
        for client in clients:
            client.meta.events.unregister("before-parameter-build", injector.before_call)
        ses_events.unregister("after-call.ses.SendRawEmail", injector.after_mail_accepted)


def _build_record(key: str) -> dict[str, Any]:
    change = {"Keys": {"PK": {"S": key}, "SK": {"S": "MAIL"}}, "SequenceNumber": key}
    return {"eventName": "INSERT", "dynamodb": change}


def _count_mails() -> Counter[str]:
    """Return task id -> number of emails about the task."""
    sent = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    return Counter(match[1] for mail in sent if (match := TASK.search(mail.raw_data)))
