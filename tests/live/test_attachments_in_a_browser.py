"""The example page in headless Chromium, from an origin of its own: what it does shows that API and
bucket let a browser in that comes from elsewhere, and only from where the stage says."""

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
def ours(strict_deployment: Deployment) -> Iterator[Deployment]:
    """The strict cloud, and before it the API server of `make run`, because the cloud's gateway
    answers a browser's preflight itself."""
    with run_api_server(strict_deployment.outputs) as address:
        yield Deployment({**strict_deployment.outputs, "gateway_api_url": address})


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """One for all addresses that are opened: to make a window costs more than to load a page."""
    page = browser.new_page()
    page.download_file = []
    page.on("download", lambda download: page.download_file.append(download))
    yield page
    page.close()


@pytest.fixture(scope="module")
def ann(ours: Deployment) -> ApiUser:
    return ours.new_user("ann").sign_up()


@pytest.fixture(scope="module")
def project(ann: ApiUser) -> str:
    return str(ann.request_json("POST", "/projects/", {"name": "x"})["id"])


@pytest.fixture
def task(ann: ApiUser, project: str) -> str:
    return str(ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})["id"])


def _opened(browser: Any, origin: str, ann: ApiUser) -> Any:
    """The page, after somebody logged in."""
    page = browser.new_page()
    page.goto(f"{origin}/upload.html")
    page.fill("#api", ann.api_url)
    page.fill("#email", ann.email)
    page.fill("#password", PASSWORD)
    page.click("#login button")
    return page


def _uploads(page: Any, task: str, file: Path) -> None:
    page.fill("#task", task)
    page.set_input_files("#file", str(file))
    page.click("#upload button")


def test_a_page_from_elsewhere_uploads_a_picture_and_shows_it(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str, tmp_path: Path
) -> None:
    from tests.live.test_main_path import _png

    file = tmp_path / "Plän.png"
    file.write_bytes(_png())
    page = _opened(browser, origins[0], ann)
    _uploads(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')")
    assert page.eval_on_selector("#progress", "bar => bar.value") == 1
    page.wait_for_function("document.querySelector('img')?.naturalWidth === 1")
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert (item["filename"], item["status"], item["picture"]) == (
        "Plän.png",
        "ready",
        "image/png",
    )
    assert ann.download_file(task, item["id"]).content == _png()
    page.close()


def test_a_large_file_goes_on_after_the_page_was_closed(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(b"".join(bytes([number]) * MIB for number in range(101)))
    page = _opened(browser, origins[0], ann)
    page.wait_for_selector("#upload", state="visible")
    _uploads(page, task, file)
    page.wait_for_function("document.getElementById('progress').value > 0.2")
    page.close()
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    path = f"/tasks/{task}/attachments/{item['id']}/parts/"
    there = {part["number"] for part in ann.request_json("GET", path)["items"]}
    assert 0 < len(there) < 13
    page, sent = _opened(browser, origins[0], ann), []
    page.on("request", lambda request: sent.append(request.method))
    _uploads(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')", timeout=60_000)
    assert sent.count("PUT") == 13 - len(there)
    (item,) = ann.request_json("GET", f"/tasks/{task}/attachments/")["items"]
    assert item["status"] == "ready"
    page.close()


def test_a_page_from_an_unknown_origin_is_kept_out(
    browser: Any, origins: tuple[str, str], ann: ApiUser
) -> None:
    page = _opened(browser, origins[1], ann)
    page.wait_for_selector("#status:text('Failed')")
    assert page.is_hidden("#upload")
    page.close()


def test_the_bucket_asks_for_the_origin_too(
    browser: Any, origins: tuple[str, str], ann: ApiUser, task: str
) -> None:
    """Sending with a progress bar makes the browser ask first, and the bucket says no."""
    body = {"filename": "a", "content_type": "text/plain", "size": 5}
    form = ann.request_json("POST", f"/tasks/{task}/attachments/", body)["upload"]
    assert [_sends(browser, origin, form) for origin in origins] == [True, False]


def _sends(browser: Any, origin: str, form: dict[str, Any]) -> bool:
    """Whether the page from `origin` gets the form to the bucket, with the page's own function."""
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


RUNS = b"document.title='ran';fetch('/ran')"
SCRIPT = b"<script>" + RUNS + b"</script>"
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
        b'<x:script xmlns:x="http://www.w3.org/1999/xhtml">' + RUNS + b"</x:script>",
    ),
    "paper.pdf": ("application/pdf", PDF),
    "script.js": ("text/javascript", RUNS),
}
POLYGLOTS = {
    "gif.html": ("text/html", GIF + SCRIPT),
    "gif.js": ("text/javascript", b"GIF89a=1;" + RUNS + b"//" + SCRIPT),
    "png.svg": ("image/svg+xml", b"\x89PNG\r\n\x1a\n" + SCRIPT),
    "jpg.html": ("text/html", b"\xff\xd8\xff\xe0" + SCRIPT),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_could_run_is_downloaded(tab: Any, ann: ApiUser, task: str, name: str) -> None:
    for url in _addresses(ann, task, name, *ACTIVE[name]):
        assert _opens(tab, url) == {"downloaded": True, "ran": False}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_polyglot_is_downloaded_or_shown_as_a_picture(
    tab: Any, ann: ApiUser, task: str, name: str
) -> None:
    opaque, inline = _addresses(ann, task, name, *POLYGLOTS[name])
    assert _opens(tab, opaque) == {"downloaded": True, "ran": False}
    assert _opens(tab, inline) == {"downloaded": False, "ran": False}


def test_the_browser_would_have_told_of_a_script(tab: Any) -> None:
    """What the two tests above look for does happen where a script runs."""
    assert _opens(tab, f"data:text/html,{SCRIPT.decode()}") == {
        "downloaded": False,
        "ran": True,
    }


def _addresses(ann: ApiUser, task: str, name: str, kind: str, body: bytes) -> list[str]:
    """Of the download and of the picture that it may be."""
    attachment, stored = ann.upload_file(task, name, kind, body)
    path = f"/tasks/{task}/attachments/{attachment['id']}"
    assert stored.ok and ann.request_json("POST", f"{path}/complete/")["status"] == "ready"
    queries = ("", "?inline=true")
    return [ann.request_json("GET", f"{path}/download/{query}")["url"] for query in queries]


def _opens(tab: Any, url: str) -> dict[str, bool]:
    """What becomes of the address as a person opens it."""
    from playwright.sync_api import Error

    tab.download_file.clear()
    tab.evaluate("document.title = ''")
    with suppress(Error):  # so it calls an address that is downloaded
        tab.goto(url)
    tab.wait_for_timeout(200)
    return {"downloaded": bool(tab.download_file), "ran": tab.title() == "ran"}
