"""The app behind a real socket, in this process: for a browser and for clients made by others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer
from typing import Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer


class _Handler(ChaliceRequestHandler):
    """One request a connection: the app serves one at a time, and a browser opens several."""

    protocol_version = "HTTP/1.0"

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is no place for it."""


@contextmanager
def served(handler: Any = _Handler) -> Iterator[str]:
    """The address of the app behind a server with this request handler."""
    from app import app

    config = Config(chalice_stage="local", config_from_disk={"lambda_timeout": 28})
    local = LocalDevServer(
        app, config, "127.0.0.1", 0, handler_cls=partial(handler), server_cls=HTTPServer
    )
    thread = threading.Thread(target=local.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{local.server.server_port}"
    local.shutdown()
    local.server.server_close()
    thread.join()
