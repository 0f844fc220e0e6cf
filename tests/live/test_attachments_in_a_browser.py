"""The example page in headless Chromium, from an origin of its own: what it does shows that API and
bucket let a browser in that comes from elsewhere, and only from where the stage says."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import deploy
from infra.stage import LOCAL, ROOT, load
from localstack import cloud
from localstack.server import Server
from localstack.stack import aimed_at, local_cloud
from tests.live.support import PASSWORD, Deployed, Visitor

EXAMPLES = ROOT / "docs" / "examples"
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
MIB = 1024 * 1024

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is no place for it."""


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[str, str]]:
    """Two places that serve the page."""
    handler = partial(_Quiet, directory=str(EXAMPLES))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first, second = (f"http://localhost:{server.server_port}" for server in servers)
    yield first, second
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, origins: tuple[str, str]) -> Iterator[Deployed]:
    """A cloud that asks the bucket's CORS rules (it does so with policies only), whose stage knows
    the first origin; before it the API server of `make run`, because the cloud's gateway answers a
    browser's preflight itself."""
    with local_cloud(tmp_path_factory.mktemp("browser"), enforce_iam=True) as outputs:
        with aimed_at(outputs["aws_endpoint"]):
            deploy.deploy(load(LOCAL, {"AllowedOrigins": origins[0]}))
            boto3.client("s3").delete_bucket_policy(Bucket=outputs["bucket"])  # it wants TLS
        port = cloud.free_port()
        server = Server(port, outputs)
        server.start()
        try:
            assert server.wait_until_ready(seconds=120)
            yield Deployed({**outputs, "gateway_api_url": f"http://localhost:{port}/api"})
        finally:
            server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def ann(ours: Deployed) -> Visitor:
    return ours.visitor("ann").signs_up()


@pytest.fixture
def task(ann: Visitor) -> str:
    project = ann.must("POST", "/projects/", {"name": "x"})["id"]
    return str(ann.must("POST", "/tasks/", {"project": project, "title": "x"})["id"])


def _opened(browser: Any, origin: str, ann: Visitor) -> Any:
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
    browser: Any, origins: tuple[str, str], ann: Visitor, task: str, tmp_path: Path
) -> None:
    from tests.live.test_thin_path import _png

    file = tmp_path / "Plän.png"
    file.write_bytes(_png())
    page = _opened(browser, origins[0], ann)
    _uploads(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')")
    assert page.eval_on_selector("#progress", "bar => bar.value") == 1
    page.wait_for_function("document.querySelector('img')?.naturalWidth === 1")
    (item,) = ann.must("GET", f"/tasks/{task}/attachments/")["items"]
    assert (item["filename"], item["status"], item["picture"]) == (
        "Plän.png",
        "ready",
        "image/png",
    )
    assert ann.downloads(task, item["id"]).content == _png()
    page.close()


def test_a_large_file_goes_on_after_the_page_was_closed(
    browser: Any, origins: tuple[str, str], ann: Visitor, task: str, tmp_path: Path
) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(b"".join(bytes([number]) * MIB for number in range(101)))
    page = _opened(browser, origins[0], ann)
    page.wait_for_selector("#upload", state="visible")
    _uploads(page, task, file)
    page.wait_for_function("document.getElementById('progress').value > 0.2")
    page.close()
    (item,) = ann.must("GET", f"/tasks/{task}/attachments/")["items"]
    path = f"/tasks/{task}/attachments/{item['id']}/parts/"
    there = {part["number"] for part in ann.must("GET", path)["items"]}
    assert 0 < len(there) < 13
    page, sent = _opened(browser, origins[0], ann), []
    page.on("request", lambda request: sent.append(request.method))
    _uploads(page, task, file)
    page.wait_for_selector("#status:text('Uploaded.')", timeout=60_000)
    assert sent.count("PUT") == 13 - len(there)
    (item,) = ann.must("GET", f"/tasks/{task}/attachments/")["items"]
    assert item["status"] == "ready"
    page.close()


def test_a_page_from_an_unknown_origin_is_kept_out(
    browser: Any, origins: tuple[str, str], ann: Visitor
) -> None:
    page = _opened(browser, origins[1], ann)
    page.wait_for_selector("#status:text('Failed')")
    assert page.is_hidden("#upload")
    page.close()


def test_the_bucket_asks_for_the_origin_too(
    browser: Any, origins: tuple[str, str], ann: Visitor, task: str
) -> None:
    """Sending with a progress bar makes the browser ask first, and the bucket says no."""
    body = {"filename": "a", "content_type": "text/plain", "size": 5}
    form = ann.must("POST", f"/tasks/{task}/attachments/", body)["upload"]
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
