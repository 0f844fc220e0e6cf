"""The world of the access matrix: people of every standing, places in every state, and the whole
table as it was, to return to after each call."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.test import Client
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib import settings
from chalicelib.accounts.staff import make_staff
from chalicelib.aws import clients
from chalicelib.dynamodb.ids import new_id, new_task_id
from tests import moto_shortcuts
from tests.moto_shortcuts import answered
from tests.support import READS, Api, Person, sign_up

LARGE = settings.UPLOAD_FORM_MAX_BYTES + 1
ROLES = ("viewer", "member", "admin")
INSIDERS = (*ROLES, "owner")
CALLERS = ("anonymous", "outsider", "staff", "removed", *INSIDERS)

Things = dict[str, str]


@dataclass(frozen=True)
class Target:
    """What a call is aimed at: a thing of each kind, by the path parameter that asks for it, who is
    what there, and its state. `... of admin` is the admin's own, where it has to be; `... at parts`
    is for the routes that end so."""

    name: str
    things: Things
    roles: dict[str, str] = field(default_factory=dict)
    state: str = ""


class Memory:
    """Stands before moto. The table is the same before each call, so what was once answered to a
    read is answered again, until something is written."""

    def __init__(self) -> None:
        self.is_stale = False
        self._answers: dict[tuple[str, str | bytes], str] = {}

    def __call__(self, operation: str, body: str | bytes) -> str:
        self.is_stale = self.is_stale or operation not in READS
        if self.is_stale:
            return answered(operation, body)
        if (operation, body) not in self._answers:
            self._answers[operation, body] = answered(operation, body)
        return self._answers[operation, body]


class World:
    """Built once; `restore` takes back whatever a call has changed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        invited = self._invited([*CALLERS[1:], "stranger"])
        everybody = {name: sign_up(client, name) for name in invited}
        stranger = everybody["stranger"]
        self.people = {name: everybody[name] for name in CALLERS[1:]}
        make_staff(email=self.people["staff"].email, now=datetime.now(UTC))
        self.own, self.sister = self._shared("own"), self._shared("sister")
        self.archived, self.trashed = self._shared("archived"), self._shared("trashed")
        self.foreign = self._filled(stranger.starts_project(), stranger, stranger)
        self.personal = {
            name: _personal(person) | {"invitation_id": invited[name]}
            for name, person in everybody.items()
        }
        owner = self.people["owner"]
        owner.post(f"/api/projects/{self.archived['project_id']}/archive")
        owner.delete(f"/api/projects/{self.trashed['project_id']}")
        _forget("OUTBOX#", "THROTTLE#")
        self._items, self._rows = copy.deepcopy(_items()), _rows()
        self._memory = Memory()
        moto_shortcuts.answered = self._memory

    def close(self) -> None:
        """Moto answers again."""
        moto_shortcuts.answered = answered

    def api(self, who: str) -> Api:
        return Api(self._client) if who == "anonymous" else self.people[who]

    def restore(self) -> set[str]:
        """Take back what was changed, and name its rows. A try that was counted is no change, nor
        is a number that was drawn for a task which did not come to be."""
        if not self._memory.is_stale:
            return set()
        now = _rows()
        changed = {key for key in {*now, *self._rows} if now.get(key) != self._rows.get(key)}
        for key in changed:
            self._take_back(key)
        self._memory.is_stale = False
        return {key for key in changed if not key.startswith("THROTTLE#") and "NUMBERS" not in key}

    def _take_back(self, key: str) -> None:
        row = self._items.get(key) or _items()[key]
        partition = _table().items[row.hash_key]
        if key in self._items:
            partition[row.range_key] = copy.deepcopy(row)
        else:
            del partition[row.range_key]

    def targets(self, door: str) -> list[Target]:
        """What can be aimed at through a door: `project` or `task`."""
        everybody = {name: name for name in INSIDERS}
        places = [
            Target("own", self.own, everybody),
            Target("archived", self.archived, everybody, "archived"),
            Target("in the trash", self.trashed, everybody, "trashed project"),
            Target("unknown", unknown(self.own)),
            Target("foreign", self.foreign),
            Target("no id", dict.fromkeys(self.own, "nonsense")),
        ]
        if door == "project":
            return places
        trashed = {"task_id": self.own["task_id in the trash"]}
        missing = {"task_id": new_task_id(self.own["project_id"], datetime.now(UTC))}
        return [
            *places,
            Target("trashed", self.own | trashed, everybody, "trashed task"),
            Target("unknown here", self.own | missing, everybody, "missing"),
        ]

    def _invited(self, names: list[str]) -> dict[str, str]:
        """Invitations of everybody to a project that is nobody else's."""
        host = sign_up(self._client, "host")
        path = f"/api/projects/{host.starts_project()}/members"
        return {
            name: host.post(path, {"email": f"{name}@example.com"}).json_body["id"]
            for name in names
        }

    def _shared(self, name: str) -> Things:
        """A project of the owner's, in which everybody is what they are called."""
        owner, gone = self.people["owner"], self.people["removed"]
        project = owner.starts_project(name)
        for role in ROLES:
            owner.lets_in(project, self.people[role], role)
        owner.lets_in(project, gone, "admin")
        owner.delete(f"/api/projects/{project}/members/{gone.id}")
        place = self._filled(project, owner, self.people["member"])
        place["watcher of viewer"] = self.people["viewer"].id
        for who in ("member", "admin", "owner"):
            upload = _announced(self.people[who], place["task_id"], LARGE)
            place[f"attachment_id of {who} at parts"] = upload["attachment"]["id"]
            place[f"comment_id of {who}"] = _comment(self.people[who], place["task_id"])
        for who in INSIDERS:
            place |= _jobs(self.people[who], project, f" of {who}")
        return place

    def _filled(self, project: str, owner: Person, author: Person) -> Things:
        """Something of everything in a project, and a guest who is in no other."""
        guest = sign_up(self._client, f"guest-{project[-8:]}")
        owner.lets_in(project, guest)
        address = {"email": f"{guest.id}@example.com"}
        invitation = owner.post(f"/api/projects/{project}/members", address).json_body
        _forget("OUTBOX#", "THROTTLE#")
        task, other, gone = (author.adds_task(project, title=f"{n}")["id"] for n in range(3))
        author.delete(f"/api/tasks/{gone}")
        return {
            "project_id": project,
            "user_id": guest.id,
            "watcher": guest.id,
            "invitation_id": invitation["id"],
            **_jobs(guest, project),
            "task_id": task,
            "task_id in the trash": gone,
            "label_id": _label(owner, project),
            "attachment_id": _attachment(author, task),
            "attachment_id of another parent": _attachment(author, other),
            "comment_id": _comment(author, task),
            "comment_id of another parent": _comment(author, other),
        }


