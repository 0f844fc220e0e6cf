"""Access tokens: JWTs (RFC 9068) signed with the keys of the secret.

A token contains no roles: every request reads the caller's permissions from the table.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from msgspec import Struct

from chalicelib import settings
from chalicelib.aws import secrets
from chalicelib.deferred_imports import defer_imports, hide_modules
from chalicelib.errors import Unauthenticated

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
ALGORITHM = "HS256"
AUDIENCE = "task-manager-api"
# With the stage, so that a token of one stage is not valid in another.
ISSUER = f"task-manager/{settings.STAGE}"
TYPE = "at+jwt"
LEEWAY_SECONDS = 10
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]

# Downloads keys, with Python's HTTP client, for tokens of other issuers. Only other algorithms need
# `cryptography`, which takes long to import.
with hide_modules("cryptography"), defer_imports({"jwt.jwks_client": {"PyJWKClient": object}}):
    import jwt


class Claims(Struct, frozen=True):
    """The user and the session that an access token stands for."""

    user_id: str
    session_id: str


def issue_access_token(claims: Claims, *, now: datetime) -> str:
    """Return a JWT that is valid for ten minutes."""
    key_id, key = secrets.signing_keys.get().signing()
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": claims.user_id,
        "sid": claims.session_id,
        "jti": uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_TOKEN_LIFETIME).timestamp()),
    }
    return jwt.encode(payload, key, ALGORITHM, headers={"kid": key_id, "typ": TYPE})


def verify_access_token(token: str) -> Claims:
    """Return the claims of `token`. Raises `Unauthenticated` when it is not a valid access token.

    The algorithm is fixed, and the type and every claim are required: PyJWT makes `exp` optional
    and ignores `iss` by default. A key that is too short for the algorithm is rejected.
    """
    try:
        header = jwt.get_unverified_header(token)
        key_id = header.get("kid")
        key = secrets.find_verifying_key(key_id) if isinstance(key_id, str) else None
        if key is None or header.get("typ") != TYPE:
            raise Unauthenticated()
        payload = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS, "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise Unauthenticated() from error

    user_id, session_id = payload["sub"], payload["sid"]
    if not (isinstance(user_id, str) and isinstance(session_id, str)):
        raise Unauthenticated()
    return Claims(user_id, session_id)
