"""Serve the app of a checkout over HTTP, one request at a time, as a process of Lambda does.

    python tests/proof/processes/serve_app.py <checkout> <port>

Runs by its path, so that it also serves an earlier release. `POST /_invoke/<function>` invokes
another function of the app with the body as its event; the response is what it returns.
"""

import json
import logging
import sys
from functools import partial
from http.server import HTTPServer
from typing import Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LambdaContext, LocalDevServer

_FUNCTION_SECONDS = 240
_INVOKE = "/_invoke/"


class _Handler(ChaliceRequestHandler):
    """Serves one request per connection, because the server has one connection at a time."""

    protocol_version = "HTTP/1.0"

    def log_message(self, *_: Any) -> None:
        """Log nothing: the app logs its requests."""

    def do_POST(self) -> None:
        if self.path.startswith(_INVOKE):
            self._invoke(self.path.removeprefix(_INVOKE))
        else:
            self._generic_handle()

    def _invoke(self, function: str) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        app = self.local_gateway._app_object
        context = LambdaContext(function, memory_size=512, max_runtime_ms=_FUNCTION_SECONDS * 1000)
        result = app.handler_map[function](event, context)
        self._send_http_response(200, {}, json.dumps(result))


def main(checkout: str, port: int) -> None:
    sys.path.insert(0, checkout)
    logging.getLogger("pynamodb").setLevel(logging.WARNING)  # it logs its settings
    from app import app

    config = Config(chalice_stage="local", config_from_disk={"lambda_timeout": 28})
    handler, server = partial(_Handler), partial(HTTPServer)
    LocalDevServer(app, config, "127.0.0.1", port, handler, server).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
