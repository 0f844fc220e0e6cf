"""`/api/auth`: accounts and sign-ins."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.gate import route
from chalicelib.clock import now
from chalicelib.domain import accounts
from chalicelib.domain.access import Access, Action
from chalicelib.errors import FieldError, Invalid
from chalicelib.store.users import User

bp = Blueprint(__name__)

Username = Annotated[str, Meta(min_length=3, max_length=50, pattern=r"^[\w.+-]+$")]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")]
Password = Annotated[str, Meta(min_length=8, max_length=256)]


class Registration(Struct, forbid_unknown_fields=True):
    username: Username
    email: Email
    password: Password
    password_confirm: str


class Login(Struct, forbid_unknown_fields=True):
    email: str
    password: Annotated[str, Meta(max_length=256)]


@route(bp, "POST", "/api/auth/register", Action.ENTER, body=Registration)
def register(body: Registration) -> Response:
    if body.password != body.password_confirm:
        raise Invalid(errors=(FieldError("password_confirm", "differs from password"),))
    user = accounts.register(
        username=body.username, email=body.email, password=body.password, now=now()
    )
    return created(shown(user), "/api/auth/profile/")


@route(bp, "POST", "/api/auth/login", Action.ENTER, body=Login)
def log_in(body: Login) -> Response:
    device = bp.current_request.headers.get("user-agent", "")
    signed_in = accounts.log_in(email=body.email, password=body.password, device=device, now=now())
    return answer(
        {
            "access": signed_in.access,
            "refresh": signed_in.refresh,
            "token_type": "Bearer",
            "expires_in": signed_in.expires_in,
            "user": shown(signed_in.user),
        }
    )


@route(bp, "POST", "/api/auth/logout", Action.USE_ACCOUNT)
def log_out(access: Access) -> Response:
    accounts.log_out(access)
    return nothing()


@route(bp, "GET", "/api/auth/profile", Action.USE_ACCOUNT)
def profile(access: Access) -> Response:
    return answer(shown(accounts.profile(access)))


def shown(user: User) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_verified": user.is_verified,
        "created_at": user.created_at,
    }
