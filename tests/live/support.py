"""Helpers for live tests, which use real HTTP and mock nothing."""

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
from tests.authenticator import Authenticator
from tests.moto_stack import build_watermarks

T = TypeVar("T")

PASSWORD = "correct horse battery"
TIMEOUT_SECONDS = 60
ON_LOCALSTACK = os.environ.get("CLOUD") == "localstack"
EVENTS = ROOT / "events"
EXAMPLES = ROOT / "docs" / "examples"


@dataclass
class Deployment:
    """A deployed stack, given its outputs as in `.local/outputs.json`."""

    outputs: dict[str, Any]

    def new_user(self, name: str) -> "ApiUser":
        """Return a user with a unique name, who has not signed up yet."""
        return ApiUser(self.outputs["gateway_api_url"], f"{name}{uuid4().hex[:12]}")

    def client(self, service: str) -> Any:
        """Return a boto3 client of the cloud that the stack runs on."""
        host = self.outputs["aws_endpoint"].removeprefix("http://")
        session = Session("test", "test", region_name=self.outputs["region"], localstack_host=host)
        return session.client(service)

    def set_watermarks(self) -> "Deployment":
        """Set every watermark to this hour and return this deployment.

        Without a watermark, a sweep looks two days back.
        """
        requests = [{"PutRequest": {"Item": item}} for item in build_watermarks()]
        self.client("dynamodb").batch_write_item(RequestItems={self.outputs["table"]: requests})
        return self

    def make_staff(self, user: "ApiUser") -> "ApiUser":
        """Make a user site staff, as an operator does with `make superuser`; return the user."""
        self.client("dynamodb").update_item(
            TableName=self.outputs["table"],
            Key={"PK": {"S": f"USER#{user.id}"}, "SK": {"S": "PROFILE"}},
            UpdateExpression="SET is_staff = :true",
            ExpressionAttributeValues={":true": {"BOOL": True}},
        )
        return user

    def forget_attempts(self) -> "Deployment":
        """Forget how often the address of these tests registered or logged in; return this.

        All users of the tests come from one address, which may register fifty times an hour.
        """
        table = self.client("dynamodb")
        names = {"ProjectionExpression": "PK, SK", "FilterExpression": "SK = :kind"}
        kind = {":kind": {"S": "THROTTLE"}}
        pages = table.get_paginator("scan").paginate(
            TableName=self.outputs["table"], ExpressionAttributeValues=kind, **names
        )
        for item in [item for page in pages for item in page["Items"]]:
            table.delete_item(TableName=self.outputs["table"], Key=item)
        return self

    def mails_to(self, email: str) -> list[dict[str, Any]]:
        """Return the emails to an address in the emulator's mailbox, the oldest first."""
        return [m for m in reversed(read_messages(self.outputs["mailbox_url"])) if email in m["to"]]


class ApiUser:
    """A user who calls the API over HTTP."""

    def __init__(self, api_url: str, name: str) -> None:
        self.api_url = api_url
        self.name = name
        self.email = f"{name}@example.com"
        self.http = requests.Session()
        self.id = ""

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request and return the response."""
        return self.http.request(method, self.api_url + path, json=body, timeout=60)

    def request_json(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed; return the JSON of the response, or None."""
        answer = self.call(method, path, body)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def sign_up(self) -> "ApiUser":
        """Register, log in and return this user."""
        account = {"username": self.name, "email": self.email, "password": PASSWORD}
        self.request_json("POST", "/auth/register/", account | {"password_confirm": PASSWORD})
        login = self.request_json(
            "POST", "/auth/login/", {"email": self.email, "password": PASSWORD}
        )
        self.http.headers["Authorization"] = f"Bearer {login['access']}"
        self.id = login["user"]["id"]
        return self

    def set_up_second_factor(self) -> Authenticator:
        """Set up an authenticator app; return it with its recovery codes."""
        path = "/auth/second-factors/totp/"
        app = Authenticator(str(self.request_json("POST", path)["secret"]))
        confirmed = self.request_json("POST", f"{path}confirm/", {"code": app.code()})
        app.recovery_codes = confirmed["recovery_codes"]
        return app

    def set_daytime_zone(self) -> None:
        """Choose a time zone in which it is past 09:00 now, so that reminders are sent at once."""
        zone = "UTC" if datetime.now(UTC).hour >= 9 else "Etc/GMT-10"
        self.request_json("PATCH", "/auth/profile/", {"time_zone": zone})

    def upload_file(
        self, task: str, name: str, content_type: str, body: bytes, extra: bytes = b""
    ) -> Any:
        """Announce an attachment with the content `body` and post `body + extra` to S3.

        Returns the attachment and the response of S3.
        """
        announced = {"filename": name, "content_type": content_type, "size": len(body)}
        answer = self.request_json("POST", f"/tasks/{task}/attachments/", announced)
        form = answer["upload"]
        files = {"file": (name, body + extra, content_type)}
        stored = requests.post(form["url"], data=form["fields"], files=files, timeout=60)
        return answer["attachment"], stored

    def download_file(self, task: str, attachment: str) -> requests.Response:
        """Follow the download link of an attachment and return the response of S3."""
        link = self.request_json("GET", f"/tasks/{task}/attachments/{attachment}/download/")
        return requests.get(link["url"], timeout=60)


def in_hours(hours: float) -> str:
    """Return the time in `hours` hours, as the API writes it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def load_event(event: str) -> bytes:
    """Return a sample event of `events/` as JSON, with the current time.

    Events have whole seconds. The time is rounded up, so that it is after all earlier requests.
    """
    content = json.loads((EVENTS / f"{event}.json").read_text())
    return json.dumps({**content, "time": in_hours(1 / 3600)}).encode()


def wait_for(read: Callable[[], T], seconds: float = TIMEOUT_SECONDS) -> T:
    """Call `read` until it returns something true, and return that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := read()):
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.2)
    return result
