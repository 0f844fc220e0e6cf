"""Fixtures of the web client in Chromium, on a local cloud."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.web_client import build_client
from localstack.server import run_api_server
from tests.live.browser.web_pages import WebPage, open_page
from tests.live.support import ApiUser, Deployment


@pytest.fixture(scope="module")
def web_deployment(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment behind the API server of `make run`, which also serves the web client."""
    build_client()
    with run_api_server(deployment.outputs) as address:
        yield Deployment({**deployment.outputs, "gateway_api_url": address})


@pytest.fixture(scope="module")
def address(web_deployment: Deployment) -> str:
    """The origin of the web client."""
    web_deployment.forget_attempts()
    return str(web_deployment.outputs["gateway_api_url"]).removesuffix("/api")


@pytest.fixture
def web(browser: Any, address: str) -> Iterator[WebPage]:
    """An empty page for the web client."""
    with open_page(browser, address) as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(web_deployment: Deployment) -> ApiUser:
    """A user with an account."""
    return web_deployment.forget_attempts().new_user("ann").sign_up()


@pytest.fixture
def project(ann: ApiUser) -> str:
    """The id of a project of `ann`."""
    return str(ann.request_json("POST", "/projects/", {"name": "Launch"})["id"])
