"""Request and response types of `/api/notifications`."""

from enum import StrEnum

from msgspec import Struct

from chalicelib.accounts.schemas import Person, present_person
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.mail import notifications as mail_notifications
from chalicelib.newer_releases import as_stored
from chalicelib.notifications.details import EXCERPT_MAX
from chalicelib.notifications.service import Entry


class NotificationKind(StrEnum):
    """The kind of event that a notification reports."""

    ASSIGNED = mail_notifications.ASSIGNED
    DUE_SOON = mail_notifications.DUE_SOON
    COMMENT = mail_notifications.COMMENT
    MENTIONED = mail_notifications.MENTIONED
    WEEKLY_REPORT = mail_notifications.WEEKLY_REPORT
    REMINDER = mail_notifications.REMINDER
    OVERDUE = mail_notifications.OVERDUE


class NotificationQuery(PageQuery):
    unread: bool = False


class NotifiedProject(Struct):
    id: Id
    name: str


class NotifiedTask(Struct):
    id: Id
    title: str


class Notification(Struct):
    """A notification.

    `project`, `task`, `actor` and `excerpt` are read now: they are null when they do not exist any
    more, or when you may no longer read them. `excerpt` is the beginning of the comment, and
    `report_id` names the weekly report of the project.
    """

    id: Id
    kind: NotificationKind
    is_read: bool
    created_at: Time
    project: NotifiedProject | None
    task: NotifiedTask | None
    actor: Person | None
    comment_id: Id | None
    excerpt: str | None
    report_id: Id | None


class UnreadCount(Struct):
    """The number of unread notifications; 100 stands for 100 and more."""

    unread: int


class SeenNotifications(Struct, forbid_unknown_fields=True):
    """`up_to` is the newest notification that you have seen; without it, all are marked."""

    up_to: str | None = None


def present_notification(entry: Entry) -> Notification:
    """Return a notification as JSON type."""
    stored, about = entry.notification, entry.details
    return Notification(
        id=stored.id,
        kind=as_stored(NotificationKind, stored.kind),
        is_read=not entry.is_unread,
        created_at=stored.created_at,
        project=NotifiedProject(about.project.id, about.project.name) if about.project else None,
        task=NotifiedTask(about.task.id, about.task.title) if about.task else None,
        actor=present_person(about.actor) if about.actor else None,
        comment_id=about.comment.id if about.comment else None,
        excerpt=about.comment.body[:EXCERPT_MAX] if about.comment else None,
        report_id=stored.job_id if about.project else None,
    )
