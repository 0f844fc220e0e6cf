"""Is anybody there: for monitors and for whoever opens the address in a browser."""

from typing import Literal

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib import settings
from chalicelib.api.answers import answer
from chalicelib.api.gate import route
from chalicelib.domain.access import Action

bp = Blueprint(__name__)


class Index(Struct):
    name: str
    stage: str


class Health(Struct):
    status: Literal["ok"]


@route(bp, "GET", "/api", Action.ENTER, gives=Index)
def index() -> Response:
    return answer(Index(name="Task Manager API", stage=settings.STAGE))


@route(bp, "GET", "/api/health", Action.ENTER, gives=Health)
def check() -> Response:
    return answer(Health(status="ok"))
