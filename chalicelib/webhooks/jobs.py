"""From events to deliveries: what the table's stream and the tick do for webhooks.

An event becomes one delivery for each webhook that wants it. The item of a delivery to be made is
itself a record of the stream, and that record starts the run that makes it. So nothing is lost
between the two, also for deliveries that a person asks for.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib import settings
from chalicelib.aws import sqs
from chalicelib.aws.sqs import OrderedMessage
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import derive_ordered_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.live.events import RecordEvents
from chalicelib.observability import logger, record_outcome
from chalicelib.webhooks import delivery_models, models
from chalicelib.webhooks.delivery_models import EVENT, PendingDelivery
from chalicelib.webhooks.models import RETRY, Webhook

Webhooks = dict[str, list[Webhook]]


def record_deliveries(changes: list[RecordEvents], now: datetime) -> set[str]:
    """Write a delivery of each event for each active webhook that wants it. Idempotent.

    Returns the sequence numbers of the records that failed; after a failed write, of all that
    follow: the stream delivers them again, so the events of a task stay in order.
    """
    failed = {_number(change.record) for change in changes if change.events is None}
    projects = {event["project_id"] for change in changes for event in change.events or ()}
    try:
        webhooks = models.find_active_webhooks(projects) if projects else {}
    except Exception:
        logger.exception("webhooks were not read")
        return {_number(change.record) for change in changes}
    for index, change in enumerate(changes):
        try:
            _write_deliveries(change, webhooks, now)
        except Exception:
            logger.exception("deliveries were not written", record_id=change.record["eventID"])
            return failed | {_number(each.record) for each in changes[index:]}
    return failed


def _write_deliveries(change: RecordEvents, webhooks: Webhooks, now: datetime) -> None:
    for part, event in enumerate(change.events or ()):
        at, sequence = parse_timestamp(event["at"]), int(_number(change.record))
        delivery_id = derive_ordered_id(at, sequence, part)
        for webhook in webhooks.get(event["project_id"], ()):
            if event["type"] not in webhook.events:
                continue
            delivery = delivery_models.build_delivery(
                webhook.id, delivery_id, event, cause=EVENT, now=now
            )
            try:
                transact(*delivery_models.create_delivery_writes(delivery, webhook.project_id))
            except ConditionFailed:  # the record is delivered again
                continue


def start_deliveries(records: list[dict[str, Any]], now: datetime) -> set[str]:
    """Start a run for each webhook that has a new delivery to be made.

    A webhook that waits for the time of its next try needs none: the tick starts it then. Returns
    the sequence numbers of the records that failed.
    """
    if not records:
        return set()
    newest: dict[str, PendingDelivery] = {}
    by_hand: set[str] = set()
    for record in records:
        pending = PendingDelivery.from_raw_data(record["dynamodb"]["NewImage"])
        newest[pending.webhook_id] = pending
        if pending.is_manual:
            by_hand.add(pending.webhook_id)
    try:
        keys = {id: Webhook.key(each.project_id, id) for id, each in newest.items()}
        found = batch_get(*keys.values())
        webhooks = {id: webhook for id, key in keys.items() if (webhook := found.get(key))}
        _send_starts(
            (webhook, newest[id].delivery_id)
            for id, webhook in webhooks.items()
            if id in by_hand or (webhook.is_active and not is_waiting(webhook, now))
        )
    except Exception:
        logger.exception("deliveries were not started")
        return {_number(record) for record in records}
    return set()


def is_waiting(webhook: Webhook, now: datetime) -> bool:
    """Return whether the receiver failed and the time of the next try is still to come."""
    is_scheduled = webhook.wake_at is not None
    return webhook.failures > 0 and is_scheduled and not time_index.is_due(webhook, now)


def start_due_webhooks(now: datetime) -> dict[str, int]:
    """Start a run for each webhook whose next try is due; called by the tick."""
    due = list(time_index.list_due(RETRY, now))
    found = (Webhook(entry.PK, entry.SK, wake_at=entry.wake_at) for entry in due)
    _send_starts((webhook, str(webhook.wake_at)) for webhook in found)
    time_index.advance_watermark(RETRY, now)
    return record_outcome("webhooks", {"retried": len(due)})


def _send_starts(starts: Iterable[tuple[Webhook, str]]) -> None:
    """Put a message for each webhook into the queue; the text says why, and is sent once."""
    messages = [
        OrderedMessage(
            webhook.id,
            f"{webhook.id}-{why}".replace(":", ""),
            json.dumps({"project_id": webhook.project_id, "webhook_id": webhook.id}),
        )
        for webhook, why in starts
    ]
    sqs.send_in_order(settings.WEBHOOK_DELIVERIES_URL, messages)


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
