"""Concurrent logins with one code, and lost responses, against DynamoDB Local."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.errors import Invalid, Unavailable
from chalicelib.second_factors.login import complete_login
from chalicelib.second_factors.verification import PasskeyProof, Proof
from chalicelib.sessions.service import SignIn
from tests.authenticator import FACTORS, LOGIN, SECOND_STEP, log_in, request_ticket, set_up
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import TRANSPORTS, faulty_connection
from tests.software_authenticator import (
    PASSKEYS,
    SoftwareAuthenticator,
    register,
    request_options,
    start_login,
)
from tests.support import PASSWORD, Api, Person

pytestmark = pytest.mark.usefixtures("local_table")


@pytest.mark.parametrize("kind", ["code", "recovery_code"])
def test_one_code_begins_one_session_however_many_use_it_at_once(
    anonymous: Api, ann: Person, kind: str
) -> None:
    app = set_up(ann)
    proof = Proof(**{kind: {"code": app.code(1), "recovery_code": app.recovery_codes[0]}[kind]})
    ticket = request_ticket(anonymous, ann)

    def use(_: int) -> Any:
        return complete_login(ticket=ticket, proof=proof, device="", source=None, now=now())

    answers = at_once(5, use)
    assert {type(each) for each in answers} <= {SignIn, Invalid, Unavailable}
    assert sum(isinstance(each, SignIn) for each in answers) == 1
    sessions = ann.get("/api/auth/sessions").json_body["items"]
    assert len(sessions) == 2  # with the one from before the test


@pytest.mark.parametrize("transport", TRANSPORTS, indirect=True)
def test_a_lost_response_of_the_table_costs_no_recovery_code(
    anonymous: Api, ann: Person, transport: str
) -> None:
    codes = set_up(ann).recovery_codes
    for lost in itertools.count(1):
        before = ann.get(FACTORS).json_body["recovery_codes_left"]
        with faulty_connection(lost_response=lost) as line:
            answer = log_in(anonymous, ann, recovery_code=codes[-lost])
        assert answer.status_code == 200, (lost, answer.json_body)
        assert ann.get(FACTORS).json_body["recovery_codes_left"] == before - 1
        if line.requests < lost or lost == len(codes):
            break


def test_one_signature_begins_one_session_however_many_use_it_at_once(
    anonymous: Api, ann: Person
) -> None:
    login = start_login(anonymous, ann, register(ann))
    proof = Proof(passkey=PasskeyProof(login["passkey"], "https://app.example.com"))

    def use(_: int) -> Any:
        return complete_login(
            ticket=login["ticket"], proof=proof, device="", source=None, now=now()
        )

    answers = at_once(5, use)
    assert {type(each) for each in answers} <= {SignIn, Invalid, Unavailable}
    assert sum(isinstance(each, SignIn) for each in answers) == 1
    assert len(ann.get("/api/auth/sessions").json_body["items"]) == 2


@pytest.mark.parametrize("transport", TRANSPORTS, indirect=True)
def test_a_lost_response_of_the_table_harms_no_registration(ann: Person, transport: str) -> None:
    for lost in itertools.count(1):
        options = request_options(ann, f"{PASSKEYS}/options")
        response = SoftwareAuthenticator().create(options)
        with faulty_connection(lost_response=lost) as line:
            answer = ann.post(PASSKEYS, {"name": str(lost), "passkey": response})
        assert answer.status_code == 201, (lost, answer.json_body)
        names = [each["name"] for each in ann.get(FACTORS).json_body["passkeys"]]
        assert names == [str(number) for number in range(1, lost + 1)]
        if line.requests < lost:
            break


@pytest.mark.parametrize("transport", TRANSPORTS, indirect=True)
def test_a_lost_response_of_the_table_harms_no_login_with_a_passkey(
    anonymous: Api, ann: Person, transport: str
) -> None:
    key = register(ann, sign_count=1, step=1)
    for lost in itertools.count(1):
        login = start_login(anonymous, ann, key)
        with faulty_connection(lost_response=lost) as line:
            answer = anonymous.post(SECOND_STEP, login)
        assert answer.status_code == 200, (lost, answer.json_body)
        if line.requests < lost:
            break


@pytest.mark.parametrize("set_up_factor", [set_up, register])
def test_a_login_that_races_with_the_first_factor_begins_no_session(
    anonymous: Api, ann: Person, set_up_factor: Callable[[Person], Any]
) -> None:
    login = {"email": ann.email, "password": PASSWORD}
    with faulty_connection() as line:
        assert anonymous.post(LOGIN, login).status_code == 200
    last = line.requests  # writes the session

    def set_up_first(_: str, number: int) -> None:
        if number == last:
            set_up_factor(ann)

    with faulty_connection(set_up_first) as line:
        late = anonymous.post(LOGIN, login)
    assert line.requests > last
    assert (late.status_code, late.json_body["code"]) == (401, "second_factor_required")
    assert len(ann.get("/api/auth/sessions").json_body["items"]) == 2  # both from before
    if set_up_factor is register:
        assert late.json_body["factors"] == ["passkey"]
