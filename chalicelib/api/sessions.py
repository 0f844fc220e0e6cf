"""`/api/auth/sessions`: where one is signed in."""

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import answer, nothing
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.domain import sessions
from chalicelib.domain.access import Access, Action
from chalicelib.store.sessions import Session as SessionRow

bp = Blueprint(__name__)


class Session(Struct):
    """One place where somebody is signed in."""

    id: Id
    device: str | None
    is_current: bool
    created_at: Time
    refreshed_at: Time
    expires_at: Time


@route(bp, "GET", "/api/auth/sessions", Action.USE_ACCOUNT, gives=Page[Session])
def listed(access: Access) -> Response:
    items = [shown(session, access) for session in sessions.mine(access)]
    return answer(Page(items))


@route(bp, "DELETE", "/api/auth/sessions", Action.USE_ACCOUNT)
def end_others(access: Access) -> Response:
    sessions.end_others(access)
    return nothing()


@route(bp, "DELETE", "/api/auth/sessions/{session_id}", Action.USE_ACCOUNT)
def end(access: Access, session_id: str) -> Response:
    sessions.end(access, session_id)
    return nothing()


def shown(session: SessionRow, access: Access) -> Session:
    return Session(
        id=session.id,
        device=session.device,
        is_current=session.id == access.session_id,
        created_at=session.created_at,
        refreshed_at=session.rotated_at,
        expires_at=min(session.idle_until, session.absolute_until),
    )
