"""The first load of the pages of the web client: bytes, nodes and shifts, in headless Chromium.

`WRITE_MEASUREMENTS=1` writes the figures into bench/web_client.json.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from infra.stage import ROOT
from infra.web_client import BUILD
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import ApiUser, Deployment

TASKS = 500
COLUMN_STATUS = ("todo", "in_progress", "review", "done")
# The client measures as web.dev/articles/cls: shifts that follow no input.
SHIFT_SCRIPT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SCRIPTS = "performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)"
SIGNED_OUT = {
    "login": "/login",
    "register": "/register",
    "reset": "/reset?token=1",
    "verify": "/verify?token=1",
    "invitation": "/invitation?token=1",
}
SIGNED_IN = {
    "projects": "/",
    "import": "/import",
    "my tasks": "/tasks",
    "task": "/tasks/{task}",
    "account": "/account",
    "board": "/projects/{project}/board",
    "list": "/projects/{project}/list",
    "calendar": "/projects/{project}/calendar",
    "statistics": "/projects/{project}/statistics",
    "members": "/projects/{project}/members",
    "trash": "/projects/{project}/trash",
    "settings": "/projects/{project}/settings",
}
Measurements = dict[str, Any]


@pytest.fixture(scope="module")
def address(web_deployment: Deployment) -> str:
    return str(web_deployment.outputs["gateway_api_url"]).removesuffix("/api")


@pytest.fixture(scope="module")
def budgets(web_deployment: Deployment) -> Measurements:
    """Return the bytes that each page needs, as the build counts them."""
    return dict(json.loads((BUILD / ".vite" / "first-load.json").read_text()))


@pytest.fixture(scope="module")
def ann(web_deployment: Deployment) -> ApiUser:
    return web_deployment.new_user("bea").sign_up()


@pytest.fixture(scope="module")
def ids(ann: ApiUser) -> dict[str, str]:
    """A project with 500 tasks, and one of them."""
    project = ann.request_json("POST", "/projects/", {"name": "Large"})["id"]
    for number in range(TASKS):
        status = COLUMN_STATUS[number % len(COLUMN_STATUS)]
        body = {"project": project, "title": f"Task {number}", "status": status}
        task = ann.request_json("POST", "/tasks/", body)["id"]
    return {"project": project, "task": task}


@pytest.fixture(scope="module")
def measurements() -> Iterator[Measurements]:
    """The figures of this module's tests."""
    figures: Measurements = {}
    yield figures
    if os.environ.get("WRITE_MEASUREMENTS"):
        (ROOT / "bench" / "web_client.json").write_text(json.dumps(figures, indent=2) + "\n")


@pytest.fixture
def web(browser: Any, address: str) -> Iterator[WebPage]:
    with open_page(browser, address) as opened:
        opened.page.add_init_script(SHIFT_SCRIPT)
        yield opened


def _load(web: WebPage, path: str) -> set[str]:
    """Open a page, wait until it requests nothing more, and return the scripts it has loaded."""
    web.open_whole(path)
    return {name.lstrip("/") for name in web.page.evaluate(SCRIPTS) if name.endswith(".js")}


def test_pages_load_what_the_build_counts_and_nothing_else(
    web: WebPage,
    ann: ApiUser,
    ids: dict[str, str],
    budgets: Measurements,
    measurements: Measurements,
) -> None:
    loaded = {name: _load(web, path) for name, path in SIGNED_OUT.items()}
    web.log_in(ann.email)
    loaded |= {name: _load(web, path.format(**ids)) for name, path in SIGNED_IN.items()}
    counted = {name: {*budgets[name]["files"], *budgets[name]["later"]} for name in loaded}
    more = {name: sorted(files - counted[name]) for name, files in loaded.items()}
    assert {name: files for name, files in more.items() if files} == {}
    sizes = {name: budgets[name]["gzip"] for name in loaded}
    measurements["first_load_gzip_bytes"] = sizes
    assert max(sizes.values()) <= 180_000


def test_the_board_of_500_tasks_renders_the_cards_in_sight(
    web: WebPage, ann: ApiUser, ids: dict[str, str], measurements: Measurements
) -> None:
    web.log_in(ann.email)
    _load(web, f"/projects/{ids['project']}/board")
    cards = web.page.locator("[data-task]")
    cards.first.wait_for()
    count, nodes = cards.count(), web.page.evaluate("document.querySelectorAll('*').length")
    shown = cards.evaluate_all("(cards) => cards.map((card) => card.dataset.task)")
    web.page.get_by_role("region", name="To do").locator("ul").evaluate(
        "(list) => list.parentElement.scrollTo(0, list.scrollHeight)"
    )
    web.page.wait_for_function(
        "(shown) => [...document.querySelectorAll('[data-task]')]"
        ".some((card) => !shown.includes(card.dataset.task))",
        arg=shown,
    )
    measurements["board"] = {
        "tasks": TASKS,
        "cards": count,
        "cards_after_scrolling": cards.count(),
        "nodes": nodes,
    }
    assert 8 <= count <= 80
    assert cards.count() <= 80
    assert nodes <= 3000


@pytest.mark.parametrize("page", ["projects", "my tasks", "board", "list", "calendar"])
def test_nothing_moves_while_a_page_loads(
    web: WebPage, ann: ApiUser, ids: dict[str, str], measurements: Measurements, page: str
) -> None:
    web.log_in(ann.email)
    _load(web, SIGNED_IN[page].format(**ids))
    shift = round(web.page.evaluate("window.shift"), 4)
    measurements.setdefault("layout_shift", {})[page] = shift
    assert shift <= 0.01
