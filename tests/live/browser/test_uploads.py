"""Uploads of the web client: drop, paste, progress, cancel, and resume after a reload."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.live.browser.web_pages import PNG, WebPage
from tests.live.support import ApiUser, wait_for

MEGABYTE = 1_000_000
# Larger than what S3 takes as one form.
LARGE = 100 * 1024 * 1024 + 1
FILES = """([name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  return data;
}"""
PASTE = """(data) => document.activeElement.dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: data, bubbles: true }))"""


@pytest.fixture
def task(web: WebPage, ann: ApiUser, project: str) -> str:
    """The path of a task, whose page is open."""
    created = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})
    web.log_in(ann.email)
    web.open(f"/tasks/{created['id']}")
    _area(web).wait_for()
    return f"/tasks/{created['id']}"


def _area(web: WebPage) -> Any:
    return web.page.get_by_role("region", name="Attachments")


def _choose(web: WebPage, path: Path) -> None:
    _area(web).locator("input[type=file]").set_input_files(path)


def _files(web: WebPage, name: str, content_type: str, content: bytes) -> Any:
    """Return a DataTransfer of the page with one file."""
    return web.page.evaluate_handle(FILES, [name, content_type, base64.b64encode(content).decode()])


def _limit_upload(web: WebPage, bytes_per_second: int) -> None:
    """Let the page send so many bytes a second; -1 is without a limit."""
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session = web.page.context.new_cdp_session(web.page)
    session.send(
        "Network.emulateNetworkConditions", limits | {"uploadThroughput": bytes_per_second}
    )


def _list(ann: ApiUser, task: str) -> list[tuple[str, str]]:
    items = ann.request_json("GET", f"{task}/attachments/")["items"]
    return [(item["filename"], item["status"]) for item in items]


def test_a_dropped_picture_is_uploaded_and_shown(web: WebPage, ann: ApiUser, task: str) -> None:
    data = _files(web, "dot.png", "image/png", PNG)
    _area(web).dispatch_event("dragover", {"dataTransfer": data})
    _area(web).dispatch_event("drop", {"dataTransfer": data})
    _area(web).get_by_role("button", name="dot.png", exact=True).wait_for()
    picture = _area(web).locator("img")
    picture.wait_for()
    assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 1
    assert _list(ann, task) == [("dot.png", "ready")]


def test_a_file_is_pasted_while_a_comment_is_written(web: WebPage, ann: ApiUser, task: str) -> None:
    web.page.get_by_label("New comment").focus()
    web.page.evaluate(PASTE, _files(web, "notes.txt", "text/plain", b"Hello"))
    _area(web).get_by_role("button", name="notes.txt", exact=True).wait_for()
    assert _list(ann, task) == [("notes.txt", "ready")]


def test_the_picture_of_a_copied_text_is_not_uploaded(
    web: WebPage, ann: ApiUser, task: str
) -> None:
    web.page.get_by_label("New comment").focus()
    cells = _files(web, "cells.png", "image/png", PNG)
    cells.evaluate("(data) => { data.setData('text/plain', '1'); data.setData('text/html', '1'); }")
    cells.evaluate(PASTE)
    _files(web, "picture.png", "image/png", PNG).evaluate(PASTE)
    wait_for(lambda: _list(ann, task) == [("picture.png", "ready")])


def test_the_browser_asks_before_a_reload_loses_a_file(
    web: WebPage, ann: ApiUser, task: str, tmp_path: Path
) -> None:
    page = web.page
    file = tmp_path / "film.bin"
    file.write_bytes(bytes(MEGABYTE))
    _limit_upload(web, MEGABYTE // 20)
    page.get_by_label("New comment").click()
    _choose(web, file)
    _area(web).get_by_role("button", name="Cancel the upload").wait_for()
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    _limit_upload(web, -1)
    wait_for(lambda: _list(ann, task) == [("film.bin", "ready")])


def test_an_upload_shows_its_progress_goes_on_without_the_panel_and_is_cancelled(
    web: WebPage, ann: ApiUser, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "slow.bin"
    file.write_bytes(b"x" * MEGABYTE)
    _limit_upload(web, MEGABYTE // 20)
    _choose(web, file)
    bar = _area(web).get_by_role("progressbar", name="Uploading slow.bin")
    bar.wait_for()
    shares = wait_for(lambda: [n for n in [float(bar.get_attribute("aria-valuenow"))] if n > 0])
    assert 0 < shares[0] < 100
    web.page.get_by_role("link", name="Back to Launch").click()
    web.page.get_by_role("heading", name="Launch").wait_for()
    web.page.go_back()
    _area(web).get_by_role("button", name="Cancel the upload of slow.bin").click()
    bar.wait_for(state="detached")
    wait_for(lambda: _list(ann, task) == [])


def test_a_failed_upload_is_tried_again(
    web: WebPage, ann: ApiUser, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Hello")
    web.page.route(re.compile("bucket"), lambda route: route.abort())
    _choose(web, file)
    web.page.get_by_role("alert").get_by_text("The upload failed").wait_for()
    web.page.unroute_all()
    _area(web).get_by_role("button", name="Try again").click()
    _area(web).get_by_role("button", name="notes.txt", exact=True).wait_for()
    assert _list(ann, task) == [("notes.txt", "ready")]


@pytest.mark.proof
def test_a_large_upload_is_resumed_after_a_reload_without_the_parts_that_have_arrived(
    web: WebPage, ann: ApiUser, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "film.mp4"
    with file.open("wb") as content:
        content.truncate(LARGE)
    _limit_upload(web, 30 * MEGABYTE)
    _choose(web, file)

    def read_parts() -> set[int]:
        (pending,) = ann.request_json("GET", f"{task}/attachments/")["items"] or [None]
        parts = f"{task}/attachments/{pending['id']}/parts/" if pending else ""
        return {part["number"] for part in ann.request_json("GET", parts)["items"]}

    wait_for(lambda: _list(ann, task))
    wait_for(lambda: len(read_parts()) >= 2)
    web.page.reload()
    _area(web).get_by_text("Interrupted. Choose the same file again").wait_for()
    assert web.find_violations() == []
    arrived, sent = read_parts(), []
    web.page.on(
        "request",
        lambda request: sent.extend(map(int, re.findall(r"partNumber=(\d+)", request.url))),
    )
    _choose(web, file)
    _area(web).get_by_role("button", name="film.mp4", exact=True).wait_for(timeout=60_000)
    assert set(sent) == set(range(1, 14)) - arrived
    assert _list(ann, task) == [("film.mp4", "ready")]
