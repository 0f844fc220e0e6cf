"""A proxy in front of the local cloud that counts calls, units, connections and round trips.

It sends requests for DynamoDB to one address and all others to another. With a delay, calls that a
program sends one after the other can be told from those that it sends together: a call that starts
before another one ends does not follow it.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

DELAY_SECONDS = 0.05
_TARGET = "X-Amz-Target"
# Headers that each side sets for itself; the checksum is of the answer with the units.
_OWN_HEADERS = {"connection", "content-length", "keep-alive", "transfer-encoding", "x-amz-crc32"}


@dataclass
class Traffic:
    """The traffic of a program: its calls, the units that DynamoDB billed, its connections, and its
    sequential round trips."""

    calls: int = 0
    units: float = 0
    connections: int = 0
    round_trips: int = 0
    # For each finished call: its end, and how many sequential round trips it ends.
    _ends: list[tuple[float, int]] = field(default_factory=list)

    def start_call(self) -> int:
        """Return how many sequential round trips the call that starts now ends."""
        start = time.monotonic()
        return 1 + max((trips for end, trips in self._ends if end <= start), default=0)

    def end_call(self, trips: int, units: float) -> None:
        self.calls += 1
        self.units += units
        self.round_trips = max(self.round_trips, trips)
        self._ends.append((time.monotonic(), trips))

    def minus(self, other: "Traffic", requests: int) -> dict[str, float]:
        """Return the traffic of one request: this traffic without the other, by `requests`."""
        return {
            name: round((getattr(self, name) - getattr(other, name)) / requests, 2)
            for name in ("calls", "units", "round_trips")
        }


class Proxy(ThreadingHTTPServer):
    """The proxy. `traffic` is what it counted since `count` began."""

    daemon_threads = True

    def __init__(self, dynamodb: str, others: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dynamodb, self.others = urlsplit(dynamodb).netloc, urlsplit(others).netloc
        self.traffic = Traffic()
        self.delay = 0.0
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server_port}"

    @contextmanager
    def count(self, *, delay: float = 0.0) -> Iterator[Traffic]:
        """Count the traffic of the block, in which each call takes `delay` seconds more."""
        self.traffic, self.delay = Traffic(), delay
        yield self.traffic
        self.delay = 0.0

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a new connection."""
        self.traffic.connections += 1
        super().process_request(request, client_address)


@contextmanager
def serve_proxy(dynamodb: str, others: str) -> Iterator[Proxy]:
    """Run a proxy in front of both addresses for the block."""
    with Proxy(dynamodb, others) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self._upstreams: dict[str, HTTPConnection] = {}

    def finish(self) -> None:
        super().finish()
        for upstream in self._upstreams.values():
            upstream.close()

    def do_POST(self) -> None:
        server, traffic = self.server, self.server.traffic
        with server.lock:
            trips = traffic.start_call()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_dynamodb = self.headers.get(_TARGET, "").startswith("DynamoDB")
        if is_dynamodb:
            body = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        time.sleep(server.delay)
        upstream = server.dynamodb if is_dynamodb else server.others
        response, content = self._forward(upstream, body)
        units = 0.0
        if is_dynamodb:
            content, units = _take_units(content)
        with server.lock:
            traffic.end_call(trips, units)
        self._answer(response, content)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST

    def _forward(self, upstream: str, body: bytes) -> tuple[HTTPResponse, bytes]:
        if upstream not in self._upstreams:
            self._upstreams[upstream] = HTTPConnection(upstream)
        connection = self._upstreams[upstream]
        names = {name for name in self.headers if name.lower() not in _OWN_HEADERS}
        headers = {name: self.headers[name] for name in names}
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        return response, response.read()

    def _answer(self, response: HTTPResponse, content: bytes) -> None:
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _take_units(content: bytes) -> tuple[bytes, float]:
    """Return the answer as it is without a request for its units, and the units."""
    answer = json.loads(content)
    bills = answer.pop("ConsumedCapacity", [])
    bills = bills if isinstance(bills, list) else [bills]
    return json.dumps(answer).encode(), sum(bill["CapacityUnits"] for bill in bills)
