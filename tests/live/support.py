"""What live tests speak with: real HTTP, nothing mocked."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import requests
from localstack_client.session import Session

from infra.stage import ROOT
from localstack.mailbox import read_messages
from tests.support import watermarks

T = TypeVar("T")

PASSWORD = "correct horse battery"
SECONDS = 60
ON_LOCALSTACK = os.environ.get("CLOUD") == "localstack"
EVENTS = ROOT / "events"
EXAMPLES = ROOT / "docs" / "examples"


@dataclass
class Deployed:
    """A stack that runs: what `.local/outputs.json` says of it."""

    outputs: dict[str, Any]

    def visitor(self, name: str) -> "Visitor":
        return Visitor(self.outputs["gateway_api_url"], f"{name}{uuid4().hex[:12]}")

    def client(self, service: str) -> Any:
        """A client of the cloud that it runs on."""
        host = self.outputs["aws_endpoint"].removeprefix("http://")
        session = Session("test", "test", region_name=self.outputs["region"], localstack_host=host)
        return session.client(service)

    def ticked_lately(self) -> "Deployed":
        """Let it look like a system that runs: the first sweep of all looks two days back."""
        written = [{"PutRequest": {"Item": row}} for row in watermarks()]
        self.client("dynamodb").batch_write_item(RequestItems={self.outputs["table"]: written})
        return self

    def mails_to(self, email: str) -> list[dict[str, Any]]:
        """What arrived in the emulator's mailbox, the oldest first."""
        return [m for m in reversed(read_messages(self.outputs["mailbox_url"])) if email in m["to"]]


class Visitor:
    """Somebody who calls the API over HTTP."""

    def __init__(self, api_url: str, name: str) -> None:
        self.api_url = api_url
        self.name = name
        self.email = f"{name}@example.com"
        self.http = requests.Session()
        self.id = ""

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.http.request(method, self.api_url + path, json=body, timeout=60)

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.call(method, path, body)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def signs_up(self) -> "Visitor":
        account = {"username": self.name, "email": self.email, "password": PASSWORD}
        self.must("POST", "/auth/register/", account | {"password_confirm": PASSWORD})
        signed_in = self.must("POST", "/auth/login/", {"email": self.email, "password": PASSWORD})
        self.http.headers["Authorization"] = f"Bearer {signed_in['access']}"
        self.id = signed_in["user"]["id"]
        return self

    def lives_by_day(self) -> None:
        """Where it is past nine in the morning now, so that reminders come at once."""
        zone = "UTC" if datetime.now(UTC).hour >= 9 else "Etc/GMT-10"
        self.must("PATCH", "/auth/profile/", {"time_zone": zone})

    def uploads(self, task: str, name: str, kind: str, body: bytes, more: bytes = b"") -> Any:
        """Announce `body` and post it, with `more` behind it, straight to the storage: the
        attachment and the storage's answer."""
        announced = {"filename": name, "content_type": kind, "size": len(body)}
        answer = self.must("POST", f"/tasks/{task}/attachments/", announced)
        form = answer["upload"]
        files = {"file": (name, body + more, kind)}
        stored = requests.post(form["url"], data=form["fields"], files=files, timeout=60)
        return answer["attachment"], stored

    def downloads(self, task: str, attachment: str) -> requests.Response:
        link = self.must("GET", f"/tasks/{task}/attachments/{attachment}/download/")
        return requests.get(link["url"], timeout=60)


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sample(event: str) -> bytes:
    """A sample event of `events/`, at the present time; an event knows whole seconds only, so it is
    the one that begins next, and what was done just before lies behind it."""
    content = json.loads((EVENTS / f"{event}.json").read_text())
    return json.dumps({**content, "time": in_hours(1 / 3600)}).encode()


def eventually(read: Callable[[], T], seconds: float = SECONDS) -> T:
    """What `read` gives as soon as it gives something; fails when it gives nothing in time."""
    deadline = time.monotonic() + seconds
    while not (found := read()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.2)
    return found
