"""The lean client compared with botocore's: the same calls, with faults on real sockets."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.retries.standard import ExponentialBackoff
from botocore.session import get_session
from moto.core.models import botocore_stubber

from chalicelib import settings
from chalicelib.dynamodb.table import Item
from chalicelib.dynamodb.transport.lean_client import (
    DYNAMODB,
    LeanClient,
    create_lean_client,
)
from chalicelib.dynamodb.transport.response_parser import read_plain_json
from tests.dynamodb_local import LAMBDA, TRANSPORTS
from tests.faulty_server import Fault, build_response, run_faulty_server

pytestmark = [
    pytest.mark.usefixtures("local_table"),
    pytest.mark.parametrize("transport", TRANSPORTS, indirect=True),
]

# Long enough for a busy machine; the tests of late responses wait for less.
READ_SECONDS, SHORT_READ_SECONDS = 10, 1
KEY = {"PK": {"S": "A"}, "SK": {"S": "B"}}
PUT = {
    "TableName": settings.TABLE_NAME,
    "Item": {
        **KEY,
        "text": {"S": 'é\u2028"\\'},
        "n": {"N": "1.5"},
        "list": {"L": [{"NULL": True}]},
    },
    "ConditionExpression": "attribute_not_exists(PK)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
GET = {"TableName": settings.TABLE_NAME, "Key": KEY, "ConsistentRead": True}
CREATE = {"TransactItems": [{"Put": PUT}]}


@contextmanager
def open_client(url: str, transport: str, read_seconds: float = READ_SECONDS) -> Iterator[Any]:
    """Yield a client of that transport, configured as the app's except for the read timeout."""
    if transport == "lean":
        with patch.dict(os.environ, LAMBDA):
            options = {"url": url, "connect_timeout": 1, "read_timeout": read_seconds}
            lean: Any = create_lean_client(DYNAMODB, settings.REGION, max_attempts=3, **options)
        yield lean
        if lean is not None:
            lean.close()
        return
    session = get_session()
    read_plain_json(session)
    config = Config(
        connect_timeout=1,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 3, "mode": "standard"},
        parameter_validation=False,
    )
    client = session.create_client("dynamodb", settings.REGION, endpoint_url=url, config=config)
    client.meta.events.unregister("before-send", botocore_stubber)
    with closing(client):
        yield client


def attempt(client: Any, operation: str, params: dict[str, Any]) -> Any:
    """Call the operation without pauses between retries; return the response or the exception."""
    with patch.object(ExponentialBackoff, "delay_amount", return_value=0):
        try:
            return client._make_api_call(operation, deepcopy(params))
        except (BotoCoreError, ClientError) as error:
            return error


def call_through(
    fault: Fault,
    address: str,
    transport: str,
    operation: str,
    params: dict[str, Any],
    read_seconds: float = READ_SECONDS,
) -> tuple[Any, int]:
    """Call the operation through a faulty server; return the outcome and the number of sends."""
    with run_faulty_server(address, fault) as server:
        with open_client(server.url, transport, read_seconds) as client:
            outcome = attempt(client, operation, params)
        return outcome, len(server.requests)


def first_only(damage: Callable[[bytes], bytes | None]) -> Fault:
    """Return the fault that damages only the first response."""
    return lambda number, response: damage(response) if number == 1 else response


def answer(status: int, code: str, **body: Any) -> bytes:
    content = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **body})
    return build_response(content.encode(), status)


def be_late(response: bytes) -> bytes:
    time.sleep(SHORT_READ_SECONDS + 0.3)
    return response


def lose(_response: bytes) -> None:
    return None


def test_the_setting_chooses_the_transport_of_the_app(transport: str) -> None:
    client: Any = Item._get_connection().connection.client
    kinds = {"lean": LeanClient, "botocore": BaseClient}
    assert isinstance(client, kinds[transport])


