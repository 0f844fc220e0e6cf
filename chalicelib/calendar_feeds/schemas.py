"""Request and response types of `/api/calendar-feeds`."""

from enum import StrEnum
from typing import Annotated

from msgspec import Struct

from chalicelib.calendar_feeds import models
from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import line
from chalicelib.newer_releases import as_stored


class CalendarEntries(StrEnum):
    """The form of tasks in the calendar."""

    TODOS = "todos"
    EVENTS = "events"
    ALL_DAY_EVENTS = "all_day_events"


class NewCalendarFeed(Struct, forbid_unknown_fields=True):
    """Without `project`, the feed has the tasks that are assigned to you."""

    name: Annotated[str, line(max_length=100)]
    show_as: CalendarEntries = CalendarEntries.EVENTS
    project: str | None = None


class CalendarFeed(Struct):
    """A calendar feed without its address, which cannot be shown again."""

    id: Id
    name: str
    show_as: CalendarEntries
    project: Id | None
    created_at: Time
    last_used_at: Time | None


class IssuedCalendarFeed(CalendarFeed):
    """A new calendar feed with its secret address, which is shown only once."""

    url: str


def present_feed(feed: models.CalendarFeed) -> CalendarFeed:
    """Return the response body of a calendar feed."""
    return CalendarFeed(
        id=feed.id,
        name=feed.name,
        show_as=as_stored(CalendarEntries, feed.show_as),
        project=feed.project_id,
        created_at=feed.created_at,
        last_used_at=feed.last_used_at,
    )
