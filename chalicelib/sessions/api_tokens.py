"""API tokens: made, listed, deleted by their owner; they act with the owner's rights, within their
scopes and projects, until they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.access.permissions import Scope
from chalicelib.access.service import Access
from chalicelib.dynamodb.idempotency import IdempotencyKey, create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.members.models import Member
from chalicelib.sessions import credentials, models, signatures
from chalicelib.sessions.models import ApiToken

MAX_LIFETIME = timedelta(days=366)


@dataclass(frozen=True)
class IssuedApiToken:
    """A new token, and the one sight of what to send as `Authorization: Bearer`."""

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
    """Make a token. Raises `Invalid` for an end that is past or more than a year away, and for a
    project the caller is no member of."""
    if not access.now < expires_at <= access.now + MAX_LIFETIME:
        raise Invalid(errors=(FieldError("expires_at", "must be within a year from now"),))
    _require_member(access.user_id, projects or frozenset())
    key = ApiToken.key(access.user_id, new_id(access.now))
    secret = _secret(access.idempotency_key)
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
    kept = create_once(token, Put(token), idempotency_key=access.idempotency_key, now=access.now)
    if kept.digest != credentials.hash_secret(secret):
        raise Conflict("The signing key was changed since; delete this token and make another")
    return IssuedApiToken(kept, credentials.format_api_token(access.user_id, kept.id, secret))


def list_api_tokens(access: Access) -> list[ApiToken]:
    """The caller's tokens that are in force, the newest first."""
    return [
        token
        for token in models.list_user_api_tokens(access.user_id)
        if token.is_live(access.user.epoch, access.now)
    ]


def delete_api_token(access: Access, token_id: str) -> None:
    """Delete a token; it is refused from the next request on. Raises `NotFound`."""
    if not models.delete_api_token(access.user_id, token_id):
        raise NotFound()


def _secret(idempotency_key: IdempotencyKey | None) -> str:
    """256 bits: random, or, for a request that may be repeated, derived from its receipt, so that
    the first answer can be given again without keeping the secret anywhere."""
    return (
        credentials.generate_secret()
        if idempotency_key is None
        else signatures.derive_secret("api", idempotency_key.record_id)
    )


def _require_member(user_id: str, projects: frozenset[str]) -> None:
    keys = {project: Member.key(project, user_id) for project in projects}
    rows = batch_get(*keys.values())
    strange = [project for project, key in keys.items() if rows.get(key) is None]
    if strange:
        named = (FieldError("projects", f"{project} is no project of yours") for project in strange)
        raise Invalid(errors=tuple(named))
