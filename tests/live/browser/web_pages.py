"""The web client in headless Chromium: pages that report every error, and people who use them."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from infra.web_client import SOURCES
from tests.live.support import PASSWORD, ApiUser, Deployment, wait_for

AXE = SOURCES / "node_modules" / "axe-core" / "axe.min.js"
# A picture of one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPhfDwACggF/u9Uj4wAAAABJRU5ErkJggg=="
)
# Changes of the person: not the requests that the client sends by itself.
_OWN_REQUESTS = ("/api/auth/refresh", "/api/live/tickets")
# Returns what a drag shows: what dnd-kit announces, the dragged elements, the mark of the place.
_DRAG_STATE = """() => JSON.stringify([
  document.querySelector("[id^=DndLiveRegion]")?.textContent,
  ...[...document.querySelectorAll("[style*=translate]")].map((each) => {
    const { x, y } = each.getBoundingClientRect();
    return [Math.round(x), Math.round(y)];
  }),
  ...[...document.querySelectorAll("[data-mark]")].map((each) => each.dataset.mark),
])"""
# Resolves when the drag has changed from `before` and stays so for some frames.
_DRAG_STEP = f"""async (before) => {{
  const read = {_DRAG_STATE};
  const deadline = performance.now() + 10_000;
  let last = before;
  for (let same = 0; same < 6; ) {{
    await new Promise(requestAnimationFrame);
    const state = read();
    same = state !== before && state === last ? same + 1 : 0;
    last = state;
    if (performance.now() > deadline) throw new Error(`no step after ${{before}}`);
  }}
}}"""
# Two frames in which transitions begin, then their ends.
_END_OF_ANIMATIONS = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const animations = document.getAnimations();
  const ending = animations.filter(({ effect }) => isFinite(effect.getTiming().iterations));
  await Promise.allSettled(ending.map(({ finished }) => finished));
}"""
# Browsers report every response that is an error, and each attempt to connect without a network.
_EXPECTED = re.compile("^Failed to load resource|ERR_INTERNET_DISCONNECTED$")


@dataclass
class WebPage:
    """A page of the client in a browser context of its own; `errors` are those of the console."""

    page: Any
    address: str
    errors: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def open_whole(self, path: str) -> None:
        """Open a page and wait until it has requested all that it shows.

        This works for a new document only: after an action, the state is that of before.
        """
        self.open(path)
        self.page.get_by_role("heading").first.wait_for()
        self.page.locator(".mantine-Loader-root").first.wait_for(state="detached")
        self.page.wait_for_load_state("networkidle")

    def open_live(self, path: str) -> None:
        """Open a page of a project and wait until it follows the changes by others."""
        with self.page.expect_response("**/api/changes?*"):
            self.open(path)

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        """Log in on the login page, which may be open already."""
        if "/login" not in self.page.url:
            self.open("/login")
        self.page.get_by_label("Email address").fill(email)
        self.page.get_by_label(re.compile("^Password")).fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("button", name="Your account").wait_for()

    def expect_change(self) -> Any:
        """Return a context manager that waits until the API has accepted a change.

        A refused one does not count: after a 412, the client may send the change again by itself.
        """
        return self.page.expect_response(
            lambda response: (
                response.ok
                and "/api/" in response.url
                and response.request.method != "GET"
                and not response.url.endswith(_OWN_REQUESTS)
            )
        )

    def drag_with_keys(self, *keys: str) -> None:
        """Press keys that pick up what has the focus, move and drop it, at the page's pace."""
        for key in keys:
            before = self.page.evaluate(_DRAG_STATE)
            self.page.keyboard.press(key)
            self.page.evaluate(_DRAG_STEP, before)

    def find_violations(self) -> list[str]:
        """Return the accessibility violations of the page as it is, found by axe.

        What is fading in has too little contrast, so animations that end come to their end first.
        """
        self.page.evaluate(AXE.read_text())
        self.page.evaluate(_END_OF_ANIMATIONS)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        return [
            f"{violation['id']}: {node['html'][:200]}"
            for violation in found
            for node in violation["nodes"]
        ]


@contextmanager
def open_page(browser: Any, address: str, **options: Any) -> Iterator[WebPage]:
    """Open an empty page for the block; afterwards no script and no policy may have failed.

    The client requests nothing from other origins than its own and the bucket's.
    """
    context = browser.new_context(**{"locale": "en-US", "timezone_id": "UTC"} | options)
    opened = WebPage(context.new_page(), address)
    opened.page.set_default_timeout(20_000)

    def record(message: Any) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            opened.errors.append(message.text)

    origins: set[str] = set()
    opened.page.on("console", record)
    opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
    opened.page.on("request", lambda request: origins.add(urlsplit(request.url).netloc))
    try:
        yield opened
        assert opened.errors == [], opened.errors
        hosts = {each.rpartition(":")[0] or each for each in origins}
        assert hosts <= {"localhost", ""}, hosts
    finally:
        context.close()


def read_link(deployment: Deployment, user: ApiUser, subject: str) -> str:
    """Wait for an email to `user`; return path and query of the link in its text."""
    (mail,) = wait_for(
        lambda: [
            mail for mail in deployment.mails_to(user.email) if mail["subject"].startswith(subject)
        ]
    )
    link = next(word for word in mail["text"].split() if word.startswith("http"))
    return link.removeprefix(f"{urlsplit(link).scheme}://{urlsplit(link).netloc}")
