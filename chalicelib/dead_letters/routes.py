"""The route of the dead letters, for site staff."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.dead_letters import schemas, service
from chalicelib.dead_letters.schemas import DeadLetters
from chalicelib.http.gate import route
from chalicelib.http.responses import json_response

bp = Blueprint(__name__)


@route(bp, "GET", "/api/admin/dead-letters", Action.MONITOR_SERVICE, returns=DeadLetters)
def get_dead_letters(access: Access) -> Response:
    """Show the dead letters."""
    return json_response(schemas.present_dead_letters(service.read_queue()))
