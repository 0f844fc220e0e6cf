"""Serve app.py with the resources of the local cloud; restart it on code changes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from infra.stage import LOCAL, ROOT, UserError
from localstack import cloud
from localstack.stack import Outputs
from localstack.stack import read_function_environment as _function_environment

_POLL_SECONDS = 0.5
_STOP_SECONDS = 5
_CODE_SUFFIXES = {".py", ".html", ".txt", ".json", ".j2"}


class Server:
    """`chalice local` on `port`, with the environment of the deployed API function and `settings`.

    Its output goes to the file `log`, or to this process's output.
    """

    def __init__(
        self,
        port: int,
        outputs: Outputs,
        log: Path | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._port = port
        self._environment = _function_environment(outputs) | (settings or {})
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Chalice's own reloader also watches .venv and .local, and uses the CPU all the time.
        command = [sys.executable, "-m", "localstack.gateway", "local"]
        command += ["--no-autoreload", "--stage", LOCAL]
        command += ["--host", "127.0.0.1", "--port", str(self._port)]
        with self._log.open("ab") if self._log else nullcontext() as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self, seconds: float = 120) -> bool:
        """Wait until the server accepts connections; return False if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while cloud.is_port_free(self._port):
            if self._has_ended() or time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return not self._has_ended()

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


@contextmanager
def run_api_server(
    outputs: Outputs,
    log: Path | None = None,
    *,
    port: int = 0,
    settings: dict[str, str] | None = None,
) -> Iterator[str]:
    """Run an API server during the `with` block, on a free port unless `port` is given; yield the
    API's URL.

    `settings` replace those of the deployed function. Raises UserError when the server does not
    start.
    """
    port = port or cloud.find_free_port()
    server = Server(port, outputs, log, settings)
    server.start()
    try:
        if not server.wait_until_ready():
            raise UserError("the API server did not start; see its output above")
        yield f"http://localhost:{port}/api"
    finally:
        server.stop()


def restart_on_change(server: Server) -> None:
    """Restart `server` on every code change, until interrupted.

    A server that fails to start because of an error in the code is restarted on the next change.
    """
    for changed in _watch_changes():
        print(f"changed: {changed.relative_to(ROOT)}, restarting", flush=True)
        server.stop()
        server.start()


def _watch_changes() -> Iterator[Path]:
    before = _read_modification_times()
    while True:
        time.sleep(_POLL_SECONDS)
        now = _read_modification_times()
        changed = sorted(path for path, _ in before.items() ^ now.items())
        if changed:
            yield changed[0]
        before = now


def _read_modification_times() -> dict[Path, int]:
    files = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*")]
    return {path: path.stat().st_mtime_ns for path in files if path.suffix in _CODE_SUFFIXES}
