"""Responses to callers when DynamoDB fails; the tests inject faults on the wire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from chalicelib import settings
from chalicelib.dynamodb.table import Item
from tests.dynamodb_local import (
    TRANSPORTS,
    build_conflict,
    build_response,
    faulty_connection,
)
from tests.support import Person

pytestmark = [
    pytest.mark.usefixtures("local_table"),
    pytest.mark.parametrize("transport", TRANSPORTS, indirect=True),
]

URL = "https://dynamodb.example"


@contextmanager
def faulty(operation: str, fault: Callable[[int], AWSResponse | None]) -> Iterator[list[int]]:
    """Call `fault` at each request of `operation`; the list has a number for each request."""
    sends: list[int] = []

    def answer(called: str, _: int) -> AWSResponse | None:
        if called != operation:
            return None
        sends.append(len(sends) + 1)
        return fault(sends[-1])

    with faulty_connection(answer):
        yield sends


def _fail_until(good: int, bad: AWSResponse) -> Callable[[int], AWSResponse | None]:
    return lambda send: None if send >= good else bad


TRANSIENT = {
    "throttle": build_response(400, "ThrottlingException", message="slow down"),
    "server error": build_response(500, "InternalServerError", message="oops"),
    "conflict": build_conflict(),
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_transient_fault_is_retried(ann: Person, name: str) -> None:
    with faulty("TransactWriteItems", _fail_until(2, TRANSIENT[name])) as sends:
        assert ann.post("/api/projects", {"name": "x"}).status_code == 201
    assert len(sends) == 2


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_fault_that_stays_is_a_503_and_nothing_was_written(ann: Person, name: str) -> None:
    with faulty("TransactWriteItems", lambda _: TRANSIENT[name]) as sends:
        answer = ann.post("/api/projects", {"name": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(sends) <= 4
    assert ann.get("/api/projects").json_body["items"] == []


OUTAGES = [
    ConnectTimeoutError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: type(outage).__name__)
@pytest.mark.parametrize(
    ("operation", "path"), [("BatchGetItem", "profile"), ("Query", "sessions")]
)
def test_an_outage_is_a_503_without_details_of_aws(
    ann: Person, operation: str, path: str, outage: Exception
) -> None:
    def fail(_: int) -> AWSResponse | None:
        raise outage

    with faulty(operation, fail) as sends:
        answer = ann.get(f"/api/auth/{path}")
    assert (answer.status_code, answer.json_body["code"]) == (503, "unavailable")
    assert URL.encode() not in answer.body
    assert len(sends) == 3


def test_an_invalid_call_is_a_500_without_details_of_aws(ann: Person) -> None:
    invalid = build_response(400, "ValidationException", message="bad expression near PK")
    with faulty("BatchGetItem", lambda _: invalid) as sends:
        answer = ann.get("/api/auth/profile")
    assert (answer.status_code, len(sends)) == (500, 1)
    assert b"expression" not in answer.body


def test_unprocessed_keys_are_requested_again(ann: Person) -> None:
    key = {"PK": {"S": "x"}, "SK": {"S": "y"}}
    unprocessed = {Item.Meta.table_name: {"Keys": [key]}}
    partial = build_response(
        200, "", Responses={Item.Meta.table_name: []}, UnprocessedKeys=unprocessed
    )
    with faulty("BatchGetItem", _fail_until(2, partial)) as sends:
        assert ann.get("/api/auth/profile").status_code == 401
    assert len(sends) == 2


def test_keys_that_are_never_processed_end_in_a_503(ann: Person) -> None:
    key = {"PK": {"S": "x"}, "SK": {"S": "y"}}
    unprocessed = {Item.Meta.table_name: {"Keys": [key]}}
    partial = build_response(
        200, "", Responses={Item.Meta.table_name: []}, UnprocessedKeys=unprocessed
    )
    with faulty("BatchGetItem", lambda _: partial) as sends:
        assert ann.get("/api/auth/profile").status_code == 503
    assert len(sends) == 5


def test_a_bulk_request_answers_the_rest_at_once_after_an_outage(ann: Person) -> None:
    project = ann.create_project()
    tasks = [ann.create_task(project)["id"] for _ in range(5)]
    operations = [{"op": "update", "id": task, "title": "Edited"} for task in tasks]

    def be_silent(send: int) -> AWSResponse | None:
        if send > 1:
            raise ReadTimeoutError(endpoint_url=URL)
        return None

    with faulty("TransactWriteItems", be_silent) as sends:
        answer = ann.post("/api/tasks/bulk", {"operations": operations})
    assert [each["status"] for each in answer.json_body["results"]] == [200, 503, 503, 503, 503]
    assert len(sends) == 1 + 3  # three attempts of the second operation


def test_a_read_by_api_token_succeeds_while_writes_are_throttled(ann: Person) -> None:
    script = ann.use_token("projects:read")
    with faulty("TransactWriteItems", lambda _: TRANSIENT["throttle"]) as sends:
        assert script.get("/api/projects").status_code == 200
    assert sends, "the use of the token was not recorded"


def test_a_read_by_api_token_fails_fast_while_dynamodb_is_silent(ann: Person) -> None:
    script = ann.use_token("projects:read")

    def be_silent(operation: str, number: int) -> AWSResponse | None:
        if operation == "TransactWriteItems" or sends:
            sends.append(operation)
            raise ReadTimeoutError(endpoint_url=URL)
        return None

    sends: list[str] = []
    with faulty_connection(be_silent):
        assert script.get("/api/projects").status_code == 503
    assert sends == ["TransactWriteItems"] * 3  # six seconds; the list is not read after that


def test_a_calendar_is_read_while_writes_are_throttled(ann: Person) -> None:
    url = ann.post("/api/calendar-feeds", {"name": "Work"}).json_body["url"]
    path = url.removeprefix(settings.API_URL)
    with faulty("TransactWriteItems", lambda _: TRANSIENT["throttle"]) as sends:
        assert ann.get(path).status_code == 200
    assert sends, "neither the use of the feed nor its content was recorded"
