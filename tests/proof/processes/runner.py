"""Starts processes of the API and of clients, and lets the clients act at the same time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from chalicelib import settings
from infra.stage import ROOT
from localstack import cloud
from tests.moto_stack import KEYS

HERE = Path(__file__).parent
_START_SECONDS = 60
_BARRIER_SECONDS = 0.02  # until the clients begin
# The emulator takes signed URLs of a bucket whose name begins with `tasks` for calls of ECS.
_BUCKET = "files-of-the-proof"
Request = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A response, with the begin and the end of its request (seconds of the monotonic clock)."""

    began: float
    ended: float
    status: int
    etag: str
    body: Any


class ClientProcess:
    """A process that runs http_client.py, which makes requests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "http_client.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, at: float, requests: Sequence[Request]) -> None:
        """Make the requests one after another, from `at` on (seconds of the monotonic clock)."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"at": at, "requests": list(requests)}) + "\n")
        self._process.stdin.flush()

    def collect(self) -> list[Answer]:
        """Wait for the requests of `start` and return their answers."""
        assert self._process.stdout is not None
        return [Answer(**each) for each in json.loads(self._process.stdout.readline())]

    def stop(self) -> None:
        self._process.communicate(timeout=10)


def act_at_once(
    clients: Sequence[ClientProcess], plans: Sequence[Sequence[Request]]
) -> list[list[Answer]]:
    """Let all clients make the requests of their plans at the same time; return their answers."""
    at = time.monotonic() + _BARRIER_SECONDS
    for client, plan in zip(clients, plans, strict=True):
        client.start(at, plan)
    return [client.collect() for client in clients]


def count_most_in_flight(answers: Sequence[Sequence[Answer]]) -> int:
    """Return the largest number of requests of different clients that were open at a time."""
    steps = [(each.began, 1) for client in answers for each in client]
    steps += [(each.ended, -1) for client in answers for each in client]
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


class ApiProcess:
    """A process that runs serve_app.py, which serves the app of a checkout."""

    def __init__(self, environment: dict[str, str], checkout: Path = ROOT) -> None:
        self.port = cloud.find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-P", str(HERE / "serve_app.py"), str(checkout), str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=subprocess.DEVNULL
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while cloud.is_port_free(self.port):
            assert self.process.poll() is None, "the process of the API ended"
            assert time.monotonic() < deadline, "the process of the API did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def run_clients(count: int) -> Iterator[list[ClientProcess]]:
    """Run client processes for the block."""
    with ExitStack() as stack:
        clients = [ClientProcess() for _ in range(count)]
        for client in clients:
            stack.callback(client.stop)
        yield clients


@contextmanager
def run_api_processes(
    environment: dict[str, str], checkouts: Sequence[Path]
) -> Iterator[list[ApiProcess]]:
    """Run a process of the API for each checkout during the block."""
    with ExitStack() as stack:
        processes = []
        for checkout in checkouts:
            processes.append(ApiProcess(environment, checkout))
            stack.callback(processes[-1].stop)
        for process in processes:
            process.wait_until_ready()
        yield processes


@contextmanager
def run_services(dynamodb: str, state: Path) -> Iterator[dict[str, str]]:
    """Run an emulator of S3, SES and Secrets Manager for the block, with the stack's resources.

    Yields the environment of processes that use it, and the table at the address `dynamodb`.
    """
    port = cloud.find_free_port()
    process = cloud.start(port, state)
    endpoint = cloud.get_endpoint(port)
    try:
        _create_resources(endpoint)
        yield os.environ | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
            "BUCKET_NAME": _BUCKET,
            "S3_ADDRESSING_STYLE": "path",
            "POWERTOOLS_LOG_LEVEL": "ERROR",
            "NO_PROXY": "localhost,127.0.0.1",
        }
    finally:
        cloud.stop(process)


def _create_resources(endpoint: str) -> None:
    session = boto3.session.Session(region_name=settings.REGION)
    secrets = session.client("secretsmanager", endpoint_url=endpoint)
    for name, value in KEYS.items():
        secrets.create_secret(Name=name, SecretString=value)
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=_BUCKET,
        CreateBucketConfiguration={"LocationConstraint": settings.REGION},  # type: ignore[typeddict-item]
    )
    session.client("ses", endpoint_url=endpoint).verify_email_identity(
        EmailAddress=settings.MAIL_SENDER
    )
