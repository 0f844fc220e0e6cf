"""Lost responses of DynamoDB, and functions that die: a sign-in happens whole or not at all."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.dynamodb_local import faulty_connection
from tests.faults import is_killed_at
from tests.identity_providers.conftest import Browser
from tests.oidc_provider import log_in_at_provider
from tests.support import Person, sign_up
from tests.table_items import scan_items

IDENTITIES = "/api/auth/identities"


def count_items() -> dict[str, int]:
    """Return how many accounts, identities and claims on them there are."""
    keys = [(item["PK"]["S"], item["SK"]["S"]) for item in scan_items()]
    return {
        "accounts": sum(sk == "PROFILE" for _, sk in keys),
        "identities": sum(sk.startswith("IDENTITY#") for _, sk in keys),
        "claims": sum(pk.startswith("IDENTITY#") for pk, _ in keys),
    }


def count_mails() -> dict[str, int]:
    """Return how many mails about identities are in the outbox, by kind."""
    kinds = [item["kind"]["S"] for item in scan_items() if item["SK"]["S"] == "MAIL"]
    return Counter(kind for kind in kinds if kind.startswith("identity_"))


def lose_each_response(prepare: Callable[[int], Callable[[], Any]], status: int) -> int:
    """Act with response 1, 2, 3, ... lost; return how many actions succeeded."""
    for lost in itertools.count(1):
        act = prepare(lost)
        with faulty_connection(lost_response=lost) as line:
            answer = act()
        assert answer.status_code == status, (lost, answer.json_body)
        if line.requests < lost:
            return lost
    raise AssertionError


@pytest.mark.proof
def test_a_lost_response_changes_nothing_about_a_first_sign_in(
    local_table: None, browser: Browser
) -> None:
    def prepare(number: int) -> Callable[[], Any]:
        parameters = log_in_at_provider(browser.start(), f"cleo{number}@example.com")
        return lambda: browser.finish(parameters)

    signed_in = lose_each_response(prepare, 200)
    assert signed_in > 6
    assert count_items() == {"accounts": signed_in, "identities": signed_in, "claims": signed_in}


def test_a_lost_response_changes_nothing_about_a_link(
    local_table: None, browser: Browser, ann: Person
) -> None:
    def link(number: int) -> Callable[[], Any]:
        person = sign_up(ann.client, f"dora{number}")
        parameters = log_in_at_provider(browser.start(person=person), person.email)
        return lambda: browser.finish(parameters, person=person)

    def unlink(number: int) -> Callable[[], Any]:
        person = sign_up(ann.client, f"emil{number}")
        path = f"{IDENTITIES}/{browser.link(person, person.email).json_body['id']}"
        return lambda: person.delete(path)

    linked, unlinked = lose_each_response(link, 201), lose_each_response(unlink, 204)
    assert min(linked, unlinked) > 3
    counts = count_items()
    assert (counts["identities"], counts["claims"]) == (linked, linked)
    assert count_mails() == {"identity_linked": linked + unlinked, "identity_unlinked": unlinked}


def test_after_a_sign_in_that_died_anywhere_the_next_one_succeeds(browser: Browser) -> None:
    for call in itertools.count(1):
        email = f"cleo{call}@example.com"
        parameters = log_in_at_provider(browser.start(), email)
        is_killed = is_killed_at(call, lambda given=parameters: browser.finish(given))
        counts = count_items()
        assert counts["accounts"] == counts["identities"] == counts["claims"]
        if not is_killed:
            break
        assert browser.sign_in(email).status_code == 200
    assert call > 4
    assert count_items() == {"accounts": call, "identities": call, "claims": call}


def test_a_link_that_died_anywhere_is_whole_or_missing(browser: Browser, ann: Person) -> None:
    for call in itertools.count(1):
        parameters = log_in_at_provider(browser.start(person=ann), ann.email)
        if not is_killed_at(call, lambda given=parameters: browser.finish(given, person=ann)):
            break
        assert count_items()["identities"] == count_items()["claims"] == 0
    assert call > 2
    (linked,) = ann.get(IDENTITIES).json_body["items"]
    for call in itertools.count(1):
        if not is_killed_at(call, lambda: ann.delete(f"{IDENTITIES}/{linked['id']}")):
            break
        assert count_items()["identities"] == count_items()["claims"] == 1
    assert count_mails() == {"identity_linked": 1, "identity_unlinked": 1}
