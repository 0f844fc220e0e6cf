"""Access tokens (JWT) and refresh tokens (opaque), signed with the keys of the secret.

Nothing about roles is inside a token: what a caller may do is read from the table on each request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt

from chalicelib import settings
from chalicelib.aws import secrets
from chalicelib.errors import Unauthenticated

ACCESS_FOR = timedelta(minutes=10)
ALGORITHM = "HS256"
AUDIENCE = "task-manager-api"
TYPE = "at+jwt"
LEEWAY_SECONDS = 10
REQUIRED = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]


@dataclass(frozen=True)
class Claims:
    """Who a token speaks for, and by which sign-in."""

    user_id: str
    session_id: str


def get_issuer() -> str:
    """The stage is part of it, so that a token of one stage is worth nothing in another."""
    return f"task-manager/{settings.STAGE}"


def issue_access_token(claims: Claims, *, now: datetime) -> str:
    """A JWT good for ten minutes (RFC 9068 shape, HS256)."""
    key_id, key = secrets.get_signing_keys().signing()
    payload = {
        "iss": get_issuer(),
        "aud": AUDIENCE,
        "sub": claims.user_id,
        "sid": claims.session_id,
        "jti": uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_FOR).timestamp()),
    }
    return jwt.encode(payload, key, ALGORITHM, headers={"kid": key_id, "typ": TYPE})


def verify_access_token(token: str) -> Claims:
    """Who `token` speaks for. Raises `Unauthenticated` for anything but a token of ours in force.

    The algorithm is pinned, the type and every claim are required (PyJWT makes `exp` optional and
    ignores `iss` unless asked), and a key too short for the algorithm is refused.
    """
    try:
        header = jwt.get_unverified_header(token)
        payload = jwt.decode(
            token,
            _verifying_key(header),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=get_issuer(),
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED, "enforce_minimum_key_length": True},
        )
        return Claims(_text(payload, "sub"), _text(payload, "sid"))
    except jwt.PyJWTError as error:
        raise Unauthenticated() from error


def _verifying_key(header: dict[str, Any]) -> bytes:
    key_id = header.get("kid")
    key = secrets.find_verifying_key(key_id) if isinstance(key_id, str) else None
    if key is None or header.get("typ") != TYPE:
        raise Unauthenticated()
    return key


def _text(payload: dict[str, Any], name: str) -> str:
    value = payload[name]
    if not isinstance(value, str):
        raise Unauthenticated()
    return value
