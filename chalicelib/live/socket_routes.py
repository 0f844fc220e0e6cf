"""The routes of the WebSocket API: `$connect`, `$disconnect`, and `$default` for every message."""

import json
from datetime import datetime
from typing import Any

from chalicelib.aws import live_connections
from chalicelib.errors import ApiError, FieldError, Invalid, TooManyRequests
from chalicelib.http import bodies
from chalicelib.live import models, service
from chalicelib.live.models import MESSAGES_PER_MINUTE, Connection
from chalicelib.live.schemas import Ping, ProjectMessage
from chalicelib.observability import logger

Reply = dict[str, Any]
ACTIONS = ("subscribe", "unsubscribe", "ping")


def handle_socket_event(event: dict[str, Any], now: datetime) -> dict[str, int]:
    """Handle an event of API Gateway for a connection; return the status of the handshake."""
    context = event["requestContext"]
    connection_id = str(context["connectionId"])
    if context["eventType"] == "CONNECT":
        parameters = event.get("queryStringParameters") or {}
        return {"statusCode": _connect(connection_id, parameters.get("ticket", ""), now)}
    if context["eventType"] == "DISCONNECT":
        service.close_connection(connection_id)
    else:
        _answer_message(connection_id, event.get("body") or "", now)
    return {"statusCode": 200}


def _connect(connection_id: str, ticket: str, now: datetime) -> int:
    try:
        service.open_connection(connection_id, ticket, now)
    except ApiError as error:
        logger.info("a live connection was refused", code=error.stable_code)
        return error.status
    return 200


def _answer_message(connection_id: str, text: str, now: datetime) -> None:
    """Answer a message. A connection that is not stored is closed: it would get no events."""
    connection = models.get_connection(connection_id)
    if connection is None:
        live_connections.close_connection(connection_id)
        return
    try:
        if not models.count_message(connection, now):
            detail = f"A connection sends at most {MESSAGES_PER_MINUTE} messages a minute"
            raise TooManyRequests(detail)
        reply = _run_message(connection, text, now)
    except ApiError as error:
        errors = [{"location": each.location, "message": each.message} for each in error.errors]
        content = {"code": error.stable_code, "detail": error.detail, "errors": errors}
        reply = {"type": "error", **content, "message": text[:1000]}
    live_connections.send_message(connection_id, json.dumps(reply).encode())


def _run_message(connection: Connection, text: str, now: datetime) -> Reply:
    """Do what a message asks for and return the reply. Raises `ApiError`."""
    document = bodies.decode_body(text.encode(), "application/json")
    action = document.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Invalid(errors=(FieldError("action", f"is not one of {', '.join(ACTIONS)}"),))
    if action == "ping":
        bodies.convert_body(document, Ping)
        return {"type": "pong"}
    project_id = bodies.convert_body(document, ProjectMessage).project_id
    if action == "subscribe":
        cursor = service.subscribe(connection, project_id, now)
        return {"type": "subscribed", "project_id": project_id, "cursor": cursor}
    service.unsubscribe(connection, project_id)
    return {"type": "unsubscribed", "project_id": project_id}
