"""The cookie that binds an authorization to the browser that started it.

Without it, an attacker could give somebody the link with which the attacker's own sign-in ends, and
the victim would work in the attacker's account (login CSRF; RFC 6749, section 10.12).
"""

from datetime import timedelta

from chalicelib.http.responses import Headers
from chalicelib.sessions.cookies import find_cookie

# With this prefix, browsers accept the cookie only with `Secure` and `Path=/`, and from no other
# host: a sibling subdomain cannot set it.
NAME = "__Host-sign-in"
# The page to which the provider redirects sends it, so it can be `Strict`.
_ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Strict"


def build_headers(secret: str, lifetime: timedelta) -> Headers:
    """Return the headers that store the secret of an authorization in the browser."""
    seconds = int(lifetime.total_seconds())
    return {"Set-Cookie": f"{NAME}={secret}; Max-Age={seconds}; {_ATTRIBUTES}"}


def find_secret(header: str) -> str:
    """Return the secret in a `Cookie` header, or an empty text without it."""
    return find_cookie(NAME, header)
