"""Passkeys in the web client, with Chromium's virtual authenticator (WebAuthn domain of CDP)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.web_client import build_client
from localstack.cloud import find_free_port
from localstack.server import run_api_server
from tests.live.browser.test_second_factors import forget_proofs, give_password
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import PASSWORD, ApiUser, Deployment

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def passkey_deployment(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment behind an API server whose address is that of the web client."""
    build_client()
    port = find_free_port()
    settings = {"APP_URL": f"http://localhost:{port}"}
    with run_api_server(deployment.outputs, port=port, settings=settings) as url:
        outputs = {**deployment.outputs, "gateway_api_url": url}
        yield Deployment(outputs).forget_attempts()


def _open(browser: Any, deployment: Deployment, locale: str) -> Any:
    address = str(deployment.outputs["gateway_api_url"]).removesuffix("/api")
    return open_page(browser, address, locale=locale)


def _add_authenticator(web: WebPage) -> tuple[Any, str]:
    """Give the page a virtual authenticator; return the session of CDP and its id."""
    cdp = web.page.context.new_cdp_session(web.page)
    cdp.send("WebAuthn.enable")
    added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return cdp, added["authenticatorId"]


def test_a_passkey_is_added_used_and_removed(browser: Any, passkey_deployment: Deployment) -> None:
    user: ApiUser = passkey_deployment.new_user("kim").sign_up()
    with _open(browser, passkey_deployment, "en-US") as web:
        page = web.page
        cdp, authenticator = _add_authenticator(web)
        web.log_in(user.email)
        web.open("/account/security")
        page.get_by_label("Name of a new passkey").fill("My laptop")
        page.get_by_role("button", name="Add a passkey").click()
        codes = page.get_by_role("status").locator("code")
        codes.first.wait_for()
        assert codes.count() == 10
        assert web.find_violations() == []
        page.get_by_role("button", name="I have kept them").click()
        page.get_by_text("My laptop", exact=True).wait_for()
        (credential,) = cdp.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})[
            "credentials"
        ]
        assert credential["rpId"] == "localhost"

        give_password(web, user.email)
        page.get_by_role("button", name="Use a passkey").wait_for()
        assert page.get_by_label("Code of the authenticator app").count() == 0
        assert web.find_violations() == []
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("button", name="Your account").wait_for()

        forget_proofs(passkey_deployment, user)
        web.open("/account/security")
        page.get_by_role("button", name="Remove My laptop").click()
        removal = page.get_by_role("dialog", name="Remove My laptop")
        removal.get_by_text("your password alone is enough").wait_for()
        removal.get_by_role("button", name="Remove My laptop").click()
        step_up = page.get_by_role("dialog", name="Confirm that it is you")
        step_up.get_by_role("button", name="Use a passkey").wait_for()
        assert web.find_violations() == []
        step_up.get_by_role("button", name="Use a passkey").click()
        page.get_by_text("The passkey is removed.").wait_for()
        page.get_by_text("My laptop", exact=True).wait_for(state="detached")
        assert user.request_json("GET", "/auth/second-factors/")["passkeys"] == []


def test_a_canceled_or_unknown_passkey_is_explained_in_german(
    browser: Any, passkey_deployment: Deployment
) -> None:
    user: ApiUser = passkey_deployment.new_user("lea").sign_up()
    with _open(browser, passkey_deployment, "de-DE") as web:
        page = web.page
        cdp, authenticator = _add_authenticator(web)
        web.open("/login")
        page.get_by_label("E-Mail-Adresse").fill(user.email)
        page.get_by_label(re.compile("^Passwort")).fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("button", name="Dein Konto").wait_for()
        web.open("/account/security")
        add = page.get_by_role("button", name="Passkey hinzufügen")
        for alert in (None, "Dieses Gerät hat schon einen Passkey"):
            page.get_by_label("Name eines neuen Passkeys").fill("Laptop")
            add.click()
            if alert is None:
                page.get_by_role("button", name="Ich habe sie aufbewahrt").click()
            else:
                page.get_by_role("alert").filter(has_text=alert).wait_for()
        assert web.find_violations() == []
        # Another account's page has the same authenticator, without a passkey of that account.
        cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
        _add_authenticator(web)
        forget_proofs(passkey_deployment, user)
        page.get_by_role("button", name="Neue Wiederherstellungscodes").click()
        step_up = page.get_by_role("dialog", name="Bestätige, dass du es bist")
        step_up.get_by_role("button", name="Passkey benutzen").click()
        step_up.get_by_role("alert").filter(has_text="wurde nicht benutzt").wait_for()
        assert web.find_violations() == []
