"""`docs/quickstart.sh` finds the local cloud. tests/live runs the same steps."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra.stage import ROOT
from tests.threaded_server import run_in_thread


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a copy of the script in a folder without a local cloud."""
    (tmp_path / "docs").mkdir()
    return Path(shutil.copy(ROOT / "docs" / "quickstart.sh", tmp_path / "docs"))


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Run a server that answers 404; yield its address and the list of requested paths."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            paths.append(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with run_in_thread(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}", paths


def _run(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )


def test_it_calls_the_api_of_the_running_cloud(script: Path, server: tuple[str, list[str]]) -> None:
    address, paths = server
    outputs = script.parents[1] / ".local" / "outputs.json"
    outputs.parent.mkdir()
    outputs.write_text(json.dumps({"api_url": f"{address}/v1/api", "mailbox_url": address}))
    assert "error: POST /auth/register/" in _run(script).stderr
    assert paths == ["/v1/api/auth/register/"]


def test_without_a_cloud_it_says_how_to_start_one(script: Path) -> None:
    done = _run(script)
    assert (done.returncode, done.stderr) == (
        1,
        "error: no local cloud runs; start it with make run or make up\n",
    )
