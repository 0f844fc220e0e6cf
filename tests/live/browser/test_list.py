"""The list of the web client: search, bulk changes, and hundreds of rows."""

from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, wait_for

TASKS = 160
PAGE = 50
SOME_FRAMES = """async () => {
  for (let count = 0; count < 20; count += 1) await new Promise(requestAnimationFrame);
}"""
# Sets `rowsOnPaper` when the page is printed, after the client has prepared it.
COUNT_ROWS_ON_PAPER = """() => addEventListener("beforeprint", () => {
  globalThis.rowsOnPaper = document.querySelectorAll("tbody tr").length;
})"""


def _create(ann: ApiUser, project: str, count: int) -> None:
    for first in range(0, count, 80):
        operations = [
            {"op": "create", "project": project, "title": f"Task {number:03}"}
            for number in range(first, min(first + 80, count))
        ]
        ann.request_json("POST", "/tasks/bulk/", {"operations": operations})


@pytest.fixture
def rows(web: WebPage) -> Any:
    return web.page.get_by_role("row").filter(has_text="Task ")


def test_rows_out_of_sight_are_not_in_the_document_and_nothing_moves(
    web: WebPage, ann: ApiUser, project: str, rows: Any
) -> None:
    page = web.page
    _create(ann, project, TASKS)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list?ordering=created_at")
    for shown in (PAGE, 2 * PAGE, 3 * PAGE):
        page.get_by_text(f"Task {shown - 1:03}").wait_for()
        page.get_by_role("button", name="Show more").click()
    last = page.get_by_text(f"Task {TASKS - 1:03}")
    last.scroll_into_view_if_needed()
    wait_for(lambda: page.get_by_text("Task 000").count() == 0)
    assert rows.count() < TASKS
    before = last.bounding_box()
    page.evaluate(SOME_FRAMES)
    assert last.bounding_box() == before
    page.get_by_role("table").evaluate("(table) => table.scrollIntoView()")
    page.get_by_text("Task 000").wait_for()
    page.evaluate(COUNT_ROWS_ON_PAPER)
    page.pdf()
    assert page.evaluate("rowsOnPaper") == TASKS
    wait_for(lambda: rows.count() < TASKS)


def test_a_change_by_somebody_else_does_not_cancel_the_next_page(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    page, next_page = web.page, "**/api/tasks?*cursor=*"
    _create(ann, project, PAGE + 1)
    (task, *_) = ann.request_json("GET", f"/tasks/?project={project}&ordering=created_at&limit=1")[
        "items"
    ]
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list?ordering=created_at")
    page.get_by_text(f"Task {PAGE - 1:03}").wait_for()
    held: list[Any] = []
    page.route(next_page, lambda route: held.append(route), times=1)
    page.get_by_role("button", name="Show more").click()
    wait_for(lambda: page.title() and held)
    ann.request_json("PATCH", f"/tasks/{task['id']}/", {"title": "Task with a new title"})
    page.get_by_text("Task with a new title").wait_for()
    held.pop().continue_()
    page.get_by_text(f"Task {PAGE:03}").wait_for()


def test_selected_tasks_are_changed_together(
    web: WebPage, ann: ApiUser, project: str, rows: Any
) -> None:
    page = web.page
    _create(ann, project, 3)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list")
    for title in ("Task 000", "Task 002"):
        page.get_by_role("checkbox", name=f"Select {title}").check()
    bar = page.get_by_role("region", name="Change the selected tasks")
    bar.get_by_text("2 selected").wait_for()
    bar.get_by_role("combobox", name="Set: Status").click()
    page.get_by_role("option", name="Review").click()
    page.get_by_text("2 tasks changed").wait_for()
    items = ann.request_json("GET", f"/tasks/?project={project}&status=review")["items"]
    assert sorted(item["title"] for item in items) == ["Task 000", "Task 002"]


def test_a_search_is_in_the_address(web: WebPage, ann: ApiUser, project: str, rows: Any) -> None:
    page = web.page
    _create(ann, project, 3)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list?q=001")
    page.get_by_text("Task 001").wait_for()
    assert rows.count() == 1
    page.get_by_label("Search tasks").fill("")
    page.get_by_text("Task 002").wait_for()
    assert "q=" not in page.url


def test_a_long_word_in_a_title_stays_in_its_column(
    web: WebPage, ann: ApiUser, project: str
) -> None:
    ann.request_json("POST", "/tasks/", {"project": project, "title": "W" * 200})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/list")
    title = web.page.get_by_role("link", name="W" * 200)
    title.wait_for()
    status = web.page.get_by_role("cell", name="To do").bounding_box()
    box = title.bounding_box()
    assert box["x"] + box["width"] <= status["x"]
