"""API tokens: create, list and delete.

A token acts with its owner's rights, within its scopes and projects, until it expires.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from chalicelib.access.permissions import Scope
from chalicelib.access.service import Access
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put, Write
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.members.models import Member
from chalicelib.sessions import credentials, models
from chalicelib.sessions.models import ApiToken

T = TypeVar("T", bound=ApiToken)

MAX_LIFETIME = timedelta(days=366)


class IssuedApiToken(Struct, frozen=True):
    """A new token with its credential (`Authorization: Bearer`), which is shown only once."""

    token: ApiToken
    credential: str


def create_api_token(
    access: Access,
    *,
    name: str,
    scopes: frozenset[Scope],
    projects: frozenset[str] | None,
    expires_at: datetime,
) -> IssuedApiToken:
    """Create an API token; without `projects` it is valid for all projects of the caller.

    A repeated request with the same idempotency key returns the same credential. Raises `Invalid`
    when the expiry is in the past or over a year away, or when the caller is not a member of a
    project. Raises `Conflict` when the signing key has changed since the first request with the
    same idempotency key.
    """
    if not access.now < expires_at <= access.now + MAX_LIFETIME:
        raise Invalid(errors=(FieldError("expires_at", "must be within a year from now"),))
    _require_memberships(access, projects or frozenset())

    secret = credentials.create_secret("api", access.idempotency_key)
    key = ApiToken.key(access.user_id, new_id(access.now))
    token = ApiToken(
        key.pk,
        key.sk,
        name=name,
        digest=credentials.hash_secret(secret),
        scopes=set(scopes),
        projects=set(projects) if projects else None,
        epoch=access.user.epoch,
        created_at=format_timestamp(access.now),
        valid_until=format_timestamp(expires_at),
        expires_at=to_epoch_seconds(expires_at),
    )

    entry = audit_write(
        access,
        AuditAction.TOKEN_CREATED,
        access.user_id,
        target=token.id,
        scopes=", ".join(sorted(scopes)),
    )
    created = store_token(access, token, entry)
    return IssuedApiToken(created, credentials.format_api_token(access.user_id, created.id, secret))


def store_token(access: Access, token: T, entry: Write) -> T:
    """Store a new token once for its idempotency key, and return the stored one.

    `entry` is the write of its entry in the audit log.

    Raises `Conflict` when the signing key has changed since the first request with the key: the
    secret that the caller would get now is not the one that was stored.
    """
    created = create_once(
        token, Put(token), entry, idempotency_key=access.idempotency_key, now=access.now
    )
    if created.digest != token.digest:
        raise Conflict("The signing key has changed; delete this one and create another")
    return created


def _require_memberships(access: Access, project_ids: frozenset[str]) -> None:
    keys = {project_id: Member.key(project_id, access.user_id) for project_id in project_ids}
    items = access.get_items(keys.values())
    errors = tuple(
        FieldError("projects", f"you are not a member of {project_id}")
        for project_id, key in keys.items()
        if items.get(key) is None
    )
    if errors:
        raise Invalid(errors=errors)


def list_api_tokens(access: Access) -> list[ApiToken]:
    """Return the caller's valid API tokens, the newest first."""
    return list_valid(access, models.list_user_api_tokens)


def list_valid(access: Access, list_all: Callable[[str], Iterable[T]]) -> list[T]:
    """Return those tokens of the caller that `list_all` yields and that are still valid."""
    tokens = access.read_list(list_all, access.user_id)
    return [token for token in tokens if token.is_live(access.user.epoch, access.now)]


def delete_api_token(access: Access, token_id: str) -> None:
    """Delete an API token; the next request with it is refused.

    Raises `NotFound` when the caller has no such token.
    """
    entry = audit_write(access, AuditAction.TOKEN_DELETED, access.user_id, target=token_id)
    if not models.delete_api_token(access.user_id, token_id, entry):
        raise NotFound()
