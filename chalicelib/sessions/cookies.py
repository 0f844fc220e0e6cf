"""The cookie that holds the refresh token of a browser, where scripts cannot read it.

Only requests to the refresh route contain it. docs/decisions/0044-the-web-client.md explains why
this needs no CSRF token.
"""

from chalicelib.http.responses import Headers
from chalicelib.sessions.service import IDLE_LIFETIME

# With this prefix, browsers accept the cookie only with `Secure`.
NAME = "__Secure-refresh"
_ATTRIBUTES = "Path=/api/auth/refresh; HttpOnly; Secure; SameSite=Strict"


def build_headers(token: str) -> Headers:
    """Return the headers that store a refresh token in the browser."""
    seconds = int(IDLE_LIFETIME.total_seconds())
    return {"Set-Cookie": f"{NAME}={token}; Max-Age={seconds}; {_ATTRIBUTES}"}


def build_expired_headers() -> Headers:
    """Return the headers that remove the cookie from the browser."""
    return {"Set-Cookie": f"{NAME}=; Max-Age=0; {_ATTRIBUTES}"}


def find_token(header: str) -> str:
    """Return the refresh token in a `Cookie` header, or an empty text without it."""
    return find_cookie(NAME, header)


def find_cookie(name: str, header: str) -> str:
    """Return the value of a cookie in a `Cookie` header, or an empty text without it."""
    for cookie in header.split(";"):
        sent_name, _, value = cookie.strip().partition("=")
        if sent_name == name:
            return value
    return ""
