"""What opens the API, a session's access token or an API token, in one shape."""

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

# Fixed, so that secret scanners know one when they see it.
TOKEN_PREFIX = "tmk_"
_API_TOKEN = re.compile(
    TOKEN_PREFIX + r"(?P<user>[0-9a-z]{26})(?P<token>[0-9a-z]{26})_(?P<secret>.{43})"
)


@dataclass(frozen=True)
class Caller:
    """Who a credential says it speaks for; whether it may is in the rows at `key`."""

    user_id: str
    session_id: str | None = None
    token_id: str | None = None
    secret: str = ""

    @property
    def principal(self) -> str:
        """Whose requests are counted together. A made-up secret is nobody else's: what is not
        proved yet must not be charged to the owner of the token."""
        if self.token_id is None:
            return self.user_id
        return f"{self.token_id} {hash_secret(self.secret)}"

    @property
    def key(self) -> Key[Any]:
        if self.token_id is not None:
            return ApiToken.key(self.user_id, self.token_id)
        return Session.key(self.user_id, self.session_id or "")


def parse_credential(credential: str) -> Caller:
    """Who `credential` says it speaks for. Raises `Unauthenticated` for one that is not ours."""
    api_token = _API_TOKEN.fullmatch(credential)
    if api_token:
        return Caller(api_token["user"], token_id=api_token["token"], secret=api_token["secret"])
    claims = tokens.verify_access_token(credential)
    if not (is_id(claims.user_id) and is_id(claims.session_id)):
        raise Unauthenticated()
    return Caller(claims.user_id, session_id=claims.session_id)


def require_valid_credential(
    caller: Caller, rows: BatchResult, now: datetime
) -> tuple[User, ApiToken | None]:
    """The account behind `caller`, and the API token if it is one.

    Raises `Unauthenticated` if account or credential are no longer, or never were.
    """
    user = rows.get(User.key(caller.user_id))
    if user is None or not user.is_active:
        raise Unauthenticated()
    found = rows.get(caller.key)
    if found is None or not found.is_live(user.epoch, now):
        raise Unauthenticated()
    if not isinstance(found, ApiToken):
        return user, None
    if not secrets.compare_digest(found.digest, hash_secret(caller.secret)):
        raise Unauthenticated()
    models.record_token_use(found, now)
    return user, found


def generate_secret() -> str:
    """256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def format_api_token(user_id: str, token_id: str, secret: str) -> str:
    """The credential, as it is shown once."""
    return f"{TOKEN_PREFIX}{user_id}{token_id}_{secret}"


def hash_secret(secret: str) -> str:
    """What is stored of a secret of 256 random bits: nothing slower is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
