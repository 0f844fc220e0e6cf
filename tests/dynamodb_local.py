"""AWS's own DynamoDB Local, for tests of races and lost responses.

Moto loses updates that run concurrently, and answers a replayed transaction token with a conflict.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.retries.standard import ExponentialBackoff
from moto.core.models import botocore_stubber
from pynamodb.exceptions import TableError

from chalicelib.dynamodb.table import Item
from infra.stage import UserError
from localstack import dynamodb_local

# The lean client, which functions on Lambda use, and botocore's.
TRANSPORTS = ("lean", "botocore")
# What makes the app use the lean client.
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "api"}

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=test/20261101/eu-central-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
# On a busy machine DynamoDB Local may take longer than the two seconds that the app waits.
READ_TIMEOUT_SECONDS = 30
# A new client takes longer than most calls, so each address keeps one for each transport.
_connections: dict[tuple[str, str], Any] = {}

S = TypeVar("S")
Fault = Callable[[str, int], AWSResponse | None]


@contextmanager
def run_dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local for the block and yield its address; skip the test if it is missing."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(dynamodb_local.run_dynamodb_local())
        except UserError as error:
            pytest.skip(str(error))
        yield address


@contextmanager
def use_local_table(address: str, transport: str) -> Iterator[None]:
    """Use an empty table at `address` instead of the one in moto, for the block."""
    key = (address, transport)
    previous, known = Item._connection, _connections.get(key)
    Item._connection, Item.Meta.host = known, address  # type: ignore[attr-defined]
    try:
        with (
            patch.dict(os.environ, LAMBDA if transport == "lean" else {}),
            patch.object(Item.Meta, "read_timeout_seconds", READ_TIMEOUT_SECONDS),
        ):
            Item._get_connection()
        if Item.exists():
            Item.delete_table()
        _create_table()
        if known is None:
            _connections[key] = Item._connection
        if known is None and transport != "lean":
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
        operation = read_operation(request)
        response = self._fault(operation, self.requests) or self._session.send(request)
        if self.requests == self._lost_response:
            raise ReadTimeoutError(endpoint_url=request.url)
        return response


def build_response(status: int, code: str, **body: Any) -> AWSResponse:
    """Return a response of DynamoDB; `code` is the code of an error."""
    headers = {"content-type": "application/x-amz-json-1.0"}
    response = AWSResponse("https://dynamodb.example", status, headers, None)
    response._content = json.dumps({"__type": f"com.amazonaws#{code}", **body}).encode()
    return response


def build_conflict() -> AWSResponse:
    """Return the response to a transaction that conflicts with another one."""
    reasons = [{"Code": "TransactionConflict", "Message": "ongoing"}, {"Code": "None"}]
    return build_response(400, "TransactionCanceledException", CancellationReasons=reasons)


def read_operation(request: Any) -> str:
    """Return the name of the operation that an HTTP request to DynamoDB calls."""
    header: str | bytes = request.headers["X-Amz-Target"]
    return (header.decode() if isinstance(header, bytes) else header).rpartition(".")[2]


def _no_fault(_operation: str, _number: int) -> None:
    return None


@contextmanager
def faulty_connection(
    fault: Fault = _no_fault, lost_response: int = 0
) -> Iterator[FaultyConnection]:
    """Send all requests to DynamoDB through a `FaultyConnection` for the block."""
    with use_session(lambda session: FaultyConnection(session, fault, lost_response)) as faulty:
        yield faulty


@contextmanager
def use_session(wrap: Callable[[Any], S]) -> Iterator[S]:
    """Send all requests to DynamoDB through what `wrap` makes of the HTTP session, for the block.

    Botocore retries without a delay.
    """
    client: Any = Item._get_connection().connection.client
    transport = client if hasattr(client, "http_session") else client._endpoint
    session = transport.http_session
    transport.http_session = wrapped = wrap(session)
    try:
        with patch.object(ExponentialBackoff, "delay_amount", return_value=0):
            yield wrapped
    finally:
        transport.http_session = session
