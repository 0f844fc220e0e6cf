"""No route shows a client what AWS says when it denies a call."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSResponse

from app import app
from chalicelib.aws import clients as aws_clients
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item
from infra.openapi.routes import Route, list_routes
from tests.faults import build_response
from tests.samples import build_sample
from tests.support import Person

ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks-test"
DENIED = json.dumps(
    {"__type": "com.amazon#AccessDeniedException", "message": f"User may not use {ARN}"}
).encode()
METHOD_ORDER = ("DELETE", "POST", "PUT", "PATCH", "GET")
ROUTES = sorted(list_routes(app), key=lambda route: -METHOD_ORDER.index(route.method))


def _path(route: Route, ids: dict[str, str]) -> str:
    """Return the route's path with existing ids where `ids` has them, else with unknown ids."""
    path = re.sub("{(.+?)}", lambda match: ids.get(match[1], new_id(now())), route.path)
    query = urlencode(build_sample(route.query, ids)) if route.query else ""
    return f"{path}?{query}".rstrip("?")


@contextmanager
def denied(call: int) -> Iterator[list[int]]:
    """Let AWS deny the `call`-th call in the block; the list has a number for each call.

    Calls of other threads do not count: a read that is sent with the access check fails a request
    only if its result is used.
    """
    calls: list[int] = []
    thread = get_ident()

    def deny(request: Any, **_: Any) -> AWSResponse | None:
        if get_ident() != thread:
            return None
        calls.append(len(calls) + 1)
        return build_response(request, DENIED, 400) if calls[-1] == call else None

    clients = [
        Item._get_connection().connection.client,
        aws_clients.s3_client(),
        aws_clients.ses_client(),
    ]
    for client in clients:
        client.meta.events.register_first("before-send", deny)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-send", deny)


@pytest.mark.parametrize("call", [1, 2])
def test_a_denied_aws_call_is_a_500_without_details_of_aws(ann: Person, call: int) -> None:
    project = ann.create_project()
    ids = {"project_id": project, "task_id": ann.create_task(project)["id"], "user_id": ann.id}
    ids |= {"label_id": new_id(now()), "refresh": ann.refresh}
    affected = 0
    for route in ROUTES:
        body = build_sample(route.body, ids | {"email": ann.email}) if route.body else None
        path = _path(route, ids)
        with denied(call) as calls:
            answer = ann.call(route.method, path, body)
        text = answer.body.decode()
        assert not any(word in text for word in ("arn:", "AccessDenied", "dynamodb", "botocore"))
        assert (answer.status_code == 500) == (len(calls) >= call), (route.name, text, calls)
        affected += len(calls) >= call
    assert affected > len(ROUTES) / 6
