"""Changes by others appear in the web client without a reload, and after an outage."""

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import ApiUser, Deployment, wait_for

# What each view shows when it has read its tasks.
READY = {"list": "No tasks match", "calendar": "December 2026"}
SECONDS = 2.5  # two seconds, and time for the browser on a busy machine


@pytest.fixture(scope="module")
def bob(web_deployment: Deployment) -> ApiUser:
    return web_deployment.new_user("bob").sign_up()


@pytest.fixture
def shared(ann: ApiUser, bob: ApiUser, project: str) -> str:
    """A project of Ann and Bob."""
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    return project


@pytest.fixture
def other(browser: Any, address: str) -> Iterator[WebPage]:
    """The page of another person, in a browser context of its own."""
    with open_page(browser, address) as opened:
        yield opened


def _card(web: WebPage, column: str, title: str) -> Any:
    return web.page.get_by_role("region", name=column).get_by_role("button", name=title)


def _measure(act: Callable[[], object], appears: Callable[[], object]) -> float:
    """Return the seconds from the end of the change until it appears."""
    act()
    begin = time.monotonic()
    appears()
    return time.monotonic() - begin


def test_two_people_see_what_the_other_does_within_two_seconds(
    web: WebPage, other: WebPage, ann: ApiUser, bob: ApiUser, shared: str
) -> None:
    web.log_in(ann.email)
    other.log_in(bob.email)
    for each in (web, other):
        each.open_live(f"/projects/{shared}/board")
        each.page.get_by_role("region", name="To do").wait_for()
    column = other.page.get_by_role("region", name="To do")
    column.get_by_role("button", name="Add a task").click()
    column.get_by_label("What has to be done?").fill("Build a rocket")
    created = _measure(
        lambda: other.page.keyboard.press("Enter"),
        lambda: _card(web, "To do", "Build a rocket").wait_for(),
    )
    (task,) = ann.request_json("GET", f"/tasks/?project={shared}")["items"]
    moved = _measure(
        lambda: ann.request_json("PATCH", f"/tasks/{task['id']}/", {"status": "review"}),
        lambda: _card(other, "Review", "Build a rocket").wait_for(),
    )
    gone = _measure(
        lambda: ann.request_json("DELETE", f"/tasks/{task['id']}/"),
        lambda: _card(other, "Review", "Build a rocket").wait_for(state="detached"),
    )
    assert median([created, moved, gone]) < SECONDS


@pytest.mark.parametrize("view", ["list", "calendar"])
def test_lists_and_calendar_show_new_tasks_too(
    web: WebPage, ann: ApiUser, bob: ApiUser, shared: str, view: str
) -> None:
    web.log_in(ann.email)
    web.open_live(f"/projects/{shared}/{view}?month=2026-12")
    web.page.get_by_role("main").get_by_text(READY[view]).wait_for()
    task = {"project": shared, "title": "Buy fuel", "due_date": "2026-12-24"}
    bob.request_json("POST", "/tasks/", task)
    web.page.get_by_role("main").get_by_text("Buy fuel").wait_for(timeout=1000 * SECONDS)


def test_an_open_task_shows_the_new_title_and_keeps_what_is_being_typed(
    web: WebPage, ann: ApiUser, bob: ApiUser, shared: str
) -> None:
    body = {"project": shared, "title": "Draft"}
    path = f"/tasks/{ann.request_json('POST', '/tasks/', body)['id']}"
    web.log_in(ann.email)
    web.open_live(path)
    web.page.get_by_label("New comment").fill("Half a thou")
    bob.request_json("PATCH", f"{path}/", {"title": "Plan"})
    web.page.get_by_role("heading", name="Plan", exact=True).wait_for(timeout=1000 * SECONDS)
    assert web.page.get_by_label("New comment").input_value() == "Half a thou"


