"""Load of a stated mix on a local cloud, by client processes over HTTP; once the cloud is killed.

`LOAD_SECONDS` sets the length, 300 by default. The processes of the API and the clients go on while
the cloud is killed with SIGKILL in the middle and started again. The emulator saves its state every
few seconds, so a change that it acknowledged after the last save is lost; DynamoDB loses none. All
saved changes must be there, no transaction may be half there, and every request before and after
must get an intended response.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.stage import ROOT, UserError
from localstack import cloud
from localstack.stack import (
    Outputs,
    check_stream_consumers,
    read_function_environment,
    use_endpoint,
)
from tests.live.restartable_cloud import RestartableCloud, run_restartable_cloud
from tests.live.support import PASSWORD, ApiUser
from tests.proof.checkers import find_violations
from tests.proof.load.report import Report
from tests.proof.processes.runner import ApiProcess, run_api_processes

SECONDS = int(os.environ.get("LOAD_SECONDS", "300"))
CLIENTS, SERVERS = 4, 2
SHARED_TASKS = 5
KILL_AFTER = 0.25  # of the time
# The second save begins after the first has ended, so it contains all changes from before.
SAVES_BEFORE_KILL = 2
GROWTH_MAX_MB = 16

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(
        SECONDS < 20, reason="the emulator has to save its state before it is killed"
    ),
]
Say = Callable[[str], None]


@pytest.fixture
def own_cloud() -> Iterator[RestartableCloud]:
    with run_restartable_cloud() as own:
        yield own


@pytest.fixture
def servers(own_cloud: RestartableCloud) -> Iterator[list[ApiProcess]]:
    environment = read_function_environment(own_cloud.outputs)
    local = {
        "AWS_ENDPOINT_URL": own_cloud.outputs["aws_endpoint"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }
    with run_api_processes(environment | local, [ROOT] * SERVERS) as processes:
        yield processes


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print progress although pytest captures the output."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\nload: {line}", end="", flush=True)

    return show


class Clients:
    """The client processes, each with its own user in one project, and their reports."""

    def __init__(self, servers: list[ApiProcess], folder: Path, stack: ExitStack) -> None:
        users = [self._sign_up(servers, number) for number in range(CLIENTS)]
        owner = users[0]
        project = owner.request_json("POST", "/projects/", {"name": "Load"})["id"]
        for user in users[1:]:
            owner.request_json("POST", f"/projects/{project}/members/", {"user_id": user.id})
        shared = [
            owner.request_json("POST", "/tasks/", {"project": project, "title": "Zeppelin"})["id"]
            for _ in range(SHARED_TASKS)
        ]
        self.began = time.monotonic()
        self.until = self.began + SECONDS
        self._files = [folder / f"client-{number}.jsonl" for number in range(CLIENTS)]
        for number, (user, file) in enumerate(zip(users, self._files, strict=True)):
            work = {
                "url": servers[number % SERVERS].url,
                "email": user.email,
                "password": PASSWORD,
                "project": project,
                "shared": shared,
                "until": self.until,
                "seed": number,
            }
            command = [sys.executable, "-P", str(Path(__file__).parent / "client.py")]
            with file.open("wb") as out:
                process = subprocess.Popen([*command, json.dumps(work)], stdout=out)
            stack.callback(process.wait)
            stack.callback(process.terminate)

    @staticmethod
    def _sign_up(servers: list[ApiProcess], number: int) -> ApiUser:
        url = f"{servers[number % SERVERS].url}/api"
        user = ApiUser(url, f"load{number}")
        user.http.headers["Connection"] = "close"
        return user.sign_up()

    def read_lines(self) -> list[dict[str, Any]]:
        """Return what all clients have reported so far; a last line may be incomplete."""
        texts = [file.read_text().rpartition("\n")[0] for file in self._files]
        return [json.loads(line) for text in texts for line in text.splitlines()]


@contextmanager
def watch_health(port: int) -> Iterator[list[tuple[float, float]]]:
    """Send the cloud four health checks a second during the block.

    Yields its outages: the begin and the end of each check without a response within a second.
    """
    outages: list[tuple[float, float]] = []
    stopped = threading.Event()

    def check() -> None:
        while not stopped.wait(0.25):
            began = time.monotonic()
            if not cloud.is_healthy(port):
                outages.append((began, time.monotonic()))

    thread = threading.Thread(target=check)
    thread.start()
    try:
        yield outages
    finally:
        stopped.set()
        thread.join()


def _read_memory_mb(process: ApiProcess) -> float:
    """Return the memory in use (RSS) of a process."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_the_service_keeps_its_promises_under_load_and_when_the_cloud_is_killed(
    own_cloud: RestartableCloud,
    servers: list[ApiProcess],
    tmp_path: Path,
    say: Say,
    record_property: Callable[[str, object], None],
) -> None:
    memory: list[float] = []
    with ExitStack() as stack:
        outages = stack.enter_context(watch_health(own_cloud.port))
        clients = Clients(servers, tmp_path, stack)
        _watch(clients, servers, memory, clients.began + SECONDS * KILL_AFTER, say)
        saved, killed = _kill_after_a_save(own_cloud)
        _restart(own_cloud)
        restarted = time.monotonic()
        say(f"the cloud was killed, and is back after {restarted - killed:.0f} s")
        _watch(clients, servers, memory, clients.until + 1, say)
        lines = clients.read_lines()

    report = Report(lines, saved, killed, restarted, outages)
    say(report.describe(memory))
    assert report.errors == []
    assert report.was_served_after_restart(), "the time was over before the cloud was back"
    rows = _scan(own_cloud.outputs)
    assert report.find_missing(rows) == []
    assert find_violations(rows) == []
    assert check_stream_consumers(own_cloud.outputs) == []
    quarter = len(memory) // 4
    growth = statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])
    assert growth < GROWTH_MAX_MB, memory
    record_property("cases", len(lines))


def _watch(
    clients: Clients, servers: list[ApiProcess], memory: list[float], until: float, say: Say
) -> None:
    """Measure the memory until a time, and show the progress every ten seconds."""
    shown = time.monotonic()
    while time.monotonic() < until:
        time.sleep(min(1, max(0.0, until - time.monotonic())))
        memory.append(sum(_read_memory_mb(server) for server in servers) / len(servers))
        if time.monotonic() > shown + 10:
            shown = time.monotonic()
            lines = clients.read_lines()
            statuses = Counter(line["status"] for line in lines)
            elapsed = f"{shown - clients.began:.0f} of {SECONDS} s"
            say(f"{elapsed}, {len(lines):,} requests {dict(statuses)}")


def _restart(own: RestartableCloud) -> None:
    try:
        own.start()
    except UserError:  # a busy machine took more than half a minute
        own.start()


def _scan(outputs: Outputs) -> list[Any]:
    """Return all items of the table."""
    with use_endpoint(outputs["aws_endpoint"]):
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=outputs["table"])
        return [item for page in pages for item in page["Items"]]


def _kill_after_a_save(own: RestartableCloud) -> tuple[float, float]:
    """Kill the cloud after two saves.

    Returns the end of the first save, because the second contains all changes from before it, and
    the time of the kill.
    """
    times = [own.wait_for_save() for _ in range(SAVES_BEFORE_KILL)]
    time.sleep(1)  # acknowledged and lost
    own.kill()
    return times[-2], time.monotonic()
