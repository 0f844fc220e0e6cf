"""A session that ends during its step-up proves nothing, and uses up no proof."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.authenticator import LOGIN, SECOND_STEP, Authenticator, code_of, request_ticket, set_up
from tests.faults import after_each_call
from tests.support import PASSWORD, Api, Person
from tests.table_items import scan_items

STEP_UP = "/api/auth/step-up"


def start_other_session(anonymous: Api, person: Person) -> Person:
    """Log in again, and return the person with that session."""
    login = anonymous.post(LOGIN, {"email": person.email, "password": PASSWORD}).json_body
    return Person(person.client, person.id, person.email, login["access"], login["refresh"])


def step_up_while(person: Person, proof: dict[str, str], act: Callable[[], Any]) -> Any:
    """Step up; `act` happens right after the request's access check."""
    acts = iter([act])
    with after_each_call("BatchGetItem", lambda: next(acts, int)()):
        return person.post(STEP_UP, proof)


def read_proofs(person: Person) -> set[str]:
    """Return the times at which the person's sessions were proved."""
    items = [each for each in scan_items() if each["PK"]["S"] == f"USER#{person.id}"]
    return {each["proved_at"]["S"] for each in items if "proved_at" in each}


@pytest.fixture
def other(anonymous: Api, ann: Person) -> Person:
    return start_other_session(anonymous, ann)


def test_the_password_of_a_session_that_just_ended_proves_nothing(
    ann: Person, other: Person, wait: Callable[..., None]
) -> None:
    wait(minutes=5)
    before = read_proofs(ann)

    def end_session() -> None:
        assert other.delete("/api/auth/sessions").status_code == 204

    refused = step_up_while(ann, {"password": PASSWORD}, end_session)
    assert code_of(refused) == (401, "unauthenticated")
    assert read_proofs(ann) <= before
    assert other.post(STEP_UP, {"password": PASSWORD}).status_code == 204


def test_a_recovery_code_is_not_used_up_by_a_session_that_just_ended(
    ann: Person, other: Person, anonymous: Api
) -> None:
    app: Authenticator = set_up(ann)

    def end_session() -> None:
        assert other.delete("/api/auth/sessions").status_code == 204

    code = {"recovery_code": app.recovery_codes[0]}
    refused = step_up_while(ann, code, end_session)
    assert code_of(refused) == (401, "unauthenticated")
    ticket = request_ticket(anonymous, ann)
    assert anonymous.post(SECOND_STEP, {"ticket": ticket, **code}).status_code == 200
