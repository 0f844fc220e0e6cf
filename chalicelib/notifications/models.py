"""Items of the inbox, in a partition of their user: notifications, and what says that they are
unread.

A notification holds references and no texts. It is unread while its `UnreadMark` exists: so the
unread ones are counted and listed without reading the others, and two requests that mark the same
notification as read do the same. Both expire together.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb.batch_writes import batch_delete
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, R, query_all, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put

KEPT_FOR = timedelta(days=90)
NOTIFICATION, UNREAD = "NOTIFICATION#", "UNREAD#"


class Notification(Item):
    """A notification: the `kind` of event, the task, comment or report that it concerns, and the
    user who caused it (`actor`). The id of a task contains that of its project."""

    kind = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    task_id = UnicodeAttribute(null=True)
    comment_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    job_id = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, notification_id: str) -> "Key[Notification]":
        return Key(Notification, f"INBOX#{user_id}", f"{NOTIFICATION}{notification_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix(NOTIFICATION)


class UnreadMark(Item):
    """Says that a notification is unread."""

    @staticmethod
    def key(user_id: str, notification_id: str) -> "Key[UnreadMark]":
        return Key(UnreadMark, f"INBOX#{user_id}", f"{UNREAD}{notification_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix(UNREAD)


def create_notification_writes(
    user_id: str, notification_id: str, *, kind: str, now: datetime, **references: str | None
) -> tuple[Put, Put]:
    """Return the writes of a new notification, which is unread. The first fails if it exists.

    `references` are the attributes that say what it is about.
    """
    key, mark = Notification.key(user_id, notification_id), UnreadMark.key(user_id, notification_id)
    expires_at = to_epoch_seconds(now + KEPT_FOR)
    notification = Notification(
        key.pk,
        key.sk,
        kind=kind,
        created_at=format_timestamp(now),
        expires_at=expires_at,
        **references,
    )
    return Put(notification), Put(UnreadMark(mark.pk, mark.sk, expires_at=expires_at))


def list_notifications(
    user_id: str, now: datetime, *, limit: int, start: dict[str, Any] | None
) -> Page[Notification]:
    """Return a page of the user's notifications, the newest first."""
    in_inbox = Notification.SK.startswith(NOTIFICATION)
    return _list_kept(Notification, user_id, in_inbox, now, limit=limit, start=start)


def list_unread_marks(
    user_id: str,
    now: datetime,
    *,
    limit: int,
    start: dict[str, Any] | None = None,
    up_to: str | None = None,
) -> Page[UnreadMark]:
    """Return a page of what marks notifications as unread, the newest first, not those that are
    newer than the notification `up_to`."""
    is_unread: Condition = UnreadMark.SK.startswith(UNREAD)
    if up_to is not None:
        is_unread = UnreadMark.SK.between(UNREAD, f"{UNREAD}{up_to}")
    return _list_kept(UnreadMark, user_id, is_unread, now, limit=limit, start=start)


def _list_kept(
    model: type[R],
    user_id: str,
    condition: Condition,
    now: datetime,
    *,
    limit: int,
    start: dict[str, Any] | None,
) -> Page[R]:
    """Return a page, the newest first; it ends where the items have expired."""
    page = query_page(
        model, f"INBOX#{user_id}", condition, limit=limit, start=start, newest_first=True
    )
    kept = [item for item in page.items if is_kept(item, now)]
    return page if len(kept) == len(page.items) else Page(kept, None)


def is_kept(item: Item, now: datetime) -> bool:
    """Return whether the item has not expired; DynamoDB deletes expired items days later."""
    return item.expires_at is not None and item.expires_at > to_epoch_seconds(now)


def find_unread(user_id: str, notifications: list[Notification]) -> set[str]:
    """Return the ids of those notifications, consecutive and the newest first, that are unread."""
    if not notifications:
        return set()
    newest, oldest = notifications[0].id, notifications[-1].id
    in_range = UnreadMark.SK.between(f"{UNREAD}{oldest}", f"{UNREAD}{newest}")
    return {mark.id for mark in query_all(UnreadMark, f"INBOX#{user_id}", in_range)}


def list_inbox(user_id: str, now: datetime) -> Iterator[tuple[Notification, bool]]:
    """Yield all notifications of the user, the oldest first, each with whether it was read."""
    inbox = f"INBOX#{user_id}"
    unread = {mark.id for mark in query_all(UnreadMark, inbox, UnreadMark.SK.startswith(UNREAD))}
    for each in query_all(Notification, inbox, Notification.SK.startswith(NOTIFICATION)):
        if is_kept(each, now):
            yield each, each.id not in unread


def mark_as_read(user_id: str, notification_ids: Iterable[str]) -> None:
    """Delete what marks these notifications as unread. Idempotent."""
    keys = [UnreadMark.key(user_id, notification_id) for notification_id in notification_ids]
    batch_delete([(key.pk, key.sk) for key in keys])


def delete_inbox(user_id: str) -> None:
    """Delete all items of the user's inbox. Idempotent."""
    items = query_all(Item, f"INBOX#{user_id}")
    batch_delete([(item.PK, item.SK) for item in items])
