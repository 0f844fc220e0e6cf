"""Request and response bodies of login, refresh, sessions and API tokens."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.access.permissions import Scope
from chalicelib.access.service import Access
from chalicelib.accounts.schemas import Account
from chalicelib.http.fields import AnyPassword, Id, Time, Token
from chalicelib.http.text_fields import line
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
        scopes=sorted(map(Scope, token.scopes)),
        projects=sorted(token.projects) if token.projects else None,
        created_at=token.created_at,
        expires_at=token.valid_until,
        last_used_at=token.last_used_at,
    )


class Login(Struct, forbid_unknown_fields=True):
    email: str
    password: AnyPassword


class RefreshToken(Struct, forbid_unknown_fields=True):
    refresh: Token


class Tokens(Struct):
    access: str
    refresh: str
    token_type: Literal["Bearer"]
    expires_in: int


class SignedIn(Tokens):
    user: Account


def present_tokens(signed_in: SignIn) -> Tokens:
    """Return the response body of a login or refresh, without the user."""
    return Tokens(
        access=signed_in.access,
        refresh=signed_in.refresh,
        token_type="Bearer",
        expires_in=signed_in.expires_in,
    )
