"""API tokens: made, listed, deleted by their owner; they act with the owner's rights, within their
scopes and projects, until they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain import credentials, tokens
from chalicelib.domain.access import Access, Scope
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.store import api_tokens, receipts, table
from chalicelib.store.api_tokens import ApiToken
from chalicelib.store.ids import new_id
from chalicelib.store.members import Member
from chalicelib.store.receipts import Once
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import Put

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Shown:
    """A new token, and the one sight of what to send as `Authorization: Bearer`."""

    token: ApiToken
    credential: str


def create(
    access: Access,
    *,
    name: str,
    scopes: frozenset[Scope],
    projects: frozenset[str] | None,
    expires_at: datetime,
) -> Shown:
    """Make a token. Raises `Invalid` for an end that is past or more than a year away, and for a
    project the caller is no member of."""
    if not access.now < expires_at <= access.now + LONGEST:
        raise Invalid(errors=(FieldError("expires_at", "must be within a year from now"),))
    _require_member(access.user_id, projects or frozenset())
    key = ApiToken.key(access.user_id, new_id(access.now))
    secret = _secret(access.once)
    token = ApiToken(
        key.pk,
        key.sk,
        name=name,
        digest=credentials.digest(secret),
        scopes=set(scopes),
        projects=set(projects) if projects else None,
        epoch=access.user.epoch,
        created_at=stamp(access.now),
        valid_until=stamp(expires_at),
        expires_at=epoch(expires_at),
    )
    kept = receipts.create(token, Put(token), once=access.once, now=access.now)
    if kept.digest != credentials.digest(secret):
        raise Conflict("The signing key was changed since; delete this token and make another")
    return Shown(kept, credentials.api_token(access.user_id, kept.id, secret))


def mine(access: Access) -> list[ApiToken]:
    """The caller's tokens that are in force, the newest first."""
    return [
        token
        for token in api_tokens.of_user(access.user_id)
        if token.is_live(access.user.epoch, access.now)
    ]


def delete(access: Access, token_id: str) -> None:
    """Delete a token; it is refused from the next request on. Raises `NotFound`."""
    if not api_tokens.delete(access.user_id, token_id):
        raise NotFound()


def _secret(once: Once | None) -> str:
    """256 bits: random, or, for a request that may be repeated, derived from its receipt, so that
    the first answer can be given again without keeping the secret anywhere."""
    return credentials.new_secret() if once is None else tokens.derived("api", once.receipt_id)


def _require_member(user_id: str, projects: frozenset[str]) -> None:
    keys = {project: Member.key(project, user_id) for project in projects}
    rows = table.read(*keys.values())
    strange = [project for project, key in keys.items() if rows.get(key) is None]
    if strange:
        named = (FieldError("projects", f"{project} is no project of yours") for project in strange)
        raise Invalid(errors=tuple(named))
