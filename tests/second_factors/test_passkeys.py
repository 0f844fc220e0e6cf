"""Passkeys: registration, login, step-up and removal, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.authenticator import FACTORS, LOGIN, SECOND_STEP, code_of, request_ticket, set_up
from tests.authenticator import log_in as log_in_with_code
from tests.software_authenticator import (
    LOGIN_OPTIONS,
    PASSKEYS,
    STEP_UP_OPTIONS,
    SoftwareAuthenticator,
    decode_handle,
    log_in_with,
    register,
    request_options,
    start_login,
)
from tests.support import PASSWORD, Api, Person, error_locations, mails_to
from tests.table_items import scan_items

REFUSED = (422, "wrong_passkey")
STEP_UP = "/api/auth/step-up"


def _state(person: Person) -> Any:
    return person.get(FACTORS).json_body


def _factors(anonymous: Api, person: Person) -> Any:
    login = anonymous.post(LOGIN, {"email": person.email, "password": PASSWORD})
    return login.json_body.get("factors")


def test_a_login_needs_the_passkey(anonymous: Api, ann: Person) -> None:
    phone = register(ann, "Ann's phone")
    assert len(phone.recovery_codes) == 10
    assert _factors(anonymous, ann) == ["passkey"]
    assert log_in_with(anonymous, ann, phone).status_code == 200
    (passkey,) = _state(ann)["passkeys"]
    assert passkey["name"] == "Ann's phone"
    assert passkey["created_at"] <= passkey["last_used_at"]
    assert _state(ann)["recovery_codes_left"] == 10


def test_the_options_describe_relying_party_account_and_known_passkeys(ann: Person) -> None:
    phone = register(ann)
    options = request_options(ann, f"{PASSKEYS}/options")
    assert options["rp"] == {"id": "app.example.com", "name": "Task Manager"}
    assert decode_handle(options) == ann.id
    assert {each["alg"] for each in options["pubKeyCredParams"]} == {-8, -7, -257}
    (known,) = options["excludeCredentials"]
    assert known["id"] == phone.create(options)["id"]
    proof = request_options(ann, STEP_UP_OPTIONS)
    assert (proof["rpId"], proof["allowCredentials"]) == ("app.example.com", [known])
    assert known["transports"] == ["internal"]


def test_an_account_can_have_several_passkeys_and_an_app(anonymous: Api, ann: Person) -> None:
    phone = register(ann, "Phone")
    key = register(ann, "Key")
    assert key.recovery_codes == []  # the earlier ones stay valid
    app = set_up(ann)
    assert app.recovery_codes == []
    assert _factors(anonymous, ann) == ["passkey", "totp"]
    for authenticator in (phone, key):
        assert log_in_with(anonymous, ann, authenticator).status_code == 200
    assert log_in_with_code(anonymous, ann, code=app.code(1)).status_code == 200
    recovery = {"recovery_code": phone.recovery_codes[0]}
    assert log_in_with_code(anonymous, ann, **recovery).status_code == 200
    assert [each["name"] for each in _state(ann)["passkeys"]] == ["Phone", "Key"]


def test_an_account_has_at_most_ten_passkeys(ann: Person) -> None:
    for number in range(9):
        register(ann, f"Key {number}")
    options = request_options(ann, f"{PASSKEYS}/options")
    register(ann, "Key 9")
    full = (409, "too_many_passkeys")
    assert code_of(ann.post(f"{PASSKEYS}/options")) == full
    late = {"name": "Key 10", "passkey": SoftwareAuthenticator().create(options)}
    assert code_of(ann.post(PASSKEYS, late)) == full
    assert len(_state(ann)["passkeys"]) == 10


def test_a_passkey_is_registered_once(ann: Person) -> None:
    phone = register(ann)
    response = phone.create(request_options(ann, f"{PASSKEYS}/options"))
    again = ann.post(PASSKEYS, {"name": "Again", "passkey": response})
    assert code_of(again) == (409, "conflict")


def test_the_last_factor_takes_the_recovery_codes_with_it(anonymous: Api, ann: Person) -> None:
    app = set_up(ann)
    phone = register(ann)
    (passkey,) = _state(ann)["passkeys"]
    assert ann.delete(f"{PASSKEYS}/{passkey['id']}").status_code == 204
    assert ann.delete(f"{PASSKEYS}/{passkey['id']}").status_code == 404
    assert _factors(anonymous, ann) == ["totp"]
    ticket = request_ticket(anonymous, ann)
    assert code_of(anonymous.post(LOGIN_OPTIONS, {"ticket": ticket}))[0] == 409
    assert log_in_with_code(anonymous, ann, recovery_code=app.recovery_codes[0]).status_code == 200
    register(ann, "Key")
    assert ann.delete(f"{FACTORS}/totp").status_code == 204
    assert _state(ann)["recovery_codes_left"] == 9
    (passkey,) = _state(ann)["passkeys"]
    assert ann.delete(f"{PASSKEYS}/{passkey['id']}").status_code == 204
    assert _state(ann) == {"totp_since": None, "passkeys": [], "recovery_codes_left": 0}
    assert phone.recovery_codes == []
    assert anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).status_code == 200


def test_a_step_up_with_a_passkey(ann: Person, wait: Any) -> None:
    phone = register(ann)
    wait(minutes=9)
    ann.renew_token()
    wait(minutes=2)
    assert code_of(ann.post(f"{PASSKEYS}/options")) == (403, "step_up_required")
    assert error_locations(ann.post(STEP_UP, {"password": PASSWORD})) == ["code"]
    proof = {"passkey": phone.sign(request_options(ann, STEP_UP_OPTIONS))}
    assert ann.post(STEP_UP, proof).status_code == 204
    assert ann.post(f"{PASSKEYS}/options").status_code == 200
    assert code_of(ann.post(STEP_UP, proof)) == REFUSED


def test_adding_and_removing_are_mailed_and_recorded(ann: Person) -> None:
    register(ann)
    (passkey,) = _state(ann)["passkeys"]
    ann.delete(f"{PASSKEYS}/{passkey['id']}")
    sweep_outbox(now())
    subjects = [str(mail["Subject"]) for mail in mails_to(ann) if "factor" in mail["Subject"]]
    assert sorted(subjects) == [
        "A second factor was added to your account",
        "A second factor was removed from your account",
    ]
    entries = ann.get("/api/auth/audit").json_body["items"]
    changes = {each["action"]: each for each in entries if "second_factor" in each["action"]}
    assert changes.keys() == {"account.second_factor_added", "account.second_factor_removed"}
    assert all(each["details"] == {"kind": "passkey"} for each in changes.values())


@pytest.mark.parametrize(
    "other",
    [
        {"origin": "https://app.example.com.evil.example"},
        {"origin": "http://app.example.com"},
        {"rp_id": "example.com"},
    ],
)
def test_another_page_or_relying_party_is_refused(
    anonymous: Api, ann: Person, other: dict[str, str]
) -> None:
    options = request_options(ann, f"{PASSKEYS}/options")
    stranger = SoftwareAuthenticator(**other)
    new = {"name": "Phone", "passkey": stranger.create(options)}
    assert code_of(ann.post(PASSKEYS, new)) == REFUSED
    assert _state(ann)["passkeys"] == []
    phone = register(ann)
    vars(phone).update(other)
    assert code_of(log_in_with(anonymous, ann, phone)) == REFUSED


def test_a_response_is_accepted_once(anonymous: Api, ann: Person) -> None:
    options = request_options(ann, f"{PASSKEYS}/options")
    new = {"name": "Phone", "passkey": SoftwareAuthenticator().create(options)}
    assert ann.post(PASSKEYS, new).status_code == 201
    assert code_of(ann.post(PASSKEYS, new)) == REFUSED
    phone = register(ann, "Key")
    login = start_login(anonymous, ann, phone)
    assert anonymous.post(SECOND_STEP, login).status_code == 200
    assert code_of(anonymous.post(SECOND_STEP, login)) == REFUSED


def test_a_challenge_is_for_one_ticket_and_one_purpose(anonymous: Api, ann: Person) -> None:
    phone = register(ann)
    other = start_login(anonymous, ann, phone)
    registration = request_options(ann, f"{PASSKEYS}/options")
    step_up = request_options(ann, STEP_UP_OPTIONS)
    for options in (registration, step_up):
        body = {"ticket": other["ticket"], "passkey": phone.sign(options)}
        assert code_of(anonymous.post(SECOND_STEP, body)) == REFUSED
    assert code_of(ann.post(STEP_UP, {"passkey": other["passkey"]})) == REFUSED
    new = {"name": "Key", "passkey": SoftwareAuthenticator().create(step_up)}
    assert code_of(ann.post(PASSKEYS, new)) == REFUSED


def test_new_options_replace_the_challenge(anonymous: Api, ann: Person) -> None:
    phone = register(ann)
    login = start_login(anonymous, ann, phone)
    options = request_options(anonymous, LOGIN_OPTIONS, {"ticket": login["ticket"]})
    assert code_of(anonymous.post(SECOND_STEP, login)) == REFUSED
    login["passkey"] = phone.sign(options)
    assert anonymous.post(SECOND_STEP, login).status_code == 200


def test_a_challenge_ends_after_five_minutes(ann: Person, wait: Any) -> None:
    phone = register(ann)
    options = request_options(ann, f"{PASSKEYS}/options")
    proof = {"passkey": phone.sign(request_options(ann, STEP_UP_OPTIONS))}
    wait(seconds=301)
    new = {"name": "Key", "passkey": SoftwareAuthenticator().create(options)}
    assert code_of(ann.post(PASSKEYS, new)) == REFUSED
    assert code_of(ann.post(STEP_UP, proof)) == REFUSED


def test_the_passkey_of_another_account_is_refused(
    anonymous: Api, ann: Person, bob: Person
) -> None:
    register(ann)
    theirs = register(bob)
    assert code_of(log_in_with(anonymous, ann, theirs)) == REFUSED
    assert code_of(ann.delete(f"{PASSKEYS}/{_state(bob)['passkeys'][0]['id']}")) == (
        404,
        "not_found",
    )


def test_a_changed_signature_is_refused(anonymous: Api, ann: Person) -> None:
    phone = register(ann)
    forger = SoftwareAuthenticator()
    forger.credential_id = phone.credential_id
    assert code_of(log_in_with(anonymous, ann, forger)) == REFUSED


def test_a_signature_counter_must_grow_where_there_is_one(anonymous: Api, ann: Person) -> None:
    """A counter that does not grow hints at a copy; 0 says that there is none (section 6.1.1)."""
    key = register(ann, "Key", sign_count=5, step=1)
    assert log_in_with(anonymous, ann, key).status_code == 200
    key.sign_count = 6  # as in the last login
    assert code_of(log_in_with(anonymous, ann, key)) == REFUSED
    key.sign_count = 3
    assert code_of(log_in_with(anonymous, ann, key)) == REFUSED
    key.sign_count = 7
    assert log_in_with(anonymous, ann, key).status_code == 200
    phone = register(ann, "Phone")
    for _ in range(2):
        assert log_in_with(anonymous, ann, phone).status_code == 200


@pytest.mark.parametrize(
    "attestation",
    [{"fmt": "unknown"}, {"fmt": "packed"}, {"authData": b"short"}, {"attStmt": {"alg": 1}}],
)
def test_an_attestation_that_is_not_valid_is_refused(
    ann: Person, attestation: dict[str, Any]
) -> None:
    options = request_options(ann, f"{PASSKEYS}/options")
    response = SoftwareAuthenticator().create(options, **attestation)
    assert code_of(ann.post(PASSKEYS, {"name": "Phone", "passkey": response})) == REFUSED


def test_every_field_that_is_not_valid_is_named(anonymous: Api, ann: Person) -> None:
    response = {"clientDataJSON": "not base64!", "attestationObject": 5}
    passkey = {"id": "AA", "type": "password", "response": response}
    answer = ann.post(PASSKEYS, {"name": " ", "passkey": passkey})
    assert set(error_locations(answer)) == {
        "name",
        "passkey.rawId",
        "passkey.response.attestationObject",
        "passkey.response.clientDataJSON",
        "passkey.type",
    }
    phone = register(ann)
    both = start_login(anonymous, ann, phone) | {"code": "123456"}
    assert error_locations(anonymous.post(SECOND_STEP, both)) == ["passkey"]


def test_guessing_is_slowed_down_with_that_of_codes(anonymous: Api, ann: Person) -> None:
    phone = register(ann)
    app = set_up(ann)
    ticket = request_ticket(anonymous, ann)
    for _ in range(3):
        anonymous.post(SECOND_STEP, {"ticket": ticket, "code": "000000"})
    forger = SoftwareAuthenticator()
    for _ in range(3):
        options = request_options(anonymous, LOGIN_OPTIONS, {"ticket": ticket})
        body = {"ticket": ticket, "passkey": forger.sign(options)}
        assert code_of(anonymous.post(SECOND_STEP, body)) == REFUSED
    options = request_options(anonymous, LOGIN_OPTIONS, {"ticket": ticket})
    for proof in ({"passkey": phone.sign(options)}, {"code": app.code(1)}):
        blocked = anonymous.post(SECOND_STEP, {"ticket": ticket, **proof})
        assert code_of(blocked) == (429, "too_many_requests")


def test_passkeys_work_at_the_address_of_the_web_client_only(ann: Person, no_app_url: None) -> None:
    assert code_of(ann.post(f"{PASSKEYS}/options")) == (409, "conflict")


def test_a_deleted_account_leaves_no_passkey(anonymous: Api, ann: Person) -> None:
    start_login(anonymous, ann, register(ann))
    ann.delete("/api/auth/profile")
    delete_due_accounts(now() + timedelta(days=8))
    (profile,) = [item for item in scan_items() if item["PK"]["S"] == f"USER#{ann.id}"]
    assert profile["SK"]["S"] == "PROFILE" and "passkeys" not in profile
