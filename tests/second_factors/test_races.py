"""Concurrent logins with one code, and lost responses, against DynamoDB Local."""

import itertools
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.errors import Invalid, Unavailable
from chalicelib.second_factors.login import complete_login
from chalicelib.second_factors.verification import Proof
from chalicelib.sessions.service import SignIn
from tests.authenticator import FACTORS, log_in, request_ticket, set_up
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import TRANSPORTS, faulty_connection
from tests.support import Api, Person

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
