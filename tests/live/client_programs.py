"""Programs that use the built clients, run in the clients' environment."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.clients import BUILD, TYPESCRIPT, build_clients, ensure_clients_venv
from infra.stage import ROOT
from tests.live.support import PASSWORD, ApiUser


@dataclass
class Run:
    """The end of a program: its exit code and output."""

    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def run_python(*command: str, stdin: str = "", **variables: str) -> Run:
    """Run a module or script in the clients' environment: `run_python("-m", "task_cli")`."""
    whole, environment = build_python_command(*command)
    return _run(whole, stdin, **environment, **variables)


def build_python_command(*command: str) -> tuple[list[str], dict[str, str]]:
    """Return the command of `run_python`, and the variables that it needs."""
    build_clients()
    path = os.pathsep.join(map(str, (BUILD / "python", BUILD / "cli", ROOT)))
    return [str(ensure_clients_venv()), *command], {"PYTHONPATH": path}


def run_node(script: str, *arguments: str, **variables: str) -> Run:
    """Run a compiled file of the TypeScript client: `run_node("examples/quickstart.js")`."""
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    build_clients()
    return _run(["node", str(TYPESCRIPT / "dist" / script), *arguments], "", **variables)


def build_environment(user: ApiUser, api: str) -> dict[str, str]:
    """Return the variables of the examples for this user."""
    return {"API_URL": api, "EMAIL": user.email, "PASSWORD": PASSWORD}


def _run(command: list[str], stdin: str, **variables: str) -> Run:
    done = subprocess.run(
        command,
        env=os.environ | {"NO_PROXY": "127.0.0.1,localhost"} | variables,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(BUILD),
        start_new_session=True,  # without a terminal, a password is read from stdin
    )
    return Run(done.returncode, done.stdout, done.stderr)
