"""Sign in with an identity, at a real provider."""

from collections.abc import Callable
from datetime import timedelta

from chalice.test import Client

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from chalicelib.sessions.throttling import count_attempt
from tests.identity_providers.conftest import REDIRECT_URI, Browser
from tests.oidc_provider import log_in_at_provider, run_provider
from tests.provider_edge import ProviderEdge
from tests.support import Api, Person
from tests.table_items import scan_items

USERS = "/api/admin/users"


def count_accounts() -> int:
    return sum(item["SK"]["S"] == "PROFILE" for item in scan_items())


def test_a_first_sign_in_creates_an_account_with_the_verified_address(browser: Browser) -> None:
    answer = browser.sign_in("cleo@example.com")
    assert answer.status_code == 200, answer.json_body
    user = answer.json_body["user"]
    assert (user["email"], user["is_verified"]) == ("cleo@example.com", True)
    assert (user["username"], user["display_name"]) == ("cleo", "The cleo")


def test_a_sign_in_sets_the_cookie_of_a_session(browser: Browser, client: Client) -> None:
    answer = browser.sign_in("cleo@example.com")
    assert answer.json_body["refresh"] is None
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/api/auth/refresh; HttpOnly; Secure; SameSite=Strict" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    token = browser.api.post("/api/auth/refresh", {}, headers=sent).json_body["access"]
    assert Api(client, token).get("/api/auth/profile").json_body["email"] == "cleo@example.com"


def test_a_second_sign_in_finds_the_account_by_the_subject(
    browser: Browser, edge: ProviderEdge
) -> None:
    first = browser.sign_in("cleo@example.com").json_body["user"]
    edge.changes["/me"] = lambda claims: claims.update(email="another@example.com")
    second = browser.sign_in("cleo@example.com").json_body["user"]
    assert (second["id"], second["email"]) == (first["id"], "cleo@example.com")


def test_the_address_can_be_in_the_id_token(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None]
) -> None:
    with run_provider(REDIRECT_URI, edge.issuer, CLAIMS="token") as edge.target:
        configure(edge.issuer)
        answer = browser.sign_in("cleo@example.com")
    assert answer.json_body["user"]["email"] == "cleo@example.com"
    assert "/me" not in edge.requests  # the UserInfo endpoint


def test_an_account_with_the_address_is_not_taken_over(browser: Browser, ann: Person) -> None:
    answer = browser.sign_in(ann.email.upper())
    assert (answer.status_code, answer.json_body["code"]) == (409, "account_exists")
    assert "Set-Cookie" not in answer.headers
    assert ann.get("/api/auth/identities").json_body["items"] == []


def test_an_address_that_is_not_verified_creates_no_account(browser: Browser) -> None:
    answer = browser.sign_in("unverified@example.com")
    assert (answer.status_code, answer.json_body["code"]) == (409, "email_not_verified")
    assert count_accounts() == 0


def test_a_taken_username_gets_a_suffix(browser: Browser, ann: Person) -> None:
    name = browser.sign_in("ann@elsewhere.example").json_body["user"]["username"]
    assert name.startswith("ann-") and len(name) == len("ann-") + 8


def test_a_new_account_has_no_password(browser: Browser) -> None:
    browser.sign_in("cleo@example.com")
    for password in ("", "any", "x" * 12):
        login = {"email": "cleo@example.com", "password": password}
        assert browser.api.post("/api/auth/login", login).status_code == 401


def test_new_accounts_of_one_source_address_are_throttled(browser: Browser) -> None:
    """They count as registrations; a sign-in to an existing account does not."""
    browser.sign_in("cleo@example.com")
    for number in range(55):
        later = now() + timedelta(minutes=number)
        count_attempt("register", source="127.0.0.1", now=later)
    people = ("cleo", "dora")
    statuses = [browser.sign_in(f"{name}@example.com").status_code for name in people]
    assert statuses == [200, 429]


def test_a_disabled_account_is_refused(browser: Browser, ann: Person) -> None:
    make_staff(email=ann.email, now=now())
    user = browser.sign_in("cleo@example.com").json_body["user"]
    assert ann.patch(f"{USERS}/{user['id']}", {"is_disabled": True}).status_code == 200
    answer = browser.sign_in("cleo@example.com")
    assert (answer.status_code, answer.json_body["code"]) == (401, "account_disabled")


def test_a_sign_in_cancels_the_deletion_of_the_account(
    browser: Browser, client: Client, wait_days: Callable[..., None]
) -> None:
    signed_in = browser.sign_in("cleo@example.com").json_body
    assert Api(client, signed_in["access"]).delete("/api/auth/profile").status_code == 204
    assert browser.sign_in("cleo@example.com").json_body["user"]["id"] == signed_in["user"]["id"]
    wait_days(days=7)
    assert delete_due_accounts(now()) == {"erased": 0}


def test_after_the_deletion_of_an_account_nothing_of_its_identity_remains(
    browser: Browser, client: Client, wait_days: Callable[..., None]
) -> None:
    access = browser.sign_in("cleo@example.com").json_body["access"]
    Api(client, access).delete("/api/auth/profile")
    wait_days(days=7)
    assert delete_due_accounts(now()) == {"erased": 1}
    keys = {item["PK"]["S"] + item["SK"]["S"] for item in scan_items()}
    assert not [key for key in keys if "IDENTITY#" in key]


def test_without_providers_nobody_can_sign_in(anonymous: Api) -> None:
    assert anonymous.get("/api/auth/identity-providers").json_body["items"] == []
    answer = anonymous.post("/api/auth/sign-in/start", {"provider": "local"})
    assert (answer.status_code, answer.json_body["errors"][0]["location"]) == (422, "provider")


def test_the_providers_have_a_name_for_their_buttons(browser: Browser) -> None:
    items = browser.api.get("/api/auth/identity-providers").json_body["items"]
    assert items == [{"id": "local", "name": "Local"}]


def test_a_sign_in_begins_at_the_address_of_the_web_client(
    browser: Browser, no_app_url: None
) -> None:
    answer = browser.api.post("/api/auth/sign-in/start", {"provider": "local"})
    assert answer.status_code == 409


def test_the_request_to_the_provider_has_pkce_state_and_nonce(browser: Browser) -> None:
    url = browser.start()
    for part in ("code_challenge_method=S256", "code_challenge=", "state=", "nonce=", "=code&"):
        assert part in url
    assert browser.cookie.startswith("__Host-sign-in=")


def test_a_public_client_signs_in_without_a_secret(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None]
) -> None:
    configure(edge.issuer, id="public", client_id="public")
    parameters = log_in_at_provider(browser.start("public"), "cleo@example.com")
    assert browser.finish(parameters, provider="public").status_code == 200
