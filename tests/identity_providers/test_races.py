"""Concurrent sign-ins and unlinks, and what a sign-in costs, on DynamoDB Local."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.dynamodb.transactions import transact
from chalicelib.identity_providers import models
from tests.costs.meter import metered
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.identity_providers.conftest import Browser
from tests.oidc_provider import log_in_at_provider
from tests.support import Api, Person

pytestmark = pytest.mark.usefixtures("local_table")

CLEO = "cleo@example.com"
IDENTITIES = "/api/auth/identities"


def begin(browser: Browser, email: str = CLEO) -> Callable[[], Any]:
    """Log in at the provider, and return a function that completes the sign-in."""
    visit = Browser(browser.api)
    parameters = log_in_at_provider(visit.start(), email)
    return lambda: visit.finish(parameters)


def test_concurrent_first_sign_ins_create_one_account(local_table: None, browser: Browser) -> None:
    ends = [begin(browser) for _ in range(3)]
    answers = at_once(3, lambda number: ends[number]())
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json_body["user"]["id"] for answer in answers}) == 1


def _end_before_request(
    number: int, end: Callable[[], Any], other: Callable[[], Any]
) -> tuple[int, list[Any]]:
    """End a sign-in, and `other` before its request `number` to DynamoDB.

    Return the number of requests and the answers.
    """
    answers = []

    def end_other(_: str, sent: int) -> None:
        if sent == number:
            answers.append(other())

    with faulty_connection(end_other) as line:
        answers.append(end())
    return line.requests, answers


def test_a_first_sign_in_that_ends_during_another_one_shares_its_account(browser: Browser) -> None:
    for number in itertools.count(1):
        email = f"cleo{number}@example.com"
        requests, answers = _end_before_request(
            number, begin(browser, email), begin(browser, email)
        )
        if requests < number:
            break
        assert [answer.status_code for answer in answers] == [200, 200], number
        assert len({answer.json_body["user"]["id"] for answer in answers}) == 1
    assert number > 5


def test_an_answer_counts_once_however_often_it_is_sent_at_once(
    local_table: None, browser: Browser
) -> None:
    end = begin(browser)
    statuses = sorted(answer.status_code for answer in at_once(4, lambda _: end()))
    assert statuses == [200, 422, 422, 422]


def test_of_the_last_two_identities_one_stays(local_table: None, browser: Browser) -> None:
    signed_in = begin(browser)().json_body
    other = models.build_identity(
        signed_in["user"]["id"], provider="x", issuer="i", subject="s", email=CLEO, now=now()
    )
    transact(*models.create_identity_writes(other))
    cleo = Api(browser.api._client, signed_in["access"])
    ids = [each["id"] for each in cleo.get(IDENTITIES).json_body["items"]]
    answers = at_once(2, lambda number: cleo.delete(f"{IDENTITIES}/{ids[number]}"))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert len(cleo.get(IDENTITIES).json_body["items"]) == 1


def test_the_prices_of_a_sign_in_and_a_link_are_those_of_the_data_model(
    local_table: None, browser: Browser, ann: Person
) -> None:
    with metered() as start:
        url = browser.start()
    parameters = log_in_at_provider(url, CLEO)
    with metered() as first:
        browser.finish(parameters)
    end = begin(browser)
    with metered() as second:
        end()
    parameters = log_in_at_provider(browser.start(person=ann), ann.email)
    with metered() as link:
        browser.finish(parameters, person=ann)
    prices = [(meter.read, meter.written) for meter in (start, first, second, link)]
    assert prices == [(0, 2), (4, 27), (3, 12), (3, 15)]
