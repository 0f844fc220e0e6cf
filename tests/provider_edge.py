"""An HTTP server in front of an OpenID provider, which changes what the provider answers."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.threaded_server import run_in_thread

# Takes the handler of a request. Sends a response and returns True, or returns False.
Answer = Callable[[BaseHTTPRequestHandler], bool]
# Takes a JSON document of the provider, and changes it.
Change = Callable[[dict[str, Any]], None]


class ProviderEdge(ThreadingHTTPServer):
    """Passes each request on to the provider at `target`.

    `changes` has for a path what is changed in the JSON document there, and `answers` what answers
    a path in place of the provider. `aliases` are further paths of the provider's. `requests` are
    the paths that were asked for.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://localhost:{self.server_address[1]}"
        self.target = ""
        self.changes: dict[str, Change] = {}
        self.answers: dict[str, Answer] = {}
        self.aliases: dict[str, str] = {}
        self.requests: list[str] = []

    def reset(self, target: str) -> None:
        """Pass everything on to `target`, without changes."""
        self.target, self.requests = target, []
        self.changes, self.answers, self.aliases = {}, {}, {}


class _Handler(BaseHTTPRequestHandler):
    server: ProviderEdge

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.path = self.server.aliases.get(path, self.path)
        path = self.server.aliases.get(path, path)
        self.server.requests.append(path)
        own = self.server.answers.get(path)
        if own is None or not own(self):
            self._pass_on(path)

    do_POST = do_GET

    def _pass_on(self, path: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(self.server.target.removeprefix("http://"))
        try:
            # The provider's addresses are those of the host that it is asked for.
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if change := self.server.changes.get(path):
            document = json.loads(content)
            change(document)
            content = json.dumps(document).encode()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in {
                "content-length",
                "transfer-encoding",
                "connection",
                "keep-alive",
                "date",
            }:
                self.send_header(name, value)
        send_content(self, content)

    def log_message(self, *_: Any) -> None:
        pass


def send_content(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """End the headers of a response, and send its body."""
    handler.send_header("Content-Length", str(len(content)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(content)


def answer_with(status: int, content: bytes = b"", **headers: str) -> Answer:
    """Return what answers every request like this."""

    def answer(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        send_content(handler, content)
        return True

    return answer


@contextmanager
def run_provider_edge() -> Iterator[ProviderEdge]:
    """Run the server during the `with` block."""
    with run_in_thread(ProviderEdge()) as server:
        yield server
