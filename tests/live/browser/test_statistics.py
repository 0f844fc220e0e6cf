"""Charts, exports and reports in the web client."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, wait_for

REMEMBERED = "Object.keys(localStorage).filter((key) => key.startsWith('job-'))"


@pytest.fixture
def filled(web: WebPage, ann: ApiUser, project: str) -> str:
    """A project with three tasks, whose statistics are open."""
    for title, status in (("Plan", "todo"), ("Build", "review"), ("Fly", "done")):
        body = {"project": project, "title": title, "status": status}
        ann.request_json("POST", "/tasks/", body)
    web.log_in(ann.email)
    web.open(f"/projects/{project}/statistics")
    return project


def _section(web: WebPage, title: str) -> Any:
    heading = web.page.get_by_role("heading", name=title)
    return web.page.locator("section").filter(has=heading)


def test_the_figures_are_drawn_as_charts_and_are_texts_too(web: WebPage, filled: str) -> None:
    by_status = _section(web, "Tasks by status")
    by_status.locator("svg .recharts-pie-sector").first.wait_for()
    assert by_status.get_by_role("listitem").all_inner_texts() == [
        "To do: 1",
        "In progress: 0",
        "Review: 1",
        "Done: 1",
    ]
    _section(web, "Tasks by assignee").locator("svg .recharts-bar-rectangle").wait_for()
    completed = _section(web, "Completed in the last 30 days")
    completed.locator("svg .recharts-bar-rectangle path").first.wait_for()
    assert len(completed.get_by_role("listitem").all_inner_texts()) == 1


def test_a_change_by_somebody_else_changes_the_charts(
    web: WebPage, ann: ApiUser, filled: str
) -> None:
    _section(web, "Tasks by status").get_by_text("To do: 1").wait_for(state="attached")
    ann.request_json("POST", "/tasks/", {"project": filled, "title": "Land"})
    _section(web, "Tasks by status").get_by_text("To do: 2").wait_for(state="attached")


def test_an_export_shows_that_it_runs_and_then_its_files(web: WebPage, filled: str) -> None:
    page = web.page

    def answer(route: Any) -> None:
        job = route.fetch().json()
        route.fulfill(json=job | {"status": "running", "progress": 40, "files": []})

    page.route("**/exports/*", answer)
    files = _section(web, "Export and report")
    files.get_by_role("button", name="Export the project").click()
    files.get_by_role("status").wait_for()
    files.get_by_text("40%").wait_for()
    bar = files.get_by_role("progressbar", name="Progress")
    assert bar.get_attribute("value") == "40"
    assert web.find_violations() == []
    page.unroute_all(behavior="wait")
    workbook = files.get_by_role("button", name=re.compile(r"\.xlsx"))
    workbook.wait_for(timeout=60_000)
    assert files.get_by_role("status").count() == 0
    with web.page.expect_download() as download:
        workbook.click()
    assert zipfile.is_zipfile(Path(download.value.path()))


def test_a_reload_shows_the_running_export_and_the_report_again(web: WebPage, filled: str) -> None:
    page = web.page

    def answer(route: Any) -> None:
        job = route.fetch().json()
        route.fulfill(json=job | {"status": "running", "progress": 40, "files": []})

    page.route("**/exports/*", answer)
    files = _section(web, "Export and report")
    files.get_by_role("button", name="Export the project").click()
    files.get_by_text("40%").wait_for()
    files.get_by_role("button", name="Create a report").click()
    files.get_by_role("link", name="Open the report").wait_for()
    page.reload()
    files.get_by_text("40%").wait_for()
    files.get_by_role("link", name="Open the report").wait_for()
    page.unroute_all(behavior="wait")
    files.get_by_role("button", name=re.compile(r"\.xlsx")).wait_for(timeout=60_000)


def test_an_export_that_is_gone_is_forgotten(web: WebPage, filled: str) -> None:
    page = web.page
    files = _section(web, "Export and report")
    files.get_by_role("button", name="Export the project").click()
    wait_for(lambda: page.evaluate(REMEMBERED))
    page.route("**/exports/*", lambda route: route.fulfill(status=404, json={"code": "not_found"}))
    page.reload()
    wait_for(lambda: page.evaluate(REMEMBERED) == [])
    assert files.get_by_role("alert").count() == 0


def test_a_report_has_a_page_with_its_files(web: WebPage, filled: str) -> None:
    page = web.page
    _section(web, "Export and report").get_by_role("button", name="Create a report").click()
    page.get_by_role("link", name="Open the report").click()
    page.get_by_role("heading", name="Report", exact=True).wait_for()
    page.get_by_role("button", name=re.compile(r"\.(csv|png)")).first.wait_for(timeout=60_000)
    assert re.search(r"/reports/\w+$", page.url)
