"""The items of calendar feeds. They share the partition of their user's profile."""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb.table import Key, query_all
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import (
    Update,
    Write,
    delete_existing,
    transact_if_possible,
)
from chalicelib.sessions.models import ApiToken

# A feed is valid until it is deleted or its account gets a new epoch.
NEVER = "9999-12-31T23:59:59.999Z"


class CalendarFeed(ApiToken):
    """The address of a calendar: an API token that reads tasks, as a part of a URL.

    `projects` contains the project of the feed; None for a feed of the tasks that are assigned to
    its owner. `show_as` is `todos`, `events` or `all_day_events`. `content_digest` is the SHA-256
    of the calendar as it was last read, and `content_changed_at` when it was first read like that.
    """

    show_as = UnicodeAttribute()
    content_digest = UnicodeAttribute(null=True)
    content_changed_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, feed_id: str) -> "Key[CalendarFeed]":  # type: ignore[override]
        return Key(CalendarFeed, f"USER#{user_id}", f"CALENDAR#{feed_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("CALENDAR#")

    @property
    def project_id(self) -> str | None:
        return next(iter(self.projects or ()), None)


def list_user_feeds(user_id: str) -> Iterator[CalendarFeed]:
    """Return all calendar feeds of a user, the newest first, also those of an earlier epoch."""
    return query_all(
        CalendarFeed, f"USER#{user_id}", CalendarFeed.SK.startswith("CALENDAR#"), newest_first=True
    )


def delete_feed(user_id: str, feed_id: str, *writes: Write) -> bool:
    """Delete a calendar feed together with `writes`, and return whether it existed."""
    return delete_existing(CalendarFeed.key(user_id, feed_id), *writes)


def record_content(feed: CalendarFeed, digest: str, now: datetime) -> None:
    """Record the digest of the calendar, which is another than before, as it is read at `now`.

    If DynamoDB refuses the write, the next read records it, and this one goes on.
    """
    actions = (
        CalendarFeed.content_digest.set(digest),
        CalendarFeed.content_changed_at.set(format_timestamp(now)),
    )
    # The feed may have been deleted after it was read.
    transact_if_possible(Update(CalendarFeed.key(feed.user_id, feed.id), actions))
