"""Imports in the web client: a file is chosen, checked, and imported into a new project."""

from pathlib import Path
from typing import Any

import pytest

from tests.import_files import todoist_file
from tests.live.browser.test_uploads import FILES
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import PASSWORD, ApiUser


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of Todoist with a date that nobody understands."""
    path = tmp_path / "backup.csv"
    path.write_bytes(todoist_file("task,Plan @urgent,,1,1,,,next fri", "task,Draft,,4,2"))
    return path


def _choose(web: WebPage, path: Path) -> None:
    area = web.page.get_by_role("region", name="File")
    area.locator("input[type=file]").set_input_files(path)
    area.get_by_text(path.name).wait_for()


def test_a_file_is_checked_and_imported(web: WebPage, ann: ApiUser, file: Path) -> None:
    page = web.page
    web.log_in(ann.email)
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("heading", name="Import tasks").wait_for()
    _choose(web, file)
    page.get_by_label("Name").fill("Moved here")
    page.get_by_role("button", name="Check the file").click()
    report = page.get_by_role("region", name="Report")
    report.get_by_text("Would be imported: 2 tasks, 0 comments, 1 new label.").wait_for()
    row = report.get_by_role("row", name="next fri is not a date that is understood")
    assert row.get_by_role("cell").all_inner_texts() == [
        "2",
        "next fri is not a date that is understood",
        "Left out: due_date",
    ]
    assert web.find_violations() == []
    assert "Moved here" not in str(ann.request_json("GET", "/projects/"))

    page.get_by_role("button", name="Import", exact=True).click()
    report.get_by_text("Imported: 2 tasks, 0 comments, 1 new label.").wait_for()
    page.get_by_role("link", name="Open the project").click()
    page.get_by_role("button", name="Draft").wait_for()
    page.get_by_role("link", name="Moved here").first.wait_for()


def test_a_file_that_is_dropped_into_a_project(
    web: WebPage, ann: ApiUser, project: str, file: Path
) -> None:
    page = web.page
    web.log_in(ann.email)
    web.open("/import")
    page.get_by_label("Import into").click()
    page.get_by_role("option", name="Launch").first.click()
    data = page.evaluate_handle(FILES, ["board.json", "application/json", "e30="])
    page.get_by_role("region", name="File").dispatch_event("drop", {"dataTransfer": data})
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("alert").get_by_text("The file cannot be imported.").wait_for()
    page.get_by_text("The first line lacks the columns type, content").wait_for()
    assert web.find_violations() == []


def test_problems_are_in_german(browser: Any, address: str, ann: ApiUser, file: Path) -> None:
    with open_page(browser, address, locale="de-DE", viewport={"width": 360, "height": 740}) as web:
        page = web.page
        web.open("/login")
        page.get_by_label("E-Mail-Adresse").fill(ann.email)
        page.get_by_label("Passwort").first.fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("link", name="Importieren").click()
        page.get_by_role("region", name="Datei").locator("input[type=file]").set_input_files(file)
        page.get_by_label("Name").fill("Umgezogen")
        page.get_by_role("button", name="Datei prüfen").click()
        page.get_by_text("next fri ist kein Datum, das verstanden wird").wait_for()
        page.get_by_text("Weggelassen: Fälligkeit").wait_for()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
        assert web.find_violations() == []
