"""The rate limits of callers and of source addresses, as clients see them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from chalice.local import LambdaEventConverter
from chalice.test import Client

from chalicelib import settings
from chalicelib.access.rate_limits import LIMITS, get_caller_bucket, get_source_bucket
from chalicelib.accounts.models import User, update_user_write
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Update, transact
from chalicelib.sessions.models import ApiToken
from tests.costs.meter import metered
from tests.support import Api, Person

PROFILE = "/api/auth/profile"
HEALTH = "/api/health"
UNKNOWN = "0" * 26
HERE = LambdaEventConverter.LOCAL_SOURCE_IP


@pytest.fixture(autouse=True)
def forget_buckets() -> Iterator[None]:
    """Clear the buckets of this process before and after each test, as in a new process."""
    get_caller_bucket.cache_clear()
    get_source_bucket.cache_clear()
    yield
    get_caller_bucket.cache_clear()
    get_source_bucket.cache_clear()


def _soon() -> str:
    """Return the time when a bucket will be full that stays empty for ten seconds."""
    return format_timestamp(datetime.now(UTC) + timedelta(seconds=70))


@pytest.fixture
def limited(ann: Person, wait: Callable[..., None]) -> Person:
    """Ann, after other processes have accepted too many changes by her."""
    transact(update_user_write(ann.id, User.writes_full_at.set(_soon())))
    return ann


def test_the_headers_give_the_limit_and_the_remaining_requests(
    ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00", ann)
    first, second = ann.get(PROFILE), ann.get("/api/tasks/nothing")
    limit = settings.READS_PER_MINUTE
    assert first.headers["ratelimit-policy"] == f'"read";q={limit};w=60'
    assert first.headers["ratelimit"] == f'"read";r={limit - 1};t=1'
    assert second.headers["ratelimit"] == f'"read";r={limit - 2};t=1'


def test_head_counts_as_a_read(ann: Person, set_time: Callable[..., None]) -> None:
    set_time("2026-11-16T09:00", ann)
    answers = [ann.call("HEAD", PROFILE) for _ in range(2)]
    limit = settings.READS_PER_MINUTE
    assert answers[0].headers["ratelimit"] == f'"read";r={limit - 1};t=1'
    assert answers[1].headers["ratelimit"] == f'"read";r={limit - 2};t=1'


def test_requests_accepted_by_other_processes_count(limited: Person) -> None:
    refused = limited.patch(PROFILE, {"display_name": "New"})
    assert (refused.status_code, refused.json_body["code"]) == (429, "rate_limited")
    assert refused.headers["ratelimit"] == '"write";r=0;t=70'
    assert refused.headers["retry-after"] == "10"
    assert limited.get(PROFILE).json_body["display_name"] == ""


def test_requests_are_accepted_again_after_the_retry_time(
    limited: Person, wait: Callable[..., None]
) -> None:
    assert limited.patch(PROFILE, {}).status_code == 429
    wait(seconds=10)
    assert limited.patch(PROFILE, {}).status_code == 200


def test_a_caller_over_the_limit_is_refused_without_reading_the_table(limited: Person) -> None:
    limited.patch(PROFILE, {})
    with metered() as meter:
        assert limited.patch(PROFILE, {}).status_code == 429
    assert meter.operations == []


def test_reads_and_other_callers_are_not_refused(limited: Person, bob: Person) -> None:
    limited.patch(PROFILE, {})
    assert limited.get(PROFILE).status_code == 200
    assert bob.patch(PROFILE, {}).status_code == 200


def test_each_operation_of_a_bulk_request_counts(
    ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00", ann)
    operations = [{"op": "create", "project": UNKNOWN, "title": "x"}] * 7
    first = ann.post("/api/tasks/bulk", {"operations": operations}).headers["ratelimit"]
    assert first.startswith(f'"write";r={settings.WRITES_PER_MINUTE - 7};')


def test_an_api_token_has_its_own_limits(limited: Person, client: Client) -> None:
    """A request with an invented secret does not use them, and gets 401 instead of 429."""
    transact(
        update_user_write(limited.id, User.writes_full_at.remove(), User.reads_full_at.set(_soon()))
    )
    made = limited.create_token("account:read")
    bot, guess = Api(client, made["token"]), Api(client, made["token"][:-43] + "x" * 43)
    assert (limited.get(PROFILE).status_code, bot.get(PROFILE).status_code) == (429, 200)
    key = ApiToken.key(limited.id, made["id"])
    transact(Update(key, (ApiToken.reads_full_at.set(_soon()),)))
    assert (bot.get(PROFILE).status_code, guess.get(PROFILE).status_code) == (429, 401)


@pytest.fixture
def flooded(set_time: Callable[..., None], ann: Person) -> None:
    """Use up all requests of the test's source address in this minute, except one."""
    set_time("2026-11-16T09:00", ann)
    get_source_bucket.cache_clear()
    for kind, limit in LIMITS.items():
        get_source_bucket(HERE, kind).take(datetime.now(UTC), limit - 1)


