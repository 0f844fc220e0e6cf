"""The documentation pages in headless Chromium.

They work without any other host, and a user can log in and try the API on them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.live_server import run_app_server
from tests.support import PASSWORD, Person


@pytest.fixture
def ann(make_person: Callable[[str], Person]) -> Person:
    """A person in this process, not in the local cloud."""
    return make_person("ann")


@pytest.fixture
def page(cloud: None, browser: Any) -> Iterator[Any]:
    """A browser page that receives responses from the app only.

    The content security policy blocks the logo that ReDoc would load from its vendor.
    """
    with run_app_server() as address:
        opened = browser.new_page(base_url=address, viewport={"width": 1000, "height": 900})
        opened.urls = []
        opened.on("response", lambda answer: opened.urls.append(answer.url))
        yield opened
        assert {url for url in opened.urls if not url.startswith((address, "data:", "blob:"))} == (
            set()
        )
        opened.close()


def _toggle_first_tag(page: Any) -> None:
    """Show or hide the operations of the first tag; Swagger UI renders only those in sight."""
    page.evaluate("scrollTo(0, 0)")
    page.locator("#operations-tag-auth .expand-operation").click()


def _try_out(page: Any, operation: str, body: str | None = None) -> str:
    """Send a request of an operation from the page; return the status that the page shows."""
    block = page.locator(f"#operations-{operation}")
    block.locator(".opblock-summary-control").click()
    block.locator("button", has_text="Try it out").click()
    if body is not None:
        block.locator("textarea").fill(body)
    block.locator("button", has_text="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    status.wait_for()
    return str(status.inner_text()).split()[0]


def test_a_user_logs_in_on_the_page_and_reads_the_profile(page: Any, ann: Person) -> None:
    page.goto("/api/schema/swagger-ui/")
    _toggle_first_tag(page)
    assert _try_out(page, "profile-getProfile") == "401"
    _toggle_first_tag(page)
    login = f'{{"email": "{ann.email}", "password": "{PASSWORD}"}}'
    assert _try_out(page, "auth-logIn", login) == "200"
    _toggle_first_tag(page)
    profile = page.locator("#operations-profile-getProfile")
    profile.locator("button", has_text="Execute").click()
    profile.get_by_text('"username": "ann"').first.wait_for()


def test_redoc_shows_the_api(page: Any) -> None:
    page.goto("/api/schema/redoc/")
    page.locator("h1", has_text="Task Manager API").wait_for()
    page.locator("[role=menu] [title=projects]").wait_for()
