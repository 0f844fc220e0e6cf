"""A server in front of DynamoDB Local whose connections fail, on real sockets."""

import http.client
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.threaded_server import run_in_thread

# Gets the number of the request and DynamoDB's response; returns the bytes to send in its place,
# or None to close the connection without a response.
Fault = Callable[[int, bytes], bytes | None]


class FaultyServer(socketserver.ThreadingTCPServer):
    """Carries out each request at `address` and sends what `fault` makes of the response.

    With `closes`, the server closes each connection after its response, as AWS does with idle ones.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, fault: Fault, *, closes: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = address.removeprefix("http://")
        self.fault = fault
        self.closes = closes
        self.requests: list[bytes] = []  # the bodies
        self.headers: list[dict[str, str]] = []  # names in lower case
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: FaultyServer

    def handle(self) -> None:
        self.server.connections += 1
        while request := self._read_request():
            headers, body = request
            self.server.requests.append(body)
            self.server.headers.append(headers)
            number = len(self.server.requests)
            response = self.server.fault(number, self._forward(headers, body))
            if response is None:
                return
            self.wfile.write(response)
            if self.server.closes:
                return

    def _read_request(self) -> tuple[dict[str, str], bytes] | None:
        if not self.rfile.readline():
            return None
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return headers, self.rfile.read(int(headers["content-length"]))

    def _forward(self, headers: dict[str, str], body: bytes) -> bytes:
        """Return DynamoDB's response to the request."""
        connection = http.client.HTTPConnection(self.server.address)
        sent = {name: headers[name] for name in ("authorization", "x-amz-date", "x-amz-target")}
        connection.request("POST", "/", body, sent | {"Content-Type": headers["content-type"]})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kept = ("x-amz-crc32", "x-amzn-requestid")
        received = {name: str(response.headers[name]) for name in kept if name in response.headers}
        return build_response(content, response.status, **received)


def build_response(content: bytes, status: int = 200, **headers: Any) -> bytes:
    """Return an HTTP response; `Content_Length` in `headers` replaces the real length."""
    sent = {"Content-Length": len(content)}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


@contextmanager
def run_faulty_server(
    address: str, fault: Fault, *, closes: bool = False
) -> Iterator[FaultyServer]:
    """Run a `FaultyServer` for the block."""
    with run_in_thread(FaultyServer(address, fault, closes=closes)) as server:
        yield server
