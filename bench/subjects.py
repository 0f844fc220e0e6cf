"""The measured programs: the product, the Chalice reference and the Django application."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from bench import postgresql
from bench.instructions import count_instructions, count_per_request
from infra.packaging.package import package
from infra.stage import LOCAL, ROOT, load_stage
from infra.venv import ensure_venv
from localstack.seed import EMAIL, PASSWORD, Api
from localstack.stack import Outputs, read_function_environment, run_local_cloud, seed_data

BENCH = ROOT / "bench"
DJANGO = BENCH / "peers" / "django"
TASKS = 40
# The environment variables of this process that a measured program also gets.
_KEPT = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class Subject:
    """A program that takes a scenario and a number of requests, and its environment."""

    command: list[str]
    environment: dict[str, str]
    folder: Path

    def count(self, scenario: str, requests: int) -> int:
        """Return the instructions of a process that sends the scenario's requests."""
        command = [*self.command, scenario, str(requests)]
        return count_instructions(command, self.environment, folder=self.folder)

    def run(self, *arguments: str | int) -> None:
        """Run the program, for example with a scenario and a number of requests, without counting
        instructions."""
        _run([*self.command, *map(str, arguments)], self.environment, self.folder)

    def count_per_request(self, scenario: str) -> int:
        """Return the instructions of one warm request.

        The request before makes the product record the use of the token, which it does once a
        minute, so that none of the counted ones does.
        """
        self.run(scenario, 1)
        return count_per_request(lambda requests: self.count(scenario, requests))

    def count_cold_start(self, *arguments: str) -> dict[str, int]:
        """Return the counts of cold_start.py."""
        script = str(BENCH / "cold_start.py")
        command = [*self.command[:-1], script, *arguments]
        counts: dict[str, int] = json.loads(_run(command, self.environment, self.folder))
        return counts


@contextmanager
def run_product(folder: Path) -> Iterator[tuple[Subject, Outputs]]:
    """Run a local cloud with sample data, unpack the local stage; yield the packaged product."""
    with run_local_cloud(folder / "cloud") as outputs:
        seed_data(outputs)
        stage = load_stage(LOCAL)
        package(stage)
        unpacked = folder / "unpacked"
        with ZipFile(stage.zip) as archive:
            archive.extractall(unpacked)
        variables = read_function_environment(outputs)
        known = set(os.environ) - set(_KEPT)
        environment = {name: text for name, text in variables.items() if name not in known}
        environment["PYTHONPATH"] = str(unpacked)
        environment["AWS_LAMBDA_FUNCTION_NAME"] = "api"  # as on Lambda
        environment["BENCH"] = json.dumps(create_sample(outputs))
        command = [_find_base_python(), "-S", str(BENCH / "warm_requests.py")]
        yield Subject(command, environment, unpacked), outputs


def create_sample(outputs: Outputs, tasks: int = TASKS) -> dict[str, str]:
    """Create a project with tasks through the API; return the ids and an API token."""
    api = Api(outputs["api_url"])
    login = {"email": EMAIL, "password": PASSWORD}
    api.token = api.request("POST", "/auth/login", login)["access"]
    project = api.request("POST", "/projects", {"name": "Benchmark"})["id"]
    for number in range(tasks):
        body: dict[str, Any] = {
            "project": project,
            "title": f"Task {number}",
            "priority": "high",
            "description": "x" * 200,
            "due_date": "2030-01-01T00:00:00Z",
        }
        task = api.request("POST", "/tasks", body)["id"]
    token = {
        "name": f"bench {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        "scopes": ["projects:read", "tasks:read", "tasks:write"],
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds"),
    }
    return {
        "project": project,
        "task": task,
        "token": api.request("POST", "/auth/tokens", token)["token"],
    }


def build_reference(outputs: Outputs) -> Subject:
    """Create the reference's table in the local cloud; return the reference."""
    folder = BENCH / "reference"
    environment = {
        "AWS_ENDPOINT_URL": outputs["aws_endpoint"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": outputs["region"],
        "REFERENCE_TABLE": "reference",
        "PYTHONPATH": str(folder),
    }
    sample = _run([sys.executable, str(folder / "sample.py")], environment, folder)
    command = [sys.executable, str(BENCH / "warm_requests.py")]
    return Subject(command, environment | {"BENCH": sample}, folder)


@contextmanager
def run_django(binaries: Path, folder: Path) -> Iterator[Subject]:
    """Run PostgreSQL with sample data; yield the Django peer."""
    python = str(ensure_bench_venv())
    with ExitStack() as stack:
        host = stack.enter_context(postgresql.run_postgresql(binaries, folder))
        environment = {"PGHOST": host, "PYTHONPATH": str(DJANGO)}
        sample = _run([python, "manage.py", "sample"], environment, DJANGO)
        yield Subject([python, "warm_requests.py"], environment | {"BENCH": sample}, DJANGO)


def ensure_bench_venv() -> Path:
    """Return the Python of the virtual environment with Django and the plotting library."""
    return ensure_venv(ROOT / ".local" / "bench-venv", BENCH / "requirements.txt")


def _find_base_python() -> str:
    """Return the Python that this virtual environment is made of; it has no packages."""
    return str(Path(sys.executable).resolve())


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **environment},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()
