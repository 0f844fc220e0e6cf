"""Credentials that authenticate a request: the access token of a session, an API token, or the
address of a calendar feed."""

import hashlib
import re
import secrets
from datetime import datetime
from functools import cached_property
from typing import Any

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.calendar_feeds.models import CalendarFeed
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.table import BatchResult, Key
from chalicelib.errors import Forbidden, Unauthenticated
from chalicelib.sessions import models, signatures, tokens
from chalicelib.sessions.models import ApiToken, Session

# A fixed prefix lets secret scanners recognize API tokens.
TOKEN_PREFIX, FEED_PREFIX = "tmk_", "tmc_"
_FORM = r"(?P<user>[0-9a-z]{26})(?P<token>[0-9a-z]{26})_(?P<secret>[\w-]{43})"
_API_TOKEN = re.compile(TOKEN_PREFIX + _FORM, re.ASCII)
_FEED_ADDRESS = re.compile(FEED_PREFIX + _FORM + r"\.ics", re.ASCII)
SECRET_BYTES = 32


class Caller(Struct, frozen=True, dict=True):
    """The user that a credential names. The item at `key` decides whether the credential is valid.

    `session_id` is set for an access token; `feed_id` or `token_id`, and `secret`, for the others.
    """

    user_id: str
    session_id: str | None = None
    token_id: str | None = None
    feed_id: str | None = None
    secret: str = ""

    @property
    def principal(self) -> str:
        """The key of the caller's rate limit.

        With a secret it contains the hash of the secret, which is not verified yet: requests with
        an invented one must not count against the owner of the token.
        """
        if not self.secret:
            return self.user_id
        return f"{self.token_id or self.feed_id} {self.digest}"

    @cached_property
    def digest(self) -> str:
        """The digest of the secret."""
        return hash_secret(self.secret)

    @property
    def key(self) -> Key[Any]:
        """The key of the session, API token or calendar feed."""
        if self.feed_id is not None:
            return CalendarFeed.key(self.user_id, self.feed_id)
        if self.token_id is not None:
            return ApiToken.key(self.user_id, self.token_id)
        return Session.key(self.user_id, self.session_id or "")


def parse_credential(credential: str) -> Caller:
    """Return the caller that `credential` names.

    Raises `Unauthenticated` when it is neither an API token by its form nor a valid access token.
    """
    api_token = _API_TOKEN.fullmatch(credential)
    if api_token:
        return Caller(api_token["user"], token_id=api_token["token"], secret=api_token["secret"])
    claims = tokens.verify_access_token(credential)
    if not (is_id(claims.user_id) and is_id(claims.session_id)):
        raise Unauthenticated()
    return Caller(claims.user_id, session_id=claims.session_id)


def parse_feed_address(address: str) -> Caller:
    """Return the caller that the last part of the URL of a calendar feed names.

    Raises `Unauthenticated` when it does not have the form of `format_feed_address`.
    """
    feed = _FEED_ADDRESS.fullmatch(address)
    if feed is None:
        raise Unauthenticated()
    return Caller(feed["user"], feed_id=feed["token"], secret=feed["secret"])


def require_valid_credential(
    caller: Caller, items: BatchResult, now: datetime
) -> tuple[User, ApiToken | None]:
    """Return the account of `caller`, and its API token unless it uses a session.

    `items` must contain the user and the item at `caller.key`. Raises `Unauthenticated` when the
    account or the credential does not exist or is no longer valid.
    """
    user = items.get(User.key(caller.user_id))
    if user is None or not user.is_active:
        raise Unauthenticated()
    credential = items.get(caller.key)
    if credential is None or not credential.is_live(user.epoch, now):
        raise Unauthenticated()
    if not isinstance(credential, ApiToken):
        return user, None
    if not secrets.compare_digest(credential.digest, caller.digest):
        raise Unauthenticated()
    models.record_token_use(credential, now)
    return user, credential


def require_recent_proof(caller: Caller, user: User, items: BatchResult, now: datetime) -> None:
    """Raise `Forbidden` when the session of `caller`, one of `items`, had no login or step-up in
    the last ten minutes, or only before `user` had a second factor."""
    session = items.get(caller.key)
    since = user.factors_since if user.second_factors else None
    if not (isinstance(session, Session) and session.is_proved(now, since)):
        raise Forbidden("Prove first that it is you, with a step-up", code="step_up_required")


def format_api_token(user_id: str, token_id: str, secret: str) -> str:
    """Return the credential of an API token, as its owner sends it."""
    return f"{TOKEN_PREFIX}{user_id}{token_id}_{secret}"


def format_feed_address(user_id: str, feed_id: str, secret: str) -> str:
    """Return the last part of the URL of a calendar feed."""
    return f"{FEED_PREFIX}{user_id}{feed_id}_{secret}.ics"


def create_secret(purpose: str, idempotency_key: IdempotencyKey | None) -> str:
    """Return a secret with 256 bits, as 43 characters of URL-safe base64.

    With an idempotency key the secret is derived from the key, so that a repeated request gets the
    same one although no secret is stored. Without one it is random.
    """
    if idempotency_key is None:
        return secrets.token_urlsafe(SECRET_BYTES)
    return signatures.derive_secret(purpose, idempotency_key.record_id)


def hash_secret(secret: str) -> str:
    """Return the digest to store for a secret.

    Secrets have 256 random bits, so a fast hash is sufficient.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
