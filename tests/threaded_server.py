"""Servers that run in a thread of the test process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

S = TypeVar("S", bound=BaseServer)
POLL_SECONDS = 0.02  # until the server notices that it should stop


@contextmanager
def run_in_thread(server: S) -> Iterator[S]:
    """Let the server handle requests during the `with` block, and close it afterwards."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
