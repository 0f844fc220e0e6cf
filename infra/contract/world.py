"""Who calls during `make contract`, and what there is for them to call for: made over HTTP."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.stage import LOCAL, load
from infra.superuser import appoint
from localstack.seed import Api

_PASSWORD = "correct horse battery"
# Each call of a route that ends a session or an account takes one of these.
_SESSIONS, _LEAVERS = 30, 20
_PROJECTS, _TASKS, _PARTS = 3, 4, 8
_MEGABYTE = 1024 * 1024


@dataclass
class Caller:
    """Somebody who is logged in."""

    api: Api
    refresh: str

    @property
    def user_id(self) -> str:
        return str(self.api.must("GET", "/auth/profile/")["id"])

    def stays(self) -> bool:
        """Refresh the session, which is good for ten minutes more; whether there still is one."""
        status, answer = self.api.call("POST", "/auth/refresh/", {"refresh": self.refresh})
        if status == 200:
            self.api.token, self.refresh = answer["access"], answer["refresh"]
        return status == 200


@dataclass
class World:
    """Ann owns what is called for, Bob is in it, Eve must not see it, Zoe is site staff. All of it
    stands in `folder`, in files that `schemathesis.toml` and `hooks.py` read."""

    folder: Path
    api_url: str
    people: dict[str, Caller] = field(default_factory=dict)
    spare: dict[str, list[Caller]] = field(default_factory=dict)

    def build(self) -> None:
        self.people = {name: self._signs_up(name) for name in ("ann", "bob", "eve", "zoe", "sam")}
        appoint(load(LOCAL), "zoe@example.com")
        projects = [self._project() for _ in range(_PROJECTS)]
        tasks = [self._task(project) for project in projects for _ in range(_TASKS)]
        self._list("projects", projects)
        self._list("tasks", tasks)
        self._list("doomed projects", [self._project() for _ in range(_PARTS)])
        self._list("doomed tasks", [self._task(projects[0]) for _ in range(_PARTS)])
        self._list("people", [self.people[name].user_id for name in ("bob", "eve")])
        self._list("watchers", ["me", self.people["bob"].user_id])
        self._fill(projects[0], tasks[0])
        self.spare = {
            "sessions": [self._logs_in("sam") for _ in range(_SESSIONS)],
            "leavers": [self._signs_up(f"leo{number}") for number in range(_LEAVERS)],
        }

    def renew(self) -> None:
        """Give everybody who still has a session ten minutes more, and write down the tokens."""
        for caller in self.people.values():
            caller.stays()
        entries = [_entry(name, caller) for name, caller in self.people.items()]
        self._write("callers.json", {"auth": entries})
        self.spare = {
            kind: [caller for caller in callers if caller.stays()]
            for kind, callers in self.spare.items()
        }
        tokens = {kind: [each.api.token for each in there] for kind, there in self.spare.items()}
        self._write("spare.json", tokens)

    def _signs_up(self, name: str) -> Caller:
        account = {"username": name, "email": f"{name}@example.com", "password": _PASSWORD}
        body = account | {"password_confirm": _PASSWORD}
        Api(self.api_url).must("POST", "/auth/register/", body)
        return self._logs_in(name)

    def _logs_in(self, name: str) -> Caller:
        api = Api(self.api_url)
        login = {"email": f"{name}@example.com", "password": _PASSWORD}
        answer = api.must("POST", "/auth/login/", login)
        api.token = answer["access"]
        return Caller(api, answer["refresh"])

    def _project(self) -> str:
        project = self._made("/projects/", {"name": "A project"})
        member = {"user_id": self.people["bob"].user_id}
        self.people["ann"].api.must("POST", f"/projects/{project}/members/", member)
        return project

    def _task(self, project: str) -> str:
        return self._made("/tasks/", {"project": project, "title": "A task"})

    def _fill(self, project: str, task: str) -> None:
        """Several of whatever has an id of its own within a project or a task."""
        comments, files = f"/tasks/{task}/comments/", f"/tasks/{task}/attachments/"
        labels = f"/projects/{project}/labels/"
        large = {"filename": "a.bin", "content_type": "text/plain", "size": 101 * _MEGABYTE}
        numbers = range(_PARTS)
        self._list("project", [project])
        self._list("task", [task])
        self._list("comments", [self._made(comments, {"body": f"No. {n}"}) for n in numbers])
        self._list("labels", [self._made(labels, {"name": f"No. {n}"}) for n in numbers])
        self._list("files", [self._made(files, large) for _ in numbers])

    def _made(self, path: str, body: dict[str, Any]) -> str:
        """The id of what Ann made."""
        made = self.people["ann"].api.must("POST", path, body)
        return str(made.get("attachment", made)["id"])

    def _list(self, name: str, values: list[str]) -> None:
        """A dictionary as Schemathesis reads it."""
        text = "".join(f'"{value}"\n' for value in values)
        (self.folder / f"{name}.dict").write_text(text)

    def _write(self, name: str, content: Any) -> None:
        (self.folder / f"{name}").write_text(json.dumps(content))


def _entry(name: str, caller: Caller) -> dict[str, Any]:
    """As Web Fuzzing Commons writes down who may log in."""
    header = {"name": "Authorization", "value": f"Bearer {caller.api.token}"}
    return {"name": name, "fixedHeaders": [header]}
