"""The documentation pages in headless Chromium: they work without any other host, and one can log
in and try the API on them."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.served import served
from tests.support import PASSWORD, Person

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@pytest.fixture
def page(cloud: None) -> Iterator[Any]:
    """A page that gets answers from the app alone: its policy keeps out the logo that ReDoc would
    like to have from its makers."""
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = browser.new_page(base_url=address, viewport={"width": 1000, "height": 900})
        opened.asked = []
        opened.on("response", lambda answer: opened.asked.append(answer.url))
        yield opened
        assert {url for url in opened.asked if not url.startswith((address, "data:", "blob:"))} == (
            set()
        )
        browser.close()


def _try_out(page: Any, operation: str, body: str | None = None) -> str:
    """Send one operation from the page; returns the status that it shows."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    if body is not None:
        block.locator("textarea").fill(body)
    block.get_by_role("button", name="Execute").click()
    shown = block.locator(".live-responses-table tbody .response-col_status").first
    shown.wait_for()
    return str(shown.inner_text()).split()[0]


def test_one_logs_in_on_the_page_and_reads_what_is_ones_own(page: Any, ann: Person) -> None:
    page.goto("/api/schema/swagger-ui/")
    page.locator("#operations-auth-auth_log_in").wait_for()
    assert _try_out(page, "profile-profile_read") == "401"
    login = f'{{"email": "{ann.email}", "password": "{PASSWORD}"}}'
    assert _try_out(page, "auth-auth_log_in", login) == "200"
    profile = page.locator("#operations-profile-profile_read")
    profile.get_by_role("button", name="Execute").click()
    profile.get_by_text('"username": "ann"').first.wait_for()


def test_redoc_shows_every_noun(page: Any) -> None:
    page.goto("/api/schema/redoc/")
    page.get_by_role("heading", name="Task Manager API").wait_for()
    page.get_by_role("menu").get_by_text("projects", exact=True).wait_for()
