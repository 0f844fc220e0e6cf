"""The sending rate of mail, and dispatchers that run out of time."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.transactions import transact
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.models import MAIL_LEASE, get_mail, queue_mail_write, reserve_send_slot
from chalicelib.mail.sending_rate import SendingRate
from tests.faults import build_response, ses_send_rate
from tests.support import Person, mails_to

SECOND = timedelta(seconds=1)


class Clock:
    """A clock that moves only when code waits."""

    def __init__(self) -> None:
        self.time = now()

    def budget(self, seconds_left: float = 10_000) -> TimeBudget:
        end = self.time + timedelta(seconds=seconds_left)
        return TimeBudget(
            self.now, self.wait, lambda: int((end - self.time) / timedelta(milliseconds=1))
        )

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock(cloud: None) -> Clock:
    return Clock()


def _max_in_a_second(times: list[datetime]) -> int:
    return max(bisect_left(times, time + SECOND) - first for first, time in enumerate(times))


@contextmanager
def _sending_times(clock: Callable[[], datetime]) -> Iterator[list[datetime]]:
    """The times at which SES was asked to send."""
    times: list[datetime] = []
    events = clients.ses_client().meta.events

    def note(**_: Any) -> None:
        times.append(clock())

    events.register("before-send.ses.SendRawEmail", note)
    try:
        yield times
    finally:
        events.unregister("before-send.ses.SendRawEmail", note)


def _queue_mails(person: Person, count: int) -> None:
    """Queue `count` mails after sending all that are queued."""
    sweep_outbox(now())
    for number in range(count):
        mail_id = f"test-{number}"
        transact(queue_mail_write(mail_id, kind="password_changed", recipient=person.id, now=now()))


def _in_three_minutes() -> datetime:
    return now() + timedelta(minutes=3)


def _batch(numbers: Iterable[int]) -> dict[str, Any]:
    """The stream event of these mails."""
    keys = [{"PK": {"S": f"OUTBOX#test-{number}"}} for number in numbers]
    changes = [{"Keys": key, "SequenceNumber": key["PK"]["S"]} for key in keys]
    return {"Records": [{"eventName": "INSERT", "dynamodb": change} for change in changes]}


def test_at_a_quota_of_14_at_most_14_mails_are_sent_in_any_second_and_none_is_lost(
    ann: Person, clock: Clock
) -> None:
    _queue_mails(ann, 40)
    clock.time = now()
    with ses_send_rate(14), _sending_times(clock.now) as times:
        assert sweep_outbox(now(), clock.budget())["sent"] == 40
    assert len(list(mails_to(ann, "Your password"))) == len(times) == 40
    assert 9 <= _max_in_a_second(times) <= 14


@pytest.mark.proof
def test_concurrent_functions_send_500_mails_at_the_rate_and_lose_none(
    local_table: None, ann: Person, sample_event: Any, invoke: Any
) -> None:
    """Three shards start dispatchers at once while the sweep runs too. In real time."""
    _queue_mails(ann, 500)
    stream = [_batch(range(first, first + 10)) for first in range(0, 500, 10)]
    with ses_send_rate(14), _sending_times(now) as times, ThreadPoolExecutor(4) as pool:
        sweep = pool.submit(invoke, "sweep_mail", sample_event("sweep_mail"))
        answers = list(pool.map(lambda records: invoke("dispatch_mail", records), stream))
        assert sweep.result()["sent"] > 0
        # A later sweep sends the mails whose dispatcher ran out of time.
        sweep_outbox(_in_three_minutes(), TimeBudget(_in_three_minutes, time.sleep, lambda: 60_000))
    assert answers == [{"batchItemFailures": []}] * len(stream)
    assert len(list(mails_to(ann, "Your password"))) == len(times) == 500
    assert {row.outcome for n in range(500) if (row := get_mail(f"test-{n}"))} == {"sent"}
    assert 9 <= _max_in_a_second(sorted(times)) <= 14


def test_concurrent_dispatchers_share_the_rate(clock: Clock) -> None:
    times = []
    with ses_send_rate(14):
        for _ in range(15):
            for rate in (SendingRate(clock.budget()), SendingRate(clock.budget())):
                assert rate.wait_for_slot() is not None
                times.append(clock.time)
    assert _max_in_a_second(times) <= 14


def test_concurrent_dispatchers_reserve_different_slots(local_table: None) -> None:
    from concurrent.futures import ThreadPoolExecutor

    start = datetime.now(UTC)
    until = start + timedelta(hours=1)

    def take(_: int) -> datetime | None:
        return reserve_send_slot(start, SECOND, until)

    with ThreadPoolExecutor(4) as pool:
        slots = list(pool.map(take, range(12)))
    assert len(set(slots)) == 12 and None not in slots


def test_a_slot_after_the_end_of_the_run_delays_the_mail_without_counting_an_attempt(
    ann: Person, clock: Clock
) -> None:
    _queue_mails(ann, 3)
    clock.time = now()
    with ses_send_rate(0.1):  # a slot every 14 seconds
        assert sweep_outbox(now(), clock.budget(20)) == {"sent": 1, "delayed": 1}
    mails = [mail for n in range(3) if (mail := get_mail(f"test-{n}"))]
    assert sorted((mail.outcome or "", mail.attempts) for mail in mails) == [
        ("", 0),
        ("", 0),
        ("sent", 1),
    ]
    assert sweep_outbox(now() + timedelta(minutes=2)) == {"sent": 2}


def test_the_wait_for_a_slot_is_shorter_than_the_lease_of_the_mail(
    ann: Person, clock: Clock
) -> None:
    _queue_mails(ann, 2)
    clock.time = now()
    with ses_send_rate(0.01):
        assert sweep_outbox(now(), clock.budget()) == {"sent": 1, "delayed": 1}
    assert clock.time - now() < MAIL_LEASE


def test_overlapping_sweeps_start_with_different_mails(ann: Person, clock: Clock) -> None:
    _queue_mails(ann, 40)
    joined: list[dict[str, int]] = []
    clock.time = now() + timedelta(minutes=1)
    ticks = iter(range(110_000, 0, -10_000))  # enough for five mails

    def join(**_: Any) -> None:
        if not joined:
            joined.append({})
            budget = TimeBudget(clock.now, clock.wait, lambda: next(ticks))
            joined[0] = sweep_outbox(clock.time, budget)

    events = clients.ses_client().meta.events
    events.register_first("before-send.ses.SendRawEmail", join)
    try:
        first = sweep_outbox(now())
    finally:
        events.unregister("before-send.ses.SendRawEmail", join)
    assert joined == [{"sent": 5}] and first == {"sent": 35}


def test_without_time_for_another_mail_none_is_claimed(ann: Person, clock: Clock) -> None:
    _queue_mails(ann, 1)
    assert sweep_outbox(now(), clock.budget(14)) == {}
    left = get_mail("test-0")
    assert left is not None and left.attempts == 0


def test_throttling_by_ses_delays_mails_and_never_parks_them(ann: Person) -> None:
    _queue_mails(ann, 2)
    body = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"

    def throttle(request: Any, **_: Any) -> AWSResponse:
        return build_response(request, body, status=400)

    events = clients.ses_client().meta.events
    events.register_first("before-send.ses.SendRawEmail", throttle)
    try:
        for minutes in range(0, 20, 2):
            assert sweep_outbox(now() + timedelta(minutes=minutes)) == {"delayed": 1}
    finally:
        events.unregister("before-send.ses.SendRawEmail", throttle)
    assert sweep_outbox(now() + timedelta(minutes=30)) == {"sent": 2}
