"""Test data of `make contract`: users, projects, tasks and their child items, created over HTTP."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.operations.superuser import promote
from infra.stage import LOCAL, load_stage
from localstack.seed import Api

_PASSWORD = "correct horse battery"
# One for each call of an operation that ends a session or an account.
_DISPOSABLE_SESSIONS, _DISPOSABLE_ACCOUNTS = 30, 20
_PROJECTS, _TASKS, _CHILD_ITEMS = 3, 4, 8
_MEGABYTE = 1024 * 1024


@dataclass
class Caller:
    """A logged-in user."""

    api: Api
    refresh_token: str

    @property
    def user_id(self) -> str:
        return str(self.api.request("GET", "/auth/profile/")["id"])

    def refresh_session(self) -> bool:
        """Extend the session by ten minutes; return False if it has ended."""
        body = {"refresh": self.refresh_token}
        status, response = self.api.send("POST", "/auth/refresh/", body)
        if status == 200:
            self.api.token, self.refresh_token = response["access"], response["refresh"]
        return status == 200


@dataclass
class ContractFixtures:
    """Users and objects for the requests of Schemathesis.

    Ann owns the projects, Bob is a member, Eve has no access, Zoe is site staff. Ids and tokens are
    written to `folder`, where `schemathesis.toml` and `hooks.py` read them.
    """

    folder: Path
    api_url: str
    users: dict[str, Caller] = field(default_factory=dict)
    disposable: dict[str, list[Caller]] = field(default_factory=dict)

    def create(self) -> None:
        """Create all users and objects, and write the ids."""
        self.users = {name: self._sign_up(name) for name in ("ann", "bob", "eve", "zoe", "sam")}
        promote(load_stage(LOCAL), "zoe@example.com")
        projects = [self._create_project() for _ in range(_PROJECTS)]
        tasks = [self._create_task(project) for project in projects for _ in range(_TASKS)]
        spare_projects = [self._create_project() for _ in range(_CHILD_ITEMS)]
        spare_tasks = [self._create_task(projects[0]) for _ in range(_CHILD_ITEMS)]
        self._write_dictionary("projects", projects)
        self._write_dictionary("tasks", tasks)
        self._write_dictionary("disposable projects", spare_projects)
        self._write_dictionary("disposable tasks", spare_tasks)
        self._write_dictionary("users", [self.users[name].user_id for name in ("bob", "eve")])
        self._write_dictionary("watchers", ["me", self.users["bob"].user_id])
        self._create_child_items(projects[0], tasks[0])
        self.disposable = {
            "sessions": [self._log_in("sam") for _ in range(_DISPOSABLE_SESSIONS)],
            "accounts": [self._sign_up(f"leo{number}") for number in range(_DISPOSABLE_ACCOUNTS)],
        }

    def refresh_sessions(self) -> None:
        """Extend all sessions by ten minutes, drop those that have ended, and write the tokens."""
        for caller in self.users.values():
            caller.refresh_session()
        entries = [_build_auth_entry(name, caller) for name, caller in self.users.items()]
        self._write_json("callers.json", {"auth": entries})
        self.disposable = {
            kind: [caller for caller in callers if caller.refresh_session()]
            for kind, callers in self.disposable.items()
        }
        tokens = {
            kind: [caller.api.token for caller in callers]
            for kind, callers in self.disposable.items()
        }
        self._write_json("disposable.json", tokens)

    def _sign_up(self, name: str) -> Caller:
        account = {"username": name, "email": f"{name}@example.com", "password": _PASSWORD}
        body = account | {"password_confirm": _PASSWORD}
        Api(self.api_url).request("POST", "/auth/register/", body)
        return self._log_in(name)

    def _log_in(self, name: str) -> Caller:
        api = Api(self.api_url)
        login = {"email": f"{name}@example.com", "password": _PASSWORD}
        response = api.request("POST", "/auth/login/", login)
        api.token = response["access"]
        return Caller(api, response["refresh"])

    def _create_project(self) -> str:
        """Create a project of Ann with Bob as a member; return its id."""
        project = self._create("/projects/", {"name": "A project"})
        member = {"user_id": self.users["bob"].user_id}
        self.users["ann"].api.request("POST", f"/projects/{project}/members/", member)
        return project

    def _create_task(self, project: str) -> str:
        return self._create("/tasks/", {"project": project, "title": "A task"})

    def _create_child_items(self, project: str, task: str) -> None:
        """Create comments, labels, views and attachments, and write their ids."""
        comments, files = f"/tasks/{task}/comments/", f"/tasks/{task}/attachments/"
        labels = f"/projects/{project}/labels/"
        large = {"filename": "a.bin", "content_type": "text/plain", "size": 101 * _MEGABYTE}
        numbers = range(_CHILD_ITEMS)
        self._write_dictionary("project", [project])
        self._write_dictionary("task", [task])
        self._write_dictionary(
            "comments", [self._create(comments, {"body": f"No. {n}"}) for n in numbers]
        )
        self._write_dictionary(
            "labels", [self._create(labels, {"name": f"No. {n}"}) for n in numbers]
        )
        views: list[dict[str, Any]] = [
            {"name": "A view", "filter": {}, "project": project if n % 2 else None} for n in numbers
        ]
        self._write_dictionary("views", [self._create("/views/", view) for view in views])
        self._write_dictionary("files", [self._create(files, large) for _ in numbers])

    def _create(self, path: str, body: dict[str, Any]) -> str:
        """Send `POST path` as Ann; return the created object's id."""
        created = self.users["ann"].api.request("POST", path, body)
        return str(created.get("attachment", created)["id"])

    def _write_dictionary(self, name: str, values: list[str]) -> None:
        """Write a dictionary file of Schemathesis."""
        text = "".join(f'"{value}"\n' for value in values)
        (self.folder / f"{name}.dict").write_text(text)

    def _write_json(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content))


def _build_auth_entry(name: str, caller: Caller) -> dict[str, Any]:
    """Return the caller in the authentication format of Web Fuzzing Commons."""
    header = {"name": "Authorization", "value": f"Bearer {caller.api.token}"}
    return {"name": name, "fixedHeaders": [header]}
