"""The local cloud: a ministack process, or a cloud that already runs on the port."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from infra.stage import ROOT, UserError
from infra.venv import ensure_venv

_VENV = ROOT / ".local" / "cloud-venv"
_REQUIREMENTS = ROOT / "localstack" / "requirements.txt"
_EMULATOR = ROOT / "localstack" / "emulator.py"
_START_SECONDS = 30
_STOP_SECONDS = 15
# Calls this machine directly, without the proxy of the user's environment.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read_port(name: str, default: int) -> int:
    """Return the port in the environment variable `name`. Raises UserError when it is invalid."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise UserError(f"{name}={value} is not a port number")
    return int(value)


def get_state_dir(port: int) -> Path:
    """Return the state folder of the cloud on `port`. Queue URLs in the state contain the port."""
    return ROOT / ".local" / "cloud" / str(port)


def get_endpoint(port: int) -> str:
    return f"http://localhost:{port}"


def is_reachable(url: str) -> bool:
    """Return whether `url` answers 200 within a second."""
    try:
        with _opener.open(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def is_healthy(port: int) -> bool:
    """Return whether a cloud runs on `port`. ministack has LocalStack's health check too."""
    return is_reachable(f"{get_endpoint(port)}/_localstack/health")


def is_localstack(port: int) -> bool:
    """Return whether the cloud on `port` is LocalStack, not ministack."""
    return is_healthy(port) and not is_reachable(f"{get_endpoint(port)}/_ministack/health")


def get_mailbox_url(port: int) -> str:
    """Return the URL of the emails that the emulated SES accepted."""
    return get_endpoint(port) + ("/_aws/ses" if is_localstack(port) else "/_ministack/ses/messages")


def is_port_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    port: int, state: Path | None = None, *, enforce_iam: bool = False
) -> subprocess.Popen[bytes]:
    """Start ministack on `port` and wait until it is healthy.

    The state is temporary in a given `state` folder; otherwise it is saved in the port's own folder
    and loaded at the next start. With `enforce_iam`, IAM policies and the bucket policy apply: that
    policy requires TLS, so remove it to access files on this plain-HTTP cloud.

    Raises UserError when the port is in use or the cloud does not start.
    """
    persistent = state is None
    state = state or get_state_dir(port)
    if not is_port_free(port):
        raise UserError(f"port {port} is in use, but not by a local cloud; set CLOUD_PORT")
    python = ensure_venv(_VENV, _REQUIREMENTS)
    temporary = state / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # code that a killed run left unpacked
    temporary.mkdir(parents=True)
    settings = _build_environment(port, state, persistent) | {"AUTH": str(enforce_iam).lower()}
    with (state / "cloud.log").open("wb") as log:
        # In a new session, so that Ctrl-C does not kill it before it saves its state.
        process = subprocess.Popen(
            [str(python), "-P", str(_EMULATOR)],
            env=settings | {"TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait(lambda: is_healthy(port) or process.poll() is not None, _START_SECONDS)
    if not is_healthy(port):
        stop(process)
        raise UserError(f"the local cloud did not start; its log is {state / 'cloud.log'}")
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a cloud that `start` started. A persistent cloud saves its state first."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_pid(pid: int, port: int) -> None:
    """Stop the cloud on `port` that an earlier command started as the process `pid`."""
    if not is_healthy(port):  # it has ended, and another process may have its id
        return
    os.kill(pid, signal.SIGTERM)
    _wait(lambda: is_port_free(port), _STOP_SECONDS)


def _build_environment(port: int, state: Path, persistent: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": str(int(persistent)),
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": str(int(persistent)),
        "S3_DATA_DIR": str(state / "s3"),
        # Disabled, because their fixed ports would collide with those of a second cloud.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until `condition` is true, for at most `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() <= deadline:
        time.sleep(0.1)
