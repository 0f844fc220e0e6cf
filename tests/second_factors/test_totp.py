"""Authenticator apps and recovery codes: setup, the second step of a login, and removal."""

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.authenticator import (
    FACTORS,
    LOGIN,
    SECOND_STEP,
    STEP_SECONDS,
    code_of,
    log_in,
    request_ticket,
    set_up,
)
from tests.support import PASSWORD, Api, Person, error_locations, extract_token, mails_to
from tests.table_items import scan_items

REFUSED = (422, "wrong_code")


def _state(person: Person) -> Any:
    return person.get(FACTORS).json_body


def test_an_account_without_a_second_factor_logs_in_as_before(anonymous: Api, ann: Person) -> None:
    assert anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).status_code == 200
    assert _state(ann) == {"totp_since": None, "passkeys": [], "recovery_codes_left": 0}


def test_the_setup_shows_the_secret_as_text_as_uri_and_as_qr_code(ann: Person) -> None:
    setup = ann.post(f"{FACTORS}/totp").json_body
    uri = urlsplit(setup["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [setup["secret"]]
    assert re.fullmatch("[A-Z2-7]{32}", setup["secret"])
    assert ElementTree.fromstring(setup["qr_code"]).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_setup_counts_only_when_a_code_confirms_it(
    anonymous: Api, ann: Person, wait: Any
) -> None:
    ann.post(f"{FACTORS}/totp")
    assert code_of(ann.post(f"{FACTORS}/totp/confirm", {"code": "000000"})) == REFUSED
    assert _state(ann)["totp_since"] is None
    assert anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).status_code == 200
    app = set_up(ann)
    assert _state(ann)["totp_since"] is not None
    assert log_in(anonymous, ann, code=app.code(1)).status_code == 200


def test_a_setup_ends_after_a_quarter_of_an_hour(ann: Person, wait: Any) -> None:
    ann.post(f"{FACTORS}/totp")
    wait(minutes=16)
    ann.log_in()
    answer = ann.post(f"{FACTORS}/totp/confirm", {"code": "123456"})
    assert code_of(answer) == (409, "no_setup")


def test_the_second_step_begins_a_session_with_or_without_the_cookie(
    anonymous: Api, ann: Person
) -> None:
    app = set_up(ann)
    signed_in = log_in(anonymous, ann, code=app.code(1), cookie=True)
    assert signed_in.json_body["refresh"] is None
    assert signed_in.headers["Set-Cookie"].startswith("__Secure-refresh=")
    assert signed_in.json_body["user"]["id"] == ann.id
    again = log_in(anonymous, ann, recovery_code=app.recovery_codes[0]).json_body
    assert anonymous.post("/api/auth/refresh", {"refresh": again["refresh"]}).status_code == 200


def test_a_wrong_password_does_not_tell_of_the_second_factor(anonymous: Api, ann: Person) -> None:
    set_up(ann)
    answer = anonymous.post(LOGIN, {"email": ann.email, "password": "wrong"})
    assert code_of(answer) == (401, "bad_credentials")
    assert "ticket" not in answer.json_body


def test_a_code_works_once(anonymous: Api, ann: Person, wait: Any) -> None:
    app = set_up(ann)
    used_by_the_setup = app.code()
    assert code_of(log_in(anonymous, ann, code=used_by_the_setup)) == REFUSED
    code = app.code(1)
    assert log_in(anonymous, ann, code=code).status_code == 200
    assert code_of(log_in(anonymous, ann, code=code)) == REFUSED
    wait(seconds=2 * STEP_SECONDS)
    assert log_in(anonymous, ann, code=app.code()).status_code == 200


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 200), (0, 200), (1, 200), (2, 422)])
def test_the_clock_of_the_app_may_differ_by_one_step(
    anonymous: Api, ann: Person, wait: Any, steps: int, status: int
) -> None:
    app = set_up(ann)
    # To the beginning of a step, which then lasts longer than the login takes.
    wait(seconds=10 * STEP_SECONDS - time.time() % STEP_SECONDS)
    assert log_in(anonymous, ann, code=app.code(steps)).status_code == status


def test_a_recovery_code_works_once_in_any_spelling_and_is_reported(
    anonymous: Api, ann: Person
) -> None:
    code, *_ = set_up(ann).recovery_codes
    spelled = code.upper().replace("-", " ")
    assert log_in(anonymous, ann, recovery_code=spelled).status_code == 200
    assert code_of(log_in(anonymous, ann, recovery_code=code)) == REFUSED
    assert _state(ann)["recovery_codes_left"] == 9
    sweep_outbox(now())
    (mail,) = mails_to(ann, "A recovery code was used")
    assert "left: 9" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_new_recovery_codes_replace_the_old_ones(anonymous: Api, ann: Person) -> None:
    assert code_of(ann.post(f"{FACTORS}/recovery-codes")) == (409, "no_second_factor")
    old = set_up(ann).recovery_codes
    new = ann.post(f"{FACTORS}/recovery-codes").json_body["recovery_codes"]
    assert len({*old, *new}) == 20
    assert code_of(log_in(anonymous, ann, recovery_code=old[0])) == REFUSED
    assert log_in(anonymous, ann, recovery_code=new[0]).status_code == 200


def test_neither_the_secret_nor_a_recovery_code_is_in_the_table(ann: Person) -> None:
    app = set_up(ann)
    everything = str(scan_items())
    for code in app.recovery_codes:
        assert code not in everything and code.replace("-", "") not in everything
    assert app.secret not in everything


