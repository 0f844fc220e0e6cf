"""A page that breaks the rules of the web client fails its test."""

from typing import Any

import pytest

from tests.live.browser.web_pages import open_page

INLINE = """const script = document.createElement("script");
script.textContent = "window.injected = true";
document.body.append(script);"""
PICTURE = 'new Image().src = "https://tracker.example/pixel.png"'
REQUEST = 'fetch("https://tracker.example/").catch(() => null)'


@pytest.mark.parametrize("code", [INLINE, PICTURE, REQUEST], ids=["script", "picture", "request"])
def test_what_the_content_security_policy_forbids_fails_the_test(
    browser: Any, address: str, code: str
) -> None:
    with (
        pytest.raises(AssertionError, match="Content Security Policy"),
        open_page(browser, address) as web,
    ):
        web.open("/login")
        web.page.get_by_role("heading", name="Log in").wait_for()
        with web.page.expect_console_message():
            web.page.evaluate(code)
        assert web.page.evaluate("window.injected") is None


def test_an_error_in_a_script_fails_the_test(browser: Any, address: str) -> None:
    with pytest.raises(AssertionError, match="Broken"), open_page(browser, address) as web:
        web.open("/login")
        with web.page.expect_event("pageerror"):
            web.page.evaluate('setTimeout(() => { throw new Error("Broken"); })')


def test_a_request_to_another_host_fails_the_test(browser: Any, address: str) -> None:
    with pytest.raises(AssertionError, match="127.0.0.1"), open_page(browser, address) as web:
        web.page.goto(address.replace("localhost", "127.0.0.1"))
