"""`/api/auth/tokens`: API tokens for scripts and integrations."""

from datetime import datetime
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct
from msgspec.structs import asdict

from chalicelib.api.answers import answer, created, nothing
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.domain import api_tokens
from chalicelib.domain.access import Access, Action, Scope
from chalicelib.store.api_tokens import ApiToken as ApiTokenRow

bp = Blueprint(__name__)


class NewToken(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    expires_at: Annotated[datetime, Meta(tz=True)]
    projects: Annotated[list[str], Meta(min_length=1, max_length=50)] | None = None


class ApiToken(Struct):
    """A token without its secret, which nobody can show again."""

    id: Id
    name: str
    scopes: list[Scope]
    projects: list[str] | None
    created_at: Time
    expires_at: Time
    last_used_at: Time | None


class IssuedToken(ApiToken):
    """A token with its secret, this once."""

    token: str


@route(bp, "GET", "/api/auth/tokens", Action.USE_ACCOUNT, gives=Page[ApiToken])
def listed(access: Access) -> Response:
    return answer(Page([shown(token) for token in api_tokens.mine(access)]))


@route(
    bp, "POST", "/api/auth/tokens", Action.USE_ACCOUNT, body=NewToken, gives=IssuedToken, status=201
)
def create(access: Access, body: NewToken) -> Response:
    made = api_tokens.create(
        access,
        name=body.name,
        scopes=frozenset(body.scopes),
        projects=frozenset(body.projects) if body.projects else None,
        expires_at=body.expires_at,
    )
    location = f"/api/auth/tokens/{made.token.id}/"
    return created(IssuedToken(**asdict(shown(made.token)), token=made.credential), location)


@route(bp, "DELETE", "/api/auth/tokens/{token_id}", Action.USE_ACCOUNT)
def delete(access: Access, token_id: str) -> Response:
    api_tokens.delete(access, token_id)
    return nothing()


def shown(token: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=token.id,
        name=token.name,
        scopes=sorted(map(Scope, token.scopes)),
        projects=sorted(token.projects) if token.projects else None,
        created_at=token.created_at,
        expires_at=token.valid_until,
        last_used_at=token.last_used_at,
    )
