"""Create sample data over HTTP: `python -m localstack.seed API_URL`. Idempotent."""

import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

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


def seed(api_url: str) -> None:
    """Create the demo user, a teammate, and a project with a few tasks, unless they exist."""
    api = Api(api_url)
    for email in (EMAIL, TEAMMATE):
        _register(api, email)
    teammate_id, demo_id = _log_in(api, TEAMMATE), _log_in(api, EMAIL)
    if not api.request("GET", "/projects/")["items"]:
        _create_project(api, demo_id, teammate_id)
    api.request("POST", "/auth/logout/")


def _register(api: Api, email: str) -> None:
    name = email.partition("@")[0]
    account = {"username": name, "email": email, "password": PASSWORD}
    body = account | {"password_confirm": PASSWORD}
    status, response = api.send("POST", "/auth/register/", body)
    if status not in (201, 409):
        raise SystemExit(f"error: registering {email} answered {status}: {response}")


def _log_in(api: Api, email: str) -> str:
    """Log in, so that later requests are made as this user; return the user's id."""
    response = api.request("POST", "/auth/login/", {"email": email, "password": PASSWORD})
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
    seed(sys.argv[1])
    print(f"demo login: {EMAIL} / {PASSWORD}")
