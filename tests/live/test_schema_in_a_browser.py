"""The documentation pages in headless Chromium: they work without any other host, and one can log
in and try the API on them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live_server import run_app_server
from tests.support import PASSWORD, Person


@pytest.fixture
def page(cloud: None, browser: Any) -> Iterator[Any]:
    """A page that gets answers from the app alone: its policy keeps out the logo that ReDoc would
    like to have from its makers."""
    with run_app_server() as address:
        opened = browser.new_page(base_url=address, viewport={"width": 1000, "height": 900})
        opened.asked = []
        opened.on("response", lambda answer: opened.asked.append(answer.url))
        yield opened
        assert {url for url in opened.asked if not url.startswith((address, "data:", "blob:"))} == (
            set()
        )
        opened.close()


def _try_out(page: Any, operation: str, body: str | None = None) -> str:
    """Send one operation from the page; returns the status that it shows."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.locator("button", has_text="Try it out").click()
    if body is not None:
        block.locator("textarea").fill(body)
    block.locator("button", has_text="Execute").click()
    shown = block.locator(".live-responses-table tbody .response-col_status").first
    shown.wait_for()
    return str(shown.inner_text()).split()[0]


def test_one_logs_in_on_the_page_and_reads_what_is_ones_own(page: Any, ann: Person) -> None:
    page.goto("/api/schema/swagger-ui/")
    page.locator("#operations-auth-logIn").wait_for()
    assert _try_out(page, "profile-getProfile") == "401"
    login = f'{{"email": "{ann.email}", "password": "{PASSWORD}"}}'
    assert _try_out(page, "auth-logIn", login) == "200"
    profile = page.locator("#operations-profile-getProfile")
    profile.locator("button", has_text="Execute").click()
    profile.get_by_text('"username": "ann"').first.wait_for()


def test_redoc_shows_every_noun(page: Any) -> None:
    page.goto("/api/schema/redoc/")
    page.locator("h1", has_text="Task Manager API").wait_for()
    page.locator("[role=menu] [title=projects]").wait_for()
