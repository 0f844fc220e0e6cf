"""Attempts to bypass a second factor, and to take over an account with one, fail."""

import json
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.authenticator import FACTORS, LOGIN, code_of, set_up
from tests.job_results import download_job_file, request_job, run_sweep
from tests.software_authenticator import PASSKEYS, log_in_with, register
from tests.support import PASSWORD, Api, Person, extract_token, mails_to, sign_up
from tests.table_items import scan_items

STEP_UP_NEEDED = (403, "step_up_required")
NEW = "another horse battery"


def _log_in(anonymous: Api, person: Person) -> Person:
    """Log in and return the person with the new session."""
    session = anonymous.post(LOGIN, {"email": person.email, "password": PASSWORD}).json_body
    return Person(person.client, person.id, person.email, session["access"], session["refresh"])


def _passkeys() -> list[Any]:
    return [item for item in scan_items() if item["SK"]["S"].startswith("PASSKEY#")]


def test_a_login_before_the_setup_is_no_proof_of_the_second_factor(
    anonymous: Api, client: Client
) -> None:
    ann = sign_up(client, "ann")
    thief, owner = _log_in(anonymous, ann), _log_in(anonymous, ann)
    set_up(owner)
    assert code_of(thief.delete(f"{FACTORS}/totp")) == STEP_UP_NEEDED
    assert code_of(thief.post(f"{PASSKEYS}/options")) == STEP_UP_NEEDED
    assert owner.delete(f"{FACTORS}/totp").status_code == 204


def test_an_old_session_of_the_staff_appoints_nobody(
    anonymous: Api, client: Client, chief: Person, wait: Any
) -> None:
    other, staff = sign_up(client, "other"), _log_in(anonymous, chief)
    set_up(staff)
    wait(minutes=9)
    staff.renew_token()
    wait(minutes=2)
    change = staff.patch(f"/api/admin/users/{other.id}", {"is_staff": True})
    assert code_of(change) == STEP_UP_NEEDED


def test_a_login_before_the_first_passkey_is_no_proof_of_it(anonymous: Api, client: Client) -> None:
    ann = sign_up(client, "ann")
    thief, owner = _log_in(anonymous, ann), _log_in(anonymous, ann)
    register(owner)
    (passkey,) = thief.get(FACTORS).json_body["passkeys"]
    path = f"{PASSKEYS}/{passkey['id']}"
    assert code_of(thief.delete(path)) == STEP_UP_NEEDED
    assert owner.delete(path).status_code == 204


def test_a_reset_by_site_staff_removes_passkeys(
    anonymous: Api, client: Client, chief: Person
) -> None:
    ann = sign_up(client, "ann")
    set_up(ann)
    phone = register(ann)
    assert chief.delete(f"/api/admin/users/{ann.id}/second-factors").status_code == 204
    assert _passkeys() == []
    again = _log_in(anonymous, ann)
    register(again, "Other")
    assert code_of(log_in_with(anonymous, ann, phone)) == (422, "wrong_passkey")


@pytest.mark.parametrize("factor", [set_up, register])
@pytest.mark.parametrize(("is_verified", "status"), [(False, 200), (True, 401)])
def test_a_reset_removes_the_factors_of_an_address_that_was_not_verified(
    anonymous: Api, client: Client, is_verified: bool, status: int, factor: Any
) -> None:
    ann = sign_up(client, "ann")
    if is_verified:
        ann.verify_address()
    factor(ann)
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    sweep_outbox(now())
    token = extract_token(list(mails_to(ann, "Choose a new password"))[-1])
    reset = {"token": token, "password": NEW, "password_confirm": NEW}
    assert anonymous.post("/api/auth/reset-password", reset).status_code == 204
    login = anonymous.post(LOGIN, {"email": ann.email, "password": NEW})
    assert login.status_code == status
    assert len(_passkeys()) == (1 if is_verified and factor is register else 0)
    if status == 200:
        set_up(Person(client, ann.id, ann.email, login.json_body["access"], ""))
        assert anonymous.post(LOGIN, {"email": ann.email, "password": NEW}).status_code == 401


def test_the_export_does_not_tell_who_of_the_staff_changed_the_account(
    client: Client, chief: Person
) -> None:
    eve = sign_up(client, "eve")
    chief.patch(f"/api/admin/users/{eve.id}", {"is_staff": True})
    export = request_job(eve, "/api/auth/profile/exports")
    run_sweep()
    events = json.loads(download_job_file(eve, export, "account.json"))["security_events"]
    (change,) = [each for each in events if each["action"] == "account.changed_by_staff"]
    assert [change[name] for name in ("actor", "credential", "source", "request_id")] == [None] * 4
