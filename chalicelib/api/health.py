"""Is anybody there: for monitors and for whoever opens the address in a browser."""

from chalice.app import Blueprint, Response

from chalicelib import settings
from chalicelib.api.answers import answer
from chalicelib.api.gate import route
from chalicelib.domain.access import Action

bp = Blueprint(__name__)


@route(bp, "GET", "/api", Action.ENTER)
def index() -> Response:
    return answer({"name": "Task Manager API", "stage": settings.STAGE})


@route(bp, "GET", "/api/health", Action.ENTER)
def health() -> Response:
    return answer({"status": "ok"})
