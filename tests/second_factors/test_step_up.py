"""Step-up: what needs a recent proof, and which proof; the reset by site staff; deletion."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.authenticator import FACTORS, LOGIN, code_of, set_up
from tests.support import PASSWORD, Api, Person, error_locations, in_hours, mails_to
from tests.table_items import scan_items

STEP_UP = "/api/auth/step-up"
NEEDED = (403, "step_up_required")
NEW = "another horse battery"
CHANGES = {
    "change-password": {"password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW},
    "change-email": {"password": PASSWORD, "email": "new@example.com"},
    "tokens": {"name": "CI", "scopes": ["tasks:read"], "expires_at": None},
}


@pytest.fixture
def ann(make_person: Any, anonymous: Api) -> Person:
    """Ann, who logs in when the test begins."""
    person: Person = make_person("ann")
    login = {"email": person.email, "password": PASSWORD}
    session = anonymous.post(LOGIN, login).json_body
    return Person(person.client, person.id, person.email, session["access"], session["refresh"])


def _change(person: Person, path: str) -> Any:
    body = CHANGES[path]
    if "expires_at" in body:
        body = body | {"expires_at": in_hours(24)}
    return person.post(f"/api/auth/{path}", body)


@pytest.mark.parametrize("path", CHANGES)
def test_an_old_session_changes_credentials_after_a_step_up(
    ann: Person, wait: Any, path: str
) -> None:
    app = set_up(ann)
    wait(minutes=9, seconds=30)
    ann.renew_token()
    wait(seconds=31)
    assert code_of(_change(ann, path)) == NEEDED
    assert ann.post(STEP_UP, {"code": app.code()}).status_code == 204
    assert _change(ann, path).status_code in {201, 202, 204}


@pytest.mark.parametrize("path", CHANGES)
def test_without_a_second_factor_credentials_are_changed_as_before(
    ann: Person, wait: Any, path: str
) -> None:
    wait(minutes=9)
    ann.renew_token()
    wait(minutes=2)
    assert _change(ann, path).status_code in {201, 202, 204}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "totp"),
        ("POST", "totp/confirm"),
        ("DELETE", "totp"),
        ("POST", "recovery-codes"),
    ],
)
def test_every_account_needs_a_proof_to_change_second_factors(
    ann: Person, wait: Any, method: str, path: str
) -> None:
    wait(minutes=9)
    ann.renew_token()
    wait(minutes=2)
    body = {"code": "123456"} if path == "totp/confirm" else None
    assert code_of(ann.call(method, f"{FACTORS}/{path}", body)) == NEEDED
    assert code_of(ann.post(STEP_UP, {"password": "wrong"})) == (422, "wrong_password")
    assert code_of(ann.call(method, f"{FACTORS}/{path}", body)) == NEEDED
    assert ann.post(STEP_UP, {"password": PASSWORD}).status_code == 204
    assert ann.call(method, f"{FACTORS}/{path}", body).status_code != 403


def test_a_step_up_counts_for_its_session_only(
    client: Any, anonymous: Api, ann: Person, wait: Any
) -> None:
    login = anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).json_body
    other = Person(client, ann.id, ann.email, login["access"], login["refresh"])
    app = set_up(ann)
    wait(seconds=570)
    assert ann.post(STEP_UP, {"recovery_code": app.recovery_codes[0]}).status_code == 204
    wait(seconds=29)
    assert ann.post(f"{FACTORS}/recovery-codes").status_code == 200
    wait(seconds=2)
    ann.renew_token()
    other.renew_token()
    assert ann.post(f"{FACTORS}/recovery-codes").status_code == 200
    assert code_of(other.post(f"{FACTORS}/recovery-codes")) == NEEDED


def test_the_password_is_no_proof_where_there_is_a_second_factor(ann: Person) -> None:
    app = set_up(ann)
    assert error_locations(ann.post(STEP_UP, {"password": PASSWORD})) == ["code"]
    assert code_of(ann.post(STEP_UP, {"code": app.code()})) == (422, "wrong_code")
    assert ann.post(STEP_UP, {"code": app.code(1)}).status_code == 204


def test_a_code_is_no_proof_without_a_second_factor(ann: Person) -> None:
    for body in ({}, {"code": "123456"}, {"recovery_code": "x"}):
        assert error_locations(ann.post(STEP_UP, body)) == ["password"]


def test_site_staff_remove_lost_factors_and_the_person_is_told(
    anonymous: Api, ann: Person, chief: Person
) -> None:
    set_up(ann)
    path = f"/api/admin/users/{ann.id}/second-factors"
    (listed,) = chief.get(f"/api/admin/users?email={ann.email}").json_body["items"]
    assert listed["has_second_factor"] is True
    assert code_of(ann.delete(path)) == (403, "forbidden")
    for _ in range(2):
        assert chief.delete(path).status_code == 204
    assert anonymous.post(LOGIN, {"email": ann.email, "password": PASSWORD}).status_code == 200
    assert ann.get(FACTORS).json_body["recovery_codes_left"] == 0
    sweep_outbox(now())
    assert len(list(mails_to(ann, "The second factors of your account were removed"))) == 1


def test_site_staff_cannot_reset_their_own_or_unknown_factors(ann: Person, chief: Person) -> None:
    own, unknown = (f"/api/admin/users/{each}/second-factors" for each in (chief.id, "0" * 26))
    assert chief.delete(own).status_code == 409
    assert chief.delete(unknown).status_code == 404


def test_a_deleted_account_leaves_no_second_factor(ann: Person) -> None:
    set_up(ann)
    ann.delete("/api/auth/profile")
    delete_due_accounts(now() + timedelta(days=8))
    items = [item for item in scan_items() if item["PK"]["S"] == f"USER#{ann.id}"]
    assert not [item for item in items if item["SK"]["S"] == "SECOND_FACTOR"]
    (profile,) = (item for item in items if item["SK"]["S"] == "PROFILE")
    assert "second_factors" not in profile
