"""Many reminders at once, whose dispatchers die at random points: what arrives, and how often."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.domain import mailing, reminders
from chalicelib.store import aws, wake
from tests.support import Killed, killed_at

TICK = timedelta(minutes=5)
# From the claim to the mark, reads included.
CALLS = 7
TASK = re.compile(r"References: <task\.(\w+)@")


@dataclass(frozen=True)
class Storm:
    """How many dispatchers were killed, how many of them between SES's acceptance and the mark, how
    many tasks nobody was reminded of, and how many mails came besides the first: `twice`."""

    killed: int
    ambiguous: int
    missing: int
    twice: int


def storm(task_ids: set[str], *, share: float, seed: int, now: datetime) -> Storm:
    """Remind of the tasks by schedules that come twice and not at all, kill a `share` of the
    dispatchers at random calls, and let two ticks go by."""
    chance = random.Random(seed)
    for minutes in (0, 0, 5):  # twice, and one was skipped before the last
        reminders.remind(now + timedelta(minutes=minutes))
    start = now + 2 * TICK
    before, killed, ambiguous = _mails(), 0, 0
    for mail_id in [row.PK.removeprefix("OUTBOX#") for row in wake.ready("mail", start)]:
        point = chance.randint(1, CALLS) if chance.random() < share else 0
        with _accepted() as accepted, _killed(point) as deaths:
            mailing.deliver(mail_id, now=start)
        killed += len(deaths)
        ambiguous += len(deaths) * len(accepted)
    for tick in (1, 2):
        for _ in range(2):  # each of them twice
            mailing.sweep(start + tick * TICK)
    got = _mails() - before
    missing = sum(got[task_id] == 0 for task_id in task_ids)
    return Storm(killed, ambiguous, missing, sum(got.values()) - len(task_ids) + missing)


@contextmanager
def _killed(point: int) -> Iterator[list[int]]:
    """Die at that call, if it is ever made; holds one entry afterwards if so."""
    deaths: list[int] = []
    with suppress(Killed), killed_at(point):
        try:
            yield deaths
        except Killed:
            deaths.append(point)
            raise


@contextmanager
def _accepted() -> Iterator[list[str]]:
    """Grows with each mail that SES accepts in the block."""
    accepted: list[str] = []
    events = aws.ses().meta.events

    def note(**_: Any) -> None:
        accepted.append("mail")

    events.register("after-call.ses.SendRawEmail", note)
    try:
        yield accepted
    finally:
        events.unregister("after-call.ses.SendRawEmail", note)


def _mails() -> Counter[str]:
    """How many mails each task has got."""
    sent = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].sent_messages
    return Counter(found[1] for mail in sent if (found := TASK.search(mail.raw_data)))
