"""The route of tickets for live connections: `/api/live/tickets`."""

from chalice.app import Blueprint, Response

from chalicelib import settings
from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.http.gate import route
from chalicelib.http.responses import json_response
from chalicelib.live import service
from chalicelib.live.schemas import LiveTicket

bp = Blueprint(__name__)


@route(bp, "POST", "/api/live/tickets", Action.READ_TASKS, returns=LiveTicket)
def create_live_ticket(access: Access) -> Response:
    """Create a ticket for a live connection."""
    issued = service.issue_ticket(access)
    until = format_timestamp(issued.valid_until)
    return json_response(LiveTicket(issued.secret, settings.LIVE_URL, until))
