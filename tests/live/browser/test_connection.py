"""A lost connection and the web client: what is typed or changed is neither lost nor made twice."""

from contextlib import suppress
from typing import Any

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, wait_for


def _create_task(ann: ApiUser, project: str, title: str) -> Any:
    return ann.request_json("POST", "/tasks/", {"project": project, "title": title})


def test_a_comment_that_was_not_sent_survives_a_reload(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Talk")
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    web.page.get_by_label("New comment").fill("Half a thou")
    web.page.reload()
    assert web.page.get_by_label("New comment").input_value() == "Half a thou"


def test_a_lost_connection_is_announced_and_the_change_is_sent_later(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Offline")
    page = web.page
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    page.get_by_label("New comment").fill("From the train")
    page.context.set_offline(True)
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_text("1 change waits").wait_for()
    waiting = page.get_by_role("article").filter(has_text="From the train")
    waiting.get_by_text("Being sent").wait_for()
    assert web.find_violations() == []
    page.context.set_offline(False)
    waiting.get_by_text("Being sent").wait_for(state="detached")
    waiting.wait_for()
    path = f"/tasks/{task['id']}/comments/"
    assert [each["body"] for each in ann.request_json("GET", path)["items"]] == ["From the train"]


def test_changes_that_wait_for_the_connection_are_sent_once_after_a_reload(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Offline")
    page, path = web.page, f"/tasks/{task['id']}"
    web.log_in(ann.email)
    web.open_live(path)
    page.get_by_label("New comment").fill("From the train")
    page.context.set_offline(True)
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_label("Title").fill("On the way")
    page.get_by_label("Title").press("Enter")
    page.get_by_text("2 changes wait").wait_for()
    from playwright.sync_api import Error

    with suppress(Error):  # there is no page without a connection
        page.reload()
    page.context.set_offline(False)
    web.open(path)
    page.get_by_text("2 changes that waited are saved.").wait_for()
    page.get_by_role("heading", name="On the way", exact=True).wait_for()
    page.get_by_role("article").get_by_text("From the train").wait_for()
    page.reload()
    page.get_by_role("article").get_by_text("From the train").wait_for()
    assert ann.request_json("GET", f"{path}/")["title"] == "On the way"
    comments = ann.request_json("GET", f"{path}/comments/")["items"]
    assert [each["body"] for each in comments] == ["From the train"]


def test_a_change_whose_response_a_reload_cuts_off_is_made_once(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Cut off")
    page, path = web.page, f"/tasks/{task['id']}"
    web.log_in(ann.email)
    web.open_live(path)
    page.get_by_label("New comment").fill("Once")

    def reload_before_the_response(route: Any) -> None:
        assert route.fetch().status == 201
        page.evaluate("setTimeout(() => location.reload())")

    page.route("**/comments", reload_before_the_response, times=1)
    with page.expect_navigation():
        page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_text("A change that waited is saved.").wait_for()
    page.get_by_role("article").get_by_text("Once").wait_for()
    assert len(ann.request_json("GET", f"{path}/comments/")["items"]) == 1


def test_a_text_that_the_api_refuses_comes_back(web: WebPage, ann: ApiUser, project: str) -> None:
    task = _create_task(ann, project, "Refused")
    page = web.page
    web.log_in(ann.email)
    web.open(f"/tasks/{task['id']}")
    text = page.get_by_label("New comment")
    text.fill("Too much")
    refusal = {"code": "too_many_requests", "status": 400}
    page.route(
        "**/comments",
        lambda route: (
            route.fulfill(status=400, json=refusal)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("alert").wait_for()
    wait_for(lambda: text.input_value() == "Too much")


def test_a_title_that_cannot_be_saved_stays_in_its_field(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    task = _create_task(ann, project, "Before")
    page, path = web.page, f"/tasks/{task['id']}"
    web.log_in(ann.email)
    web.open_live(path)
    page.route("**/api/tasks/*", lambda route: route.fulfill(status=503, body="{}"))
    title = page.get_by_label("Title")
    title.fill("After")
    title.press("Enter")
    page.get_by_role("alert").wait_for()
    wait_for(lambda: title.input_value() == "After")
    page.unroute("**/api/tasks/*")
    with web.expect_change():
        page.reload()
    wait_for(lambda: ann.request_json("GET", f"{path}/")["title"] == "After")


def test_every_conflict_is_asked_about_one_after_another_and_after_a_reload(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    paths = [f"/tasks/{_create_task(ann, project, each)['id']}" for each in ("First", "Second")]
    page = web.page
    web.log_in(ann.email)
    web.open_live(f"/projects/{project}/list")
    for title in ("First", "Second"):
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_label("Title").wait_for()
        page.go_back()
        page.get_by_role("dialog").wait_for(state="detached")
    page.context.set_offline(True)
    for title in ("First", "Second"):
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_label("Title").fill(f"{title} of mine")
        page.get_by_label("Title").press("Enter")
        page.go_back()
        page.get_by_role("dialog").wait_for(state="detached")
    for path in paths:
        ann.request_json("PATCH", f"{path}/", {"title": "Changed elsewhere"})
    page.context.set_offline(False)
    dialog = page.get_by_role("dialog", name="Somebody else has changed this")
    dialog.get_by_text("First of mine").wait_for()
    page.get_by_text("2 changes wait").wait_for(state="detached")
    dialog.press("Escape")
    page.reload()
    for title in ("First", "Second"):
        dialog.get_by_text(f"{title} of mine").wait_for()
        with web.expect_change():
            dialog.get_by_role("button", name="Keep mine").click()
    dialog.wait_for(state="detached")
    titles = [ann.request_json("GET", f"{path}/")["title"] for path in paths]
    assert titles == ["First of mine", "Second of mine"]


def test_a_new_task_that_waits_for_the_connection_is_visible(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open_live(f"/projects/{project}/board")
    column = page.get_by_role("region", name="To do")
    column.get_by_role("button", name="Add a task").click()
    page.context.set_offline(True)
    column.get_by_label("What has to be done?").fill("Thought of on the train")
    column.get_by_label("What has to be done?").press("Enter")
    column.get_by_text("Thought of on the train").wait_for()
    column.get_by_text("Being sent").wait_for()
    page.context.set_offline(False)
    column.get_by_role("button", name="Thought of on the train").wait_for()
    column.get_by_text("Being sent").wait_for(state="detached")