def test_an_open_task_shows_comments_files_and_relations_by_others(
    web: WebPage, ann: ApiUser, bob: ApiUser, shared: str
) -> None:
    first, second = (
        ann.request_json("POST", "/tasks/", {"project": shared, "title": title})
        for title in ("Draft", "Blocker")
    )
    path, page = f"/tasks/{first['id']}", web.page
    web.log_in(ann.email)
    web.open_live(f"/projects/{shared}/board?task={first['id']}")
    page.get_by_text("There are no comments yet.").wait_for()
    commented = _measure(
        lambda: bob.request_json("POST", f"{path}/comments/", {"body": "Well done"}),
        lambda: page.get_by_role("article").get_by_text("Well done").wait_for(),
    )
    related = _measure(
        lambda: bob.request_json(
            "POST", f"{path}/relations/", {"kind": "blocked_by", "task": second["id"]}
        ),
        lambda: page.get_by_text("blocked by 1 open task").wait_for(),
    )
    attached = _measure(
        lambda: bob.upload_file(first["id"], "notes.txt", "text/plain", b"Notes"),
        lambda: page.get_by_text("notes.txt").wait_for(),
    )
    assert median([commented, related, attached]) < SECONDS
    assert web.find_violations() == []


def test_an_edited_comment_is_told_by_the_live_connection_so_that_nothing_is_polled(
    web: WebPage, ann: ApiUser, bob: ApiUser, shared: str
) -> None:
    page = web.page
    task = ann.request_json("POST", "/tasks/", {"project": shared, "title": "Talk"})["id"]
    path = f"/tasks/{task}/comments/"
    comment = bob.request_json("POST", path, {"body": "Frist"})["id"]
    web.log_in(ann.email)
    page.clock.install()
    reads: list[str] = []
    frames: list[Any] = []
    page.on("request", lambda each: reads.append(each.url) if f"/{task}?" in each.url else None)
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame))
    )
    web.open_live(f"/tasks/{task}")
    page.get_by_role("article").get_by_text("Frist").wait_for()
    wait_for(lambda: page.title() and frames)
    reads.clear()
    for _ in range(6):  # eighteen seconds, with a request in each step
        page.clock.fast_forward(3_000)
        page.evaluate("fetch('/favicon.svg').then((response) => response.text())")
    edited = _measure(
        lambda: bob.request_json("PATCH", f"{path}{comment}/", {"body": "First"}),
        lambda: page.get_by_role("article").get_by_text("First").wait_for(),
    )
    assert edited < SECONDS
    assert len(reads) <= 3  # those of the new connection and of the event


def test_an_open_task_is_read_as_not_modified_while_nothing_happens(
    web: WebPage, ann: ApiUser, shared: str
) -> None:
    body = {"project": shared, "title": "Quiet"}
    task = ann.request_json("POST", "/tasks/", body)["id"]
    web.log_in(ann.email)
    # Routes of Playwright would switch the cache of the browser off.
    web.page.add_init_script("window.WebSocket = class { constructor() { throw new Error(); } }")
    web.open(f"/tasks/{task}")
    web.page.get_by_label("New comment").wait_for()
    sizes = []
    for _ in range(3):
        with web.page.expect_response(f"**/api/tasks/{task}?*") as response:
            pass
        sizes.append(response.value.request.sizes()["responseBodySize"])
    assert sizes[-1] == 0, sizes


def test_after_failures_the_client_asks_less_often_and_then_catches_up(
    web: WebPage, ann: ApiUser, bob: ApiUser, shared: str
) -> None:
    asked: list[float] = []
    web.log_in(ann.email)
    web.open_live(f"/projects/{shared}/board")
    web.page.get_by_text("There are no tasks yet.").wait_for()

    def fail(route: Any) -> None:
        asked.append(time.monotonic())
        if len(asked) < 3:
            route.fulfill(status=503, body="{}")
        else:
            route.continue_()

    web.page.route("**/api/changes?*", fail)
    bob.request_json("POST", "/tasks/", {"project": shared, "title": "Late"})
    _card(web, "To do", "Late").wait_for()
    first, second = asked[1] - asked[0], asked[2] - asked[1]
    assert 1.5 * first < second
