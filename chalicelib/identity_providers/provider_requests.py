"""Requests to a provider: within five seconds in total, without redirects, up to 256 KiB.

The time limits of sockets are for one read, so a server that sends a byte now and then could hold a
request for minutes. Therefore each request runs in a thread that is not waited for any longer.
"""

import ssl
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec
from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.observability import logger

if TYPE_CHECKING:
    from urllib3 import PoolManager

T = TypeVar("T")

SECONDS = 5.0
CONNECT_SECONDS = 2.0
ANSWER_MAX = 256 * 1024
PIECE = 16 * 1024
# A function is frozen between requests, and a server closes connections that are not used.
HEADERS = {
    "Accept": "application/json",
    "Connection": "close",
    "User-Agent": "TaskManager-SignIn/1",
}
FORM = "application/x-www-form-urlencoded"

_senders = ThreadPoolExecutor(4, "identity provider")


class Refused(Exception):
    """The provider did not accept the authorization code."""


class Tokens(Struct, frozen=True):
    """The tokens that a provider issues for an authorization code."""

    id_token: str
    access_token: str = ""


class _TokenError(Struct, frozen=True):
    error: str


def get_json(url: str, kind: type[T], *, access_token: str = "") -> T:
    """Return the JSON document at `url`, of the type `kind`. Raises `Unavailable`."""
    headers = {"Authorization": f"Bearer {access_token}"} if access_token else None
    status, answer = _send("GET", url, headers=headers)
    if status != 200:
        raise provider_unavailable(f"GET answered {status}")
    return _decode(answer, kind)


def request_tokens(
    url: str, *, client_id: str, client_secret: str | None, in_header: bool, form: dict[str, str]
) -> Tokens:
    """Exchange an authorization code at the token endpoint `url`, and return the tokens.

    `in_header` says how the client proves itself: `client_secret_basic` or `client_secret_post`. A
    client without a secret has only the code verifier. Raises `Refused` when the code is not valid,
    and `Unavailable` for any other failure.
    """
    headers = {"Content-Type": FORM}
    if client_secret is None or not in_header:
        form = form | {"client_id": client_id}
        form |= {"client_secret": client_secret} if client_secret else {}
    else:
        # Both parts are form-encoded first (RFC 6749, section 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    status, answer = _send("POST", url, urlencode(form).encode(), headers)
    if status == 200:
        return _decode(answer, Tokens)
    if status == 400 and _decode(answer, _TokenError).error == "invalid_grant":
        raise Refused
    raise provider_unavailable(f"the token endpoint answered {status}")


def provider_unavailable(reason: str) -> Unavailable:
    """Return the error for every failure of a provider; `reason` is only logged."""
    logger.warning("an identity provider failed", reason=reason)
    return Unavailable(
        "The identity provider does not respond as it should; try again, or log in another way",
        code="provider_unavailable",
    )


def _decode(answer: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise provider_unavailable(f"an answer is not a {kind.__name__}: {error}") from error


def _send(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Send a request, and return status and body of the answer. Raises `Unavailable`."""
    from urllib3.exceptions import HTTPError

    sent = _senders.submit(_send_now, method, url, body, HEADERS | (headers or {}))
    try:
        return sent.result(SECONDS)
    except (HTTPError, OSError, ValueError, FutureTimeout) as error:
        sent.cancel()
        raise provider_unavailable(f"{method} failed: {type(error).__name__}") from error


def _send_now(
    method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Send a request in this thread. Raises ValueError when the response is too large or slow."""
    deadline = time.monotonic() + SECONDS
    response = _get_pool().request(
        method, url, body=body, headers=headers, redirect=False, preload_content=False
    )
    try:
        answer = b""
        while piece := response.read1(PIECE):
            answer += piece
            if len(answer) > ANSWER_MAX or time.monotonic() > deadline:
                raise ValueError("the answer is too large or too slow")
        return response.status, answer
    finally:
        response.close()


@cache
def _get_pool() -> "PoolManager":
    from urllib3 import PoolManager, Timeout

    return PoolManager(
        timeout=Timeout(connect=CONNECT_SECONDS, read=SECONDS),
        retries=False,
        ssl_context=ssl.create_default_context(),
    )
