"""Token buckets of several processes, which share one in the table."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.access.rate_limits import SHARES_PER_LIMIT, TokenBucket
from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import Item
from chalicelib.errors import TooManyRequests
from tests.costs.meter import metered
from tests.support import Person

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LIMIT = 2 * SHARES_PER_LIMIT


def _no_answer(**_: Any) -> None:
    raise EndpointConnectionError(endpoint_url="https://dynamodb.example")


@pytest.fixture(autouse=True)
def lot() -> Iterator[None]:
    """The same lots each time."""
    state = random.getstate()
    random.seed(1)
    yield
    random.setstate(state)


def _passing(person: Person, buckets: list[TokenBucket], count: int, at: datetime = NOW) -> int:
    """How many of `count` requests at once pass, each coming to the next process."""
    return sum(_passes(person, bucket, at) for bucket in islice(cycle(buckets), count))


def _passes(person: Person, bucket: TokenBucket, at: datetime) -> bool:
    row = get_user(person.id)
    assert row is not None
    try:
        bucket.take(at)
        bucket.sync_with_table(row, at)
    except TooManyRequests:
        return False
    return True


def _processes(count: int) -> list[TokenBucket]:
    return [TokenBucket("write", LIMIT) for _ in range(count)]


def test_one_process_lets_exactly_so_many_through(ann: Person) -> None:
    (bucket,) = _processes(1)
    assert _passing(ann, [bucket], LIMIT + 10) == LIMIT
    assert _passing(ann, [bucket], LIMIT, NOW + timedelta(seconds=30)) == LIMIT // 2


def test_a_request_may_count_as_many(ann: Person) -> None:
    (bucket,) = _processes(1)
    bucket.take(NOW, LIMIT - 10)
    assert _passing(ann, [bucket], 20) == 10


@pytest.mark.parametrize("processes", [10, 2 * LIMIT])
def test_many_processes_let_about_so_many_through(ann: Person, processes: int) -> None:
    """Even if each serves one request only."""
    passed = _passing(ann, _processes(processes), 2 * LIMIT)
    assert LIMIT * 0.7 < passed < LIMIT * 1.3


def test_a_process_that_starts_knows_what_others_let_through(ann: Person) -> None:
    _passing(ann, _processes(4), 2 * LIMIT)
    assert _passing(ann, _processes(4), 20) == 0


def test_a_note_is_one_write_in_so_many_requests(ann: Person) -> None:
    with metered() as meter:
        _passing(ann, _processes(1), LIMIT)
    assert abs(meter.operations.count("TransactWriteItems") - SHARES_PER_LIMIT) <= 1
    assert meter.written == 2 * meter.operations.count("TransactWriteItems")


def test_what_was_not_noted_in_time_is_noted_later(ann: Person) -> None:
    """Requests that are refused before their caller is looked up count as well."""
    (bucket,) = _processes(1)
    for _ in range(LIMIT // 2):
        bucket.take(NOW)
    assert _passes(ann, bucket, NOW)
    assert _passing(ann, _processes(4), 2 * LIMIT) < LIMIT * 0.8


def test_a_table_that_takes_no_note_refuses_nobody(ann: Person) -> None:
    (bucket,) = _processes(1)
    bucket.unrecorded = bucket.share
    events = Item._get_connection().connection.client.meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", _no_answer)
    try:
        assert _passes(ann, bucket, NOW)
    finally:
        events.unregister("before-send.dynamodb.TransactWriteItems", _no_answer)
    assert bucket.unrecorded > bucket.share
