"""The index and the health check, for monitors and for people who open the address in a browser."""

from typing import Literal

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib import settings
from chalicelib.access.permissions import Action
from chalicelib.http import gate, responses

bp = Blueprint(__name__)


class Index(Struct):
    name: str
    stage: str


class Health(Struct):
    status: Literal["ok"]


@gate.route(bp, "GET", "/api", Action.PUBLIC, returns=Index)
def get_index() -> Response:
    """Get the API's name and stage."""
    return responses.json_response(Index(name="Task Manager API", stage=settings.STAGE))


@gate.route(bp, "GET", "/api/health", Action.PUBLIC, returns=Health)
def check_health() -> Response:
    """Check the API's health."""
    return responses.json_response(Health(status="ok"))
