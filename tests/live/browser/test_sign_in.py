"""Sign in with an identity provider, from the login page of the web client."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.web_client import build_client
from localstack.cloud import find_free_port
from localstack.server import run_api_server
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import PASSWORD, ApiUser, Deployment
from tests.oidc_provider import CLIENT_SECRET, run_provider

PROVIDER = {"id": "local", "name": "Example", "client_id": "tasks"}
SECRET = "client-secrets-of-the-live-tests"


@pytest.fixture(scope="module")
def sign_in_deployment(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment behind an API server that has a local provider."""
    build_client()
    port = find_free_port()
    address = f"http://localhost:{port}"
    deployment.client("secretsmanager").create_secret(
        Name=SECRET, SecretString=json.dumps({"local": CLIENT_SECRET})
    )
    with run_provider(f"{address}/sign-in/local") as issuer:
        settings = {
            "APP_URL": address,
            "IDENTITY_PROVIDERS": json.dumps([PROVIDER | {"issuer": issuer}]),
            "CLIENT_SECRETS_ID": SECRET,
        }
        with run_api_server(deployment.outputs, port=port, settings=settings) as url:
            outputs = {**deployment.outputs, "gateway_api_url": url}
            yield Deployment(outputs).forget_attempts()


@pytest.fixture
def visitor(browser: Any, sign_in_deployment: Deployment) -> Iterator[WebPage]:
    """An empty page of a client whose stage has a provider."""
    address = str(sign_in_deployment.outputs["gateway_api_url"]).removesuffix("/api")
    with open_page(browser, address) as opened:
        yield opened


def log_in_at_provider(web: WebPage, email: str) -> None:
    """Log in and consent on the pages of the provider."""
    web.page.get_by_placeholder("Enter any login").fill(email)
    web.page.get_by_placeholder("and password").fill("any")
    web.page.get_by_role("button", name="Sign-in").click()
    web.page.get_by_role("button", name="Continue").click()


def test_a_person_signs_in_through_the_provider(
    visitor: WebPage, sign_in_deployment: Deployment
) -> None:
    email = sign_in_deployment.new_user("cleo").email
    page = visitor.page
    visitor.open("/account/security")  # leads to the login
    page.get_by_role("button", name="Continue with Example").wait_for()
    assert visitor.find_violations() == []
    page.get_by_role("button", name="Continue with Example").click()
    log_in_at_provider(visitor, email)
    page.get_by_role("heading", name="Sign-in", exact=True).wait_for()
    assert urlsplit(page.url)[2:] == ("/account/security", "", "")
    page.get_by_text(email).first.wait_for()
    visitor.open_whole("/account/security")  # the cookie continues the session
    page.get_by_role("button", name=f"Unlink Example, {email}").click()
    page.get_by_role("alert").filter(has_text="only way to log in").wait_for()
    assert visitor.find_violations() == []


def test_an_account_with_the_address_is_linked_first(
    visitor: WebPage, sign_in_deployment: Deployment
) -> None:
    dora: ApiUser = sign_in_deployment.new_user("dora").sign_up()
    page = visitor.page
    visitor.open("/login")
    page.get_by_role("button", name="Continue with Example").click()
    log_in_at_provider(visitor, dora.email)
    page.get_by_role("alert").filter(has_text="An account has this email address").wait_for()
    assert "code=" not in page.url
    assert visitor.find_violations() == []
    page.get_by_role("link", name="Back to the login").click()
    visitor.log_in(dora.email)
    visitor.open("/account/security")
    link = page.get_by_role("button", name="Link Example")
    form = page.locator("form").filter(has=link)
    form.get_by_label(re.compile("Current password")).fill(PASSWORD)
    link.click()
    # The provider still knows the person.
    page.get_by_role("button", name=f"Unlink Example, {dora.email}").wait_for()
    identities = dora.request_json("GET", "/auth/identities/")["items"]
    assert [identity["email"] for identity in identities] == [dora.email]


def test_who_cancels_at_the_provider_is_told_so(visitor: WebPage) -> None:
    page = visitor.page
    visitor.open("/login")
    page.get_by_role("button", name="Continue with Example").click()
    page.get_by_role("link", name=re.compile("Cancel|Abort")).click()
    page.get_by_text("The sign-in was canceled").wait_for()
    assert visitor.find_violations() == []


def test_an_answer_from_elsewhere_is_refused_in_german(browser: Any, visitor: WebPage) -> None:
    with open_page(browser, visitor.address, locale="de-DE") as web:
        web.open("/sign-in/local?state=x&code=y")
        alert = web.page.get_by_role("alert")
        alert.filter(has_text="in einem anderen Fenster begonnen").wait_for()
        assert web.find_violations() == []


def test_without_providers_the_login_page_has_no_button(web: WebPage) -> None:
    loaded: list[str] = []
    web.page.on("request", lambda request: loaded.append(request.url))
    web.open_whole("/login")
    assert web.page.get_by_role("button", name=re.compile("^Continue")).count() == 0
    assert not any("identities" in each or "SignIn" in each for each in loaded)
