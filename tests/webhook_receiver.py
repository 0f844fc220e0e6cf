"""A receiver of webhooks on loopback, whose answers a test decides, and that verifies requests as
docs/examples/webhook_receiver.py does."""

import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.threaded_server import run_in_thread

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "webhook_receiver.py"


def _load_example() -> Any:
    spec = importlib.util.spec_from_file_location("webhook_receiver_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify_signature = _load_example().verify


class Received(Struct, frozen=True):
    """A request: its path, its headers with names in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.event["type"])

    def verify(self, secret: str) -> None:
        """Raise ValueError unless the request is signed with the secret."""
        verify_signature(secret, self.headers, self.body, int(self.headers["webhook-timestamp"]))


# Decides how a request is answered: with a status, or as it does itself on the handler.
Answer = Callable[[BaseHTTPRequestHandler, Received], int | None]


def accept(_: Any, __: Received) -> int:
    """Answer 204."""
    return 204


class Receiver:
    """The requests that a receiver got; `answer` sets its next responses."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook?from=tests"
        self.requests: list[Received] = []
        self.answer: Answer = accept

    def answer_with(self, *statuses: int) -> None:
        """Answer the next requests with `statuses`, and all after them with the last one."""
        left = list(statuses)
        self.answer = lambda _, __: left.pop(0) if len(left) > 1 else left[0]

    def take(self) -> list[Received]:
        """Return the requests since the last call."""
        taken, self.requests = self.requests, []
        return taken

    def take_types(self) -> list[str]:
        """Return the types of the events since the last call."""
        return [request.type for request in self.take()]


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    """Run a receiver for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.path, headers, body)
            receiver.requests.append(received)
            status = receiver.answer(self, received)
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing: requests do not belong in the output of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_port)
    with run_in_thread(server):
        yield receiver


def hang_up(handler: BaseHTTPRequestHandler, _: Received) -> None:
    """Close the connection without an answer, after the request was processed."""
    handler.close_connection = True
    handler.connection.close()


def wait_until_closed(handler: BaseHTTPRequestHandler, _: Received) -> None:
    """Send nothing until the client closes the connection."""
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def trickle(handler: BaseHTTPRequestHandler, _: Received) -> None:
    """Send a header that never ends, so slowly that no single read times out."""
    try:
        handler.wfile.write(b"HTTP/1.1 204 No Content\r\nX: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.2)
    except OSError:
        return
