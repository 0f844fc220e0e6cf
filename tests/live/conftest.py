"""A local cloud of one's own, with the stack deployed to it from the packaged template."""

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from localstack.background import read_cloud_port
from localstack.stack import deploy_local_stack, run_local_cloud
from tests.live.inbox import Inbox, inbox_open
from tests.live.support import EXAMPLES, ON_LOCALSTACK, Deployed

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    """Where the mails of the local cloud arrive, as they are sent."""
    with inbox_open() as inbox:
        yield inbox


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the cloud of one's own keeps on the disk."""
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="session")
def deployed(state: Path, inbox: Inbox) -> Iterator[Deployed]:
    """Our stack: with `CLOUD=localstack` on the LocalStack that answers, else on a cloud of one's
    own. What asks for policies or begins with nothing has a cloud of its own in any case."""
    if ON_LOCALSTACK:
        yield Deployed(deploy_local_stack(read_cloud_port())).ticked_lately()
        return
    with (
        patch.dict(os.environ, SMTP_HOST=inbox.address),
        run_local_cloud(state) as outputs,
    ):
        yield Deployed(outputs).ticked_lately()


@pytest.fixture(scope="session")
def origins() -> Iterator[tuple[str, str]]:
    """Two places that serve the examples' pages; the second is foreign to the strict cloud."""
    handler = partial(_Quiet, directory=str(EXAMPLES))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first, second = (f"http://localhost:{server.server_port}" for server in servers)
    yield first, second
    for server in servers:
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is no place for it."""


@pytest.fixture(scope="session")
def strict(
    tmp_path_factory: pytest.TempPathFactory, origins: tuple[str, str]
) -> Iterator[Deployed]:
    """A cloud that asks each function's policy and the bucket's CORS rules, whose stage knows the
    first origin. The bucket's own policy wants TLS, which is not to be had here."""
    known = {"AllowedOrigins": origins[0]}
    with run_local_cloud(tmp_path_factory.mktemp("strict"), known, enforce_iam=True) as outputs:
        deployed = Deployed(outputs).ticked_lately()
        deployed.client("s3").delete_bucket_policy(Bucket=outputs["bucket"])
        yield deployed


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, Debian's own."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def aws(deployed: Deployed) -> Any:
    """Clients of the local cloud by service name."""
    return deployed.client
