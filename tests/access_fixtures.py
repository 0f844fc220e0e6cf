"""The scenario of the access matrix: callers with every role, targets in every state.

The table is restored after each call.
"""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.test import Client
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.accounts.staff import make_staff
from chalicelib.aws import clients
from chalicelib.dynamodb.ids import new_id, new_task_id
from chalicelib.dynamodb.transactions import Put, transact
from chalicelib.errors import require_found
from chalicelib.identity_providers.models import build_identity, create_identity_writes
from chalicelib.notifications.models import create_notification_writes
from chalicelib.second_factors.models import Passkey
from chalicelib.second_factors.tickets import second_factor_required
from tests import moto_shortcuts
from tests.faults import READ_OPERATIONS
from tests.moto_shortcuts import answer_call
from tests.support import Api, Person, sign_up

MULTIPART_SIZE = settings.UPLOAD_FORM_MAX_BYTES + 1
ROLES = ("viewer", "member", "admin")
MEMBERS = (*ROLES, "owner")
CALLERS = ("anonymous", "outsider", "staff", "removed", *MEMBERS)

Ids = dict[str, str]


@dataclass(frozen=True)
class Target:
    """The target of a call: ids by path parameter, caller -> role, and the target's state.

    A key such as `comment_id of admin` is for calls by that caller, who must own the item; one that
    ends with `at parts` is for routes whose path ends with `parts`.
    """

    name: str
    ids: Ids
    roles: dict[str, str] = field(default_factory=dict)
    state: str = ""


class ReadCache:
    """Caches moto's answers to reads until something is written.

    The table is the same before each call of the matrix, so the answers are too.
    """

    def __init__(self) -> None:
        self.is_stale = False
        self._answers: dict[tuple[str, str | bytes], str] = {}

    def __call__(self, operation: str, body: str | bytes) -> str:
        self.is_stale = self.is_stale or operation not in READ_OPERATIONS
        if self.is_stale:
            return answer_call(operation, body)
        if (operation, body) not in self._answers:
            self._answers[operation, body] = answer_call(operation, body)
        return self._answers[operation, body]


