"""Request and response bodies of login, refresh, sessions and API tokens."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.access.permissions import Scope
from chalicelib.access.service import Access
from chalicelib.accounts.schemas import Account
from chalicelib.http.fields import AnyPassword, Id, Time, Token
from chalicelib.http.text_fields import line
from chalicelib.newer_releases import as_stored
from chalicelib.sessions import models
from chalicelib.sessions.service import SignIn


class Session(Struct):
    """A session: one login of a user on a device."""

    id: Id
    device: str | None
    is_current: bool
    created_at: Time
    refreshed_at: Time
    expires_at: Time


def present_session(session: models.Session, access: Access) -> Session:
    """Return the response body of a session; `access` tells which session is the current one."""
    return Session(
        id=session.id,
        device=session.device,
        is_current=session.id == access.session_id,
        created_at=session.created_at,
        refreshed_at=session.rotated_at,
        expires_at=min(session.idle_until, session.absolute_until),
    )


class NewToken(Struct, forbid_unknown_fields=True):
    name: Annotated[str, line(max_length=100)]
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    expires_at: Annotated[datetime, Meta(tz=True)]
    projects: Annotated[list[str], Meta(min_length=1, max_length=50)] | None = None


class ApiToken(Struct):
    """An API token without its secret, which cannot be shown again."""

    id: Id
    name: str
    scopes: list[Scope]
    projects: list[str] | None
    created_at: Time
    expires_at: Time
    last_used_at: Time | None


class IssuedToken(ApiToken):
    """A new API token with its secret, which is shown only once."""

    token: str


def present_api_token(token: models.ApiToken) -> ApiToken:
    """Return the response body of an API token."""
    return ApiToken(
        id=token.id,
        name=token.name,
        scopes=[as_stored(Scope, scope) for scope in sorted(token.scopes)],
        projects=sorted(token.projects) if token.projects else None,
        created_at=token.created_at,
        expires_at=token.valid_until,
        last_used_at=token.last_used_at,
    )


class Login(Struct, forbid_unknown_fields=True):
    """With `cookie`, the refresh token is sent in a cookie that scripts cannot read."""

    email: str
    password: AnyPassword
    cookie: bool = False


class RefreshToken(Struct, forbid_unknown_fields=True):
    """Without `refresh`, the cookie of the login holds the refresh token."""

    refresh: Token | None = None


class Tokens(Struct):
    """The tokens of a session; `refresh` is null when the refresh token is in the cookie."""

    access: str
    refresh: str | None
    token_type: Literal["Bearer"]
    expires_in: int


class SignedIn(Tokens):
    user: Account


def present_tokens(signed_in: SignIn, *, is_in_cookie: bool) -> Tokens:
    """Return the response body of a login or refresh, without the user.

    `is_in_cookie` tells whether the response has the refresh token in a cookie.
    """
    return Tokens(
        access=signed_in.access,
        refresh=None if is_in_cookie else signed_in.refresh,
        token_type="Bearer",
        expires_in=signed_in.expires_in,
    )