def unknown(things: Things) -> Things:
    """Ids of the same form that nothing has."""
    now = datetime.now(UTC)
    return {
        name: new_task_id(new_id(now), now) if name.startswith("task_id") else new_id(now)
        for name in things
    }


def _label(author: Person, project: str) -> str:
    return str(author.post(f"/api/projects/{project}/labels", {"name": "x"}).json_body["id"])


def _comment(author: Person, task: str) -> str:
    return str(author.post(f"/api/tasks/{task}/comments", {"body": "x"}).json_body["id"])


def _jobs(person: Person, project: str, whose: str = "") -> Things:
    """What somebody has asked for about a project."""
    path = f"/api/projects/{project}"
    return {
        f"export_id{whose}": person.post(f"{path}/exports").json_body["id"],
        f"report_id{whose}": person.post(f"{path}/reports", {}).json_body["id"],
    }


def _announced(author: Person, task: str, size: int) -> dict[str, Any]:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": size}
    announced: dict[str, Any] = author.post(f"/api/tasks/{task}/attachments", body).json_body
    return announced


def _attachment(author: Person, task: str) -> str:
    announced = _announced(author, task, 1)
    key, attachment = announced["upload"]["fields"]["key"], str(announced["attachment"]["id"])
    bucket = settings.BUCKET_NAME
    clients.s3_client().put_object(Bucket=bucket, Key=key, Body=b"x", ContentType="text/plain")
    done = author.post(f"/api/tasks/{task}/attachments/{attachment}/complete")
    assert done.status_code == 200, done.json_body
    return attachment


def _personal(person: Person) -> Things:
    """What somebody has apart from the others. Their address is verified."""
    person.verified()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = {"name": "x", "scopes": ["tasks:read"], "expires_at": tomorrow}
    picture = {"content_type": "image/png", "size": 1}
    project = person.starts_project()
    return {
        "project_id": project,
        "task_id": person.adds_task(project)["id"],
        "user_id": person.id,
        "email": person.email,
        "refresh": person.refresh,
        "session_id": person.get("/api/auth/sessions").json_body["items"][0]["id"],
        "token_id": person.post("/api/auth/tokens", token).json_body["id"],
        "export_id": person.post("/api/auth/profile/exports").json_body["id"],
        "avatar_id": person.post("/api/auth/profile/avatar", picture).json_body["id"],
        "name": "swagger-ui.css",
    }


def _table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][settings.REGION].tables[settings.TABLE_NAME]


def _forget(*prefixes: str) -> None:
    """Drop what plays no part: moto copies the whole table for each transaction."""
    items = _table().items
    for key in [key for key in items if key.value.startswith(prefixes)]:
        del items[key]


def _items() -> dict[str, Any]:
    """Every item that moto holds, by its key."""
    held = [item for partition in _table().items.values() for item in partition.values()]
    return {f"{item.hash_key.value} {item.range_key.value}": item for item in held}


def _rows() -> dict[str, Any]:
    """Every row of the table by its key."""
    return {key: item.to_json() for key, item in _items().items()}