class AccessScenario:
    """Callers and targets, built once through the API; `restore` reverts the changes of a call."""

    def __init__(self, client: Client) -> None:
        self._client = client
        invitations = self._invite([*CALLERS[1:], "stranger"])
        everybody = {name: sign_up(client, name) for name in invitations}
        stranger = everybody["stranger"]
        self.people = {name: everybody[name] for name in CALLERS[1:]}
        make_staff(email=self.people["staff"].email, now=datetime.now(UTC))
        self.own = self._create_shared_project("own")
        self.other = self._create_shared_project("other")
        self.archived = self._create_shared_project("archived")
        self.trashed = self._create_shared_project("trashed")
        self.foreign = self._fill_project(stranger.create_project(), stranger, stranger)
        self.personal = {
            name: _create_personal_items(person) | {"invitation_id": invitations[name]}
            for name, person in everybody.items()
        }
        owner = self.people["owner"]
        owner.post(f"/api/projects/{self.archived['project_id']}/archive")
        owner.delete(f"/api/projects/{self.trashed['project_id']}")
        _drop_items("OUTBOX#", "THROTTLE#")
        self._items, self._images = copy.deepcopy(_moto_items()), _item_images()
        self._read_cache = ReadCache()
        moto_shortcuts.answer_call = self._read_cache

    def close(self) -> None:
        """Let moto answer all calls again."""
        moto_shortcuts.answer_call = answer_call

    def api(self, caller: str) -> Api:
        return Api(self._client) if caller == "anonymous" else self.people[caller]

    def restore(self) -> set[str]:
        """Revert the changes of the last call and return the keys of the changed items.

        Counters of rate limits and task numbers drawn for a task that was not created do not count
        as changes.
        """
        if not self._read_cache.is_stale:
            return set()
        now = _item_images()
        changed = {key for key in {*now, *self._images} if now.get(key) != self._images.get(key)}
        for key in changed:
            self._restore_item(key)
        self._read_cache.is_stale = False
        return {key for key in changed if not key.startswith("THROTTLE#") and "NUMBERS" not in key}

    def _restore_item(self, key: str) -> None:
        item = self._items.get(key) or _moto_items()[key]
        partition = _table().items[item.hash_key]
        if key in self._items:
            partition[item.range_key] = copy.deepcopy(item)
        else:
            del partition[item.range_key]

    def list_targets(self, kind: str) -> list[Target]:
        """Return the targets of routes whose access check authorizes a `project` or a `task`."""
        roles = {name: name for name in MEMBERS}
        targets = [
            Target("own", self.own, roles),
            Target("archived", self.archived, roles, "archived"),
            Target("in the trash", self.trashed, roles, "trashed project"),
            Target("unknown", unknown_ids(self.own)),
            Target("foreign", self.foreign),
            Target("no id", dict.fromkeys(self.own, "nonsense")),
        ]
        if kind == "project":
            return targets
        trashed = {"task_id": self.own["task_id in the trash"]}
        missing = {"task_id": new_task_id(self.own["project_id"], datetime.now(UTC))}
        return [
            *targets,
            Target("trashed", self.own | trashed, roles, "trashed task"),
            Target("unknown here", self.own | missing, roles, "missing"),
        ]

    def _invite(self, names: list[str]) -> dict[str, str]:
        """Invite all names to a project that has no other members; return name -> invitation id."""
        host = sign_up(self._client, "host")
        path = f"/api/projects/{host.create_project()}/members"
        return {
            name: host.post(path, {"email": f"{name}@example.com"}).json_body["id"]
            for name in names
        }

    def _create_shared_project(self, name: str) -> Ids:
        """Create a project of the owner in which each member has the role in its name."""
        owner, removed = self.people["owner"], self.people["removed"]
        project = owner.create_project(name)
        for role in ROLES:
            owner.add_member(project, self.people[role], role)
        owner.add_member(project, removed, "admin")
        owner.delete(f"/api/projects/{project}/members/{removed.id}")
        ids = self._fill_project(project, owner, self.people["member"])
        ids["watcher of viewer"] = self.people["viewer"].id
        for name in ("member", "admin", "owner"):
            upload = _announce(self.people[name], ids["task_id"], MULTIPART_SIZE)
            ids[f"attachment_id of {name} at parts"] = upload["attachment"]["id"]
            ids[f"comment_id of {name}"] = _create_comment(self.people[name], ids["task_id"])
        for name in MEMBERS:
            ids |= _create_jobs(self.people[name], project, f" of {name}")
        return ids

    def _fill_project(self, project: str, owner: Person, author: Person) -> Ids:
        """Create an item of each kind in a project, and a guest who is in no other project."""
        guest = sign_up(self._client, f"guest-{project[-8:]}")
        owner.add_member(project, guest)
        address = {"email": f"{guest.id}@example.com"}
        invitation = owner.post(f"/api/projects/{project}/members", address).json_body
        _drop_items("OUTBOX#", "THROTTLE#")
        task, other, trashed = (author.create_task(project, title=f"{n}")["id"] for n in range(3))
        relations = {
            "relation_id": _create_relation(author, task, other),
            "relation_id of another parent": _create_relation(author, trashed, other),
        }
        author.delete(f"/api/tasks/{trashed}")
        return {
            "project_id": project,
            "user_id": guest.id,
            "watcher": guest.id,
            "invitation_id": invitation["id"],
            **_create_jobs(guest, project),
            "task_id": task,
            "task_id in the trash": trashed,
            "label_id": _create_label(owner, project),
            "view_id": _create_view(owner, project),
            **_create_webhook(owner, project),
            "attachment_id": _create_attachment(author, task),
            "attachment_id of another parent": _create_attachment(author, other),
            "comment_id": _create_comment(author, task),
            "comment_id of another parent": _create_comment(author, other),
            **relations,
        }


def unknown_ids(ids: Ids) -> Ids:
    """Return ids of the same form that no item has."""
    now = datetime.now(UTC)
    return {
        name: new_task_id(new_id(now), now) if name.startswith("task_id") else new_id(now)
        for name in ids
    }


def _create_label(author: Person, project: str) -> str:
    return str(author.post(f"/api/projects/{project}/labels", {"name": "x"}).json_body["id"])


def _create_notification(person: Person) -> str:
    notification_id, now = new_id(datetime.now(UTC)), datetime.now(UTC)
    transact(*create_notification_writes(person.id, notification_id, kind="overdue", now=now))
    return notification_id


def _create_feed(author: Person) -> Ids:
    feed = author.post("/api/calendar-feeds", {"name": "x"}).json_body
    return {"feed_id": feed["id"], "address": feed["url"].rpartition("/")[2]}


def _create_identity(person: Person) -> str:
    identity = build_identity(
        person.id,
        provider="local",
        issuer="https://accounts.example.com",
        subject=person.id,
        email=person.email,
        now=datetime.now(UTC),
    )
    transact(*create_identity_writes(identity))
    return identity.id


