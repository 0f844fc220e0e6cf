"""Fixtures of live tests: a local cloud with the stack deployed from the packaged template."""

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
from tests.live.inbox import Inbox, run_inbox
from tests.live.support import EXAMPLES, ON_LOCALSTACK, Deployment

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def inbox() -> Iterator[Inbox]:
    """The SMTP server that receives the emails of the local cloud."""
    with run_inbox() as inbox:
        yield inbox


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the local cloud of the tests keeps its state."""
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="session")
def deployment(state_dir: Path, inbox: Inbox) -> Iterator[Deployment]:
    """The stack: with `CLOUD=localstack` on the running LocalStack, else on a new local cloud.

    Tests of policies and of deployments start further local clouds in any case.
    """
    if ON_LOCALSTACK:
        yield Deployment(deploy_local_stack(read_cloud_port())).set_watermarks()
        return
    with (
        patch.dict(os.environ, SMTP_HOST=inbox.address),
        run_local_cloud(state_dir) as outputs,
    ):
        yield Deployment(outputs).set_watermarks()


@pytest.fixture(scope="session")
def origins() -> Iterator[tuple[str, str]]:
    """Two servers of the example pages; the strict deployment allows only the first origin."""
    handler = partial(_QuietHandler, directory=str(EXAMPLES))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    first, second = (f"http://localhost:{server.server_port}" for server in servers)
    yield first, second
    for server in servers:
        server.shutdown()
        server.server_close()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing: requests do not belong in the output of the tests."""


@pytest.fixture(scope="session")
def strict_deployment(
    tmp_path_factory: pytest.TempPathFactory, origins: tuple[str, str]
) -> Iterator[Deployment]:
    """A stack on a local cloud that enforces the functions' policies and the bucket's CORS rules.

    The stage allows the first origin. The policies of the bucket and of the queues of live events
    and webhooks are deleted, because they require TLS, which the local cloud does not have.
    """
    parameters = {"AllowedOrigins": origins[0]}
    with run_local_cloud(
        tmp_path_factory.mktemp("strict"), parameters, enforce_iam=True
    ) as outputs:
        deployment = Deployment(outputs).set_watermarks()
        deployment.client("s3").delete_bucket_policy(Bucket=outputs["bucket"])
        function = deployment.client("lambda").get_function_configuration(
            FunctionName=outputs["functions"]["FollowChanges"]
        )
        for name in ("LIVE_EVENTS_URL", "WEBHOOK_DELIVERIES_URL"):
            queue = function["Environment"]["Variables"][name]
            deployment.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
        yield deployment


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium from a Debian package; chromium-headless-shell needs less CPU time."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium-headless-shell or chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def aws_client(deployment: Deployment) -> Any:
    """Return a boto3 client of the local cloud: `aws_client("s3")`."""
    return deployment.client
