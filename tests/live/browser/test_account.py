"""The account's pages of the web client: profile, security, notifications, calendars, tokens,
leaving."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.browser.web_pages import PNG, WebPage, open_page, read_link
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for

UNSAVED = "Object.keys(localStorage).filter((key) => key.startsWith('unsaved-'))"
# Begins a session in place of the one that the cookie has.
LOG_IN = """(body) => fetch("/api/auth/login", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
})"""


@pytest.fixture
def eve(web: WebPage, web_deployment: Deployment) -> ApiUser:
    """A new user, who is logged in on the page."""
    user = web_deployment.new_user("eve").sign_up()
    web.log_in(user.email)
    return user


def _profile(user: ApiUser) -> Any:
    return user.request_json("GET", "/auth/profile/")


def test_the_menu_of_the_account_is_used_with_the_keyboard(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    page.get_by_role("button", name="Your account").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Log out").wait_for()
    assert web.find_violations() == []
    page.keyboard.press("Home")
    page.locator("[role=menuitem]:focus", has_text="Account").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/account"))


def test_what_is_typed_into_the_profile_survives_a_reload(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_label("Name", exact=True).fill("Eve A")
    page.reload()
    name = page.get_by_label("Name", exact=True)
    name.wait_for()
    assert name.input_value() == "Eve A"
    with web.expect_change():
        page.get_by_role("button", name="Save").click()
    assert _profile(eve)["display_name"] == "Eve A"
    page.reload()
    name.wait_for()
    assert page.evaluate(UNSAVED) == []


def test_name_and_time_zone_are_changed(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_label("Name", exact=True).fill("Eve Adams")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.click()
    zone.fill("lisbon")
    page.get_by_role("option", name="Europe/Lisbon").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Your account").get_by_text("Eve Adams").wait_for()
    profile = _profile(eve)
    assert (profile["display_name"], profile["time_zone"]) == ("Eve Adams", "Europe/Lisbon")


def test_an_avatar_is_uploaded_and_removed(web: WebPage, eve: ApiUser, tmp_path: Path) -> None:
    picture = tmp_path / "me.png"
    picture.write_bytes(PNG)
    web.open("/account")
    area = web.page.get_by_role("tabpanel", name="Profile")
    area.get_by_role("button", name="Change the picture").wait_for()
    area.locator("input[type=file]").set_input_files(picture)
    area.locator("img").wait_for()
    assert requests.get(_profile(eve)["avatar_url"], timeout=60).content == PNG
    area.get_by_role("button", name="Remove").click()
    area.locator("img").wait_for(state="detached")
    assert _profile(eve)["avatar_url"] is None


def test_the_address_is_changed_with_the_link_of_the_mail(
    web: WebPage, eve: ApiUser, web_deployment: Deployment
) -> None:
    page, new = web.page, web_deployment.new_user("neweve")
    web.open("/account/security")
    page.get_by_label("New email address").fill(new.email)
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_role("button", name="Change the address").click()
    page.get_by_text(f"A link to {new.email} is on its way.").wait_for()
    web.open(read_link(web_deployment, new, "Confirm your new address"))
    page.get_by_role("button", name="Confirm address").click()
    page.get_by_role("heading", name="Address confirmed").wait_for()
    web.open("/account/security")
    page.get_by_text(f"Your address is {new.email}.").wait_for()
    assert _profile(eve)["email"] == new.email


def test_a_new_password_ends_the_other_sessions(
    web: WebPage, eve: ApiUser, web_deployment: Deployment
) -> None:
    page = web.page
    web.open("/account/security")
    page.get_by_label("Current password").last.fill(PASSWORD)
    page.get_by_label("New password").fill("another horse battery")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_text("The password is changed; all other sessions have ended.").wait_for()
    assert eve.call("GET", "/auth/profile/").status_code == 401
    page.reload()
    page.get_by_role("heading", name="Sessions").wait_for()


def test_all_other_sessions_are_ended(
    browser: Any, address: str, web: WebPage, eve: ApiUser
) -> None:
    with open_page(browser, address) as other:
        other.log_in(eve.email)
        web.open("/account/security")
        page = web.page
        page.get_by_text("This device").wait_for()
        assert page.get_by_role("button", name="Log out", exact=True).count() == 2
        page.get_by_role("button", name="Log out everywhere else").click()
        page.get_by_role("button", name="Log out", exact=True).first.wait_for(state="detached")
        other.page.reload()
        other.page.get_by_role("heading", name="Log in").wait_for()
    page.reload()
    page.get_by_text("This device").wait_for()


def test_a_kind_of_mail_is_switched_off(web: WebPage, eve: ApiUser) -> None:
    web.open("/account/notifications")
    switch = web.page.get_by_role("switch", name="A task is due soon: By email")
    switch.click()
    wait_for(lambda: not switch.is_checked() and switch.is_enabled())
    notifications = _profile(eve)["notifications"]
    assert [kind for kind, is_on in notifications.items() if not is_on] == ["due_soon"]


def test_an_api_token_is_shown_once_works_and_is_deleted(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account/tokens")
    page.get_by_label("Name").fill("Build server")
    page.get_by_label("account:read").check()
    page.get_by_role("button", name="Create").click()
    token = page.get_by_role("status").locator("code").text_content()
    bearer = {"Authorization": f"Bearer {token}"}
    profile = f"{eve.api_url}/auth/profile/"
    assert requests.get(profile, headers=bearer, timeout=60).json()["id"] == eve.id
    page.reload()
    page.get_by_text("Build server").wait_for()
    page.get_by_text(re.compile("last used")).wait_for()
    assert token not in page.content()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Build server").wait_for(state="detached")
    assert requests.get(profile, headers=bearer, timeout=60).status_code == 401


def test_a_calendar_program_reads_the_tasks_until_its_address_is_deleted(
    web: WebPage, eve: ApiUser
) -> None:
    project = eve.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = {"project": project, "title": "Write the plan", "due_date": "2030-01-02"}
    eve.request_json("POST", "/tasks/", task)
    page = web.page
    web.open("/account/calendars")
    page.get_by_label("Name").fill("Phone")
    page.get_by_role("combobox", name="Tasks").click()
    page.get_by_role("option", name="Launch").click()
    page.get_by_role("button", name="Create").click()
    address = str(page.get_by_role("status").locator("code").text_content())
    assert web.find_violations() == []
    url = f"{eve.api_url}/calendar/{address.rpartition('/')[2]}"
    assert "SUMMARY:Write the plan" in requests.get(url, timeout=60).text
    page.reload()
    page.get_by_text("Launch · Events at their time · last used").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Launch · Events").wait_for(state="detached")
    assert requests.get(url, timeout=60).status_code == 404


def test_the_data_of_the_account_is_exported(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_role("button", name="Export your data").click()
    file = page.get_by_role("tabpanel").get_by_role("button", name=re.compile(r"\.json"))
    file.wait_for(timeout=60_000)
    with page.expect_download() as download:
        file.click()
    assert eve.email in Path(download.value.path()).read_text()


def test_a_reload_shows_the_export_of_the_account_again(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_role("button", name="Export your data").click()
    wait_for(lambda: page.evaluate("Object.keys(localStorage).some((key) => /^job-/.test(key))"))
    page.reload()
    page.get_by_role("tabpanel").get_by_role("button", name=re.compile(r"\.json")).wait_for(
        timeout=60_000
    )


def test_a_logout_asks_before_it_discards_what_is_typed(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_label("Name", exact=True).fill("Eve A")

    def log_out() -> None:
        page.get_by_role("button", name="Your account").click()
        page.get_by_role("menuitem", name="Log out").click()

    log_out()
    dialog = page.get_by_role("dialog", name="Log out")
    assert web.find_violations() == []
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")
    assert len(page.evaluate(UNSAVED)) == 1
    log_out()
    dialog.get_by_role("button", name="Log out and discard it").click()
    page.get_by_role("heading", name="Log in").wait_for()
    assert page.evaluate(UNSAVED) == []


def test_the_next_person_sees_no_texts_of_the_one_before(
    web: WebPage, web_deployment: Deployment, eve: ApiUser
) -> None:
    page, next_person = web.page, web_deployment.new_user("flo").sign_up()
    new_project = page.get_by_role("main").get_by_role("button", name="New project")
    name = page.get_by_role("dialog", name="New project").get_by_label("Name")
    new_project.click()
    name.fill("Secret plan")
    eve.request_json("DELETE", "/auth/sessions/")
    page.reload()
    web.log_in(next_person.email)
    new_project.click()
    assert name.input_value() == ""
    next_person.request_json("DELETE", "/auth/sessions/")
    page.reload()
    web.log_in(eve.email)
    new_project.click()
    assert name.input_value() == "Secret plan"


def test_a_deleted_account_is_kept_by_a_login(web: WebPage, eve: ApiUser) -> None:
    page = web.page
    web.open("/account")
    page.get_by_role("button", name="Delete the account").click()
    dialog = page.get_by_role("dialog", name="Delete the account")
    dialog.get_by_role("button", name="Delete the account").click()
    page.get_by_role("heading", name="Log in").wait_for()
    assert eve.call("GET", "/auth/profile/").status_code == 401
    web.log_in(eve.email)


def test_the_menu_offers_light_mode_where_the_device_is_dark(
    browser: Any, address: str, ann: ApiUser
) -> None:
    with open_page(browser, address, color_scheme="dark") as web:
        web.log_in(ann.email)
        web.page.get_by_role("button", name="Your account").click()
        web.page.get_by_role("menuitem", name="Light mode").click()
        web.page.locator("html[data-mantine-color-scheme=light]").wait_for()


def test_a_logout_ends_the_session_in_the_other_tabs(web: WebPage, eve: ApiUser) -> None:
    other = web.page.context.new_page()
    other.goto(f"{web.address}/tasks")
    other.get_by_role("button", name="Your account").wait_for()
    web.page.get_by_role("button", name="Your account").click()
    web.page.get_by_role("menuitem", name="Log out").click()
    other.wait_for_url("**/login?next=*")
    assert other.get_by_text(eve.email).count() == 0


def test_a_tab_shows_nothing_of_the_person_before_when_another_one_logs_in(
    web: WebPage, web_deployment: Deployment, eve: ApiUser
) -> None:
    finn = web_deployment.new_user("finn").sign_up()
    other = web.page.context.new_page()
    other.goto(f"{web.address}/tasks")
    other.get_by_text(eve.email).wait_for()
    with other.expect_navigation():
        web.page.evaluate(LOG_IN, {"email": finn.email, "password": PASSWORD, "cookie": True})
        web.page.reload()
    other.get_by_text(finn.email).wait_for()
    assert other.get_by_text(eve.email).count() == 0
