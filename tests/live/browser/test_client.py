"""The main flows of the web client in headless Chromium, on the local cloud."""

import re
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage, open_page, read_link
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for

NEW_PASSWORD = "another horse battery"


def _create_task(ann: ApiUser, project: str, title: str) -> Any:
    return ann.request_json("POST", "/tasks/", {"project": project, "title": title})


def _column(web: WebPage, name: str) -> Any:
    return web.page.get_by_role("region", name=name)


def _card(web: WebPage, column: str, title: str) -> Any:
    return _column(web, column).get_by_role("button", name=title)


def _drag(web: WebPage, card: Any, target: Any) -> None:
    """Drag a card with the mouse, in several moves as people do."""
    mouse, start, end = web.page.mouse, card.bounding_box(), target.bounding_box()
    mouse.move(start["x"] + 20, start["y"] + 10)
    mouse.down()
    mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=10)
    mouse.up()


@pytest.mark.flow
def test_a_person_registers_confirms_the_address_and_stays_logged_in(
    web: WebPage, web_deployment: Deployment
) -> None:
    user, page = web_deployment.new_user("rita"), web.page
    web.open("/register")
    page.get_by_label("Username").fill(user.name)
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    web.open(read_link(web_deployment, user, "Confirm your address"))
    page.get_by_role("button", name="Confirm address").click()
    page.get_by_role("heading", name="Address confirmed").wait_for()
    page.get_by_role("link", name="Log in").click()
    web.log_in(user.email)
    page.reload()
    page.get_by_role("button", name="Your account").wait_for()
    assert page.evaluate("document.cookie") == ""
    assert "eyJ" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


def test_logging_out_ends_the_session(web: WebPage, ann: ApiUser) -> None:
    web.log_in(ann.email)
    web.page.get_by_role("button", name="Your account").click()
    web.page.get_by_role("menuitem", name="Log out").click()
    web.page.get_by_role("heading", name="Log in").wait_for()
    web.open("/tasks")
    web.page.get_by_role("heading", name="Log in").wait_for()
    assert web.page.url.endswith("/login?next=%2Ftasks")


def test_a_wrong_password_is_named(web: WebPage, ann: ApiUser) -> None:
    web.open("/login")
    web.page.get_by_label("Email address").fill(ann.email)
    web.page.get_by_label(re.compile("^Password")).fill("wrong password")
    web.page.get_by_role("button", name="Log in").click()
    web.page.get_by_role("alert").get_by_text("The address or the password is wrong.").wait_for()


def test_a_forgotten_password_is_replaced_with_the_link_of_the_mail(
    web: WebPage, web_deployment: Deployment
) -> None:
    user, page = web_deployment.new_user("fred").sign_up(), web.page
    web.open("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_role("button", name="Send the link").wait_for()
    page.get_by_label("Email address").fill(user.email)
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("status").get_by_text(user.email).wait_for()
    web.open(read_link(web_deployment, user, "Choose a new password"))
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    page.get_by_role("link", name="Log in").click()
    web.log_in(user.email, NEW_PASSWORD)


@pytest.mark.flow
def test_an_invited_person_registers_and_joins_the_project(
    web: WebPage, web_deployment: Deployment, ann: ApiUser, project: str
) -> None:
    user, page = web_deployment.new_user("ida"), web.page
    ann.request_json("POST", f"/projects/{project}/members/", {"email": user.email})
    web.open(read_link(web_deployment, user, "You are invited"))
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill(user.name)
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.get_by_label("Email address").fill(user.email)
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Launch").wait_for()
    assert page.url.endswith(f"/projects/{project}/board")


@pytest.mark.flow
def test_a_project_gets_tasks_that_are_moved_and_discussed(web: WebPage, ann: ApiUser) -> None:
    page = web.page
    web.log_in(ann.email)
    page.get_by_role("main").get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("Moon landing")
    page.get_by_role("button", name="Create").click()
    _column(web, "To do").get_by_role("button", name="Add a task").click()
    page.get_by_label("What has to be done?").fill("Build a rocket")
    page.keyboard.press("Enter")
    card = _card(web, "To do", "Build a rocket")
    with web.expect_change():
        _drag(web, card, _column(web, "Review"))
    _card(web, "Review", "Build a rocket").click()
    page.get_by_label("New comment").fill("It is ready")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("article").get_by_text("It is ready").first.wait_for()
    task = ann.request_json("GET", "/tasks/MOON-1/")
    assert page.url.endswith(f"/board?task={task['id']}")
    assert (task["status"], task["comments_count"]) == ("review", 1)


def test_a_card_is_moved_with_the_keyboard(web: WebPage, ann: ApiUser, project: str) -> None:
    task = _create_task(ann, project, "Write the plan")
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board")
    card = _card(web, "To do", "Write the plan")
    card.focus()
    with web.expect_change():
        web.drag_with_keys("Space", "ArrowRight", "Space")
    moved = _card(web, "In progress", "Write the plan")
    moved.wait_for()
    wait_for(lambda: moved.evaluate("card => card === document.activeElement"))
    assert ann.request_json("GET", f"/tasks/{task['id']}/")["status"] == "in_progress"


def test_a_conflict_shows_both_values_and_keeps_the_chosen_one(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Draft")
    page, path = web.page, f"/tasks/{task['id']}"
    web.log_in(ann.email)
    web.open(path)
    title = page.get_by_label("Title")
    title.fill("Mine")
    ann.request_json("PATCH", f"{path}/", {"title": "Theirs"})
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Somebody else has changed this")
    dialog.get_by_text("Theirs", exact=True).last.wait_for()
    with web.expect_change():
        dialog.get_by_role("button", name="Keep mine").click()
    dialog.wait_for(state="hidden")
    assert ann.request_json("GET", f"{path}/")["title"] == "Mine"


def test_an_unknown_address_says_so(web: WebPage) -> None:
    web.open("/nowhere")
    web.page.get_by_role("heading", name="There is nothing here").wait_for()


def test_a_small_screen_needs_no_scrolling_to_the_side(
    browser: Any, address: str, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Write the plan")
    viewport = {"width": 360, "height": 740}
    with open_page(browser, address, viewport=viewport, has_touch=True) as web:
        web.open("/login")
        web.page.get_by_label("Email address").fill(ann.email)
        web.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
        web.page.get_by_role("button", name="Log in").click()
        web.page.get_by_role("heading", name="Projects", level=1).wait_for()
        places = ["board", "list?ordering=rank", "calendar", "settings"]
        places = [f"/projects/{project}/{place}" for place in places]
        for path in ("/", "/tasks", f"/tasks/{task['id']}", *places, "/account"):
            web.open_whole(path)
            assert web.page.evaluate("document.documentElement.scrollWidth") <= 360, path
