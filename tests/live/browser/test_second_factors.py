"""Second factors in the web client: setup, the second step of the login, step-up, removal."""

import re
from typing import Any

import pytest

from tests.authenticator import Authenticator
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for


@pytest.fixture
def gina(web: WebPage, web_deployment: Deployment) -> ApiUser:
    """A new user, who is logged in on the page."""
    user = web_deployment.new_user("gina").sign_up()
    web.log_in(user.email)
    return user


def _set_up(web: WebPage) -> Authenticator:
    """Set up an app on the page, with the key as text; return it with its recovery codes."""
    page = web.page
    page.get_by_role("button", name=re.compile("Set up an|Authenticator-App einrichten")).click()
    page.get_by_role("img", name=re.compile("QR")).wait_for()
    app = Authenticator(str(page.locator("form code").text_content()))
    page.get_by_label(re.compile("^Code")).fill(app.code())
    page.get_by_role("button", name=re.compile("^(Confirm|Bestätigen)$")).click()
    codes = page.get_by_role("status").locator("code")
    codes.first.wait_for()
    app.recovery_codes = codes.all_text_contents()
    return app


def _give_password(web: WebPage, email: str) -> None:
    """Take the first step of a login, which asks for the second factor."""
    page = web.page
    page.context.clear_cookies()
    page.evaluate("localStorage.clear()")
    web.open("/login")
    page.get_by_label("Email address").fill(email)
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Confirm the login").wait_for()


def _forget_proofs(deployment: Deployment, user: ApiUser) -> None:
    """Let the proofs of all sessions of the user be too old."""
    table, name = deployment.client("dynamodb"), deployment.outputs["table"]
    sessions = table.query(
        TableName=name,
        KeyConditionExpression="PK = :user AND begins_with(SK, :session)",
        ExpressionAttributeValues={
            ":user": {"S": f"USER#{user.id}"},
            ":session": {"S": "SESSION#"},
        },
    )["Items"]
    for session in sessions:
        table.update_item(
            TableName=name,
            Key={"PK": session["PK"], "SK": session["SK"]},
            UpdateExpression="REMOVE proved_at",
        )


def test_a_login_needs_the_app_or_a_recovery_code(web: WebPage, gina: ApiUser) -> None:
    page = web.page
    web.open("/account/security")
    app = _set_up(web)
    assert len(app.recovery_codes) == 10
    assert web.find_violations() == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_text("10 codes are left.").wait_for()

    _give_password(web, gina.email)
    page.get_by_label("Code of the authenticator app").fill("000000")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("The code is wrong, or was used before.").wait_for()
    assert web.find_violations() == []
    page.get_by_label("Code of the authenticator app").fill(app.code(1))
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Your account").wait_for()

    _give_password(web, gina.email)
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(app.recovery_codes[0])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Your account").wait_for()
    web.open("/account/security")
    page.get_by_text("9 codes are left.").wait_for()
    page.get_by_role("button", name="Remove the app").click()
    dialog = page.get_by_role("dialog", name="Remove the app")
    assert web.find_violations() == []
    dialog.get_by_role("button", name="Remove the app").click()
    page.get_by_role("button", name="Set up an authenticator app").wait_for()


def test_a_change_asks_for_a_proof_and_goes_on_with_it(
    browser: Any, address: str, web_deployment: Deployment
) -> None:
    """The API takes the time of a proof from the table, where it is made older."""
    user = web_deployment.new_user("hana").sign_up()
    with open_page(browser, address, locale="de-DE") as web:
        page = web.page
        web.open("/login")
        page.get_by_label("E-Mail-Adresse").fill(user.email)
        page.get_by_label(re.compile("^Passwort")).fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("button", name="Dein Konto").wait_for()
        _forget_proofs(web_deployment, user)
        web.open("/account/security")
        page.get_by_role("button", name="Authenticator-App einrichten").click()
        dialog = page.get_by_role("dialog", name="Bestätige, dass du es bist")
        dialog.get_by_label("Bisheriges Passwort").fill(PASSWORD)
        assert web.find_violations() == []
        dialog.get_by_role("button", name="Bestätigen").click()
        page.get_by_role("img", name="QR-Code für die Authenticator-App").wait_for()
        page.get_by_role("button", name="Abbrechen").click()
        app = _set_up(web)

        _forget_proofs(web_deployment, user)
        page.get_by_role("button", name="Neue Wiederherstellungscodes").click()
        dialog.get_by_label("Code der Authenticator-App").fill(app.code(1))
        dialog.get_by_role("button", name="Bestätigen").click()
        dialog.wait_for(state="detached")
        codes = page.get_by_role("status").locator("code")
        wait_for(lambda: codes.first.text_content() not in app.recovery_codes)


def test_site_staff_remove_the_second_factor_of_somebody(
    web: WebPage, web_deployment: Deployment, gina: ApiUser
) -> None:
    owner = web_deployment.new_user("ivan").sign_up()
    secret = owner.request_json("POST", "/auth/second-factors/totp/", {})["secret"]
    code = {"code": Authenticator(secret).code()}
    owner.request_json("POST", "/auth/second-factors/totp/confirm/", code)
    web_deployment.make_staff(gina)
    page = web.page
    web.open("/staff")
    page.get_by_label("Address begins with").fill(owner.email)
    remove = page.get_by_role("button", name=f"Remove second factor of {owner.email}")
    remove.wait_for()
    assert web.find_violations() == []
    remove.click()
    remove.wait_for(state="detached")
    assert owner.request_json("GET", "/auth/second-factors/")["totp_since"] is None
