"""The files of the web client, as the API server of `make run` serves them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from chalice.test import Client

from infra.packaging.package import package
from infra.stage import LOCAL, load_stage
from infra.template import read_template
from localstack.gateway import read_gateway_responses
from localstack.request_handler import RequestHandler
from localstack.static_files import StaticFiles, read_client_headers
from tests.live_server import run_app_server

STORAGE, LIVE = "http://localhost:4566", "ws://localhost:4567"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "build" / "assets").mkdir(parents=True)
    (tmp_path / "build" / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "build" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "build" / "assets" / "index-1a2b.js").write_text("run()")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "build"


@pytest.fixture(scope="session")
def security() -> dict[str, str]:
    """The security headers of the local stage."""
    return read_client_headers(read_template(package(load_stage(LOCAL))), STORAGE, LIVE)


@pytest.fixture
def files(folder: Path, security: dict[str, str]) -> StaticFiles:
    return StaticFiles(folder, security)


@pytest.fixture
def address(client: Client, files: StaticFiles) -> Iterator[str]:
    class Handler(RequestHandler):
        timeout = 5

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    handler = partial(Handler, read_gateway_responses(load_stage(LOCAL)), client=files)
    with run_app_server(handler) as address:
        yield address


def test_every_page_of_the_client_is_the_same_file(files: StaticFiles) -> None:
    for path in ("/", "/index.html", "/login", "/projects/1/board", "/tasks/WEB-1", "/api-docs"):
        file = files.find(path)
        assert file is not None and file.content.startswith(b"<!doctype html>"), path
        assert file.headers["Cache-Control"] == "no-cache"
        assert file.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_file_with_a_hash_in_its_name_is_cached_forever(files: StaticFiles) -> None:
    file = files.find("/assets/index-1a2b.js")
    assert file is not None and file.content == b"run()"
    assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert file.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/assets/index-0000.js", "/assets/none", "/robots.txt"])
def test_a_file_that_does_not_exist_is_not_answered_with_the_page(
    files: StaticFiles, path: str
) -> None:
    assert files.find(path) is None


def test_without_a_build_there_are_no_pages(tmp_path: Path) -> None:
    assert StaticFiles(tmp_path / "nowhere", {}).find("/") is None


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "//secret.txt", "/a\0b"])
def test_no_path_leads_out_of_the_folder(files: StaticFiles, path: str) -> None:
    file = files.find(path)
    assert file is None or b"secret" not in file.content


def test_pages_run_only_scripts_of_their_own_origin(files: StaticFiles) -> None:
    file = files.find("/")
    assert file is not None
    policy = dict(
        directive.split(" ", 1) for directive in file.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == f"'self' {STORAGE} {LIVE}"


def test_the_server_answers_pages_and_the_api_at_one_address(address: str) -> None:
    page = requests.get(f"{address}/projects/1/board?task=WEB-1", timeout=30)
    assert page.status_code == 200 and "<title>page</title>" in page.text
    assert requests.get(f"{address}/api/health", timeout=30).json() == {"status": "ok"}


def test_an_unknown_path_of_the_api_is_not_a_page(address: str) -> None:
    response = requests.get(f"{address}/api/nothing", timeout=30)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_missing_file_is_a_404(address: str) -> None:
    assert requests.get(f"{address}/assets/old-0000.js", timeout=30).status_code == 404


def test_head_has_the_headers_of_the_page_without_its_body(address: str, folder: Path) -> None:
    response = requests.head(f"{address}/login", timeout=30)
    length = (folder / "index.html").stat().st_size
    assert (response.headers["Content-Length"], response.content) == (str(length), b"")
