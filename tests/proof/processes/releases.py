"""Releases of this repository's history, served over HTTP."""

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.stage import ROOT
from tests.proof.processes.runner import ApiProcess
from tests.support import PASSWORD


def extract_release(commit: str, folder: Path) -> Path:
    """Write the files of a commit into a folder and return it; skip the test without history."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"needs the repository's history: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


class Release:
    """A release that is served over HTTP. Every request must succeed."""

    def __init__(self, process: ApiProcess) -> None:
        self.process = process

    def call(
        self, method: str, path: str, body: Any = None, token: str = "", **headers: str
    ) -> requests.Response:
        """Make a request and return the response."""
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.process.url}/api/{path}"
        answer = requests.request(method, url, json=body, headers=sent, timeout=30)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer

    def post(self, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
        """Make a POST request and return the JSON of the response, or None."""
        answer = self.call("POST", path, body, token, **headers)
        return answer.json() if answer.content else None

    def get(self, path: str, token: str) -> Any:
        return self.call("GET", path, token=token).json()

    def register(self, name: str) -> str:
        """Register `<name>@example.com` and return the address."""
        account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        self.post("auth/register", account | {"password_confirm": PASSWORD})
        return account["email"]

    def log_in(self, email: str) -> Any:
        """Log in and return the tokens."""
        return self.post("auth/login", {"email": email, "password": PASSWORD})

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke a function of the release, and return its result."""
        answer = requests.post(f"{self.process.url}/_invoke/{function}", json=event, timeout=60)
        return answer.json()
