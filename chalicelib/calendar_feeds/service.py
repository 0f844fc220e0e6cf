"""Calendar feeds: create, list and delete them, and read their calendars.

Whoever knows the address of a feed reads its tasks, with the rights that its owner has at that
time. So a feed ends with a logout everywhere, a disabled account or a removal from the project.
"""

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct

from chalicelib.access.permissions import Action, Scope
from chalicelib.access.service import Access, ProjectAccess, RequestContext, authorize_account
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.calendar_feeds import models
from chalicelib.calendar_feeds.calendars import CALENDAR_FORMAT, TODOS, build_calendar
from chalicelib.calendar_feeds.models import CalendarFeed
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.errors import NotFound, Unauthenticated
from chalicelib.sessions import credentials
from chalicelib.sessions.api_tokens import list_valid, store_token
from chalicelib.task_lists.filters import DueFilter, Filters
from chalicelib.task_lists.service import ListQuery, list_tasks
from chalicelib.task_lists.sources import DUE
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.models import Task, get_tasks

# More tasks do not fit into a response of Lambda (6 MB).
MAX_TASKS = 1_000
WITH_DUE_DATE = DueFilter()


class IssuedFeed(Struct, frozen=True):
    """A new feed with the secret part of its address, which is shown only once."""

    feed: CalendarFeed
    address: str


class Calendar(Struct, frozen=True):
    """The calendar of a feed: its tasks, the time `zone` of its owner, the address of the web
    client, the digest (SHA-256) of the content, and when the content last changed."""

    feed: CalendarFeed
    zone: str
    app_url: str
    tasks: list[Task]
    digest: str
    changed_at: datetime


def create_feed(access: Access, *, name: str, show_as: str) -> IssuedFeed:
    """Create a feed of the caller's tasks or, with a `ProjectAccess`, of a project's tasks.

    A repeated request with the same idempotency key returns the same address. Raises `Conflict`
    when the signing key has changed since the first request with the same idempotency key.
    """
    secret = credentials.create_secret("calendar", access.idempotency_key)
    key = CalendarFeed.key(access.user_id, new_id(access.now))
    feed = CalendarFeed(
        key.pk,
        key.sk,
        name=name,
        show_as=show_as,
        digest=credentials.hash_secret(secret),
        scopes={Scope.READ_TASKS},
        projects={access.project.id} if isinstance(access, ProjectAccess) else None,
        epoch=access.user.epoch,
        created_at=format_timestamp(access.now),
        valid_until=models.NEVER,
    )
    entry = audit_write(
        access,
        AuditAction.FEED_CREATED,
        access.user_id,
        target=feed.id,
        project=feed.project_id,
    )
    created = store_token(access, feed, entry)
    address = credentials.format_feed_address(access.user_id, created.id, secret)
    return IssuedFeed(created, address)


def list_feeds(access: Access) -> list[CalendarFeed]:
    """Return the caller's valid feeds, the newest first."""
    return list_valid(access, models.list_user_feeds)


def delete_feed(access: Access, feed_id: str) -> None:
    """Delete a feed; the next request to its address is refused.

    Raises `NotFound` when the caller has no such feed.
    """
    entry = audit_write(access, AuditAction.FEED_DELETED, access.user_id, target=feed_id)
    if not models.delete_feed(access.user_id, feed_id, entry):
        raise NotFound()


def read_calendar(address: str, *, app_url: str, now: datetime) -> Calendar:
    """Return the calendar of the feed with this address, without its text.

    Its tasks link to the web client at `app_url`; there are no links if that is empty.

    It has the open tasks, those that are due first before others, at most `MAX_TASKS`. Raises
    `NotFound` when there is no such feed, or its owner may no longer read its tasks, and
    `TooManyRequests`.
    """
    try:
        caller = credentials.parse_feed_address(address)
        context = RequestContext(caller, Action.READ_TASKS, now, kind="read")
        context.bucket.take(now)
        access = authorize_account(context)
    except Unauthenticated:
        raise NotFound() from None
    feed = access.token
    assert isinstance(feed, CalendarFeed)
    page = list_tasks(access, _build_query(feed, now), limit=MAX_TASKS, start=None)
    tasks = [task for task, _ in page.items]
    digest = _compute_digest(feed, access.user.time_zone, app_url, tasks)
    if feed.content_digest == digest and feed.content_changed_at is not None:
        changed_at = parse_timestamp(feed.content_changed_at)
    else:
        changed_at = now
        models.record_content(feed, digest, now)
    return Calendar(feed, access.user.time_zone, app_url, tasks, digest, changed_at)


def render_calendar(calendar: Calendar) -> str:
    """Return the calendar as iCalendar text."""
    feed = calendar.feed
    # An index holds only the cards of tasks.
    tasks = get_tasks(task.id for task in calendar.tasks) if feed.project_id else calendar.tasks
    return build_calendar(
        feed.name, tasks, show_as=feed.show_as, zone=calendar.zone, app_url=calendar.app_url
    )


def _compute_digest(feed: CalendarFeed, zone: str, app_url: str, tasks: list[Task]) -> str:
    """Return the digest of all that the text of the calendar depends on."""
    versions = [(task.id, task.updated_at) for task in tasks]
    known = [CALENDAR_FORMAT, app_url, feed.name, feed.show_as, zone, versions]
    return hashlib.sha256(msgspec.json.encode(known)).hexdigest()


def _build_query(feed: CalendarFeed, now: datetime) -> ListQuery:
    filters = Filters(
        now=format_timestamp(now),
        status=OPEN_STATUSES,
        assigned_to=None if feed.project_id else frozenset({feed.user_id}),
        due=None if feed.show_as == TODOS else frozenset({WITH_DUE_DATE}),
    )
    project_ids = [feed.project_id] if feed.project_id else None
    return ListQuery(project_ids, filters, DUE.name, descending=False)