def _create_passkey(person: Person) -> str:
    """Store a passkey that the profile does not count, so that logins need none."""
    key = Passkey.key(person.id, new_id(datetime.now(UTC)))
    texts = dict.fromkeys(("name", "credential_id", "public_key", "created_at"), "x")
    transact(Put(Passkey(key.pk, key.sk, **texts)))
    return key.sk.removeprefix("PASSKEY#")


def _create_ticket(person: Person) -> str:
    """Return a ticket for the second step of a login that is valid for a day."""
    user = require_found(get_user(person.id))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return str(second_factor_required(user, tomorrow).extensions["ticket"])


def _create_view(author: Person, project: str | None = None) -> str:
    view = {"name": "x", "filter": {}, "project": project}
    return str(author.post("/api/views", view).json_body["id"])


def _create_webhook(author: Person, project: str) -> Ids:
    path = f"/api/projects/{project}/webhooks"
    body = {"url": "https://hooks.example.com/", "events": ["task.created"]}
    webhook = str(author.post(path, body).json_body["id"])
    delivery = author.post(f"{path}/{webhook}/test").json_body["id"]
    return {"webhook_id": webhook, "delivery_id": delivery}


def _create_comment(author: Person, task: str) -> str:
    return str(author.post(f"/api/tasks/{task}/comments", {"body": "x"}).json_body["id"])


def _create_relation(author: Person, task: str, other: str) -> str:
    body = {"kind": "relates_to", "task": other}
    return str(author.post(f"/api/tasks/{task}/relations", body).json_body["id"])


def _create_jobs(person: Person, project: str, suffix: str = "") -> Ids:
    """Request an export, a report and a duplicate of a project; return their ids."""
    path = f"/api/projects/{project}"
    return {
        f"export_id{suffix}": person.post(f"{path}/exports").json_body["id"],
        f"report_id{suffix}": person.post(f"{path}/reports", {}).json_body["id"],
        f"copy_id{suffix}": person.post(f"{path}/duplicate", {"name": "x"}).json_body["id"],
    }


def _announce(author: Person, task: str, size: int) -> dict[str, Any]:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": size}
    announced: dict[str, Any] = author.post(f"/api/tasks/{task}/attachments", body).json_body
    return announced


def _announce_import(person: Person, project: str) -> str:
    body = {"format": "todoist_csv", "size": 1, "project": project}
    return str(person.post("/api/imports", body).json_body["id"])


def _create_attachment(author: Person, task: str) -> str:
    announced = _announce(author, task, 1)
    key, attachment = announced["upload"]["fields"]["key"], str(announced["attachment"]["id"])
    bucket = settings.BUCKET_NAME
    clients.s3_client().put_object(Bucket=bucket, Key=key, Body=b"x", ContentType="text/plain")
    done = author.post(f"/api/tasks/{task}/attachments/{attachment}/complete")
    assert done.status_code == 200, done.json_body
    return attachment


def _create_personal_items(person: Person) -> Ids:
    """Create a project, a task and account items of one person; return their ids.

    This verifies the person's address.
    """
    person.verify_address()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = {"name": "x", "scopes": ["tasks:read"], "expires_at": tomorrow}
    avatar = {"content_type": "image/png", "size": 1}
    project = person.create_project()
    return {
        "project_id": project,
        "task_id": person.create_task(project)["id"],
        "view_id": _create_view(person),
        "user_id": person.id,
        "notification_id": _create_notification(person),
        "email": person.email,
        "refresh": person.refresh,
        "session_id": person.get("/api/auth/sessions").json_body["items"][0]["id"],
        **_create_feed(person),
        "identity_id": _create_identity(person),
        "passkey_id": _create_passkey(person),
        "ticket": _create_ticket(person),
        "token_id": person.post("/api/auth/tokens", token).json_body["id"],
        "export_id": person.post("/api/auth/profile/exports").json_body["id"],
        "import_id": _announce_import(person, project),
        "avatar_id": person.post("/api/auth/profile/avatar", avatar).json_body["id"],
        "name": "swagger-ui.css",
    }


def _table() -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][settings.REGION].tables[settings.TABLE_NAME]


def _drop_items(*prefixes: str) -> None:
    """Delete items that no call of the matrix needs.

    Moto copies the whole table for each transaction.
    """
    items = _table().items
    for key in [key for key in items if key.value.startswith(prefixes)]:
        del items[key]


def _moto_items() -> dict[str, Any]:
    """Return key -> moto's object of every item in the table."""
    items = [item for partition in _table().items.values() for item in partition.values()]
    return {f"{item.hash_key.value} {item.range_key.value}": item for item in items}


def _item_images() -> dict[str, Any]:
    """Return key -> content of every item in the table."""
    return {key: item.to_json() for key, item in _moto_items().items()}
