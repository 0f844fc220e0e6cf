"""The pages of site staff in the web client: accounts, mails and dead letters."""

import json
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for


@pytest.fixture(scope="module")
def chief(web_deployment: Deployment) -> ApiUser:
    """A member of the site staff."""
    return web_deployment.make_staff(web_deployment.new_user("chief").sign_up())


@pytest.fixture
def letters(web_deployment: Deployment) -> Any:
    """The URL of the queue of dead letters, which is empty before and after the test."""
    client, url = web_deployment.client("sqs"), web_deployment.outputs["dead_letters"]
    client.purge_queue(QueueUrl=url)
    yield url
    client.purge_queue(QueueUrl=url)


def _open_from_menu(web: WebPage, email: str) -> None:
    web.log_in(email)
    web.page.get_by_role("button", name="Your account").click()
    web.page.get_by_role("menuitem", name="Site staff").click()
    web.page.get_by_role("heading", name="Site staff").wait_for()


def _find(web: WebPage, user: ApiUser) -> Any:
    web.page.get_by_label("Address begins with").fill(user.email.upper())
    row = web.page.get_by_role("row").filter(has_text=user.email)
    row.wait_for()
    return row


def test_an_account_is_found_disabled_and_enabled_again(
    web: WebPage, web_deployment: Deployment, chief: ApiUser
) -> None:
    user = web_deployment.new_user("ulf").sign_up()
    _open_from_menu(web, chief.email)
    row = _find(web, user)
    switch = row.get_by_role("switch", name=f"Disable {user.email}")
    for is_disabled in (True, False):
        switch.click()
        wait_for(lambda expected=is_disabled: switch.is_checked() is expected)
        status = 401 if is_disabled else 200
        wait_for(lambda expected=status: user.call("GET", "/auth/profile/").status_code == expected)


def test_another_account_becomes_site_staff(
    web: WebPage, web_deployment: Deployment, chief: ApiUser
) -> None:
    user = web_deployment.new_user("sue").sign_up()
    _open_from_menu(web, chief.email)
    _find(web, user).get_by_role("switch", name=f"Make {user.email} site staff").click()
    wait_for(lambda: user.call("GET", "/admin/users/").status_code == 200)
    own = _find(web, chief).get_by_role("switch").first
    assert own.is_disabled()


def test_mails_are_listed_by_state_without_whole_addresses(
    web: WebPage, web_deployment: Deployment, chief: ApiUser
) -> None:
    user = web_deployment.new_user("wim").sign_up()
    wait_for(lambda: web_deployment.mails_to(user.email))
    _open_from_menu(web, chief.email)
    web.page.get_by_role("tab", name="Mails").click()
    web.page.get_by_text("Sent", exact=True).click()
    row = web.page.get_by_role("row").filter(has_text="w…@example.com").first
    row.get_by_role("cell", name="verify").wait_for()
    assert web.page.url.endswith("/staff/mails?state=sent")
    assert user.email not in web.page.content()
    assert web.find_violations() == []


def test_dead_letters_show_the_function_and_not_the_event(
    web: WebPage, web_deployment: Deployment, chief: ApiUser, letters: str
) -> None:
    name = web_deployment.outputs["functions"]["SendReminders"]
    context = {
        "functionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    body = {"requestContext": context, "requestPayload": {"email": "someone@example.com"}}
    web_deployment.client("sqs").send_message(QueueUrl=letters, MessageBody=json.dumps(body))
    web.log_in(chief.email)
    web.open("/staff/dead-letters")
    row = web.page.get_by_role("row").filter(has_text="SendReminders")
    row.get_by_role("cell", name="RetriesExhausted").wait_for()
    web.page.get_by_text("1 dead letters wait").wait_for()
    assert "someone@example.com" not in web.page.content()
    assert web.find_violations() == []


def test_others_see_neither_the_link_nor_the_pages(web: WebPage, ann: ApiUser) -> None:
    web.log_in(ann.email, PASSWORD)
    web.page.get_by_role("button", name="Your account").click()
    web.page.get_by_role("menuitem", name="Log out").wait_for()
    assert web.page.get_by_role("menuitem", name="Site staff").count() == 0
    for tab in ("accounts", "mails", "dead-letters"):
        web.open(f"/staff/{tab}")
        web.page.get_by_text("Only the staff of this site can see this page.").wait_for()
        assert web.page.get_by_role("table").count() == 0
        assert web.page.get_by_role("tab").count() == 0
