"""Webhooks of a project: create, list, get, update, rotate the secret, delete; and the log of their
deliveries: list it, send an entry again, send a test event."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib.access.service import ProjectAccess
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.aws.secrets import webhook_keys
from chalicelib.dynamodb.idempotency import commit_once, create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.optimistic_locking import apply_changes, retry_on_conflict
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, require_found
from chalicelib.webhooks import addresses, delivery_models, models, signatures
from chalicelib.webhooks.delivery_models import REDELIVERY, TEST, Delivery
from chalicelib.webhooks.models import MAX_WEBHOOKS, Webhook

TEST_EVENT = "webhook.test"


class IssuedSecret(Struct, frozen=True):
    """A webhook with its secret, which is shown only once."""

    webhook: Webhook
    secret: str


def create_webhook(access: ProjectAccess, *, url: str, events: frozenset[str]) -> IssuedSecret:
    """Create a webhook of the caller, who is its owner.

    A repeated request with the same idempotency key returns the same secret. Raises `Invalid` when
    webhooks may not call the URL, and `Conflict` (`too_many_webhooks`).
    """
    addresses.require_valid_url(url)
    now = format_timestamp(access.now)
    key = Webhook.key(access.project.id, new_id(access.now))
    webhook = Webhook(
        key.pk,
        key.sk,
        url=url,
        events=set(events),
        owner_id=access.user_id,
        secret_key=webhook_keys.get().active,
        created_at=now,
        updated_at=now,
    )
    entry = _entry(access, AuditAction.WEBHOOK_CREATED, webhook.id, host=_find_host(url))
    writes = (*models.create_webhook_writes(webhook), entry)
    try:
        created = create_once(
            webhook, *writes, idempotency_key=access.idempotency_key, now=access.now
        )
    except ConditionFailed as failed:
        detail = f"A project has at most {MAX_WEBHOOKS} webhooks; delete one"
        raise Conflict(detail, code="too_many_webhooks") from failed
    return IssuedSecret(created, signatures.format_secret(created))


def list_webhooks(access: ProjectAccess) -> list[Webhook]:
    """Return the project's webhooks, oldest first."""
    return list(access.read_list(models.list_webhooks, access.project.id))


def get_webhook(access: ProjectAccess, webhook_id: str) -> Webhook:
    """Return a webhook. Raises `NotFound` when the project does not have it."""
    return require_found(access.get_item(Webhook.key(access.project.id, webhook_id)))


def update_webhook(
    access: ProjectAccess, webhook_id: str, fields: Mapping[str, Any], *, version: int | None
) -> Webhook:
    """Change `url`, `events` or `is_active`. Who activates the webhook becomes its owner.

    Raises `NotFound`, `Invalid`, and `PreconditionFailed` when `version` is given and is not the
    stored one.
    """
    if "url" in fields:
        addresses.require_valid_url(fields["url"])

    def store(webhook: Webhook, changes: Mapping[str, Any]) -> Webhook:
        follows: dict[str, Any] = {}
        if "is_active" in changes:
            follows = (
                models.activation_fields(access.user_id, access.now, webhook.id)
                if changes["is_active"]
                else models.DEACTIVATION
            )
        changed = {**changes, **follows, "updated_at": format_timestamp(access.now)}
        entry = _entry(
            access,
            AuditAction.WEBHOOK_UPDATED,
            webhook.id,
            fields=", ".join(sorted(changes)).replace("is_active", "active"),
            host=_find_host(changes.get("url", "")),
        )
        transact(models.update_webhook_write(webhook, changed), entry)
        return _apply(webhook, changed)

    return apply_changes(get_webhook(access, webhook_id), fields, version=version, store=store)


def rotate_secret(access: ProjectAccess, webhook_id: str) -> IssuedSecret:
    """Give the webhook a new secret; for a day, requests are signed with the old one too.

    A repeated request with the same idempotency key returns the same secret. Raises `NotFound`.
    """
    until = format_timestamp(access.now + signatures.OVERLAP)

    def commit(webhook: Webhook) -> Webhook:
        fields = {
            "secret_key": webhook_keys.get().active,
            "secret_number": int(webhook.secret_number) + 1,
            "previous_key": webhook.secret_key,
            "previous_until": until,
            "updated_at": format_timestamp(access.now),
        }
        rotated = _apply(webhook, fields)
        first = commit_once(
            models.update_webhook_write(webhook, fields),
            _entry(access, AuditAction.WEBHOOK_SECRET_ROTATED, webhook.id),
            answer=rotated.serialize(),
            idempotency_key=access.idempotency_key,
            now=access.now,
        )
        return rotated if first is None else Webhook.from_raw_data(first)

    rotated = retry_on_conflict(get_webhook(access, webhook_id), version=None, commit=commit)
    return IssuedSecret(rotated, signatures.format_secret(rotated))


def delete_webhook(access: ProjectAccess, webhook_id: str, *, version: int | None) -> None:
    """Delete the webhook; its log ends with its time-to-live.

    Raises `NotFound`, and `PreconditionFailed` when `version` is given and is not the stored one.
    """

    def commit(webhook: Webhook) -> None:
        entry = _entry(access, AuditAction.WEBHOOK_DELETED, webhook.id)
        transact(*models.delete_webhook_writes(webhook), entry)

    retry_on_conflict(get_webhook(access, webhook_id), version=version, commit=commit)


def list_deliveries(
    access: ProjectAccess, webhook_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[Delivery]:
    """Return a page of the webhook's log, newest first. Raises `NotFound`."""
    get_webhook(access, webhook_id)
    return access.read(delivery_models.list_deliveries, webhook_id, limit=limit, start=start)


def redeliver(access: ProjectAccess, webhook_id: str, delivery_id: str) -> Delivery:
    """Send the event of a delivery again, once, with its `webhook-id`. Raises `NotFound`."""
    webhook = get_webhook(access, webhook_id)
    delivery = require_found(access.get_item(Delivery.key(webhook_id, delivery_id)))
    return _create_delivery(access, webhook, delivery_models.read_event(delivery), cause=REDELIVERY)


def send_test(access: ProjectAccess, webhook_id: str) -> Delivery:
    """Send a test event, once, also when the webhook is paused. Raises `NotFound`."""
    webhook = get_webhook(access, webhook_id)
    event = {
        "project_id": webhook.project_id,
        "id": new_id(access.now),
        "type": TEST_EVENT,
        "at": format_timestamp(access.now),
        "actor": access.user_id,
        "webhook_id": webhook.id,
    }
    return _create_delivery(access, webhook, event, cause=TEST)


def _create_delivery(
    access: ProjectAccess, webhook: Webhook, event: dict[str, Any], *, cause: str
) -> Delivery:
    delivery = delivery_models.build_delivery(
        webhook.id, new_id(access.now), event, cause=cause, now=access.now
    )
    writes = delivery_models.create_delivery_writes(delivery, webhook.project_id)
    return create_once(delivery, *writes, idempotency_key=access.idempotency_key, now=access.now)


def _entry(
    access: ProjectAccess, action: AuditAction, webhook_id: str, **details: str | None
) -> Write:
    return audit_write(access, action, access.project.id, target=webhook_id, **details)


def _find_host(url: str) -> str | None:
    """Return the host of a URL; its path can be a secret."""
    return urlsplit(url).hostname


def _apply(webhook: Webhook, fields: Mapping[str, Any]) -> Webhook:
    """Return a copy of the webhook with `fields` and the next version."""
    updated = deepcopy(webhook)
    for name, value in fields.items():
        setattr(updated, name, value)
    updated.version += 1
    return updated
