"""Routes of login, refresh and logout, sessions and API tokens."""

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_list
from chalicelib.access.service import Access, RequestContext
from chalicelib.accounts.schemas import present_account
from chalicelib.clock import now
from chalicelib.http.distribution import find_app_url
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import created_response, json_response, no_content_response
from chalicelib.members.models import Member
from chalicelib.second_factors import login
from chalicelib.second_factors.passkey_schemas import (
    PasskeyRequestOptions,
    present_request_options,
)
from chalicelib.second_factors.schemas import LoginTicket, SecondStep, require_proof
from chalicelib.sessions import api_tokens, cookies, models, schemas, service
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
from chalicelib.sessions.service import SignIn

bp = Blueprint(__name__)


def _prefetch_sessions(context: RequestContext, **_: str) -> Prefetch:
    return prefetch_list(models.list_user_sessions, context.caller.user_id)


def _prefetch_memberships(context: RequestContext, body: NewToken) -> Prefetch:
    user_id = context.caller.user_id
    return Prefetch(tuple(Member.key(each, user_id) for each in body.projects or ()))


def _prefetch_api_tokens(context: RequestContext) -> Prefetch:
    return prefetch_list(models.list_user_api_tokens, context.caller.user_id)


@route(
    bp,
    "GET",
    "/api/auth/sessions",
    Action.USE_ACCOUNT,
    returns=Page[Session],
    prefetch=_prefetch_sessions,
)
def list_sessions(access: Access) -> Response:
    """List your sessions."""
    sessions = service.list_sessions(access)
    return json_response(Page([schemas.present_session(session, access) for session in sessions]))


@route(
    bp,
    "DELETE",
    "/api/auth/sessions",
    Action.USE_ACCOUNT,
    prefetch=_prefetch_sessions,
)
def end_other_sessions(access: Access) -> Response:
    """End your other sessions."""
    service.end_other_sessions(access)
    return no_content_response()


@route(
    bp,
    "DELETE",
    "/api/auth/sessions/{session_id}",
    Action.USE_ACCOUNT,
    prefetch=_prefetch_sessions,
)
def end_session(access: Access, session_id: str) -> Response:
    """End a session."""
    service.end_session(access, session_id)
    return no_content_response()


@route(
    bp,
    "GET",
    "/api/auth/tokens",
    Action.USE_ACCOUNT,
    returns=Page[ApiToken],
    prefetch=_prefetch_api_tokens,
)
def list_api_tokens(access: Access) -> Response:
    """List your API tokens."""
    tokens = api_tokens.list_api_tokens(access)
    return json_response(Page([schemas.present_api_token(token) for token in tokens]))


@route(
    bp,
    "POST",
    "/api/auth/tokens",
    Action.CHANGE_CREDENTIALS,
    body=NewToken,
    returns=IssuedToken,
    status=201,
    prefetch=_prefetch_memberships,
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
    return _signed_in_response(signed_in, is_in_cookie=body.cookie)


@route(
    bp,
    "POST",
    "/api/auth/login/passkey-options",
    Action.PUBLIC,
    body=LoginTicket,
    returns=PasskeyRequestOptions,
)
def start_passkey_login(body: LoginTicket) -> Response:
    """Log in with a passkey: get the options for the browser."""
    ceremony = login.start_passkey_login(
        ticket=body.ticket, app_url=find_app_url(bp.current_request.context), now=now()
    )
    return json_response(present_request_options(ceremony))


@route(
    bp,
    "POST",
    "/api/auth/login/second-factor",
    Action.PUBLIC,
    body=SecondStep,
    returns=SignedIn,
)
def complete_login(body: SecondStep) -> Response:
    """Log in: the second step."""
    signed_in = login.complete_login(
        ticket=body.ticket,
        proof=require_proof(body, find_app_url(bp.current_request.context)),
        device=bp.current_request.headers.get("user-agent", ""),
        source=get_source_address(bp),
        now=now(),
    )
    return _signed_in_response(signed_in, is_in_cookie=body.cookie)


def _signed_in_response(signed_in: SignIn, *, is_in_cookie: bool) -> Response:
    """Return the response of a login; `is_in_cookie` puts the refresh token into the cookie."""
    tokens = schemas.present_tokens(signed_in, is_in_cookie=is_in_cookie)
    answer = SignedIn(**asdict(tokens), user=present_account(signed_in.user))
    headers = cookies.build_headers(signed_in.refresh) if is_in_cookie else None
    return json_response(answer, headers=headers)


@route(bp, "POST", "/api/auth/refresh", Action.PUBLIC, body=RefreshToken, returns=Tokens)
def refresh_session(body: RefreshToken) -> Response:
    """Refresh the session's tokens."""
    is_in_cookie = body.refresh is None
    cookie = cookies.find_token(bp.current_request.headers.get("cookie", ""))
    # A token from the cookie is never answered in the body, where scripts could read it.
    token = cookie if body.refresh is None else body.refresh
    signed_in = service.refresh_session(token=token, now=now())
    tokens = schemas.present_tokens(signed_in, is_in_cookie=is_in_cookie)
    headers = cookies.build_headers(signed_in.refresh) if is_in_cookie else None
    return json_response(tokens, headers=headers)


@route(bp, "POST", "/api/auth/logout", Action.USE_ACCOUNT)
def log_out(access: Access) -> Response:
    """Log out."""
    service.log_out(access)
    return Response("", cookies.build_expired_headers(), 204)