def test_with_a_proxy_there_is_no_lean_client(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with open_client("http://dynamodb.example", transport) as client:
        assert not isinstance(client, LeanClient)


def test_the_trace_of_lambda_is_passed_on(
    dynamodb_local_address: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "api")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793")
    with (
        run_faulty_server(dynamodb_local_address, lambda _, response: response) as server,
        open_client(server.url, transport) as client,
    ):
        attempt(client, "GetItem", GET)
        (headers,) = server.headers
    assert headers["x-amzn-trace-id"] == "Root=1-5759e988-bd862e3fe1be46a994272793"


LOST_RESPONSES = {"dropped": lose, "late": be_late}
WAITS = {"dropped": READ_SECONDS, "late": SHORT_READ_SECONDS}


@pytest.mark.parametrize("name", LOST_RESPONSES)
def test_a_transaction_whose_response_is_lost_is_repeated_with_its_token(
    dynamodb_local_address: str, transport: str, name: str
) -> None:
    fault = first_only(LOST_RESPONSES[name])
    with (
        run_faulty_server(dynamodb_local_address, fault) as server,
        open_client(server.url, transport, WAITS[name]) as client,
    ):
        created = attempt(client, "TransactWriteItems", CREATE)
        first, *repeated = server.requests
    assert created["ResponseMetadata"]["RetryAttempts"] == len(repeated) >= 1
    assert json.loads(first)["ClientRequestToken"]
    assert set(repeated) == {first}


@pytest.mark.parametrize("name", LOST_RESPONSES)
def test_a_write_without_a_token_is_repeated_and_then_fails(
    dynamodb_local_address: str, transport: str, name: str
) -> None:
    fault = first_only(LOST_RESPONSES[name])
    outcome, sends = call_through(
        fault, dynamodb_local_address, transport, "PutItem", PUT, WAITS[name]
    )
    assert outcome.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert sends == 2


@pytest.mark.parametrize(
    ("name", "error"), [("dropped", "ConnectionClosedError"), ("late", "ReadTimeoutError")]
)
def test_responses_that_stay_lost_raise_after_three_sends(
    dynamodb_local_address: str, transport: str, name: str, error: str
) -> None:
    fault = LOST_RESPONSES[name]
    outcome, sends = call_through(
        lambda _, response: fault(response),
        dynamodb_local_address,
        transport,
        "GetItem",
        GET,
        WAITS[name],
    )
    assert (type(outcome).__name__, sends) == (error, 3)


# For each error: status, code, name of the exception, and how often the request is sent.
ERRORS = [
    (500, "InternalServerError", "InternalServerError", 3),
    (503, "ServiceUnavailable", "ClientError", 3),
    (400, "ThrottlingException", "ThrottlingException", 3),
    (
        400,
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceededException",
        3,
    ),
    (400, "RequestLimitExceeded", "RequestLimitExceeded", 3),
    (400, "TransactionInProgressException", "TransactionInProgressException", 3),
    (400, "TransactionConflictException", "TransactionConflictException", 1),
    (400, "ConditionalCheckFailedException", "ConditionalCheckFailedException", 1),
    (400, "IdempotentParameterMismatchException", "IdempotentParameterMismatchException", 1),
    (400, "ValidationException", "ClientError", 1),
    (413, "RequestEntityTooLarge", "ClientError", 1),
    (429, "Unknown", "ClientError", 3),
]


def test_errors_are_raised_and_retried_alike(dynamodb_local_address: str, transport: str) -> None:
    outcomes = []
    for status, code, kind, _ in ERRORS:
        bad = answer(status, code, message="why")
        error, sends = call_through(
            lambda *_, bad=bad: bad, dynamodb_local_address, transport, "TransactWriteItems", CREATE
        )
        metadata = error.response["ResponseMetadata"]
        assert error.response["Error"]["Message"] == "why"
        assert metadata["RetryAttempts"] == sends - 1
        # The lean client knows no model, so it raises no subclasses.
        name = type(error).__name__ if transport != "lean" else kind
        assert isinstance(error, ClientError)
        outcomes.append((metadata["HTTPStatusCode"], error.response["Error"]["Code"], name, sends))
    assert outcomes == ERRORS


@pytest.mark.parametrize("content", [b"", b"<html>Bad Gateway</html>", b"no JSON"])
def test_an_error_of_a_proxy_is_retried(
    dynamodb_local_address: str, transport: str, content: bytes
) -> None:
    bad = first_only(lambda _: build_response(content, 502))
    outcome, sends = call_through(bad, dynamodb_local_address, transport, "GetItem", GET)
    assert (outcome["ResponseMetadata"]["RetryAttempts"], sends) == (1, 2)


def test_a_failed_condition_has_the_item_and_the_reasons(
    dynamodb_local_address: str, transport: str
) -> None:
    with open_client(dynamodb_local_address, transport) as client:
        attempt(client, "PutItem", PUT)
        single = attempt(client, "PutItem", PUT)
        cancelled = attempt(client, "TransactWriteItems", CREATE)
    assert single.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert single.response["Item"] == PUT["Item"]
    assert cancelled.response["Error"]["Code"] == "TransactionCanceledException"
    (reason,) = cancelled.response["CancellationReasons"]
    assert (reason["Code"], reason["Item"]) == ("ConditionalCheckFailed", PUT["Item"])


def test_what_is_written_is_read(dynamodb_local_address: str, transport: str) -> None:
    with open_client(dynamodb_local_address, transport) as client:
        attempt(client, "PutItem", PUT)
        read = attempt(client, "GetItem", GET)
    metadata = read["ResponseMetadata"]
    assert read["Item"] == PUT["Item"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, 0)
    assert metadata["RequestId"]
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]


