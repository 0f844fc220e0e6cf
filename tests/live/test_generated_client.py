"""A client generated from `docs/openapi.json` can do the main workflow."""

import os
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from infra.stage import ROOT
from infra.venv import ensure_venv
from tests.live.support import Deployment

JOB = Path(__file__).with_name("generated_client_job.py")


@pytest.mark.proof
def test_a_generated_client_does_the_main_workflow(deployment: Deployment, tmp_path: Path) -> None:
    python = ensure_venv(ROOT / ".local" / "client-venv", ROOT / "infra" / "tools" / "client.txt")
    _generate(python.with_name("openapi-python-client"), tmp_path)
    base_url = deployment.outputs["gateway_api_url"].removesuffix("/api")
    done = subprocess.run(
        [str(python), str(JOB), base_url, f"ann{uuid4().hex[:12]}"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "registered True",
        "uploaded ready",
        "listed [('Write the plan', 1)]",
        "logged out 204",
        "refused 401 unauthenticated",
    ]


def _generate(generator: Path, folder: Path) -> None:
    """Generate the package `task_manager` in `folder`; a warning of the generator is a failure."""
    settings = folder / "generator.yaml"
    settings.write_text("post_hooks: []\n")
    command = [str(generator), "generate", "--path", str(ROOT / "docs" / "openapi.json")]
    command += ["--output-path", str(folder / "task_manager"), "--meta", "none"]
    command += ["--config", str(settings), "--fail-on-warning"]
    generated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    assert "WARNING" not in generated.stdout