@pytest.fixture
def elsewhere(client: Client) -> Api:
    """An unauthenticated client at another source address."""
    client.http._local_gateway.event_converter.LOCAL_SOURCE_IP = "203.0.113.9"
    return Api(client)


def test_unauthenticated_requests_count_by_source_address(flooded: None, anonymous: Api) -> None:
    assert (last := anonymous.get(HEALTH)).status_code == 200
    assert last.headers["ratelimit"] == '"read";r=0;t=60'
    refused = anonymous.get(HEALTH)
    assert (refused.status_code, refused.json_body["code"]) == (429, "rate_limited")
    assert (refused.headers["ratelimit"], refused.headers["retry-after"]) == (
        '"read";r=0;t=60',
        "1",
    )


def test_the_address_is_accepted_again_after_a_minute(
    flooded: None, anonymous: Api, set_time: Callable[..., None]
) -> None:
    assert [anonymous.get(HEALTH).status_code for _ in range(2)] == [200, 429]
    set_time("2026-11-16T09:01")
    assert anonymous.get(HEALTH).headers["ratelimit"].startswith(f'"read";r={LIMITS["read"] - 1};')


def test_another_address_is_not_refused(flooded: None, anonymous: Api, elsewhere: Api) -> None:
    get_source_bucket(HERE, "read").take(datetime.now(UTC))
    assert elsewhere.get(HEALTH).headers["ratelimit"].startswith(f'"read";r={LIMITS["read"] - 1};')


def test_an_authenticated_caller_is_not_refused_for_the_address(
    flooded: None, anonymous: Api, ann: Person
) -> None:
    assert [anonymous.get(HEALTH).status_code for _ in range(2)] == [200, 429]
    answer = ann.get(PROFILE)
    assert answer.status_code == 200
    assert answer.headers["ratelimit"].startswith(f'"read";r={LIMITS["read"] - 1};')


@pytest.mark.parametrize("token", ["invented", "ended"])
def test_a_request_with_an_invalid_token_counts_by_source_address(
    flooded: None, anonymous: Api, ann: Person, client: Client, token: str
) -> None:
    """An invented token is refused before the table is read, an ended session after it."""
    if token == "ended":
        ann.post("/api/auth/logout")
    guess = Api(client, ann.token if token == "ended" else token)
    assert (refused := guess.get(PROFILE)).status_code == 401
    assert refused.headers["ratelimit"] == '"read";r=0;t=60'
    assert (guess.get(PROFILE).status_code, anonymous.get(HEALTH).status_code) == (429, 429)


def test_a_wrong_password_counts_once(set_time: Callable[..., None], ann: Person) -> None:
    set_time("2026-11-16T09:00")
    get_source_bucket.cache_clear()
    answer = ann.post("/api/auth/login", {"email": ann.email, "password": "a guess"})
    assert answer.status_code == 401
    assert answer.headers["ratelimit"].startswith(f'"write";r={LIMITS["write"] - 1};')


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", PROFILE, 405), ("OPTIONS", PROFILE, 204)]
)
def test_a_request_without_a_route_gets_the_headers_and_does_not_count(
    flooded: None, anonymous: Api, method: str, path: str, status: int
) -> None:
    answers = [anonymous.call(method, path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status] * 2
    assert [answer.headers["ratelimit"][-9:] for answer in answers] == [";r=1;t=60"] * 2
