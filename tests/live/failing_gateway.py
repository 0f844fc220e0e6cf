"""A server in front of the API whose answers fail, for clients that must cope with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.threaded_server import run_in_thread

# An answer instead of that of the API: its status and headers. None: the API gets the request, and
# its answer is lost.
Fault = tuple[int, dict[str, str]] | None
_TIMEOUT = 60  # seconds


class FailingGateway(ThreadingHTTPServer):
    """Passes requests on to `api`. Each fault of `faults["POST /api/tasks"]` happens once."""

    def __init__(self, api: str, faults: dict[str, list[Fault]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api
        self.faults = faults
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FailingGateway
    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        name = f"{self.command} {self.path.partition('?')[0]}"
        self.server.requests.append(name)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        faults = self.server.faults.get(name, [])
        fault = faults.pop(0) if faults else ()
        if fault:
            self._answer(fault[0], fault[1], b"")
            return
        sent = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        url = self.server.api + self.path
        answer = requests.request(self.command, url, data=body, headers=sent, timeout=_TIMEOUT)
        if fault is None:
            self.close_connection = True
            return
        kept = {k: v for k, v in answer.headers.items() if k.lower() in ("content-type", "etag")}
        self._answer(answer.status_code, kept, answer.content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = respond

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for header, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Log nothing: requests do not belong in the output of the tests."""


@contextmanager
def run_failing_gateway(api: str, faults: dict[str, list[Fault]]) -> Iterator[FailingGateway]:
    """Run a gateway that passes requests on to the API at `api`, during the `with` block."""
    with run_in_thread(FailingGateway(api, faults)) as gateway:
        yield gateway
