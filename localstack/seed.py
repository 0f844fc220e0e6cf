"""Sample data, made over HTTP as any client would: `python -m localstack.seed API_URL`.

Running it again changes nothing.
"""

import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

EMAIL, PASSWORD = "demo@example.com", "demo-password"
MATE = "sam@example.com"
PROJECT = "Welcome"
# title, priority, status, hours until due, assigned to the mate
TASKS: list[tuple[str, str, str, int | None, bool]] = [
    ("Look around", "high", "in_progress", 20, False),
    ("Invite the team", "medium", "todo", 72, False),
    ("Read the tour in the README", "low", "done", None, False),
    ("Say hello", "medium", "todo", 12, True),
]


class Api:
    """The API at `url`, on behalf of whoever `token` belongs to."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.token: str | None = None

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")

    def must(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer, or an end of the program that says what went wrong."""
        status, answer = self.call(method, path, body)
        if status >= 400:
            raise SystemExit(f"error: {method} {path} answered {status}: {answer}")
        return answer


def seed(api_url: str) -> None:
    """Create the demo user, a team mate, and a project with a few tasks, unless they are there."""
    api = Api(api_url)
    for email in (EMAIL, MATE):
        _register(api, email)
    mate, me = _log_in(api, MATE), _log_in(api, EMAIL)
    if not api.must("GET", "/projects/")["items"]:
        _fill(api, me, mate)
    api.must("POST", "/auth/logout/")


def _register(api: Api, email: str) -> None:
    name = email.partition("@")[0]
    account = {"username": name, "email": email, "password": PASSWORD}
    status, answer = api.call("POST", "/auth/register/", account | {"password_confirm": PASSWORD})
    if status not in (201, 409):
        raise SystemExit(f"error: registering {email} answered {status}: {answer}")


def _log_in(api: Api, email: str) -> str:
    """From now on the calls are made on their behalf; returns their id."""
    entered = api.must("POST", "/auth/login/", {"email": email, "password": PASSWORD})
    api.token = entered["access"]
    return str(entered["user"]["id"])


def _fill(api: Api, me: str, mate: str) -> None:
    project = api.must("POST", "/projects/", {"name": PROJECT})["id"]
    # By id: an address that its account has not verified would be invited.
    api.must("POST", f"/projects/{project}/members/", {"user_id": mate})
    for title, priority, status, hours, for_mate in TASKS:
        task = {"project": project, "title": title, "priority": priority, "status": status}
        task["assigned_to"] = mate if for_mate else me
        if hours is not None:
            due = datetime.now(UTC) + timedelta(hours=hours)
            task["due_date"] = f"{due:%Y-%m-%dT%H:%M:%SZ}"
        api.must("POST", "/tasks/", task)


if __name__ == "__main__":
    seed(sys.argv[1])
    print(f"demo login: {EMAIL} / {PASSWORD}")
