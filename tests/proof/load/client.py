"""A client of the load test: a user who makes random requests, one after another, until a time.

Runs as a process of its own, with its work as JSON in the first argument: `url`, `email`,
`password`, `project`, `shared` (tasks that all clients change), `until` (a time of the monotonic
clock) and `seed`.

It writes a line of JSON for each request: when it ended, how long it took, its kind and status, and
the id and version of the task in the response.
"""

import http.client
import json
import random
import sys
import time
from typing import Any
from urllib.parse import urlsplit

# The number of requests of each kind among a hundred.
MIX = {
    "list": 28,
    "read": 20,
    "change": 16,
    "change at version": 8,
    "create": 10,
    "create again": 2,
    "comment": 5,
    "trash": 3,
    "restore": 2,
    "search": 2,
    "statistics": 2,
    "feed": 2,
}
SHARED = 0.3  # of the requests for a task, those for one that all clients change
MAX_REQUESTS = 100_000
LOGIN_EVERY_SECONDS = 120
WAIT_SECONDS = 0.2  # after a response that the service is unavailable
_TIMEOUT_SECONDS = 30
_STATUSES = ("todo", "in_progress", "review", "done")


class Client:
    """A user, the tasks that the user made, and those in the trash."""

    def __init__(self, work: dict[str, Any]) -> None:
        self._work, self._random = work, random.Random(work["seed"])
        self._url = urlsplit(work["url"])
        self._own: list[str] = []
        self._trashed: list[str] = []
        self._token, self._logged_in_at = "", float("-inf")

    def run(self) -> None:
        for number in range(MAX_REQUESTS):
            if time.monotonic() >= self._work["until"]:
                return
            if time.monotonic() > self._logged_in_at + LOGIN_EVERY_SECONDS:
                self._log_in()
            kind = self._random.choices(list(MIX), list(MIX.values()))[0]
            self._act(kind, number)

    def _log_in(self) -> None:
        login = {"email": self._work["email"], "password": self._work["password"]}
        status, body = self._send("login", "POST", "/auth/login", login)
        if status == 200:
            self._token, self._logged_in_at = body["access"], time.monotonic()

    def _act(self, kind: str, number: int) -> None:
        project = self._work["project"]
        is_shared = not self._own or self._random.random() < SHARED
        task = self._random.choice(self._work["shared"] if is_shared else self._own)
        special = {
            "change at version": lambda: self._change_at_version(task, number),
            "create": lambda: self._create(kind, number),
            "create again": lambda: self._create(kind, number),
            "trash": self._trash,
            "restore": self._restore,
        }
        plain: dict[str, tuple[str, str, Any]] = {
            "list": ("GET", f"/tasks?project={project}{self._choose_filter()}", None),
            "read": ("GET", f"/tasks/{task}", None),
            "change": ("PATCH", f"/tasks/{task}", self._choose_change(number)),
            "comment": ("POST", f"/tasks/{task}/comments", {"body": f"Comment {number}"}),
            "search": ("GET", f"/tasks?project={project}&q=zeppelin", None),
            "statistics": ("GET", f"/tasks/statistics?project={project}", None),
            "feed": ("GET", "/changes?limit=25", None),
        }
        if kind in special:
            special[kind]()
        else:
            self._send(kind, *plain[kind])

    def _choose_filter(self) -> str:
        status = self._random.choice(_STATUSES)
        filters = (
            "",
            f"&status={status}",
            "&assigned_to=me",
            "&ordering=due_date",
            "&overdue=true",
        )
        return self._random.choice(filters)

    def _choose_change(self, number: int) -> dict[str, Any]:
        changes: tuple[dict[str, Any], ...] = (
            {"title": f"Zeppelin {number}"},
            {"status": self._random.choice(_STATUSES)},
            {"priority": "high"},
            {"due_date": "2037-01-01"},
        )
        return self._random.choice(changes)

    def _change_at_version(self, task: str, number: int) -> None:
        status, body = self._send("read", "GET", f"/tasks/{task}")
        if status == 200:
            headers = {"If-Match": self._etag}
            change = self._choose_change(number)
            self._send("change at version", "PATCH", f"/tasks/{task}", change, headers)

    def _create(self, kind: str, number: int) -> None:
        task = {"project": self._work["project"], "title": f"Zeppelin {number}"}
        headers = {"Idempotency-Key": f"{self._work['seed']}-{number}"}
        status, body = self._send(kind, "POST", "/tasks", task, headers)
        if kind == "create again":
            again, second = self._send(kind, "POST", "/tasks", task, headers)
            if status == again == 201 and second["id"] != body["id"]:
                self._report("made twice", 0, 0, second)
        if status == 201:
            self._own.append(body["id"])

    def _trash(self) -> None:
        if self._own:
            task = self._own.pop(self._random.randrange(len(self._own)))
            status, _ = self._send("trash", "DELETE", f"/tasks/{task}", task=task)
            (self._trashed if status == 204 else self._own).append(task)

    def _restore(self) -> None:
        if self._trashed:
            task = self._trashed.pop()
            status, _ = self._send("restore", "POST", f"/tasks/{task}/restore", task=task)
            (self._own if status == 200 else self._trashed).append(task)

    def _send(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        task: str = "",
    ) -> tuple[int, Any]:
        """Make a request and report it; return its status and the JSON of the response."""
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        began = time.monotonic()
        try:
            connection = http.client.HTTPConnection(self._url.netloc, timeout=_TIMEOUT_SECONDS)
            content = json.dumps(body) if body is not None else None
            connection.request(method, f"/api{path}", content, sent | (headers or {}))
            response = connection.getresponse()
            status, text = response.status, response.read()
            self._etag = response.headers.get("ETag", "")
            connection.close()
        except OSError as error:
            status, text = 0, json.dumps({"detail": repr(error)}).encode()
        found = json.loads(text) if text else {}
        self._report(kind, time.monotonic() - began, status, found, path, task)
        if status == 404:
            self._forget(path)
        elif status in (0, 503):
            time.sleep(WAIT_SECONDS)
        return status, found

    def _forget(self, path: str) -> None:
        """Make no further requests for a task that does not exist."""
        gone = path.split("/")[2]
        self._own = [each for each in self._own if each != gone]
        self._trashed = [each for each in self._trashed if each != gone]

    def _report(
        self, kind: str, seconds: float, status: int, body: Any, path: str = "", task: str = ""
    ) -> None:
        line = {"at": time.monotonic(), "seconds": seconds, "kind": kind, "status": status}
        line |= {"path": path, "task": task or body.get("id", "")}
        line["version"] = body.get("version", 0)
        if status >= 400 or status == 0:
            line["detail"] = body.get("detail", "")
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    Client(json.loads(sys.argv[1])).run()
