"""Link, list and unlink identities of an account."""

import json
from collections.abc import Callable

import pytest

from chalicelib.clock import now
from chalicelib.dynamodb.transactions import transact
from chalicelib.identity_providers import models
from chalicelib.mail.jobs import sweep_outbox
from tests.authenticator import SECOND_STEP, set_up
from tests.identity_providers.conftest import Browser
from tests.job_results import download_job_file, request_job, run_sweep
from tests.oidc_provider import log_in_at_provider
from tests.provider_edge import ProviderEdge
from tests.support import PASSWORD, Api, Person, extract_token, mails_to

IDENTITIES = "/api/auth/identities"


def signed_in_person(browser: Browser, email: str) -> Api:
    """Sign in as a new person, and return a client with the access token."""
    signed_in = browser.sign_in(email).json_body
    return Api(browser.api._client, signed_in["access"])


def test_a_linked_identity_signs_in(browser: Browser, ann: Person) -> None:
    linked = browser.link(ann, ann.email)
    assert linked.status_code == 201, linked.json_body
    assert linked.headers["Location"] == f"{IDENTITIES}/{linked.json_body['id']}/"
    assert browser.sign_in(ann.email).json_body["user"]["id"] == ann.id


def test_the_identities_of_an_account_are_listed(browser: Browser, ann: Person) -> None:
    linked = browser.link(ann, ann.email).json_body
    assert ann.get(IDENTITIES).json_body == {"items": [linked], "next_cursor": None}
    assert linked | {"id": "", "created_at": "", "last_used_at": ""} == {
        "id": "",
        "provider": "local",
        "provider_name": "Local",
        "email": ann.email,
        "created_at": "",
        "last_used_at": "",
    }


def test_a_sign_in_is_the_last_use_of_its_identity(
    browser: Browser, ann: Person, wait: Callable[..., None]
) -> None:
    linked = browser.link(ann, ann.email).json_body
    wait(seconds=5)
    browser.sign_in(ann.email)
    (listed,) = ann.get(IDENTITIES).json_body["items"]
    assert listed["created_at"] == linked["created_at"] < listed["last_used_at"]


def test_a_sign_in_asks_for_the_second_factor_of_the_account(
    browser: Browser, ann: Person, anonymous: Api
) -> None:
    browser.link(ann, ann.email)
    app = set_up(ann)
    signed_in = browser.sign_in(ann.email)
    assert (signed_in.status_code, signed_in.json_body["code"]) == (401, "second_factor_required")
    step = {"ticket": signed_in.json_body["ticket"], "recovery_code": app.recovery_codes[0]}
    completed = anonymous.post(SECOND_STEP, step)
    assert (completed.status_code, completed.json_body["user"]["id"]) == (200, ann.id)


def test_an_account_with_a_second_factor_needs_a_recent_proof_to_link(
    browser: Browser, ann: Person, wait: Callable[..., None]
) -> None:
    set_up(ann)
    wait(minutes=9)
    ann.renew_token()
    wait(minutes=2)
    body = {"provider": "local", "password": PASSWORD}
    refused = ann.post(f"{IDENTITIES}/start", body)
    assert (refused.status_code, refused.json_body["code"]) == (403, "step_up_required")


def test_to_link_again_changes_nothing(browser: Browser, ann: Person) -> None:
    first, second = browser.link(ann, ann.email), browser.link(ann, ann.email)
    assert (second.status_code, second.json_body) == (201, first.json_body)


def test_a_mail_tells_the_owner_of_a_linked_and_of_an_unlinked_identity(
    browser: Browser, ann: Person
) -> None:
    """It is sent to the account's address, once for each change."""
    linked = browser.link(ann, ann.email).json_body
    browser.link(ann, ann.email)
    sweep_outbox(now())
    (mail,) = mails_to(ann, "A sign-in was linked to your account")
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert 'the identity provider "local"' in text and "/account/security" in text
    assert ann.delete(f"{IDENTITIES}/{linked['id']}").status_code == 204
    ann.delete(f"{IDENTITIES}/{linked['id']}")
    sweep_outbox(now())
    (mail,) = mails_to(ann, "A sign-in was unlinked from your account")
    assert mail["List-Unsubscribe"] is None


def test_a_refused_link_and_a_first_sign_in_send_no_mail(browser: Browser, ann: Person) -> None:
    browser.link(ann, "somebody@example.com")
    browser.sign_in("cleo@example.com")
    sweep_outbox(now())
    cleo = Person(ann.client, "", "cleo@example.com", "", "")
    assert [*mails_to(ann, "A sign-in"), *mails_to(cleo)] == []


def test_linking_needs_the_password(browser: Browser, ann: Person) -> None:
    body = {"provider": "local", "password": "wrong"}
    answer = ann.post(f"{IDENTITIES}/start", body)
    assert (answer.status_code, answer.json_body["code"]) == (422, "wrong_password")


def test_an_identity_with_another_address_is_not_linked(browser: Browser, ann: Person) -> None:
    answer = browser.link(ann, "somebody@example.com")
    assert (answer.status_code, answer.json_body["code"]) == (409, "email_differs")
    assert ann.get(IDENTITIES).json_body["items"] == []


