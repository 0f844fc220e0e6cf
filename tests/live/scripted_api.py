"""A server with written answers in place of the API, for clients that must cope with them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.threaded_server import run_in_thread


@dataclass
class Answer:
    """One answer; a `body` that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


class ScriptedApi(ThreadingHTTPServer):
    """Sends `answers["GET /api/projects"]` one after the other, and the last one again and again.

    A request without an answer is held until the server stops.
    """

    daemon_threads = True

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.requests: list[str] = []
        self.is_asked, self.is_over = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedApi

    def respond(self) -> None:
        name = f"{self.command} {self.path.partition('?')[0]}"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(name)
        self.server.is_asked.set()
        answers = self.server.answers.get(name, [])
        if not answers:
            self.server.is_over.wait()
            return
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for header, value in {**answer.headers, "Content-Length": str(len(body))}.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = respond

    def log_message(self, *_: Any) -> None:
        """Log nothing: requests do not belong in the output of the tests."""


@contextmanager
def run_scripted_api(answers: dict[str, list[Answer]]) -> Iterator[ScriptedApi]:
    """Run the server during the `with` block."""
    with run_in_thread(ScriptedApi(answers)) as server:
        yield server
        server.is_over.set()
