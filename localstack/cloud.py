"""The local cloud: ministack as a process of ours, or whatever already answers on the port."""

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
from infra.venv import ensure

_VENV = ROOT / ".local" / "cloud-venv"
_REQUIREMENTS = ROOT / "localstack" / "requirements.txt"
_EMULATOR = ROOT / "localstack" / "emulator.py"
_START_SECONDS = 30
_STOP_SECONDS = 15
# Straight to this machine, whatever proxy the person's shell is set up for.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def port_setting(name: str, default: int) -> int:
    """The port that the environment variable `name` chooses."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise UserError(f"{name}={value} is no port number")
    return int(value)


def state_of(port: int) -> Path:
    """Where the cloud on `port` keeps its state; queue addresses in it name the port."""
    return ROOT / ".local" / "cloud" / str(port)


def endpoint(port: int) -> str:
    return f"http://localhost:{port}"


def answers(url: str) -> bool:
    """True if `url` answers 200 within a second."""
    try:
        with _direct.open(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def is_healthy(port: int) -> bool:
    """LocalStack's health check, which ministack answers too."""
    return answers(f"{endpoint(port)}/_localstack/health")


def is_localstack(port: int) -> bool:
    """Whether the cloud that answers is LocalStack, and not ministack."""
    return is_healthy(port) and not answers(f"{endpoint(port)}/_ministack/health")


def mailbox_url(port: int) -> str:
    """Where the mails that SES accepted can be read."""
    return endpoint(port) + ("/_aws/ses" if is_localstack(port) else "/_ministack/ses/messages")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    port: int, state: Path | None = None, *, enforce_iam: bool = False
) -> subprocess.Popen[bytes]:
    """Start ministack on `port`, and wait until it answers. A place given for its `state` is for
    this once; else it has one of its own, and goes on there when it is started again.

    With `enforce_iam` each function may do only what its policy allows, and the bucket's TLS rule
    holds, so that nobody reaches a file over this plain-HTTP cloud until the rule is removed.
    """
    once = state is not None
    state = state or state_of(port)
    if not is_free(port):
        raise UserError(f"port {port} is taken by something that is no local cloud; set CLOUD_PORT")
    python = ensure(_VENV, _REQUIREMENTS)
    scratch = state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)  # code that a killed run left unpacked
    scratch.mkdir(parents=True)
    with (state / "cloud.log").open("wb") as log:
        # In a session of its own: Ctrl-C is ours to turn into an orderly stop that saves the state.
        process = subprocess.Popen(
            [str(python), "-P", str(_EMULATOR)],
            env=_environment(port, state, scratch, once) | {"AUTH": str(enforce_iam).lower()},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_until_healthy(process, port, state)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a cloud that `start` started; a state that is kept is saved on the way out."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_by_id(pid: int, port: int) -> None:
    """The same for a cloud on `port` that an earlier command started."""
    if not is_healthy(port):  # it ended by itself, and the number may be another's by now
        return
    os.kill(pid, signal.SIGTERM)
    _wait(lambda: is_free(port), _STOP_SECONDS)


def _environment(port: int, state: Path, scratch: Path, once: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": str(int(not once)),
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": str(int(not once)),
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(scratch),
        # Listeners on ports of their own, which would collide with a second cloud's.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, state: Path) -> None:
    _wait(lambda: is_healthy(port) or process.poll() is not None, _START_SECONDS)
    if not is_healthy(port):
        stop(process)
        raise UserError(f"the local cloud did not start; its log is {state / 'cloud.log'}")


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
