"""Many reminders at once, whose dispatchers die at random points: what arrives, and how often."""

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
from tests.support import Killed

Invoke = Callable[[str, dict[str, Any]], Any]
Sample = Callable[[str], dict[str, Any]]

# From reading the row to the mark: what a dispatcher calls for one mail.
CALLS = 7
BATCH = 10
TRIES = 4
TASK = re.compile(r"References: <task\.(\w+)@")


@dataclass(frozen=True)
class Storm:
    """How many functions were killed, how many of them between SES's acceptance of a mail and its
    mark, how many tasks nobody was reminded of, and how many mails came besides the first."""

    killed: int
    ambiguous: int
    missing: int
    twice: int


class Reaper:
    """Kills the function that makes the call which it waits for."""

    def __init__(self) -> None:
        self.killed = self.ambiguous = 0
        self._left = 0
        self._is_unmarked = False

    def waits_for(self, call: int) -> None:
        """The `call`-th from now; never, if that is 0."""
        self._left = call

    def accepted(self, **_: Any) -> None:
        self._is_unmarked = True

    def before_call(self, **_: Any) -> None:
        unmarked, self._is_unmarked = self._is_unmarked, False
        self._left -= 1
        if self._left == 0:
            self.killed += 1
            self.ambiguous += unmarked
            raise Killed


class Lambda:
    """Calls functions by their sample events, and lets time pass between."""

    def __init__(self, invoke: Invoke, event: Sample, clock: time_machine.Traveller) -> None:
        self._invoke, self._event, self._clock = invoke, event, clock

    def runs(self, function: str) -> None:
        """By its schedule, which says when it was to be."""
        self.tells(function, {**self._event(function), "time": now().isoformat()})

    def tells(self, function: str, event: dict[str, Any]) -> None:
        with suppress(Killed):
            self._invoke(function, event)

    def waits(self, minutes: int) -> None:
        self._clock.shift(timedelta(minutes=minutes))


def storm(aws_lambda: Lambda, task_ids: set[str], *, share: float, seed: int) -> Storm:
    """Remind of the tasks by a schedule that dies, comes twice and is skipped; send by the stream,
    whose functions die for a `share` of the mails; let two ticks' time go by."""
    before = _mails()
    with _reaper() as reaper:
        reaper.waits_for(len(task_ids) // 2)  # a task takes one call: in the middle
        for minutes in (0, 0, 10):
            aws_lambda.waits(minutes)
            aws_lambda.runs("send_reminders")
        _stream(aws_lambda, reaper, random.Random(seed), share)
        reaper.waits_for(0)
        for minutes in (1, 0, 1, 2, 0, 3, 3):  # twice, and skipped
            aws_lambda.waits(minutes)
            aws_lambda.runs("sweep_mail")
    got = _mails() - before
    missing = sum(got[task_id] == 0 for task_id in task_ids)
    twice = sum(got.values()) - len(task_ids) + missing
    return Storm(reaper.killed, reaper.ambiguous, missing, twice)


def _stream(aws_lambda: Lambda, reaper: Reaper, chance: random.Random, share: float) -> None:
    """What Lambda does with a stream: ten records at once, and again each half of those it failed
    with."""
    waiting = [row.PK for row in time_index.list_due("mail", now())]
    batches = [(waiting[first : first + BATCH], 1) for first in range(0, len(waiting), BATCH)]
    while batches:
        batch, tries = batches.pop(0)
        dies = chance.random() < 1 - (1 - share) ** len(batch)
        reaper.waits_for(chance.randint(1, CALLS * len(batch)) if dies else 0)
        before = reaper.killed
        aws_lambda.tells("dispatch_mail", {"Records": [_record(key) for key in batch]})
        if reaper.killed > before and tries < TRIES:
            half = (len(batch) + 1) // 2
            batches += [(part, tries + 1) for part in (batch[:half], batch[half:]) if part]


@contextmanager
def _reaper() -> Iterator[Reaper]:
    reaper = Reaper()
    clients = [Item._get_connection().connection.client, aws_clients.ses_client()]  # type: ignore[attr-defined]
    for client in clients:
        client.meta.events.register_first("before-parameter-build", reaper.before_call)
    aws_clients.ses_client().meta.events.register("after-call.ses.SendRawEmail", reaper.accepted)
    try:
        yield reaper
    finally:
        for client in clients:
            client.meta.events.unregister("before-parameter-build", reaper.before_call)
        aws_clients.ses_client().meta.events.unregister(
            "after-call.ses.SendRawEmail", reaper.accepted
        )


def _record(key: str) -> dict[str, Any]:
    change = {"Keys": {"PK": {"S": key}, "SK": {"S": "MAIL"}}, "SequenceNumber": key}
    return {"eventName": "INSERT", "dynamodb": change}


def _mails() -> Counter[str]:
    """How many mails each task has got."""
    sent = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    return Counter(found[1] for mail in sent if (found := TASK.search(mail.raw_data)))
