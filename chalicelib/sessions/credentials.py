"""Credentials that authenticate a request: the access token of a session, or an API token."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.table import BatchResult, Key
from chalicelib.errors import Unauthenticated
from chalicelib.sessions import models, tokens
from chalicelib.sessions.models import ApiToken, Session

# A fixed prefix lets secret scanners recognize API tokens.
TOKEN_PREFIX = "tmk_"
_API_TOKEN = re.compile(
    TOKEN_PREFIX + r"(?P<user>[0-9a-z]{26})(?P<token>[0-9a-z]{26})_(?P<secret>.{43})"
)


@dataclass(frozen=True)
class Caller:
    """The user that a credential names. The item at `key` decides whether the credential is valid.

    `session_id` is set for an access token, `token_id` and `secret` for an API token.
    """

    user_id: str
    session_id: str | None = None
    token_id: str | None = None
    secret: str = ""

    @property
    def principal(self) -> str:
        """The key of the caller's rate limit.

        For an API token it contains the hash of the secret: the secret is not verified yet, and
        requests with an invented one must not count against the owner of the token.
        """
        if self.token_id is None:
            return self.user_id
        return f"{self.token_id} {hash_secret(self.secret)}"

    @property
    def key(self) -> Key[Any]:
        """The key of the session or API token."""
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
    if not secrets.compare_digest(credential.digest, hash_secret(caller.secret)):
        raise Unauthenticated()
    models.record_token_use(credential, now)
    return user, credential


def format_api_token(user_id: str, token_id: str, secret: str) -> str:
    """Return the credential of an API token, as its owner sends it."""
    return f"{TOKEN_PREFIX}{user_id}{token_id}_{secret}"


def hash_secret(secret: str) -> str:
    """Return the digest to store for a secret.

    Secrets have 256 random bits, so a fast hash is sufficient.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
