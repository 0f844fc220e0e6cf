"""The items of webhooks, and the number of webhooks that a project has."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.mapping.expressions import is_unchanged, set_or_remove
from chalicelib.dynamodb.table import Item, Key, batch_get, query_all
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Delete,
    Increment,
    Put,
    Update,
    transact,
)

MAX_WEBHOOKS = 10
# The kind of webhooks in the time index: they are there while a delivery is to be tried again.
RETRY = "webhook"
# The fields that change when a webhook becomes inactive, beside `is_active`.
DEACTIVATION: dict[str, Any] = {"failures": 0, "failing_since": None, **time_index.NOT_SCHEDULED}


class Webhook(Item):
    """A webhook of a project. Its secret is not stored (see `secrets`).

    `owner_id` is the admin who activated it last: it tells what this user may read. The secret is
    derived with the key `secret_key` and the number `secret_number`; `previous_key` and
    `previous_until` belong to the number before it. `failures` counts the runs in a row in which
    no delivery succeeded. `disabled_reason` says why the app itself made it inactive.
    """

    url = UnicodeAttribute()
    events = UnicodeSetAttribute()
    is_active = BooleanAttribute(default=True)
    owner_id = UnicodeAttribute()
    secret_key = UnicodeAttribute()
    secret_number = NumberAttribute(default=1)
    previous_key = UnicodeAttribute(null=True)
    previous_until = UnicodeAttribute(null=True)
    failures = NumberAttribute(default=0)
    failing_since = UnicodeAttribute(null=True)
    disabled_reason = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute(default=1)

    @staticmethod
    def key(project_id: str, webhook_id: str) -> "Key[Webhook]":
        return Key(Webhook, f"PROJECT#{project_id}", f"WEBHOOK#{webhook_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("WEBHOOK#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")

    @property
    def own_key(self) -> "Key[Webhook]":
        return Webhook.key(self.project_id, self.id)


class WebhookCount(Item):
    """The number of webhooks of a project. It also tells that a project has none, in one read."""

    webhooks = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str) -> "Key[WebhookCount]":
        return Key(WebhookCount, f"PROJECT#{project_id}", "WEBHOOKS")


def create_webhook_writes(webhook: Webhook) -> tuple[Put, Increment]:
    """Return the writes that create `webhook` and count it.

    The second fails when the project already has `MAX_WEBHOOKS`.
    """
    count = WebhookCount.key(webhook.project_id)
    has_room = WebhookCount.PK.does_not_exist() | (WebhookCount.webhooks < MAX_WEBHOOKS)
    return Put(webhook), Increment(count, {"webhooks": 1}, has_room)


def update_webhook_write(webhook: Webhook, fields: Mapping[str, Any]) -> Update:
    """Return the write that stores `fields`. It fails when the stored version is another."""
    actions = [set_or_remove(Webhook, name, value) for name, value in fields.items()]
    raised = Webhook.version.set(webhook.version + 1)
    return Update(webhook.own_key, (*actions, raised), Webhook.version == webhook.version)


def delete_webhook_writes(webhook: Webhook) -> tuple[Delete, Increment]:
    """Return the writes that delete `webhook`. The first fails when the version is another."""
    unchanged = Webhook.version == webhook.version
    removed = Increment(WebhookCount.key(webhook.project_id), {"webhooks": -1})
    return Delete(webhook.own_key, unchanged), removed


def list_webhooks(project_id: str) -> Iterator[Webhook]:
    """Return all webhooks of a project, oldest first."""
    return query_all(Webhook, f"PROJECT#{project_id}", Webhook.SK.startswith("WEBHOOK#"))


def find_active_webhooks(project_ids: Iterable[str]) -> dict[str, list[Webhook]]:
    """Return the active webhooks of those projects that have any.

    Projects without webhooks are told apart in one round trip, at one read unit each.
    """
    keys = {project_id: WebhookCount.key(project_id) for project_id in project_ids}
    counts = batch_get(*keys.values())
    found = {}
    for project_id, key in keys.items():
        count = counts.get(key)
        if count is not None and count.webhooks > 0:
            active = [each for each in list_webhooks(project_id) if each.is_active]
            found[project_id] = active
    return found


def activation_fields(owner_id: str, now: datetime, shard_by: str) -> dict[str, Any]:
    """Return the fields that change when a webhook is activated: `owner_id` answers for it.

    The time index lists it as due, so that what it still has to deliver is delivered soon.
    """
    due = time_index.build_keys(RETRY, format_timestamp(now), shard_by)
    return {**DEACTIVATION, "owner_id": owner_id, "disabled_reason": None, **due}


def record_run(
    webhook: Webhook, *, failures: int, failing_since: str | None, retry_at: datetime | None
) -> None:
    """Store how a run of deliveries ended: the failed runs in a row, since when, and the time of
    the next try, if there is one. Nothing is written when nothing changes."""
    at = None if retry_at is None else format_timestamp(retry_at)
    fields = {
        "failures": failures,
        "failing_since": failing_since,
        **time_index.build_keys(RETRY, at, webhook.id),
    }
    if all(getattr(webhook, name) == value for name, value in fields.items()):
        return
    actions = tuple(set_or_remove(Webhook, name, value) for name, value in fields.items())
    is_still_active = is_unchanged(webhook, "is_active")
    try:
        transact(Update(webhook.own_key, actions, is_still_active))
    except ConditionFailed:  # it was deleted or paused meanwhile
        return
