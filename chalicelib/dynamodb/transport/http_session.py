"""An HTTP/1.1 client that reuses connections, for the small requests and responses of DynamoDB.

`HttpSession` replaces urllib3 and `http.client`, which take ten times as many instructions. It
raises the exceptions that botocore's own session raises.
"""

import select
import socket
import ssl
from collections import defaultdict
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from msgspec import Struct

RECEIVE_BYTES = 65_536


class HttpResponse(Struct, frozen=True):
    """A response that was read completely; the names of `headers` are in lower case."""

    status_code: int
    headers: dict[str, str]
    content: bytes


class Endpoint(Struct, frozen=True):
    """The address of a server. `host` is the value of the `Host` header.

    The host in `address` is bytes: for text, Python imports the codec of international names.
    """

    is_tls: bool
    address: Any
    host: str
    path: str


@cache
def parse_endpoint(url: str) -> Endpoint:
    """Return the parts of a URL without user and query."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    default_port = 443 if is_tls else 80
    hostname, port = parts.hostname or "", parts.port or default_port
    host = f"[{hostname}]" if ":" in hostname else hostname
    if port != default_port:
        host += f":{port}"
    return Endpoint(is_tls, (hostname.encode("ascii"), port), host, parts.path or "/")


class HttpSession:
    """Sends requests over kept connections; threads may share it.

    Timeouts are in seconds; `read_timeout` limits the wait for each part of a response. `ca_bundle`
    is the path of a file. At most `max_idle` connections to a server are kept.
    """

    def __init__(
        self,
        *,
        connect_timeout: float,
        read_timeout: float,
        ca_bundle: str,
        max_idle: int,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._ca_bundle = ca_bundle
        self._max_idle = max_idle
        self._idle: defaultdict[str, list[_Connection]] = defaultdict(list)
        self._tls_context: ssl.SSLContext | None = None
        self._tls_sessions: dict[str, ssl.SSLSession | None] = {}

    def send(self, request: Any) -> HttpResponse:
        """Send a prepared request of botocore, a POST, and return the response.

        The request is sent once. Connections that the server closed while they were idle are
        replaced before one is used. Raises botocore's HTTPClientError and ConnectionError.
        """
        url = request.url
        endpoint = parse_endpoint(url)
        connection = self._take_idle(url) or self._connect(url, endpoint)
        try:
            response = connection.exchange(_build_head(endpoint, request) + request.body)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except (OSError, EOFError, ValueError) as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=url, error=error) from error
        except BaseException:
            connection.close()
            raise
        self._keep(url, connection)
        return response

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def _take_idle(self, url: str) -> "_Connection | None":
        while True:
            try:
                connection = self._idle[url].pop()
            except IndexError:
                return None
            if connection.is_open():
                return connection
            connection.close()

    def _keep(self, url: str, connection: "_Connection") -> None:
        if connection.is_new:
            # Only after the first response, TLS 1.3 has a session that can be resumed.
            connection.is_new = False
            self._tls_sessions[url] = connection.tls_session
        if connection.is_reusable and len(self._idle[url]) < self._max_idle:
            self._idle[url].append(connection)
        else:
            connection.close()

    def _connect(self, url: str, endpoint: Endpoint) -> "_Connection":
        try:
            connected = socket.create_connection(endpoint.address, self._connect_timeout)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if endpoint.is_tls:
                connected = self._start_tls(url, endpoint, connected)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        connected.settimeout(self._read_timeout)
        return _Connection(connected)

    def _start_tls(self, url: str, endpoint: Endpoint, connected: socket.socket) -> ssl.SSLSocket:
        """Return the TLS socket; it resumes the session of an earlier connection if it can."""
        context, session = self._get_tls_context(), self._tls_sessions.get(url)
        try:
            return context.wrap_socket(
                connected, server_hostname=endpoint.address[0], session=session
            )
        except OSError:
            connected.close()
            raise

    def _get_tls_context(self) -> ssl.SSLContext:
        """Return the context of all connections: it takes 16 ms of CPU to read a CA bundle."""
        if self._tls_context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_verify_locations(self._ca_bundle)
            self._tls_context = context
        return self._tls_context


class _Connection:
    """A connection to a server, used by one thread at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self.is_new = True
        self.is_reusable = True
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected, select.POLLIN)

    @property
    def tls_session(self) -> ssl.SSLSession | None:
        return self._socket.session if isinstance(self._socket, ssl.SSLSocket) else None

    def is_open(self) -> bool:
        """Return whether the idle connection is open: a closed one is readable."""
        return not self._poll.poll(0)

    def close(self) -> None:
        self._socket.close()

    def exchange(self, data: bytes) -> HttpResponse:
        """Send a request and return the response.

        Raises OSError (TimeoutError) or EOFError when the connection fails, and ValueError when the
        response is not HTTP.
        """
        self._socket.sendall(data)
        return self._read_response()

    def _read_response(self) -> HttpResponse:
        data = self._receive()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        status_line, *lines = data[:end].decode("latin-1").split("\r\n")
        version, status = status_line.split(" ", 2)[:2]
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip(" \t")
        if version != "HTTP/1.1" or headers.get("connection", "").lower() == "close":
            self.is_reusable = False
        return HttpResponse(int(status), headers, self._read_body(headers, data[end + 4 :]))

    def _read_body(self, headers: dict[str, str], data: bytes) -> bytes:
        """Return the body, of which `data` was received with the headers."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks(data)
        if "content-length" not in headers:
            return self._read_to_end(data)
        length = int(headers["content-length"])
        data = self._read_at_least(length, data)
        if len(data) > length:
            raise ValueError("more bytes than the content length")
        return data

    def _read_at_least(self, length: int, data: bytes) -> bytes:
        if len(data) >= length:
            return data
        parts, missing = [data], length - len(data)
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        return b"".join(parts)

    def _read_chunks(self, data: bytes) -> bytes:
        """Return a body that comes in chunks, each after a line with its length."""
        chunks: list[bytes] = []
        while True:
            while (end := data.find(b"\r\n")) < 0:
                data += self._receive()
            length = int(data[:end].split(b";")[0], 16)
            data = self._read_at_least(length + 2, data[end + 2 :])
            if length == 0:
                return b"".join(chunks)
            chunks.append(data[:length])
            data = data[length + 2 :]

    def _read_to_end(self, data: bytes) -> bytes:
        self.is_reusable = False
        while part := self._socket.recv(RECEIVE_BYTES):
            data += part
        return data

    def _receive(self) -> bytes:
        part = self._socket.recv(RECEIVE_BYTES)
        if not part:
            raise EOFError("the server closed the connection")
        return part


def _build_head(endpoint: Endpoint, request: Any) -> bytes:
    """Return request line and headers; a value may be bytes, as in botocore's own requests."""
    lines = [f"POST {endpoint.path} HTTP/1.1", f"Host: {endpoint.host}"]
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        lines.append(f"{name}: {text}")
    lines.append(f"Content-Length: {len(request.body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1")
