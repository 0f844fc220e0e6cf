"""`/api/auth`: the ways in, without a token."""

from typing import Literal

from chalice.app import Blueprint, Response
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.fields import (
    AnyPassword,
    Email,
    NewPassword,
    Token,
    Username,
    require_confirmed,
)
from chalicelib.api.gate import route
from chalicelib.api.limits import source_of
from chalicelib.api.profile import Account, Mailed, shown
from chalicelib.clock import now
from chalicelib.domain import accounts, passwords, sessions
from chalicelib.domain.access import Access, Action
from chalicelib.domain.sessions import SignIn

bp = Blueprint(__name__)

# Said alike for every address, known or not.
ON_ITS_WAY = Mailed("If the address is known here, a mail is on its way")


class Registration(Struct, forbid_unknown_fields=True):
    username: Username
    email: Email
    password: NewPassword
    password_confirm: str


class Login(Struct, forbid_unknown_fields=True):
    email: str
    password: AnyPassword


class RefreshToken(Struct, forbid_unknown_fields=True):
    refresh: Token


class EmailAddress(Struct, forbid_unknown_fields=True):
    email: Email


class OneTimeToken(Struct, forbid_unknown_fields=True):
    token: Token


class PasswordReset(Struct, forbid_unknown_fields=True):
    token: Token
    password: NewPassword
    password_confirm: str


class Tokens(Struct):
    access: str
    refresh: str
    token_type: Literal["Bearer"]
    expires_in: int


class SignedIn(Tokens):
    user: Account


@route(bp, "POST", "/api/auth/register", Action.ENTER, body=Registration, gives=Account, status=201)
def register(body: Registration) -> Response:
    require_confirmed("password", body.password, body.password_confirm)
    user = accounts.register(
        username=body.username,
        email=body.email,
        password=body.password,
        source=source_of(bp),
        now=now(),
    )
    return created(shown(user), "/api/auth/profile/")


@route(bp, "POST", "/api/auth/verify-email", Action.ENTER, body=OneTimeToken)
def verify_email(body: OneTimeToken) -> Response:
    accounts.verify_email(token=body.token, now=now())
    return nothing()


@route(
    bp,
    "POST",
    "/api/auth/resend-verification",
    Action.ENTER,
    body=EmailAddress,
    gives=Mailed,
    status=202,
)
def resend_verification(body: EmailAddress) -> Response:
    accounts.resend_verification(email=body.email, source=source_of(bp), now=now())
    return answer(ON_ITS_WAY, 202)


@route(bp, "POST", "/api/auth/confirm-email", Action.ENTER, body=OneTimeToken)
def confirm_email(body: OneTimeToken) -> Response:
    accounts.confirm_email_change(token=body.token, now=now())
    return nothing()


@route(bp, "POST", "/api/auth/login", Action.ENTER, body=Login, gives=SignedIn)
def log_in(body: Login) -> Response:
    signed_in = sessions.log_in(
        email=body.email,
        password=body.password,
        device=bp.current_request.headers.get("user-agent", ""),
        source=source_of(bp),
        now=now(),
    )
    return answer(SignedIn(**asdict(_tokens(signed_in)), user=shown(signed_in.user)))


@route(bp, "POST", "/api/auth/refresh", Action.ENTER, body=RefreshToken, gives=Tokens)
def refresh(body: RefreshToken) -> Response:
    return answer(_tokens(sessions.refresh(token=body.refresh, now=now())))


@route(bp, "POST", "/api/auth/logout", Action.USE_ACCOUNT)
def log_out(access: Access) -> Response:
    sessions.log_out(access)
    return nothing()


@route(
    bp,
    "POST",
    "/api/auth/forgot-password",
    Action.ENTER,
    body=EmailAddress,
    gives=Mailed,
    status=202,
)
def forgot_password(body: EmailAddress) -> Response:
    passwords.forgot(email=body.email, source=source_of(bp), now=now())
    return answer(ON_ITS_WAY, 202)


@route(bp, "POST", "/api/auth/reset-password", Action.ENTER, body=PasswordReset)
def reset_password(body: PasswordReset) -> Response:
    require_confirmed("password", body.password, body.password_confirm)
    passwords.reset(token=body.token, new_password=body.password, now=now())
    return nothing()


def _tokens(signed_in: SignIn) -> Tokens:
    return Tokens(
        access=signed_in.access,
        refresh=signed_in.refresh,
        token_type="Bearer",
        expires_in=signed_in.expires_in,
    )
