"""How many requests a caller may make in a minute, as callers see it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from chalice.test import Client

from chalicelib import settings
from chalicelib.domain.rates import bucket_of
from chalicelib.store import users
from chalicelib.store.api_tokens import ApiToken
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Update, transact
from chalicelib.store.users import User
from tests.store.meter import metered
from tests.support import Api, Person, in_hours

PROFILE = "/api/auth/profile"
UNKNOWN = "0" * 26


@pytest.fixture(autouse=True)
def remembered() -> Iterator[None]:
    """What this process has learned of Ann is forgotten, as a new process has."""
    yield
    bucket_of.cache_clear()


def _soon() -> str:
    """When a bucket will be full that is empty for ten seconds more."""
    return stamp(datetime.now(UTC) + timedelta(seconds=70))


@pytest.fixture
def limited(ann: Person, wait: Callable[..., None]) -> Person:
    """Ann, for whom other processes have let too many changes through."""
    transact(users.change(ann.id, User.writes_full_at.set(_soon())))
    return ann


def test_an_answer_says_how_much_is_left(ann: Person, anyone: Api, at: Callable[..., None]) -> None:
    at("2026-11-16T09:00", ann)
    first, second = ann.get(PROFILE), ann.get("/api/tasks/nothing")
    limit = settings.READS_PER_MINUTE
    assert first.headers["ratelimit-policy"] == f'"read";q={limit};w=60'
    assert first.headers["ratelimit"] == f'"read";r={limit - 1};t=1'
    assert second.headers["ratelimit"] == f'"read";r={limit - 2};t=1'
    assert "ratelimit" not in anyone.get("/api/health").headers


def test_what_other_processes_let_through_counts(limited: Person) -> None:
    refused = limited.patch(PROFILE, {"display_name": "New"})
    assert (refused.status_code, refused.json_body["code"]) == (429, "rate_limited")
    assert refused.headers["ratelimit"] == '"write";r=0;t=70'
    assert refused.headers["retry-after"] == "10"
    assert limited.get(PROFILE).json_body["display_name"] == ""


def test_after_that_time_requests_pass_again(limited: Person, wait: Callable[..., None]) -> None:
    assert limited.patch(PROFILE, {}).status_code == 429
    wait(seconds=10)
    assert limited.patch(PROFILE, {}).status_code == 200


def test_who_is_known_to_be_over_the_limit_is_refused_without_a_look(limited: Person) -> None:
    limited.patch(PROFILE, {})
    with metered() as meter:
        assert limited.patch(PROFILE, {}).status_code == 429
    assert meter.operations == []


def test_reading_and_other_callers_go_on(limited: Person, bob: Person) -> None:
    limited.patch(PROFILE, {})
    assert limited.get(PROFILE).status_code == 200
    assert bob.patch(PROFILE, {}).status_code == 200


def test_each_operation_of_a_bulk_request_counts(ann: Person, at: Callable[..., None]) -> None:
    at("2026-11-16T09:00", ann)
    operations = [{"op": "create", "project": UNKNOWN, "title": "x"}] * 7
    first = ann.post("/api/tasks/bulk", {"operations": operations}).headers["ratelimit"]
    assert first.startswith(f'"write";r={settings.WRITES_PER_MINUTE - 7};')


def test_an_api_token_has_limits_of_its_own(limited: Person, client: Client) -> None:
    """And whoever makes one up is told nothing of them."""
    transact(
        users.change(limited.id, User.writes_full_at.remove(), User.reads_full_at.set(_soon()))
    )
    body = {"name": "CI", "scopes": ["account:read"], "expires_at": in_hours(1)}
    made = limited.post("/api/auth/tokens", body).json_body
    bot, guess = Api(client, made["token"]), Api(client, made["token"][:-43] + "x" * 43)
    assert (limited.get(PROFILE).status_code, bot.get(PROFILE).status_code) == (429, 200)
    key = ApiToken.key(limited.id, made["id"])
    transact(Update(key, (ApiToken.reads_full_at.set(_soon()),)))
    assert (bot.get(PROFILE).status_code, guess.get(PROFILE).status_code) == (429, 401)
