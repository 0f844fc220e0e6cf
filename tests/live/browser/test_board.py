"""The board of the web client: touch, filters in the address, shortcuts, large boards."""

from typing import Any

from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import ApiUser, wait_for

PHONE = {"viewport": {"width": 800, "height": 900}, "has_touch": True}
LONG_PRESS_MILLISECONDS = 400


def _create(ann: ApiUser, project: str, title: str, **fields: Any) -> Any:
    body = {"project": project, "title": title} | fields
    return ann.request_json("POST", "/tasks/", body)


def _touch(session: Any, kind: str, *points: tuple[float, float]) -> None:
    session.send(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
    )


def test_a_card_is_dragged_by_touch_after_a_long_press(
    browser: Any, address: str, ann: ApiUser, project: str
) -> None:
    task = _create(ann, project, "Write the plan")
    with open_page(browser, address, **PHONE) as web:
        page = web.page
        web.log_in(ann.email)
        web.open(f"/projects/{project}/board")
        card = page.get_by_role("region", name="To do").get_by_role("button", name="Write")
        start, end = (
            each.bounding_box() for each in (card, page.get_by_role("region", name="In progress"))
        )
        x, y = start["x"] + 20, start["y"] + 20
        goal = end["x"] + 60
        touch = page.context.new_cdp_session(page)
        _touch(touch, "touchStart", (x, y))
        page.wait_for_timeout(LONG_PRESS_MILLISECONDS)  # the press is what begins the drag
        for step in range(1, 11):
            _touch(touch, "touchMove", (x + (goal - x) * step / 10, y + step))
        _touch(touch, "touchEnd")
        page.get_by_role("region", name="In progress").get_by_role(
            "button", name="Write"
        ).wait_for()
        path = f"/tasks/{task['id']}/"
        wait_for(lambda: ann.request_json("GET", path)["status"] == "in_progress")


def test_the_filter_is_in_the_address(web: WebPage, ann: ApiUser, project: str) -> None:
    page = web.page
    _create(ann, project, "Write the plan")
    _create(ann, project, "Read the plan", priority="high")
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board")
    column = page.get_by_role("region", name="To do")
    column.get_by_role("button", name="Write").wait_for()
    page.get_by_label("Find cards").fill("read")
    column.get_by_role("button", name="Write").wait_for(state="detached")
    link = page.url
    assert link.endswith("?q=read")
    page.goto("about:blank")
    page.goto(link)
    column.get_by_role("button", name="Read").wait_for()
    assert column.get_by_role("button", name="Write").count() == 0


def test_the_question_mark_shows_the_shortcuts_and_they_work(web: WebPage, ann: ApiUser) -> None:
    page = web.page
    web.log_in(ann.email)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_text("Move the card to another column").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.keyboard.press("m")
    page.get_by_role("heading", name="My tasks").wait_for()
    page.get_by_label("Search tasks").press_sequentially("g?")
    assert page.get_by_label("Search tasks").input_value() == "g?"
    assert page.get_by_role("dialog").count() == 0


def test_a_change_that_fails_is_taken_back(web: WebPage, ann: ApiUser, project: str) -> None:
    page = web.page
    _create(ann, project, "Write the plan")
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board")
    card = page.get_by_role("region", name="To do").get_by_role("button", name="Write")
    card.wait_for()
    page.route("**/api/tasks/*", lambda route: route.fulfill(status=503, body="{}"))
    card.focus()
    web.drag_with_keys("Space", "ArrowRight", "Space")
    page.get_by_role("alert").wait_for()
    card.wait_for()


def test_paper_shows_the_board_without_navigation_and_buttons(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    page = web.page
    _create(ann, project, "Write the plan")
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board")
    page.get_by_role("button", name="Write").wait_for()
    page.emulate_media(media="print")
    page.get_by_role("navigation").wait_for(state="hidden")
    assert page.get_by_role("button", name="Add a task").count() == 0
    assert page.get_by_role("main").bounding_box()["x"] == 0
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert (page.get_by_role("button", name="Write").is_visible(), width) == (True, 0)


def test_paper_shows_the_cards_out_of_sight_too(web: WebPage, ann: ApiUser, project: str) -> None:
    page, count = web.page, 40
    operations = [
        {"op": "create", "project": project, "title": f"Step {number}"} for number in range(count)
    ]
    ann.request_json("POST", "/tasks/bulk/", {"operations": operations})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board")
    cards = page.get_by_role("button", name="Step")
    cards.first.wait_for()
    assert cards.count() < count
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert cards.count() == count
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    wait_for(lambda: cards.count() < count)
