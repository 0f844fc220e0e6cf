"""Send one request to a receiver: to a checked address, within five seconds, without redirects.

`http.client` knows no limit for the whole request, so a timer shuts the socket down at its end.
"""

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from functools import cache
from http import HTTPStatus

from msgspec import Struct

from chalicelib.webhooks import addresses
from chalicelib.webhooks.addresses import Refused, Target, Unresolved

SECONDS = 5.0
# More of an answer is not read; what is read is discarded.
ANSWER_MAX = 64 * 1024
USER_AGENT = "TaskManager-Webhooks/1"

# What prevented an answer.
REFUSED, UNRESOLVED, TIMED_OUT = "address_refused", "name_not_resolved", "timed_out"
CERTIFICATE, UNREACHABLE, NO_HTTP = "certificate_invalid", "unreachable", "no_http_answer"


class Attempt(Struct, frozen=True):
    """The result of a request: the `status` of the response, or the `error` that prevented one.
    It took so many `milliseconds`."""

    status: int | None
    error: str | None
    milliseconds: int

    @property
    def is_success(self) -> bool:
        """Whether the receiver accepted the event. A redirect is a failure: it is not followed."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more events (410, as the specification says)."""
        return self.status == HTTPStatus.GONE


def post(url: str, headers: dict[str, str], body: bytes) -> Attempt:
    """Send `body`, which is JSON, with the `headers`; the answer's body is not looked at."""
    started = time.monotonic()
    status, error = None, None
    try:
        status = _post(addresses.parse_url(url), headers, body, started + SECONDS)
    except Refused:
        error = REFUSED
    except Unresolved:
        error = UNRESOLVED
    except TimeoutError:
        error = TIMED_OUT
    except ssl.SSLCertVerificationError:
        error = CERTIFICATE
    except (OSError, http.client.HTTPException) as failure:
        if time.monotonic() - started >= SECONDS - 0.1:  # the timer shut the socket down
            error = TIMED_OUT
        else:
            error = UNREACHABLE if isinstance(failure, OSError) else NO_HTTP
    return Attempt(status, error, int((time.monotonic() - started) * 1000))


def _post(target: Target, headers: dict[str, str], body: bytes, deadline: float) -> int:
    """Return the status of the answer. Raises OSError and `http.client.HTTPException`."""
    found = addresses.resolve(target, deadline - time.monotonic())
    connection = _Connection(target, found, deadline)
    watch = threading.Timer(max(deadline - time.monotonic(), 0), connection.abort)
    watch.daemon = True
    watch.start()
    try:
        sent = {
            "Host": target.authority,
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Connection": "close",
            **headers,
        }
        connection.request("POST", target.path, body, sent)
        answer = connection.getresponse()
        if connection.is_aborted:  # http.client takes the end of the stream for that of the headers
            raise TimeoutError
        # The status says enough. A chunk of negative length is a ValueError of `http.client`.
        with suppress(OSError, http.client.HTTPException, ValueError):
            answer.read(ANSWER_MAX)
        return answer.status
    finally:
        watch.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to one of the checked addresses. TLS names and verifies the host."""

    def __init__(self, target: Target, found: list[str], deadline: float) -> None:
        super().__init__(target.host, target.port)
        self._target, self._found, self._deadline = target, found, deadline
        self.is_aborted = False

    def connect(self) -> None:
        """Connect to the first address that answers. Raises OSError when none does."""
        raw = self._connect_to_any()
        raw.settimeout(self._get_seconds_left())
        self.sock = raw
        if self._target.is_https:
            # Without the handshake, so that `abort` finds the socket while it goes on.
            secure = _tls_context().wrap_socket(
                raw, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock = secure
            secure.do_handshake()

    def abort(self) -> None:
        """End all waiting: called by the timer, in its thread, at the deadline."""
        self.is_aborted = True
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _connect_to_any(self) -> socket.socket:
        failure: OSError = TimeoutError()
        for address in self._found:
            try:
                where = (address, self._target.port)
                return socket.create_connection(where, self._get_seconds_left())
            except TimeoutError:
                raise
            except OSError as error:
                failure = error
        raise failure

    def _get_seconds_left(self) -> float:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the default context: it verifies certificate and host name."""
    return ssl.create_default_context()