def test_other_operations_are_as_usual(dynamodb_local_address: str, transport: str) -> None:
    with open_client(dynamodb_local_address, transport) as client:
        response = attempt(client, "DescribeTable", {"TableName": settings.TABLE_NAME})
    assert response["Table"]["TableName"] == settings.TABLE_NAME


def test_a_connection_is_kept(dynamodb_local_address: str, transport: str) -> None:
    with (
        run_faulty_server(dynamodb_local_address, lambda _, response: response) as server,
        open_client(server.url, transport) as client,
    ):
        for _ in range(3):
            attempt(client, "GetItem", GET)
        assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_that_the_server_closed_while_idle_is_replaced_without_a_retry(
    dynamodb_local_address: str, transport: str
) -> None:
    def pass_on(_number: int, response: bytes) -> bytes:
        return response

    with (
        run_faulty_server(dynamodb_local_address, pass_on, closes=True) as server,
        open_client(server.url, transport) as client,
    ):
        for _ in range(2):
            read = attempt(client, "GetItem", GET)
            assert read["ResponseMetadata"]["RetryAttempts"] == 0
            time.sleep(0.05)  # the client's side learns that the connection is closed
        assert (server.connections, len(server.requests)) == (2, 2)


def test_a_response_in_chunks_is_read(dynamodb_local_address: str, transport: str) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{ }\r\n0\r\n\r\n"
    outcome, sends = call_through(
        lambda *_: chunked, dynamodb_local_address, transport, "GetItem", GET
    )
    assert ("Item" in outcome, sends) == (False, 1)


def test_a_response_in_pieces_is_read(dynamodb_local_address: str, transport: str) -> None:
    text = "x" * 300_000
    large = build_response(json.dumps({"Item": {"text": {"S": text}}}).encode())
    outcome, _ = call_through(lambda *_: large, dynamodb_local_address, transport, "GetItem", GET)
    assert outcome["Item"]["text"]["S"] == text


def test_a_server_that_does_not_listen_is_an_endpoint_error(transport: str) -> None:
    with open_client("http://127.0.0.1:9", transport) as client:
        outcome = attempt(client, "GetItem", GET)
    assert isinstance(outcome, EndpointConnectionError)


def test_without_credentials_nothing_is_sent(
    dynamodb_local_address: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with open_client(dynamodb_local_address, transport) as client:
        # Without a lean client the app uses botocore's.
        outcome = NoCredentialsError() if client is None else attempt(client, "GetItem", GET)
    assert isinstance(outcome, NoCredentialsError)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda response: response[:-1],
    "another checksum": lambda _: build_response(b"{}", X_Amz_Crc32=1),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_request_whose_response_is_damaged_is_repeated(
    dynamodb_local_address: str, transport: str, name: str
) -> None:
    fault = first_only(DAMAGES[name])
    outcome, sends = call_through(fault, dynamodb_local_address, transport, "GetItem", GET)
    assert (outcome["ResponseMetadata"]["RetryAttempts"], sends) == (1, 2)


def test_a_damaged_response_never_counts_as_a_result(
    dynamodb_local_address: str, transport: str
) -> None:
    """botocore returns it after the last retry, and takes a body without JSON for a message."""
    damaged = build_response(b"<html>", X_Amz_Crc32=1)
    outcome, sends = call_through(
        lambda *_: damaged, dynamodb_local_address, transport, "GetItem", GET
    )
    assert (type(outcome).__name__, sends) == (
        "dict" if transport == "botocore" else "HTTPClientError",
        3,
    )
