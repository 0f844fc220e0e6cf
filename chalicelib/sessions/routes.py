"""Routes of login, refresh and logout, sessions and API tokens."""

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.accounts.schemas import present_account
from chalicelib.clock import now
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import created_response, json_response, no_content_response
from chalicelib.sessions import api_tokens, schemas, service
from chalicelib.sessions.schemas import (
    ApiToken,
    IssuedToken,
    Login,
    NewToken,
    RefreshToken,
    Session,
    SignedIn,
    Tokens,
)

bp = Blueprint(__name__)


@route(bp, "GET", "/api/auth/sessions", Action.USE_ACCOUNT, returns=Page[Session])
def list_sessions(access: Access) -> Response:
    """List your sessions."""
    sessions = service.list_sessions(access)
    return json_response(Page([schemas.present_session(session, access) for session in sessions]))


@route(bp, "DELETE", "/api/auth/sessions", Action.USE_ACCOUNT)
def end_other_sessions(access: Access) -> Response:
    """End your other sessions."""
    service.end_other_sessions(access)
    return no_content_response()


@route(bp, "DELETE", "/api/auth/sessions/{session_id}", Action.USE_ACCOUNT)
def end_session(access: Access, session_id: str) -> Response:
    """End a session."""
    service.end_session(access, session_id)
    return no_content_response()


@route(bp, "GET", "/api/auth/tokens", Action.USE_ACCOUNT, returns=Page[ApiToken])
def list_api_tokens(access: Access) -> Response:
    """List your API tokens."""
    tokens = api_tokens.list_api_tokens(access)
    return json_response(Page([schemas.present_api_token(token) for token in tokens]))


@route(
    bp,
    "POST",
    "/api/auth/tokens",
    Action.USE_ACCOUNT,
    body=NewToken,
    returns=IssuedToken,
    status=201,
)
def create_api_token(access: Access, body: NewToken) -> Response:
    """Create an API token."""
    issued = api_tokens.create_api_token(
        access,
        name=body.name,
        scopes=frozenset(body.scopes),
        projects=frozenset(body.projects) if body.projects else None,
        expires_at=body.expires_at,
    )
    token = schemas.present_api_token(issued.token)
    return created_response(
        IssuedToken(**asdict(token), token=issued.credential), f"/api/auth/tokens/{token.id}/"
    )


@route(bp, "DELETE", "/api/auth/tokens/{token_id}", Action.USE_ACCOUNT)
def delete_api_token(access: Access, token_id: str) -> Response:
    """Delete an API token."""
    api_tokens.delete_api_token(access, token_id)
    return no_content_response()


@route(bp, "POST", "/api/auth/login", Action.PUBLIC, body=Login, returns=SignedIn)
def log_in(body: Login) -> Response:
    """Log in."""
    signed_in = service.log_in(
        email=body.email,
        password=body.password,
        device=bp.current_request.headers.get("user-agent", ""),
        source=get_source_address(bp),
        now=now(),
    )
    tokens = schemas.present_tokens(signed_in)
    return json_response(SignedIn(**asdict(tokens), user=present_account(signed_in.user)))


@route(bp, "POST", "/api/auth/refresh", Action.PUBLIC, body=RefreshToken, returns=Tokens)
def refresh_session(body: RefreshToken) -> Response:
    """Refresh the session's tokens."""
    signed_in = service.refresh_session(token=body.refresh, now=now())
    return json_response(schemas.present_tokens(signed_in))


@route(bp, "POST", "/api/auth/logout", Action.USE_ACCOUNT)
def log_out(access: Access) -> Response:
    """Log out."""
    service.log_out(access)
    return no_content_response()
