"""The app behind a real socket in this process, for browsers and other HTTP clients."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer
from typing import Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer


class _Handler(ChaliceRequestHandler):
    """Serves one request per connection.

    The app serves one connection at a time, and a browser opens several.
    """

    protocol_version = "HTTP/1.0"

    def log_message(self, *_: Any) -> None:
        """Log nothing: requests do not belong in the output of the tests."""


@contextmanager
def run_app_server() -> Iterator[str]:
    """Serve the app for the block; yields its address."""
    from app import app

    config = Config(chalice_stage="local", config_from_disk={"lambda_timeout": 28})
    local = LocalDevServer(
        app, config, "127.0.0.1", 0, handler_cls=partial(_Handler), server_cls=HTTPServer
    )
    thread = threading.Thread(target=local.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{local.server.server_port}"
    local.shutdown()
    local.server.server_close()
    thread.join()
