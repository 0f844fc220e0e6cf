"""Routes of `/api/calendar-feeds`, and of the calendars at their secret addresses."""

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_list
from chalicelib.access.service import Access, RequestContext
from chalicelib.calendar_feeds import models, schemas, service
from chalicelib.calendar_feeds.schemas import CalendarFeed, IssuedCalendarFeed, NewCalendarFeed
from chalicelib.clock import now
from chalicelib.http.distribution import find_api_url, find_app_url
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.responses import (
    created_response,
    dated_headers,
    is_modified,
    json_response,
    no_content_response,
)

bp = Blueprint(__name__)

FEEDS = "/api/calendar-feeds"
CALENDAR = "text/calendar; charset=utf-8"


def _prefetch_feeds(context: RequestContext) -> Prefetch:
    return prefetch_list(models.list_user_feeds, context.caller.user_id)


@route(
    bp, "GET", FEEDS, Action.SHARE_CALENDAR, returns=Page[CalendarFeed], prefetch=_prefetch_feeds
)
def list_calendar_feeds(access: Access) -> Response:
    """List your calendar feeds."""
    return json_response(Page([schemas.present_feed(each) for each in service.list_feeds(access)]))


@route(
    bp,
    "POST",
    FEEDS,
    Action.SHARE_CALENDAR,
    body=NewCalendarFeed,
    returns=IssuedCalendarFeed,
    status=201,
)
def create_calendar_feed(access: Access, body: NewCalendarFeed) -> Response:
    """Create a calendar feed."""
    issued = service.create_feed(access, name=body.name, show_as=body.show_as)
    feed = schemas.present_feed(issued.feed)
    url = f"{find_api_url(bp.current_request.context)}/api/calendar/{issued.address}"
    return created_response(IssuedCalendarFeed(**asdict(feed), url=url), f"{FEEDS}/{feed.id}/")


@route(bp, "DELETE", FEEDS + "/{feed_id}", Action.SHARE_CALENDAR)
def delete_calendar_feed(access: Access, feed_id: str) -> Response:
    """Delete a calendar feed."""
    service.delete_feed(access, feed_id)
    return no_content_response()


@route(bp, "GET", "/api/calendar/{address}", Action.PUBLIC, returns=str, media=CALENDAR)
def get_calendar(address: str) -> Response:
    """Get the calendar of a feed."""
    calendar = service.read_calendar(
        address, app_url=find_app_url(bp.current_request.context), now=now()
    )
    etag = f'"{calendar.digest[:32]}"'
    headers = dated_headers(etag, calendar.changed_at)
    if not is_modified(bp.current_request, etag, calendar.changed_at):
        return Response("", headers, 304)
    return Response(service.render_calendar(calendar), {"Content-Type": CALENDAR, **headers})
