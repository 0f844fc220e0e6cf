"""The manual order and the saved views of the web client."""

from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, wait_for

TITLES = ("One", "Two", "Three")


@pytest.fixture
def tasks(ann: ApiUser, project: str) -> list[Any]:
    return [
        ann.request_json("POST", "/tasks/", {"project": project, "title": title})
        for title in TITLES
    ]


def _read_order(ann: ApiUser, project: str) -> list[str]:
    path = f"/tasks/?project={project}&ordering=rank&fields=title"
    return [task["title"] for task in ann.request_json("GET", path)["items"]]


def _read_titles(web: WebPage) -> list[str]:
    """Return the titles of the cards in the first column, from top to bottom."""
    cards = web.page.get_by_role("region", name="To do").get_by_role("listitem")
    return [title for text in cards.all_inner_texts() if (title := text.split("\n")[0])]


def test_cards_are_ordered_by_hand_with_mouse_and_keyboard(
    web: WebPage, ann: ApiUser, project: str, tasks: list[Any]
) -> None:
    page = web.page
    wait_for(lambda: len(_read_order(ann, project)) == 3)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board?ordering=rank")
    three = page.get_by_role("button", name="Three")
    two = page.get_by_role("button", name="Two")
    start, end = three.bounding_box(), two.bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 5, steps=10)
    with web.expect_change():
        page.mouse.up()
    wait_for(lambda: _read_titles(web) == ["One", "Three", "Two"])
    page.get_by_role("button", name="One").focus()
    with web.expect_change():
        web.drag_with_keys("Space", "ArrowDown", "ArrowDown", "Space")
    wait_for(lambda: _read_titles(web) == ["Three", "Two", "One"])
    wait_for(lambda: _read_order(ann, project) == ["Three", "Two", "One"])


def test_a_list_in_manual_order_is_moved_with_its_handles(
    web: WebPage, ann: ApiUser, project: str, tasks: list[Any]
) -> None:
    page = web.page
    wait_for(lambda: len(_read_order(ann, project)) == 3)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list?ordering=rank")
    page.get_by_role("button", name="Move Three").focus()
    assert web.find_violations() == []
    with web.expect_change():
        web.drag_with_keys("Space", "ArrowUp", "ArrowUp", "Space")
    links = page.get_by_role("row").get_by_role("link")
    wait_for(lambda: links.all_inner_texts() == ["Three", "One", "Two"])


def test_a_view_is_saved_shared_changed_and_deleted(
    web: WebPage, address: str, ann: ApiUser, project: str, tasks: list[Any]
) -> None:
    page = web.page
    ann.request_json("PATCH", f"/tasks/{tasks[0]['id']}/", {"priority": "high"})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/board?priority=high&ordering=rank")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save as a new view").click()
    page.get_by_label("Name of the view").fill("Urgent")
    page.get_by_label("Share with all members").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Urgent").wait_for()
    (view,) = ann.request_json("GET", f"/views/?project={project}")["items"]
    assert view["filter"] == {"priority": ["high"]}
    page.wait_for_url(f"{address}/projects/{project}/board?view={view['id']}")
    wait_for(lambda: _read_titles(web) == ["One"])
    # The list shows the same view; without its priority, it shows all tasks.
    page.get_by_role("tab", name="List").click()
    page.get_by_role("link", name="One").wait_for()
    priority = page.get_by_role("combobox", name="Priority")
    wait_for(lambda: priority.input_value() == "High")
    page.goto(f"{address}/projects/{project}/list?view={view['id']}&priority=")
    page.get_by_role("link", name="Two").wait_for()
    page.get_by_role("button", name="Urgent *").click()
    page.get_by_role("menuitem").first.wait_for()
    assert web.find_violations() == []
    with web.expect_change():
        page.get_by_role("menuitem", name="Save the changes").click()
    assert ann.request_json("GET", f"/views/{view['id']}/")["filter"] == {}
    page.get_by_role("button", name="Urgent", exact=True).click()
    page.get_by_role("menuitem", name="Delete Urgent").click()
    page.get_by_role("button", name="Views", exact=True).wait_for()
    page.wait_for_url(f"{address}/projects/{project}/list")


def test_my_tasks_have_saved_views_and_show_several_values(
    web: WebPage, ann: ApiUser, tasks: list[Any]
) -> None:
    page, own = web.page, f"/tasks/{tasks[0]['id']}/"
    ann.request_json("PATCH", own, {"priority": "high", "assigned_to": ann.id})
    web.log_in(ann.email)
    web.open("/tasks?priority=high,medium")
    page.get_by_role("link", name="One").wait_for()
    assert page.get_by_role("combobox", name="Priority").input_value() == "High, Medium"
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save as a new view").wait_for()
    assert web.find_violations() == []
    page.get_by_role("menuitem", name="Save as a new view").click()
    page.get_by_label("Name of the view").fill("Soon")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Soon").wait_for()
    (view,) = [
        each for each in ann.request_json("GET", "/views/")["items"] if each["name"] == "Soon"
    ]
    assert view["filter"] == {"priority": ["high", "medium"]}
    page.wait_for_url(f"**/tasks?view={view['id']}")
    page.get_by_role("combobox", name="Priority").click()
    page.get_by_role("option", name="High, Medium").wait_for()
    page.get_by_role("option", name="High", exact=True).click()
    page.get_by_role("button", name="Soon *").wait_for()