def test_the_second_step_needs_exactly_one_proof(anonymous: Api, ann: Person) -> None:
    app = set_up(ann)
    both = {"code": app.code(1), "recovery_code": app.recovery_codes[0]}
    ticket = {"ticket": request_ticket(anonymous, ann)}
    for body, location in (({}, "code"), (both, "recovery_code"), ({"code": "12345"}, "code")):
        assert error_locations(anonymous.post(SECOND_STEP, ticket | body)) == [location]


@pytest.mark.parametrize("change", ["", "x", "another account", "another time"])
def test_a_changed_ticket_is_refused(anonymous: Api, ann: Person, bob: Person, change: str) -> None:
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    user, epoch, until, signature = ticket.split(".", 3)
    changed = {
        "": "",
        "x": ticket + "x",
        "another account": f"{bob.id}.{epoch}.{until}.{signature}",
        "another time": f"{user}.{epoch}.{int(until) + 60}.{signature}",
    }
    answer = anonymous.post(SECOND_STEP, {"ticket": changed[change], "code": app.code(1)})
    assert code_of(answer) == (401, "ticket_expired")


def test_a_ticket_ends_after_five_minutes(anonymous: Api, ann: Person, wait: Any) -> None:
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    wait(seconds=299)
    assert code_of(anonymous.post(SECOND_STEP, {"ticket": ticket, "code": "000000"})) == REFUSED
    wait(seconds=2)
    answer = anonymous.post(SECOND_STEP, {"ticket": ticket, "code": app.code()})
    assert code_of(answer) == (401, "ticket_expired")


def test_a_new_password_ends_tickets_and_keeps_the_second_factor(
    anonymous: Api, ann: Person
) -> None:
    ann.verify_address()
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    sweep_outbox(now())
    token = extract_token(next(mails_to(ann, "Choose a new password")))
    new = "another horse battery"
    body = {"token": token, "password": new, "password_confirm": new}
    assert anonymous.post("/api/auth/reset-password", body).status_code == 204
    late = anonymous.post(SECOND_STEP, {"ticket": ticket, "code": app.code(1)})
    assert code_of(late) == (401, "ticket_expired")
    ticket = request_ticket(anonymous, ann, new)
    assert anonymous.post(SECOND_STEP, {"ticket": ticket, "code": app.code(1)}).status_code == 200


def test_a_disabled_account_gets_no_session(anonymous: Api, ann: Person, chief: Person) -> None:
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    chief.patch(f"/api/admin/users/{ann.id}", {"is_disabled": True})
    answer = anonymous.post(SECOND_STEP, {"ticket": ticket, "code": app.code(1)})
    assert code_of(answer) == (401, "ticket_expired")


def test_guessing_codes_is_slowed_down_and_a_right_one_resets_the_count(
    anonymous: Api, ann: Person, set_time: Any
) -> None:
    set_time("2026-11-16T09:00:00", ann)
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    for _ in range(6):
        assert code_of(anonymous.post(SECOND_STEP, {"ticket": ticket, "code": "000000"})) == REFUSED
    for proof in ({"code": app.code(1)}, {"recovery_code": app.recovery_codes[0]}):
        blocked = anonymous.post(SECOND_STEP, {"ticket": ticket, **proof})
        assert code_of(blocked) == (429, "too_many_requests")
        assert blocked.headers["Retry-After"]
    assert code_of(ann.post("/api/auth/step-up", {"code": app.code(1)}))[0] == 429
    set_time("2026-11-16T09:00:01")
    for proof in ({"code": app.code(1)}, {"recovery_code": app.recovery_codes[0]}):
        assert anonymous.post(SECOND_STEP, {"ticket": ticket, **proof}).status_code == 200


def test_only_the_second_step_keeps_an_account_from_its_deletion(
    anonymous: Api, ann: Person
) -> None:
    app = set_up(ann)
    assert ann.delete("/api/auth/profile").status_code == 204
    request_ticket(anonymous, ann)
    assert _leaving(ann)
    assert log_in(anonymous, ann, code=app.code(1)).status_code == 200
    assert not _leaving(ann)


def _leaving(person: Person) -> bool:
    (profile,) = (
        item
        for item in scan_items()
        if item["SK"]["S"] == "PROFILE" and item["PK"]["S"] == f"USER#{person.id}"
    )
    return "leaving_at" in profile


def test_a_new_app_replaces_the_old_one_when_it_is_confirmed(anonymous: Api, ann: Person) -> None:
    old = set_up(ann)
    new = set_up(ann)
    assert new.recovery_codes == []
    assert code_of(log_in(anonymous, ann, code=old.code(1))) == REFUSED
    assert log_in(anonymous, ann, code=new.code(1)).status_code == 200
    assert log_in(anonymous, ann, recovery_code=old.recovery_codes[0]).status_code == 200


def test_without_the_app_the_password_is_enough_again(anonymous: Api, ann: Person) -> None:
    set_up(ann)
    assert ann.delete(f"{FACTORS}/totp").status_code == 204
    assert _state(ann) == {"totp_since": None, "passkeys": [], "recovery_codes_left": 0}
    assert anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).status_code == 200
    assert ann.delete(f"{FACTORS}/totp").status_code == 204
    sweep_outbox(now())
    subjects = [str(mail["Subject"]) for mail in mails_to(ann) if "factor" in mail["Subject"]]
    assert sorted(subjects) == [
        "A second factor was added to your account",
        "A second factor was removed from your account",
    ]
