"""Token buckets of several processes, which share one bucket in the table."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.access.rate_limits import SHARES_PER_LIMIT, TokenBucket
from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import Item
from chalicelib.errors import TooManyRequests
from tests.costs.meter import metered
from tests.dynamodb_local import build_response
from tests.support import Person

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LIMIT = 2 * SHARES_PER_LIMIT


def _refuse(**_: Any) -> AWSResponse:
    return build_response(400, "ThrottlingException", message="slow down")


@pytest.fixture(autouse=True)
def seeded_random() -> Iterator[None]:
    """Use the same random numbers in each run."""
    state = random.getstate()
    random.seed(1)
    yield
    random.setstate(state)


def _count_accepted(
    person: Person, buckets: list[TokenBucket], count: int, at: datetime = NOW
) -> int:
    """Return how many of `count` requests are accepted; each goes to the next process."""
    return sum(_is_accepted(person, bucket, at) for bucket in islice(cycle(buckets), count))


def _is_accepted(person: Person, bucket: TokenBucket, at: datetime) -> bool:
    user = get_user(person.id)
    assert user is not None
    try:
        bucket.take(at)
        bucket.sync_with_table(user, at)
    except TooManyRequests:
        return False
    return True


def _processes(count: int) -> list[TokenBucket]:
    return [TokenBucket("write", LIMIT) for _ in range(count)]


def test_one_process_accepts_exactly_the_limit(ann: Person) -> None:
    (bucket,) = _processes(1)
    assert _count_accepted(ann, [bucket], LIMIT + 10) == LIMIT
    assert _count_accepted(ann, [bucket], LIMIT, NOW + timedelta(seconds=30)) == LIMIT // 2


def test_one_request_can_count_as_several(ann: Person) -> None:
    (bucket,) = _processes(1)
    bucket.take(NOW, LIMIT - 10)
    assert _count_accepted(ann, [bucket], 20) == 10


@pytest.mark.parametrize("processes", [10, 2 * LIMIT])
def test_many_processes_accept_about_the_limit(ann: Person, processes: int) -> None:
    """The limit holds even if each process serves one request only."""
    accepted = _count_accepted(ann, _processes(processes), 2 * LIMIT)
    assert LIMIT * 0.7 < accepted < LIMIT * 1.3


def test_a_new_process_counts_the_requests_of_other_processes(ann: Person) -> None:
    _count_accepted(ann, _processes(4), 2 * LIMIT)
    assert _count_accepted(ann, _processes(4), 20) == 0


def test_a_process_writes_once_for_a_share_of_requests(ann: Person) -> None:
    with metered() as meter:
        _count_accepted(ann, _processes(1), LIMIT)
    assert abs(meter.operations.count("TransactWriteItems") - SHARES_PER_LIMIT) <= 1
    assert meter.written == 2 * meter.operations.count("TransactWriteItems")


def test_unrecorded_requests_are_recorded_later(ann: Person) -> None:
    """Requests that are refused before the caller's item is read count too."""
    (bucket,) = _processes(1)
    for _ in range(LIMIT // 2):
        bucket.take(NOW)
    assert _is_accepted(ann, bucket, NOW)
    assert _count_accepted(ann, _processes(4), 2 * LIMIT) < LIMIT * 0.8


def test_no_request_is_refused_when_dynamodb_refuses_the_write(ann: Person) -> None:
    (bucket,) = _processes(1)
    bucket.unrecorded = bucket.share
    events = Item._get_connection().connection.client.meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", _refuse)
    try:
        assert _is_accepted(ann, bucket, NOW)
    finally:
        events.unregister("before-send.dynamodb.TransactWriteItems", _refuse)
    assert bucket.unrecorded > bucket.share
