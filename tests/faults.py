"""Faults and hooks in AWS calls: processes that die, forged answers, actions between calls."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse

from chalicelib.aws import clients as aws_clients
from tests.table_items import dynamodb_client

READ_OPERATIONS = {
    "GetItem",
    "BatchGetItem",
    "Query",
    "HeadObject",
    "GetObject",
    "ListObjectsV2",
    "ListMultipartUploads",
    "ListParts",
    "GetSendQuota",
}


class Killed(BaseException):
    """The process ends here: no `except Exception` may catch it."""


@contextmanager
def kill_at_call(call: int, *, writes_only: bool = False) -> Iterator[None]:
    """Raise `Killed` right before the `call`-th AWS call in the block.

    With `writes_only`, only calls that change something count: to die before a read has the same
    effect as to die before the next write.
    """
    calls = itertools.count(1)

    def die(event_name: str, **_: Any) -> None:
        is_read = event_name.rpartition(".")[2] in READ_OPERATIONS
        if not (writes_only and is_read) and next(calls) == call:
            raise Killed

    clients = [
        dynamodb_client(),
        aws_clients.s3_client(),
        aws_clients.ses_client(),
        aws_clients.sqs_client(),
        aws_clients.live_connections_client(),
    ]
    for client in clients:
        client.meta.events.register_first("before-parameter-build", die)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-parameter-build", die)


def is_killed_at(call: int, act: Callable[[], Any], *, writes_only: bool = True) -> bool:
    """Kill `act` right before its `call`-th write; return False if it makes fewer writes.

    Without `writes_only`, reads count too.
    """
    try:
        with kill_at_call(call, writes_only=writes_only):
            act()
    except Killed:
        return True
    return False


def after_each_call(operation: str, act: Callable[[], Any]) -> AbstractContextManager[None]:
    """Call `act` right after each DynamoDB call of `operation` in the block."""

    def on_event(**_: Any) -> None:
        act()

    return event_hook(dynamodb_client(), f"after-call.dynamodb.{operation}", on_event)


@contextmanager
def event_hook(client: Any, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """Register a handler for a botocore event of `client`, before all others, for the block."""
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)


def build_response(request: Any, body: bytes, status: int = 200) -> AWSResponse:
    """Return the response of AWS to `request` with that body."""
    return AWSResponse(request.url, status, {}, SimpleNamespace(stream=lambda: iter([body])))


_send_rates: list[float] = []


@contextmanager
def ses_send_rate(rate: float) -> Iterator[None]:
    """Let SES answer that the account may send `rate` emails a second. Blocks may be nested."""
    events, event = aws_clients.ses_client().meta.events, "before-send.ses.GetSendQuota"
    _send_rates.append(rate)
    events.register_first(event, _answer_send_quota, unique_id="quota")
    try:
        yield
    finally:
        _send_rates.pop()
        if not _send_rates:
            events.unregister(event, _answer_send_quota, unique_id="quota")


def _answer_send_quota(request: Any, **_: Any) -> AWSResponse:
    body = f"""<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">
    <GetSendQuotaResult><MaxSendRate>{_send_rates[-1]}</MaxSendRate></GetSendQuotaResult>
    </GetSendQuotaResponse>"""
    return build_response(request, body.encode())
