"""Queue the events of the table's stream, and send them to the connections.

The queue keeps the events of each project in order; a delay in one project does not delay others.
After a failure, an event may be sent twice; its id tells the client that it is the same event.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct

from chalicelib import settings
from chalicelib.activity.changes_feed import SyncRound
from chalicelib.activity.cursors import encode_round
from chalicelib.aws import live_connections, sqs
from chalicelib.aws.clients import LIVE_SENDERS
from chalicelib.aws.live_connections import Delivery
from chalicelib.aws.sqs import OrderedMessage
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.live import models
from chalicelib.live.events import ACTIONS, RecordEvents
from chalicelib.live.readers import Reader, Readers
from chalicelib.observability import logger, record_outcome

Event = dict[str, Any]


class Frame(Struct, frozen=True):
    """A message about a project for a connection; without a message the connection is closed. With
    `is_last` the subscription ends after the message."""

    project_id: str
    connection_id: str
    message: bytes | None
    is_last: bool = False


def queue_events(changes: list[RecordEvents]) -> int:
    """Put the events of stream records into the queue of live events, and return their number.

    A failure is logged and not raised, so that it holds up no other use of the records: clients get
    what they miss from the changes feed.
    """
    messages: list[OrderedMessage] = []
    for change in changes:
        for event in change.events or ():
            body = json.dumps(event, separators=(",", ":"))
            messages.append(OrderedMessage(event["project_id"], event["id"], body))
    try:
        sqs.send_in_order(settings.LIVE_EVENTS_URL, messages)
    except Exception:
        logger.exception("live events were not queued")
        return 0
    return len(messages)


def deliver_events(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Send a batch of the queue to the subscribers of its projects.

    A connection gets all events of a project in one message. Returns the messages of the projects
    that failed, so that only they are delivered again.
    """
    by_project: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        by_project[record["attributes"]["MessageGroupId"]].append(record)

    frames: list[Frame] = []
    failures: list[dict[str, str]] = []
    for project_id, messages in by_project.items():
        try:
            events = [json.loads(message["body"]) for message in messages]
            frames += _build_frames(project_id, events, now)
        except Exception:
            logger.exception("live events of a project failed", project_id=project_id)
            failures += [{"itemIdentifier": message["messageId"]} for message in messages]
    outcome = _send_frames(frames)
    record_outcome("live", {**outcome, "failed": len(failures)})
    return {"batchItemFailures": failures}


def _build_frames(project_id: str, events: list[Event], now: datetime) -> list[Frame]:
    """Return a frame for each subscription of the project: the events that its user may read."""
    subscriptions = models.list_subscriptions(project_id, now)
    if not subscriptions:
        return []
    readers = Readers(project_id, subscriptions, now)
    # The feed looks a minute further back, so a client that asks from here on misses nothing.
    since = SyncRound(since=min(event["at"] for event in events), began="")

    @cache
    def build_cursor(user_id: str) -> str:
        return encode_round(since, caller=user_id, project=project_id)

    frames = []
    for subscription in subscriptions:
        connection_id, reader = subscription.connection_id, readers.get(subscription)
        if reader is not None:
            if known := _list_known(events, reader):
                cursor = build_cursor(subscription.user_id)
                content = {"type": "events", "project_id": project_id, "cursor": cursor}
                message = _encode({**content, "events": known})
                frames.append(Frame(project_id, connection_id, message))
        elif readers.is_logged_in(subscription):
            message = _encode({"type": "unsubscribed", "project_id": project_id})
            frames.append(Frame(project_id, connection_id, message, is_last=True))
        else:
            frames.append(Frame(project_id, connection_id, None))
    return frames


def _list_known(events: Iterable[Event], reader: Reader) -> list[Event]:
    return [
        {name: value for name, value in event.items() if name != "project_id"}
        for event in events
        if reader.may(ACTIONS[event["type"].partition(".")[0]])
    ]


def _send_frames(frames: list[Frame]) -> Counter[str]:
    """Send all frames in parallel, delete the connections that failed, and count the results."""
    results = list(_get_senders().map(_send_frame, frames))
    outcome = Counter({kind.value: 0 for kind in Delivery})
    outcome.update(result.value for result in results)
    sent = zip(frames, results, strict=True)
    lost = [frame for frame, result in sent if result is not Delivery.SENT]
    run_concurrently(_forget_connection, lost)
    run_concurrently(_end_subscription, (frame for frame in frames if frame.is_last))
    return outcome


def _send_frame(frame: Frame) -> Delivery:
    """Send a frame. If that fails, close the connection: its client connects again and reads the
    events that it missed from the changes feed."""
    result = Delivery.GONE
    if frame.message is not None:
        result = live_connections.send_message(frame.connection_id, frame.message)
    if frame.message is None or result is Delivery.FAILED:
        live_connections.close_connection(frame.connection_id)
    return result


def _forget_connection(frame: Frame) -> None:
    """Delete the connection of the frame and its subscription to the project.

    A subscription can exist without its connection: it was created while the connection was closed,
    or DynamoDB's time-to-live deleted the connection first.
    """
    connection = models.get_connection(frame.connection_id)
    if connection is not None:
        models.remove_connection(connection)
    transact(models.delete_subscription_write(frame.project_id, frame.connection_id))


def _end_subscription(frame: Frame) -> None:
    with suppress(ConditionFailed):  # the connection was closed meanwhile
        transact(*models.unsubscribe_writes(frame.connection_id, frame.project_id))


def _encode(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


@cache
def _get_senders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(LIVE_SENDERS, "live")
