"""Clients that generators make of `docs/openapi.json` do the main job, in Python and TypeScript."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from infra.stage import ROOT
from infra.venv import ensure_venv, lock_folder
from tests.live.support import Deployment

DOCUMENT = ROOT / "docs" / "openapi.json"
PYTHON_JOB = Path(__file__).with_name("generated_client_job.py")
TYPESCRIPT_JOB = Path(__file__).with_name("generated_client_job.ts")
TYPESCRIPT_PACKAGE = ROOT / "infra" / "tools" / "typescript-client"
# Both jobs print these lines.
PRINTED = [
    "created todo medium 2026-12-01",
    "uploaded ready",
    "changed in_progress 2",
    "refused 412 precondition_failed",
    "listed Step 1, Step 2, Step 3, Step 4, Step 5 on 3 pages",
    "invalid invalid description, title",
    "logged out 204",
    "refused 401 unauthenticated",
]

pytestmark = pytest.mark.proof


def test_a_generated_python_client_does_the_main_job(
    deployment: Deployment, tmp_path: Path
) -> None:
    python = ensure_venv(ROOT / ".local" / "client-venv", ROOT / "infra" / "tools" / "client.txt")
    _generate_python_client(python.with_name("openapi-python-client"), tmp_path)
    check_types = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent"]
    check_types += ["--python-executable", str(python), "--config-file=", str(PYTHON_JOB)]
    _run(check_types, tmp_path, MYPYPATH=str(tmp_path))
    printed = _run([str(python), str(PYTHON_JOB), *_arguments(deployment)], tmp_path)
    assert printed.splitlines() == PRINTED


def test_a_generated_typescript_client_does_the_main_job(
    deployment: Deployment, tmp_path: Path
) -> None:
    modules = _install_typescript_packages()
    (tmp_path / "node_modules").symlink_to(modules)
    for file in (TYPESCRIPT_JOB, *TYPESCRIPT_PACKAGE.glob("*.json")):
        shutil.copy(file, tmp_path)
    commands = modules / ".bin"
    _run([str(commands / "openapi-typescript"), str(DOCUMENT), "-o", "api.d.ts"], tmp_path)
    _run([str(commands / "tsc")], tmp_path)
    printed = _run(["node", f"{TYPESCRIPT_JOB.stem}.js", *_arguments(deployment)], tmp_path)
    assert printed.splitlines() == PRINTED


def _generate_python_client(generator: Path, folder: Path) -> None:
    """Generate the package `task_manager` in `folder`. A warning of the generator is a failure."""
    settings = folder / "generator.yaml"
    settings.write_text("post_hooks: []\n")
    command = [str(generator), "generate", "--path", str(DOCUMENT), "--fail-on-warning"]
    command += ["--output-path", str(folder / "task_manager"), "--meta", "none"]
    output = _run([*command, "--config", str(settings)], folder)
    assert "WARNING" not in output


def _install_typescript_packages() -> Path:
    """Install the locked npm packages, unless they are unchanged; return their `node_modules`."""
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    folder = ROOT / ".local" / TYPESCRIPT_PACKAGE.name
    lock, installed = TYPESCRIPT_PACKAGE / "package-lock.json", folder / "installed.json"
    with lock_folder(folder):
        if not installed.exists() or installed.read_text() != lock.read_text():
            folder.mkdir(exist_ok=True)
            for file in TYPESCRIPT_PACKAGE.glob("package*.json"):
                shutil.copy(file, folder)
            _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder)
            shutil.copy(lock, installed)
    return folder / "node_modules"


def _arguments(deployment: Deployment) -> list[str]:
    """Return the arguments of a job: the address of the API and the name of a new user."""
    base_url = deployment.outputs["gateway_api_url"].removesuffix("/api")
    return [base_url, f"ann{uuid4().hex[:12]}"]


def _run(command: list[str], folder: Path, **variables: str) -> str:
    """Run the command in `folder`, where Python finds packages too, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
