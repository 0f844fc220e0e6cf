"""The example page in headless Chromium, served from another origin than the API.

The tests show that API and bucket accept requests of a browser from the origins of the stage only.
"""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localstack.server import run_api_server
from tests.live.support import PASSWORD, ApiUser, Deployment

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server_deployment(strict_deployment: Deployment) -> Iterator[Deployment]:
    """The strict deployment behind the API server of `make run`.

    The gateway of the local cloud would answer preflight requests itself.
    """
    with run_api_server(strict_deployment.outputs) as address:
        yield Deployment({**strict_deployment.outputs, "gateway_api_url": address})


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """One page for all addresses, because a new page takes longer than a navigation."""
    page = browser.new_page()
    page.download_file = []
    page.on("download", lambda download: page.download_file.append(download))
    yield page
    page.close()


@pytest.fixture(scope="module")
def ann(server_deployment: Deployment) -> ApiUser:
    return server_deployment.new_user("ann").sign_up()


@pytest.fixture(scope="module")
def project(ann: ApiUser) -> str:
    return str(ann.request_json("POST", "/projects/", {"name": "x"})["id"])


@pytest.fixture
def task(ann: ApiUser, project: str) -> str:
    return str(ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})["id"])


def _open_page(browser: Any, origin: str, ann: ApiUser) -> Any:
    """Open the example page from `origin`, log in, and return the page."""
    page = browser.new_page()
    page.goto(f"{origin}/upload.html")
    page.fill("#api", ann.api_url)
    page.fill("#email", ann.email)
    page.fill("#password", PASSWORD)
    page.click("#login button")
    return page


def _upload_in_page(page: Any, task: str, file: Path) -> None:
    page.fill("#task", task)
    page.set_input_files("#file", str(file))
    page.click("#upload button")


def test_a_page_of_an_allowed_origin_uploads_an_image_and_shows_it(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str, tmp_path: Path
) -> None:
    from tests.live.test_main_path import make_png

    file = tmp_path / "Plän.png"
    file.write_bytes(make_png())
    page = _open_page(browser, origins[0], ann)
    _upload_in_page(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')")
    assert page.eval_on_selector("#progress", "bar => bar.value") == 1
    page.wait_for_function("document.querySelector('img')?.naturalWidth === 1")
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert (item["filename"], item["status"], item["picture"]) == (
        "Plän.png",
        "ready",
        "image/png",
    )
    assert ann.download_file(task, item["id"]).content == make_png()
    page.close()


def test_the_upload_of_a_large_file_continues_after_the_page_was_closed(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(b"".join(bytes([number]) * MIB for number in range(101)))
    page = _open_page(browser, origins[0], ann)
    page.wait_for_selector("#upload", state="visible")
    _upload_in_page(page, task, file)
    page.wait_for_function("document.getElementById('progress').value > 0.2")
    page.close()
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    path = f"/tasks/{task}/attachments/{item['id']}/parts/"
    uploaded = {part["number"] for part in ann.request_json("GET", path)["items"]}
    assert 0 < len(uploaded) < 13
    page, sent = _open_page(browser, origins[0], ann), []
    page.on("request", lambda request: sent.append(request.method))
    _upload_in_page(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')", timeout=60_000)
    assert sent.count("PUT") == 13 - len(uploaded)
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert item["status"] == "ready"
    page.close()


def test_a_page_of_an_unknown_origin_is_refused(
    browser: Any, origins: tuple[str, str], ann: ApiUser
) -> None:
    page = _open_page(browser, origins[1], ann)
    page.wait_for_selector("#status:text('Failed')")
    assert page.is_hidden("#upload")
    page.close()


def test_the_bucket_refuses_an_unknown_origin(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str
) -> None:
    """The upload reports progress, so that the browser sends a preflight request to the bucket."""
    body = {"filename": "a", "content_type": "text/plain", "size": 5}
    form = ann.request_json("POST", f"/tasks/{task}/attachments/", body)["upload"]
    assert [_can_send(browser, origin, form) for origin in origins] == [True, False]


def _can_send(browser: Any, origin: str, form: dict[str, Any]) -> bool:
    """Return whether the page from `origin` can post a form to the bucket with its `send`."""
    page = browser.new_page()
    page.goto(f"{origin}/upload.html")
    sent = page.evaluate(
        """({ url, fields }) => {
          const data = new FormData();
          for (const [name, value] of Object.entries(fields)) data.append(name, value);
          data.append("file", new Blob(["bytes"]));
          return send("POST", url, data, () => {}).then(() => true, () => false);
        }""",
        form,
    )
    page.close()
    return bool(sent)


SCRIPT_BODY = b"document.title='ran';fetch('/ran')"
SCRIPT = b"<script>" + SCRIPT_BODY + b"</script>"
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAkQBADs=")
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n" + SCRIPT
ACTIVE = {
    "page.html": ("text/html", b"<!doctype html>" + SCRIPT),
    "page.png": ("image/png", b"<!doctype html>" + SCRIPT),
    "image.svg": (
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
    ),
    "page.xhtml": (
        "application/xhtml+xml",
        b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
    ),
    "page.xml": (
        "text/xml",
        b'<x:script xmlns:x="http://www.w3.org/1999/xhtml">' + SCRIPT_BODY + b"</x:script>",
    ),
    "paper.pdf": ("application/pdf", PDF),
    "script.js": ("text/javascript", SCRIPT_BODY),
}
POLYGLOTS = {
    "gif.html": ("text/html", GIF + SCRIPT),
    "gif.js": ("text/javascript", b"GIF89a=1;" + SCRIPT_BODY + b"//" + SCRIPT),
    "png.svg": ("image/svg+xml", b"\x89PNG\r\n\x1a\n" + SCRIPT),
    "jpg.html": ("text/html", b"\xff\xd8\xff\xe0" + SCRIPT),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_active_content_is_downloaded(tab: Any, ann: ApiUser, task: str, name: str) -> None:
    for url in _upload_and_get_links(ann, task, name, *ACTIVE[name]):
        assert _open_url(tab, url) == {"downloaded": True, "ran": False}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_polyglot_is_downloaded_or_shown_as_an_image(
    tab: Any, ann: ApiUser, task: str, name: str
) -> None:
    opaque, inline = _upload_and_get_links(ann, task, name, *POLYGLOTS[name])
    assert _open_url(tab, opaque) == {"downloaded": True, "ran": False}
    assert _open_url(tab, inline) == {"downloaded": False, "ran": False}


def test_a_script_that_runs_is_detected(tab: Any) -> None:
    """Without this, the two tests above could pass although scripts run."""
    assert _open_url(tab, f"data:text/html,{SCRIPT.decode()}") == {
        "downloaded": False,
        "ran": True,
    }


def _upload_and_get_links(
    ann: ApiUser, task: str, name: str, content_type: str, body: bytes
) -> list[str]:
    """Upload a file; return its download link and its inline link."""
    attachment, stored = ann.upload_file(task, name, content_type, body)
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    assert stored.ok and ann.request_json("POST", f"{path}/complete/")["status"] == "ready"
    queries = ("", "?inline=true")
    return [ann.request_json("GET", f"{path}/download/{query}")["url"] for query in queries]


def _open_url(tab: Any, url: str) -> dict[str, bool]:
    """Open a URL; return whether it was downloaded and whether a script ran."""
    from playwright.sync_api import Error

    tab.download_file.clear()
    tab.evaluate("document.title = ''")
    with suppress(Error):  # Playwright raises when a navigation becomes a download
        tab.goto(url)
    tab.wait_for_timeout(200)
    return {"downloaded": bool(tab.download_file), "ran": tab.title() == "ran"}
