"""The web client in German on a small screen: every page fits, and no text is missing."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.live.browser.web_pages import open_page
from tests.live.support import PASSWORD, ApiUser

# Where pictures of the pages are written, to look at them.
PICTURES = os.environ.get("PICTURES")
PAGES = {
    "projects": "/",
    "import": "/import",
    "my-tasks": "/tasks",
    "task": "/tasks/{task}",
    "board": "/projects/{project}/board",
    "panel": "/projects/{project}/board?task={task}",
    "list": "/projects/{project}/list",
    "calendar": "/projects/{project}/calendar",
    "statistics": "/projects/{project}/statistics",
    "members": "/projects/{project}/members",
    "trash": "/projects/{project}/trash",
    "settings": "/projects/{project}/settings",
    "account": "/account",
    "security": "/account/security",
    "notifications": "/account/notifications",
    "calendars": "/account/calendars",
    "tokens": "/account/tokens",
    "inbox": "/notifications",
}
# Words that an untranslated text would have.
ENGLISH = re.compile(
    r"\b(the|and|Save|Delete|Settings|Members|Task|Tasks|Title|Due|Comments|None|Add|Project)\b"
)
TYPED = "Reise planen"


@pytest.fixture
def task(ann: ApiUser, project: str) -> Any:
    body = {"project": project, "title": TYPED, "due_date": "2026-12-24", "assigned_to": ann.id}
    task = ann.request_json("POST", "/tasks/", body)
    ann.request_json("POST", f"/tasks/{task['id']}/comments/", {"body": "Gute Idee"})
    return task


def test_every_page_is_german_and_fits_a_small_screen(
    browser: Any, address: str, ann: ApiUser, project: str, task: Any
) -> None:
    problems: dict[str, Any] = {}
    size = {"width": 360, "height": 740}
    with open_page(browser, address, locale="de-DE", viewport=size) as web:
        page = web.page
        web.open("/login")
        page.get_by_label("E-Mail-Adresse").fill(ann.email)
        page.get_by_label(re.compile("^Passwort")).fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("heading", name="Projekte").first.wait_for()
        for name, path in PAGES.items():
            web.open_whole(path.format(project=project, task=task["id"]))
            text = page.locator("body").inner_text().replace("Task Manager", "")
            found = {
                "english": sorted(set(ENGLISH.findall(text))),
                "wider": page.evaluate("document.documentElement.scrollWidth > innerWidth"),
                "violations": web.find_violations(),
            }
            problems |= {f"{name}: {kind}": value for kind, value in found.items() if value}
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert problems == {}
