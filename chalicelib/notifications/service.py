"""The inbox of the caller: list notifications, count the unread ones, mark them as read."""

from typing import Any

from msgspec import Struct

from chalicelib.access.prefetch import Prefetch, Read
from chalicelib.access.service import Access, RequestContext
from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import batch_get
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.notifications import models
from chalicelib.notifications.details import Details, Reference, load_details
from chalicelib.notifications.models import Notification

# More unread notifications than this are not counted, so the count costs the same in any inbox.
COUNT_MAX = 100
MARKED_MAX = 1_000


class Entry(Struct, frozen=True):
    """A notification as its owner sees it."""

    notification: Notification
    is_unread: bool
    details: Details


def list_notifications(
    access: Access, *, unread: bool, limit: int, start: dict[str, Any] | None
) -> Page[Entry]:
    """Return a page of the caller's notifications of the last 90 days, the newest first; with
    `unread`, of those that are unread."""
    if unread:
        marks = access.read(
            models.list_unread_marks, access.user_id, access.now, limit=limit, start=start
        )
        keys = [Notification.key(access.user_id, mark.id) for mark in marks.items]
        items = batch_get(*keys)
        page = Page([found for key in keys if (found := items.get(key))], marks.last_key)
        unread_ids = {mark.id for mark in marks.items}
    else:
        page = access.read(
            models.list_notifications, access.user_id, access.now, limit=limit, start=start
        )
        unread_ids = models.find_unread(access.user_id, page.items)
    references = [
        Reference(each.task_id, each.comment_id, each.actor, each.project_id) for each in page.items
    ]
    entries = [
        Entry(each, each.id in unread_ids, about)
        for each, about in zip(page.items, load_details(access.user_id, references), strict=True)
    ]
    return Page(entries, page.last_key)


def count_unread(access: Access) -> int:
    """Return the number of unread notifications, at most `COUNT_MAX`."""
    marks = access.read(models.list_unread_marks, access.user_id, access.now, limit=COUNT_MAX)
    return len(marks.items)


def prefetch_count(context: RequestContext) -> Prefetch:
    """Return what `count_unread` will read."""
    arguments = (context.caller.user_id, context.now)
    return Prefetch(reads=(Read(models.list_unread_marks, arguments, {"limit": COUNT_MAX}),))


def prefetch_notification(context: RequestContext, notification_id: str, **_: Any) -> Prefetch:
    """Return what `mark_as_read` will read."""
    return Prefetch((Notification.key(context.caller.user_id, notification_id),))


def mark_as_read(access: Access, notification_id: str) -> None:
    """Mark one notification as read. Idempotent.

    Raises `NotFound` when the caller has no such notification.
    """
    stored = access.get_item(Notification.key(access.user_id, notification_id))
    if stored is None or not models.is_kept(stored, access.now):
        raise NotFound()
    models.mark_as_read(access.user_id, [notification_id])


def mark_all_as_read(access: Access, up_to: str | None) -> int:
    """Mark the newest `MARKED_MAX` unread notifications as read, and return how many are unread
    now, as `count_unread` does.

    `up_to` is the id of the newest notification that the caller has seen; later ones stay unread,
    and so do those that arrive during the request. Raises `Invalid` when it is no id.
    """
    if up_to is not None and not is_id(up_to):
        raise Invalid(errors=(FieldError("up_to", "is not the id of a notification"),))
    marks = models.list_unread_marks(access.user_id, access.now, limit=MARKED_MAX, up_to=up_to)
    models.mark_as_read(access.user_id, [mark.id for mark in marks.items])
    return count_unread(access)
