"""The calendar of the web client: months in the address, days by time zone, weeks by locale."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import PASSWORD, ApiUser, wait_for


@pytest.fixture
def task(ann: ApiUser, project: str) -> Any:
    """A task that is due on Christmas Eve."""
    body = {"project": project, "title": "Buy presents", "due_date": "2026-12-24"}
    return ann.request_json("POST", "/tasks/", body)


def _day(web: WebPage, number: str) -> Any:
    return web.page.get_by_role("listitem").filter(
        has=web.page.get_by_role("time").get_by_text(number, exact=True)
    )


def test_months_are_turned_and_in_the_address(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open(f"/projects/{project}/calendar?month=2026-10")
    page.get_by_role("button", name="Next month").click()
    page.get_by_role("heading", name="November 2026").wait_for()
    page.get_by_role("button", name="Next month").click()
    page.get_by_role("heading", name="December 2026").wait_for()
    _day(web, "24").get_by_role("button", name="Buy presents").wait_for()
    assert page.url.endswith("/calendar?month=2026-12")
    page.go_back()
    page.get_by_role("heading", name="November 2026").wait_for()
    page.go_back()
    page.get_by_role("heading", name="October 2026").wait_for()
    page.get_by_role("button", name="Today").click()
    page.wait_for_url(re.compile(f"month={datetime.now(UTC):%Y-%m}$"))


def test_a_link_shows_a_colleague_the_same_month_and_task(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open(f"/projects/{project}/calendar?month=2026-12")
    page.get_by_role("button", name="Buy presents").click()
    page.get_by_role("dialog", name="Task").get_by_label("Title").wait_for()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    panel = page.get_by_role("dialog", name="Task")
    assert panel.get_by_label("Title").input_value() == "Buy presents"
    page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    page.get_by_role("heading", name="December 2026").wait_for()


def test_a_task_moves_to_its_new_day(web: WebPage, ann: ApiUser, project: str, task: Any) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open(f"/projects/{project}/calendar?month=2026-12&task={task['id']}")
    panel = page.get_by_role("dialog", name="Task")
    panel.get_by_label("Due", exact=True).fill("2026-12-29")
    page.keyboard.press("Escape")
    _day(web, "29").get_by_role("button", name="Buy presents").wait_for()
    path = f"/tasks/{task['id']}/"
    wait_for(lambda: ann.request_json("GET", path)["due_date"] == "2026-12-29")


def _center(web: WebPage, target: Any) -> tuple[float, float]:
    box = target.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _read_due(ann: ApiUser, task: Any) -> str:
    return str(ann.request_json("GET", f"/tasks/{task['id']}/")["due_date"])


def test_a_task_is_dragged_to_another_day_with_mouse_and_keyboard(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open(f"/projects/{project}/calendar?month=2026-12")
    button = page.get_by_role("button", name="Buy presents")
    button.wait_for()
    page.mouse.move(*_center(web, button))
    page.mouse.down()
    page.mouse.move(*_center(web, _day(web, "16")), steps=10)
    with web.expect_change():
        page.mouse.up()
    _day(web, "16").get_by_role("button", name="Buy presents").focus()
    assert _read_due(ann, task) == "2026-12-16"
    assert web.find_violations() == []
    with web.expect_change():
        web.drag_with_keys("Space", "ArrowRight", "ArrowDown", "Space")
    _day(web, "24").get_by_role("button", name="Buy presents").wait_for()
    assert _read_due(ann, task) == "2026-12-24"


def test_a_task_with_a_time_is_dragged_by_touch_and_keeps_its_hour(
    browser: Any, address: str, ann: ApiUser, project: str
) -> None:
    body = {"project": project, "title": "Call", "due_date": "2026-12-08T16:30:00Z"}
    task = ann.request_json("POST", "/tasks/", body)
    with open_page(browser, address, has_touch=True) as web:
        page = web.page
        web.log_in(ann.email)
        web.open(f"/projects/{project}/calendar?month=2026-12")
        button = page.get_by_role("button", name="Call")
        button.wait_for()
        start, end = _center(web, button), _center(web, _day(web, "10"))
        touch = page.context.new_cdp_session(page)

        def send(kind: str, *points: tuple[float, float]) -> None:
            at = [{"x": x, "y": y} for x, y in points]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        send("touchStart", start)
        page.wait_for_timeout(300)  # a short touch scrolls
        send("touchMove", ((start[0] + end[0]) / 2, end[1]))
        send("touchMove", end)
        page.wait_for_timeout(100)
        with web.expect_change():
            send("touchEnd")
        _day(web, "10").get_by_role("button", name="Call").wait_for()
    assert _read_due(ann, task) == "2026-12-10T16:30:00.000Z"


def test_a_drag_asks_when_somebody_else_has_moved_the_task(
    web: WebPage, ann: ApiUser, project: str, task: Any
) -> None:
    page, path = web.page, f"/tasks/{task['id']}/"
    web.log_in(ann.email)
    web.open(f"/projects/{project}/calendar?month=2026-12")
    page.get_by_role("button", name="Buy presents").focus()
    page.route("**/api/changes?*", lambda route: route.abort())
    ann.request_json("PATCH", path, {"due_date": "2026-12-20"})
    web.drag_with_keys("Space", "ArrowLeft", "Space")
    dialog = page.get_by_role("dialog", name="Somebody else has changed this")
    with web.expect_change():
        dialog.get_by_role("button", name="Keep mine").click()
    assert _read_due(ann, task) == "2026-12-23"


def test_weeks_and_texts_follow_the_language(
    browser: Any, address: str, ann: ApiUser, project: str
) -> None:
    with open_page(browser, address, locale="de-DE") as web:
        page = web.page
        web.open(f"/projects/{project}/calendar?month=2026-12")
        page.get_by_label("E-Mail-Adresse").fill(ann.email)
        page.get_by_label(re.compile("^Passwort")).fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("heading", name="Dezember 2026").wait_for()
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.get_by_role("time").first.get_attribute("datetime") == "2026-11-30"
