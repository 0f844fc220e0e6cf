"""Request and response types of `/api/projects/{id}/webhooks`."""

import json
from enum import StrEnum
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import matching
from chalicelib.newer_releases import as_stored
from chalicelib.webhooks import delivery_models, models
from chalicelib.webhooks.addresses import URL_MAX


class WebhookEvent(StrEnum):
    """The types of events, as live connections name them."""

    TASK_CREATED = "task.created"
    TASK_CHANGED = "task.changed"
    TASK_DELETED = "task.deleted"
    TASK_RESTORED = "task.restored"
    COMMENT_CREATED = "comment.created"
    COMMENT_CHANGED = "comment.changed"
    COMMENT_DELETED = "comment.deleted"
    LABEL_CREATED = "label.created"
    LABEL_CHANGED = "label.changed"
    LABEL_DELETED = "label.deleted"
    MEMBER_ADDED = "member.added"
    MEMBER_CHANGED = "member.changed"
    MEMBER_REMOVED = "member.removed"


class DisabledReason(StrEnum):
    """The reason for which the service made a webhook inactive."""

    FAILING = "failing"
    GONE = "gone"
    OWNER_LEFT = "owner_left"


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryCause(StrEnum):
    """The cause of a delivery."""

    EVENT = "event"
    REDELIVERY = "redelivery"
    TEST = "test"


Url = Annotated[
    str,
    matching(
        "https?://[!-~]+",
        "must be a URL that begins with https://, without spaces",
        max_length=URL_MAX,
    ),
]
Events = Annotated[list[WebhookEvent], Meta(min_length=1, max_length=len(WebhookEvent))]


class NewWebhook(Struct, forbid_unknown_fields=True):
    url: Url
    events: Events


class WebhookPatch(Struct, forbid_unknown_fields=True):
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Webhook(Struct, kw_only=True):
    """A webhook without its secret, which cannot be shown again."""

    id: Id
    url: str
    events: list[WebhookEvent]
    active: bool
    disabled_reason: DisabledReason | None
    failing_since: Time | None
    retry_at: Time | None
    owner: Id
    previous_secret_until: Time | None
    created_at: Time
    updated_at: Time
    version: int


class IssuedWebhook(Webhook, kw_only=True):
    """A webhook with a new secret, which is shown only once."""

    secret: str


class Delivery(Struct):
    """An entry of the log: an event for the webhook, and how its last attempt ended."""

    id: Id
    event_id: str
    type: str
    cause: DeliveryCause
    status: DeliveryStatus
    attempts: int
    created_at: Time
    attempted_at: Time | None
    response_status: int | None
    error: str | None
    duration_ms: int | None
    payload: dict[str, Any]


def store_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a change by the names under which they are stored."""
    stored = dict(fields)
    if "events" in stored:
        stored["events"] = {str(each) for each in stored["events"]}
    if "active" in stored:
        stored["is_active"] = stored.pop("active")
    return stored


def present_webhook(webhook: models.Webhook) -> Webhook:
    """Return the webhook as clients see it."""
    reason = webhook.disabled_reason
    return Webhook(
        id=webhook.id,
        url=webhook.url,
        events=[as_stored(WebhookEvent, each) for each in sorted(webhook.events)],
        active=bool(webhook.is_active),
        disabled_reason=None if reason is None else as_stored(DisabledReason, reason),
        failing_since=webhook.failing_since,
        retry_at=webhook.wake_at if webhook.failures else None,
        owner=webhook.owner_id,
        previous_secret_until=webhook.previous_until,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
        version=int(webhook.version),
    )


def present_delivery(delivery: delivery_models.Delivery) -> Delivery:
    """Return a delivery as clients see it."""
    status, milliseconds = delivery.response_status, delivery.milliseconds
    return Delivery(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.type,
        cause=as_stored(DeliveryCause, delivery.cause),
        status=as_stored(DeliveryStatus, delivery.status),
        attempts=int(delivery.attempts),
        created_at=delivery.created_at,
        attempted_at=delivery.attempted_at,
        response_status=None if status is None else int(status),
        error=delivery.error,
        duration_ms=None if milliseconds is None else int(milliseconds),
        payload=json.loads(delivery_models.build_payload(delivery)),
    )
