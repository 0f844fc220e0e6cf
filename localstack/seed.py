"""Create sample data: `python -m localstack.seed`, in the environment of the API function.

Idempotent: what exists is kept.
"""

import json
import secrets
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any

from chalice.config import Config
from chalice.local import LocalGateway

EMAIL, PASSWORD = "demo@example.com", "demo-password"
TEAMMATE = "sam@example.com"
PROJECT = "Welcome"
# title, priority, status, hours until due, assigned to the teammate
TASKS: list[tuple[str, str, str, int | None, bool]] = [
    ("Look around", "high", "in_progress", 20, False),
    ("Invite the team", "medium", "todo", 72, False),
    ("Read the tour in the README", "low", "done", None, False),
    ("Say hello", "medium", "todo", 12, True),
]


class Api:
    """A client of the API at `url`. It sends `token`, if there is one."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.token: str | None = None

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the JSON body of the response."""
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def request(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send a request; return the JSON body. Raises SystemExit when the response is an error."""
        status, response = self.send(method, path, body)
        if status >= 400:
            raise SystemExit(f"error: {method} {path} answered {status}: {response}")
        return response


class AppApi(Api):
    """A client that calls the app in this process, from a source address of its own.

    The app slows down guessing for each source address. Sample data must not meet this limit,
    whatever was sent to the API before.
    """

    def __init__(self) -> None:
        super().__init__("/api")
        from app import app  # imported here, because it reads the environment

        self._gateway = LocalGateway(app, Config.create(lambda_timeout=28))
        address = IPv6Address("2001:db8::") + secrets.randbits(96)  # RFC 3849: never a real client
        self._gateway.event_converter.LOCAL_SOURCE_IP = str(address)

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the JSON body of the response."""
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        data = b"" if body is None else json.dumps(body).encode()
        response = self._gateway.handle_request(method, self.url + path, headers, data)
        return int(response["statusCode"]), json.loads(response["body"] or "{}")


def seed(api: Api) -> bool:
    """Create the demo user, a teammate, and a project with a few tasks, unless they exist.

    Returns False when the demo account has another password, so that it is kept as it is.
    """
    for email in (EMAIL, TEAMMATE):
        _register(api, email)
    teammate_id, demo_id = _log_in(api, TEAMMATE), _log_in(api, EMAIL)
    if demo_id is None:
        return False
    if teammate_id is not None and not api.request("GET", "/projects/")["items"]:
        _create_project(api, demo_id, teammate_id)
    api.request("POST", "/auth/logout/")
    return True


def _register(api: Api, email: str) -> None:
    name = email.partition("@")[0]
    account = {"username": name, "email": email, "password": PASSWORD}
    body = account | {"password_confirm": PASSWORD}
    status, response = api.send("POST", "/auth/register/", body)
    if status not in (201, 409):
        raise SystemExit(f"error: registering {email} answered {status}: {response}")


def _log_in(api: Api, email: str) -> str | None:
    """Log in, so that later requests are made as this user; return the user's id.

    Returns None when the account is not as `_register` created it.
    """
    status, response = api.send("POST", "/auth/login/", {"email": email, "password": PASSWORD})
    if status != 200:
        return None
    api.token = response["access"]
    return str(response["user"]["id"])


def _create_project(api: Api, demo_id: str, teammate_id: str) -> None:
    project = api.request("POST", "/projects/", {"name": PROJECT})["id"]
    # Added by id, because an unverified email address would only be invited.
    api.request("POST", f"/projects/{project}/members/", {"user_id": teammate_id})
    for title, priority, status, hours, is_for_teammate in TASKS:
        task = {"project": project, "title": title, "priority": priority, "status": status}
        task["assigned_to"] = teammate_id if is_for_teammate else demo_id
        if hours is not None:
            due = datetime.now(UTC) + timedelta(hours=hours)
            task["due_date"] = f"{due:%Y-%m-%dT%H:%M:%SZ}"
        api.request("POST", "/tasks/", task)


if __name__ == "__main__":
    if seed(AppApi()):
        print(f"demo login: {EMAIL} / {PASSWORD}")
    else:
        print(f"demo login: {EMAIL}, with the password that was set for it")
