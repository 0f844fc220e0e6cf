"""Routes of `/api/notifications`: the inbox of the caller."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch
from chalicelib.access.service import Access, RequestContext
from chalicelib.http.bodies import parse_optional_body
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response, prefetch_page
from chalicelib.http.responses import conditional_response, json_response, no_content_response
from chalicelib.notifications import models, schemas, service
from chalicelib.notifications.schemas import (
    Notification,
    NotificationQuery,
    SeenNotifications,
    UnreadCount,
)

bp = Blueprint(__name__)

NOTIFICATIONS = "/api/notifications"


def _prefetch_notifications(context: RequestContext, query: NotificationQuery) -> Prefetch:
    read = models.list_unread_marks if query.unread else models.list_notifications
    return prefetch_page(
        context,
        query,
        f"notifications {query.unread}",
        read,
        context.caller.user_id,
        context.now,
    )


@route(
    bp,
    "GET",
    NOTIFICATIONS,
    Action.USE_INBOX,
    query=NotificationQuery,
    returns=Page[Notification],
    prefetch=_prefetch_notifications,
)
def list_notifications(access: Access, query: NotificationQuery) -> Response:
    """List your notifications."""
    find = partial(service.list_notifications, access, unread=query.unread)
    return page_response(
        access, query, f"notifications {query.unread}", find, schemas.present_notification
    )


@route(
    bp,
    "GET",
    NOTIFICATIONS + "/unread-count",
    Action.USE_INBOX,
    returns=UnreadCount,
    prefetch=service.prefetch_count,
)
def count_unread_notifications(access: Access) -> Response:
    """Count your unread notifications."""
    return conditional_response(UnreadCount(service.count_unread(access)), bp.current_request)


@route(
    bp,
    "PUT",
    NOTIFICATIONS + "/{notification_id}/read",
    Action.USE_INBOX,
    prefetch=service.prefetch_notification,
)
def mark_notification_as_read(access: Access, notification_id: str) -> Response:
    """Mark a notification as read."""
    service.mark_as_read(access, notification_id)
    return no_content_response()


@route(
    bp,
    "POST",
    NOTIFICATIONS + "/read",
    Action.USE_INBOX,
    body=SeenNotifications,
    parse=parse_optional_body,
    returns=UnreadCount,
)
def mark_all_notifications_as_read(access: Access, body: SeenNotifications) -> Response:
    """Mark all your notifications as read."""
    return json_response(UnreadCount(service.mark_all_as_read(access, body.up_to)))