def test_an_identity_whose_address_is_not_verified_is_not_linked(
    browser: Browser, ann: Person, edge: ProviderEdge
) -> None:
    edge.changes["/me"] = lambda claims: claims.update(email_verified=False)
    answer = browser.link(ann, ann.email)
    assert (answer.status_code, answer.json_body["code"]) == (409, "email_not_verified")


def test_an_identity_belongs_to_one_account(
    browser: Browser, ann: Person, bob: Person, edge: ProviderEdge
) -> None:
    browser.link(ann, ann.email)
    edge.changes["/me"] = lambda claims: claims.update(email=bob.email)
    answer = browser.link(bob, ann.email)
    assert (answer.status_code, answer.json_body["code"]) == (409, "identity_taken")
    assert bob.get(IDENTITIES).json_body["items"] == []


def test_an_authorization_counts_for_its_account_only(
    browser: Browser, ann: Person, bob: Person
) -> None:
    parameters = log_in_at_provider(browser.start(person=ann), bob.email)
    answer = browser.finish(parameters, person=bob)
    assert (answer.status_code, answer.json_body["code"]) == (422, "sign_in_failed")


@pytest.mark.parametrize("begins_to_link", [True, False])
def test_to_link_and_to_sign_in_are_not_mixed_up(
    browser: Browser, ann: Person, begins_to_link: bool
) -> None:
    start = browser.start(person=ann if begins_to_link else None)
    parameters = log_in_at_provider(start, ann.email)
    answer = browser.finish(parameters, person=None if begins_to_link else ann)
    assert (answer.status_code, answer.json_body["code"]) == (422, "sign_in_failed")


def test_an_unlinked_identity_does_not_sign_in(browser: Browser, ann: Person) -> None:
    linked = browser.link(ann, ann.email).json_body
    assert ann.delete(f"{IDENTITIES}/{linked['id']}").status_code == 204
    assert ann.get(IDENTITIES).json_body["items"] == []
    assert browser.sign_in(ann.email).json_body["code"] == "account_exists"
    assert ann.delete(f"{IDENTITIES}/{linked['id']}").status_code == 404
    assert browser.link(ann, ann.email).status_code == 201


def test_the_identity_of_somebody_else_is_not_found(
    browser: Browser, ann: Person, bob: Person
) -> None:
    linked = browser.link(ann, ann.email).json_body
    assert bob.delete(f"{IDENTITIES}/{linked['id']}").status_code == 404
    assert len(ann.get(IDENTITIES).json_body["items"]) == 1


def test_the_only_way_to_log_in_is_not_unlinked(
    browser: Browser, sample_event: Callable[[str], dict[str, object]]
) -> None:
    cleo = signed_in_person(browser, "cleo@example.com")
    (identity,) = cleo.get(IDENTITIES).json_body["items"]
    answer = cleo.delete(f"{IDENTITIES}/{identity['id']}")
    assert (answer.status_code, answer.json_body["code"]) == (409, "last_login_method")
    assert browser.sign_in("cleo@example.com").status_code == 200


def test_with_a_password_from_a_mail_the_last_identity_is_unlinked(
    browser: Browser, invoke: Callable[..., object], sample_event: Callable[[str], object]
) -> None:
    signed_in_person(browser, "cleo@example.com")
    api, email = browser.api, "cleo@example.com"
    api.post("/api/auth/forgot-password", {"email": email})
    invoke("sweep_mail", sample_event("sweep_mail"))
    cleo = Person(api._client, "", email, "", "")
    token = extract_token(next(mails_to(cleo)))
    passwords = {"password": "a new password", "password_confirm": "a new password"}
    assert api.post("/api/auth/reset-password", {"token": token, **passwords}).status_code == 204
    login = api.post("/api/auth/login", {"email": email, "password": "a new password"}).json_body
    cleo = Person(api._client, login["user"]["id"], email, login["access"], "")
    (identity,) = cleo.get(IDENTITIES).json_body["items"]
    assert cleo.delete(f"{IDENTITIES}/{identity['id']}").status_code == 204
    assert browser.sign_in(email).json_body["code"] == "account_exists"


def test_one_of_two_identities_is_unlinked_without_a_password(
    browser: Browser, edge: ProviderEdge
) -> None:
    cleo = signed_in_person(browser, "cleo@example.com")
    user_id = cleo.get("/api/auth/profile").json_body["id"]
    other = models.build_identity(
        user_id, provider="local", issuer="i", subject="s", email="", now=now()
    )
    transact(*models.create_identity_writes(other))
    first, second = (each["id"] for each in cleo.get(IDENTITIES).json_body["items"])
    statuses = [cleo.delete(f"{IDENTITIES}/{each}").status_code for each in (first, second)]
    assert statuses == [204, 409]


def test_an_account_export_holds_the_identities(browser: Browser, ann: Person) -> None:
    linked = browser.link(ann, ann.email).json_body
    export = request_job(ann, "/api/auth/profile/exports")
    run_sweep()
    (identity,) = json.loads(download_job_file(ann, export, "account.json"))["identities"]
    assert (identity["id"], identity["subject"]) == (linked["id"], ann.email)
