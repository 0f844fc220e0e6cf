"""Concurrent requests for one account, session or token, against DynamoDB Local."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.accounts.passwords import reset_password
from chalicelib.accounts.service import confirm_email_change, verify_email
from chalicelib.clock import now
from chalicelib.errors import ApiError, Unavailable
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.sessions.service import log_in, refresh_session
from tests.dynamodb.test_races import at_once
from tests.support import PASSWORD, Api, Person, mails_to

pytestmark = pytest.mark.usefixtures("local_table")


def _repeat_at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Call `call(0)`, `call(1)`, ... in parallel; each is repeated after a 503, as clients do."""

    def repeat(number: int) -> Any:
        for _ in range(10):
            try:
                return call(number)
            except Unavailable:
                continue
        return call(number)

    return at_once(count, repeat)


def _codes(answers: list[Any]) -> Counter[str]:
    """Count the answers by error code; successful ones count as `done`."""
    return Counter(a.stable_code if isinstance(a, ApiError) else "done" for a in answers)


def _require_one_use(answers: list[Any]) -> None:
    """Require that one request has used the token, or none if the response to it was lost."""
    codes = _codes(answers)
    assert codes.keys() <= {"done", "invalid_token"}
    assert codes["done"] <= 1


def test_fifty_refreshes_at_once_are_one_rotation_with_one_successor(
    anonymous: Api, ann: Person
) -> None:
    token = ann.refresh
    for _ in range(3):
        answers = _repeat_at_once(
            50, lambda _, token=token: refresh_session(token=token, now=now())
        )
        (successor,) = {answer.refresh for answer in answers}
        assert int(successor.split(".")[2]) == int(token.split(".")[2]) + 1
        token = successor
    assert ann.get("/api/auth/profile").status_code == 200


def test_one_of_forty_uses_of_a_verification_token_succeeds(ann: Person) -> None:
    token = _mailed_token(ann, "Confirm your address")
    answers = _repeat_at_once(40, lambda _: verify_email(token=token, source=None, now=now()))
    _require_one_use(answers)


def test_one_of_forty_uses_of_a_reset_token_succeeds(anonymous: Api, ann: Person) -> None:
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    token = _mailed_token(ann, "Choose a new password")

    def reset(number: int) -> None:
        reset_password(token=token, new_password=f"new password {number}", source=None, now=now())

    answers = _repeat_at_once(40, reset)
    _require_one_use(answers)
    for winner in [number for number, answer in enumerate(answers) if answer is None]:
        login = {"email": ann.email, "password": f"new password {winner}"}
        assert anonymous.post("/api/auth/login", login).status_code == 200
    old = {"email": ann.email, "password": PASSWORD}
    assert anonymous.post("/api/auth/login", old).status_code == 401


def test_one_of_forty_uses_of_an_address_change_token_succeeds(anonymous: Api, ann: Person) -> None:
    new_address = "lee@example.com"
    ann.post("/api/auth/change-email", {"email": new_address, "password": PASSWORD})
    token = _mailed_token(ann, "Confirm your new address", new_address)
    answers = _repeat_at_once(
        40, lambda _: confirm_email_change(token=token, source=None, now=now())
    )
    _require_one_use(answers)
    login = {"email": new_address, "password": PASSWORD}
    assert anonymous.post("/api/auth/login", login).status_code == 200


def test_guesses_at_once_are_counted_before_they_are_judged(ann: Person) -> None:
    def guess(number: int) -> None:
        log_in(email=ann.email, password=f"guess {number}", device="", source=None, now=now())

    codes = _codes(_repeat_at_once(40, guess))
    assert codes["bad_credentials"] <= 6
    assert codes["bad_credentials"] + codes["too_many_requests"] == 40


def test_a_login_during_a_password_change_leaves_no_session_with_the_old_password(
    anonymous: Api, ann: Person
) -> None:
    change = {"password": PASSWORD, "new_password": "another horse"}

    def act(number: int) -> Any:
        if number == 0:
            return ann.post(
                "/api/auth/change-password", change | {"new_password_confirm": "another horse"}
            )
        return log_in(email=ann.email, password=PASSWORD, device="", source=None, now=now())

    answers = at_once(4, act)
    for signed_in in answers[1:]:
        if not isinstance(signed_in, ApiError):
            refreshed = anonymous.post("/api/auth/refresh", {"refresh": signed_in.refresh})
            assert refreshed.status_code == 401


def _mailed_token(person: Person, subject: str, address: str = "") -> str:
    sweep_outbox(now())
    *_, mail = mails_to(person, subject, address)
    body = mail.get_body(("plain",))
    link = re.search(r"token=(\S+)", body.get_content() if body else "")
    assert link is not None
    return link[1]
