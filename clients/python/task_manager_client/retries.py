"""Requests that are sent again after a failure that passes."""

import random
import time

import httpx

ATTEMPTS = 4
# The longest Retry-After, in seconds, that is waited for. A longer one is left to the caller.
MAX_WAIT = 60.0
_BUSY = {429, 503}
_SAFE_METHODS = {"GET", "HEAD", "PUT", "DELETE"}


class RetryTransport(httpx.BaseTransport):
    """Sends a request again after 429 and 503, after the seconds of `Retry-After`.

    After a lost answer or 504, the request may have been carried out. It is sent again if that
    changes nothing: a safe or idempotent method, or one with an `Idempotency-Key`.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request up to `ATTEMPTS` times; return or raise what the last one gave."""
        for attempt in range(1, ATTEMPTS):
            try:
                response = self._transport.handle_request(request)
            except httpx.TransportError:
                if not _is_repeatable(request):
                    raise
                wait = _back_off(attempt)
            else:
                is_lost = response.status_code == 504 and _is_repeatable(request)
                if not is_lost and response.status_code not in _BUSY:
                    return response
                wait = _read_wait(response, attempt)
                if wait > MAX_WAIT:
                    return response
                response.close()
            time.sleep(wait)
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


def _is_repeatable(request: httpx.Request) -> bool:
    return request.method in _SAFE_METHODS or "Idempotency-Key" in request.headers


def _read_wait(response: httpx.Response, attempt: int) -> float:
    """Return the seconds of `Retry-After`; without it they grow with each attempt."""
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else _back_off(attempt)


def _back_off(attempt: int) -> float:
    return random.uniform(0.5, 1) * float(2 ** (attempt - 1))
