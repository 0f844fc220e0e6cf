"""Serve app.py on this machine against the deployed resources, again after every change."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import boto3

from infra.stage import LOCAL, ROOT, UserError
from localstack import cloud
from localstack.stack import Outputs, aimed_at

_POLL_SECONDS = 0.5
_STOP_SECONDS = 5
_CODE = {".py", ".html", ".txt", ".json", ".j2"}
Snapshot = dict[Path, int]


class Server:
    """`chalice local` on `port`, in the environment of the deployed API function; it writes to
    `log`, or to where this process writes."""

    def __init__(self, port: int, outputs: Outputs, log: Path | None = None) -> None:
        self._port = port
        self._environment = _function_environment(outputs)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Chalice's own reloader watches the whole folder, .venv and .local too, and never rests.
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
        """Whether the server accepts connections in time; a server that ended won't."""
        deadline = time.monotonic() + seconds
        while cloud.is_free(self._port):
            if self._has_ended() or time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return not self._has_ended()

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


@contextmanager
def serving(outputs: Outputs, log: Path | None = None) -> Iterator[str]:
    """The API's address on a server of one's own, for as long as the block runs."""
    port = cloud.free_port()
    server = Server(port, outputs, log)
    server.start()
    try:
        if not server.wait_until_ready():
            raise UserError("the API server did not start; its reason stands above")
        yield f"http://localhost:{port}/api"
    finally:
        server.stop()


def restart_on_change(server: Server) -> None:
    """Restart `server` whenever code changes, until interrupted; a broken edit is waited out."""
    for changed in _changes():
        print(f"changed: {changed.relative_to(ROOT)}, restarting", flush=True)
        server.stop()
        server.start()


def _changes() -> Iterator[Path]:
    before = _snapshot()
    while True:
        time.sleep(_POLL_SECONDS)
        now = _snapshot()
        differing = sorted(path for path, _ in before.items() ^ now.items())
        if differing:
            yield differing[0]
        before = now


def _snapshot() -> Snapshot:
    files = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*")]
    return {path: path.stat().st_mtime_ns for path in files if path.suffix in _CODE}


def _function_environment(outputs: Outputs) -> dict[str, str]:
    """The variables that the stack gave the API function, plus the way to the local cloud."""
    with aimed_at(outputs["aws_endpoint"]):
        function = boto3.client("lambda").get_function_configuration(
            FunctionName=outputs["functions"]["APIHandler"]
        )
        return {**os.environ, **function["Environment"]["Variables"]}
