"""The log of deliveries of a webhook, and the deliveries that are still to be made.

Both are in the partition of the webhook, and are written and settled together. The log is kept for
thirty days: longer than the stream's records are kept for a replay, so a replay finds the delivery
that it made before and makes no second one.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, query_all, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Put, Update, Write, transact

KEPT_FOR = timedelta(days=30)
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
# By whom a delivery was caused: by an event, or by a person who asked for it.
EVENT, REDELIVERY, TEST = "event", "redelivery", "test"
PAGE = 50


class Delivery(Item):
    """An event for a webhook, and how its last attempt ended.

    `event` is the event as JSON. `response_status` is the HTTP status of the answer, `error` says
    in one word why there was none, and `milliseconds` how long the attempt took.
    """

    event_id = UnicodeAttribute()
    event = UnicodeAttribute()
    cause = UnicodeAttribute()
    status = UnicodeAttribute()
    attempts = NumberAttribute(default=0)
    created_at = UnicodeAttribute()
    attempted_at = UnicodeAttribute(null=True)
    response_status = NumberAttribute(null=True)
    error = UnicodeAttribute(null=True)
    milliseconds = NumberAttribute(null=True)

    @staticmethod
    def key(webhook_id: str, delivery_id: str) -> "Key[Delivery]":
        return Key(Delivery, f"WEBHOOK#{webhook_id}", f"DELIVERY#{delivery_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("DELIVERY#")

    @property
    def webhook_id(self) -> str:
        return self.PK.removeprefix("WEBHOOK#")

    @property
    def type(self) -> str:
        return str(read_event(self)["type"])


class PendingDelivery(Item):
    """A delivery that is to be made, by id, which is the order of the events. Those that a person
    asked for come first.

    Deliveries with the same `subject`, a task, are made in order. It is tried from `due_at` on.
    """

    project_id = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    is_manual = BooleanAttribute(default=False)

    @staticmethod
    def key(webhook_id: str, delivery_id: str, *, is_manual: bool) -> "Key[PendingDelivery]":
        order = 0 if is_manual else 1
        return Key(PendingDelivery, f"WEBHOOK#{webhook_id}", f"PENDING#{order}#{delivery_id}")

    @property
    def webhook_id(self) -> str:
        return self.PK.removeprefix("WEBHOOK#")

    @property
    def delivery_id(self) -> str:
        return self.SK.rpartition("#")[2]

    @property
    def delivery_key(self) -> Key[Delivery]:
        return Delivery.key(self.webhook_id, self.delivery_id)

    @property
    def own_key(self) -> "Key[PendingDelivery]":
        return PendingDelivery.key(
            self.webhook_id, self.delivery_id, is_manual=bool(self.is_manual)
        )


def build_delivery(
    webhook_id: str, delivery_id: str, event: dict[str, Any], *, cause: str, now: datetime
) -> Delivery:
    """Return a delivery of `event` that has not been tried."""
    key = Delivery.key(webhook_id, delivery_id)
    return Delivery(
        key.pk,
        key.sk,
        event_id=event["id"],
        event=json.dumps(event, separators=(",", ":")),
        cause=cause,
        status=PENDING,
        created_at=format_timestamp(now),
        expires_at=to_epoch_seconds(now + KEPT_FOR),
    )


def create_delivery_writes(delivery: Delivery, project_id: str) -> tuple[Put, Put]:
    """Return the writes that put a delivery into the log and on the list of those to be made.

    The first fails when the log has the delivery.
    """
    is_manual = delivery.cause != EVENT
    key = PendingDelivery.key(delivery.webhook_id, delivery.id, is_manual=is_manual)
    pending = PendingDelivery(
        key.pk,
        key.sk,
        project_id=project_id,
        subject=read_event(delivery).get("task_id"),
        is_manual=is_manual,
        expires_at=delivery.expires_at,
    )
    return Put(delivery), Put(pending)


def read_event(delivery: Delivery) -> dict[str, Any]:
    """Return the event of a delivery."""
    event: dict[str, Any] = json.loads(delivery.event)
    return event


def build_payload(delivery: Delivery) -> bytes:
    """Return the body of a request, the same for each attempt: type, time and data of the event.

    The data are ids, versions and names of fields. Who wants to know more asks the API, with their
    own rights.
    """
    event = read_event(delivery)
    data = {name: value for name, value in event.items() if name not in ("id", "type", "at")}
    payload = {"type": event["type"], "timestamp": event["at"], "data": data}
    return json.dumps(payload, separators=(",", ":")).encode()


def list_pending(webhook_id: str) -> Iterator[PendingDelivery]:
    """Return the deliveries to be made, in order."""
    prefix = PendingDelivery.SK.startswith("PENDING#")
    return query_all(PendingDelivery, f"WEBHOOK#{webhook_id}", prefix, first=PAGE)


def list_deliveries(webhook_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Delivery]:
    """Return a page of the log, newest first."""
    prefix = Delivery.SK.startswith("DELIVERY#")
    partition = f"WEBHOOK#{webhook_id}"
    return query_page(Delivery, partition, prefix, limit=limit, start=start, newest_first=True)


def list_keys(webhook_id: str) -> Iterator[Key[Any]]:
    """Yield the keys of all items in the partition of a webhook."""
    for item in query_all(Item, f"WEBHOOK#{webhook_id}"):
        yield Key(Item, item.PK, item.SK)


def record_attempt(
    pending: PendingDelivery, changes: dict[str, Any], *, retry_at: datetime | None = None
) -> None:
    """Store `changes` of the log's entry: how a delivery ended, or why it was not made.

    With `retry_at` it is tried again from that time on; otherwise it is settled and leaves the list
    of those to be made. Nothing changes when a run that overlaps has settled it.
    """
    actions = tuple(set_or_remove(Delivery, name, value) for name, value in changes.items())
    log_write = Update(pending.delivery_key, actions, Delivery.status == PENDING)
    list_write: Write = Delete(pending.own_key, PendingDelivery.PK.exists())
    if retry_at is not None:
        due_at = PendingDelivery.due_at.set(format_timestamp(retry_at))
        list_write = Update(pending.own_key, (due_at,))
    with suppress(ConditionFailed):
        transact(log_write, list_write)


def drop_pending(pending: PendingDelivery) -> None:
    """Take a delivery that the log no longer has off the list. Idempotent."""
    transact(Delete(pending.own_key))
