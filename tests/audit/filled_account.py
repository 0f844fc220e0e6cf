"""An account with an item of every kind that is about a person, and the kind of each item."""

import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalice.test import Client

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item
from chalicelib.dynamodb.transactions import Put, transact
from chalicelib.identity_providers import models as identity_models
from chalicelib.live import models as live_models
from chalicelib.live import service as live_service
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.notifications.digest_models import add_entry_writes
from chalicelib.notifications.models import create_notification_writes
from chalicelib.reminders.models import OverdueTaskRef, schedule_digest
from tests.attachment_files import upload_attachment
from tests.authenticator import set_up
from tests.import_files import announce, todoist_file, upload
from tests.job_results import run_sweep
from tests.software_authenticator import STEP_UP_OPTIONS, register
from tests.support import PASSWORD, Person, extract_token, in_hours, mails_to, sign_up

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 8
# Keys that the function `key` of the entity does not build from plain texts.
OTHER_KINDS = {
    ("EMAIL", ""): "Credentials",
    ("FEED", "ACT#"): "Activity",
    ("PROJECT", "VIEW#"): "View",
    ("PROJECT", "VIEWS"): "ViewCount",
    ("USER", "VIEWS"): "ViewCount",
    ("PROJECT", "USAGE"): "StorageUsage",
    ("TASK", "USAGE"): "StorageUsage",
    ("WEBHOOK", "PENDING#"): "PendingDelivery",
}


def read_kind(pk: str, sk: str) -> tuple[str, str]:
    """Return what all keys of an entity have in common."""
    first = pk.partition("#")[0]
    return first, "" if first == "EMAIL" else re.sub("#.*", "#", sk)


def map_kinds(entities: list[type[Item]]) -> dict[tuple[str, str], str]:
    """Return the name of the entity of each kind of key, from the functions `key`."""
    kinds = dict(OTHER_KINDS)
    for entity in entities:
        build: Callable[..., Any] | None = getattr(entity, "key", None)
        parameters = inspect.signature(build).parameters.values() if build else ()
        if build is None or any(each.kind is each.KEYWORD_ONLY for each in parameters):
            continue
        key = build(*(7 if each.annotation in (int, "int") else "x" * 26 for each in parameters))
        if read_kind(key.pk, key.sk)[0] not in {"EMAIL", "x" * 26}:
            kinds[read_kind(key.pk, key.sk)] = entity.__name__
    return kinds


class FilledAccount:
    """The person `eve` with everything that can be stored of her; `other` owns the projects."""

    def __init__(self, client: Client, other: Person) -> None:
        self.other = other
        self.invited = other.create_project("Invited")
        self.project = other.create_project("Shared")
        other.post(f"/api/projects/{self.invited}/members", {"email": "eve@example.com"})
        self.eve = eve = sign_up(client, "eve")
        self._verify_address()
        self._create_credentials()
        other.add_member(self.project, eve, "admin")
        self._leave_projects()
        self._create_content()
        self._create_notifications()
        self._connect()
        self._request_jobs()
        other.patch(f"/api/tasks/{self.watched}", {"title": "New"})
        eve.post("/api/auth/change-email", {"email": "new@example.com", "password": PASSWORD})
        set_up(eve)
        register(eve)
        assert eve.post(STEP_UP_OPTIONS).status_code == 200

    def _verify_address(self) -> None:
        sweep_outbox(now())
        (mail,) = mails_to(self.eve, "Confirm your address")
        self.eve.post("/api/auth/verify-email", {"token": extract_token(mail)})

    def _create_credentials(self) -> None:
        eve = self.eve
        token = {"name": "ci", "scopes": ["tasks:read"], "expires_at": in_hours(2_000)}
        eve.post("/api/auth/tokens", token, headers={"Idempotency-Key": "token"})
        eve.post("/api/calendar-feeds", {"name": "Work"})
        self._link_identity()
        announced = {"content_type": "image/png", "size": len(PNG)}
        avatar = eve.post("/api/auth/profile/avatar", announced).json_body
        key, bucket = avatar["upload"]["fields"]["key"], settings.BUCKET_NAME
        clients.s3_client().put_object(Bucket=bucket, Key=key, Body=PNG, ContentType="image/png")
        done = eve.post(f"/api/auth/profile/avatar/{avatar['id']}/complete")
        assert done.status_code == 200, done.json_body

    def _link_identity(self) -> None:
        """Store what the sign-in at a provider stores."""
        person = {"issuer": "https://id.example.com", "subject": "eve", "email": self.eve.email}
        identity = identity_models.build_identity(
            self.eve.id, provider="local", now=now(), **person
        )
        transact(*identity_models.create_identity_writes(identity))
        key, texts = identity_models.Authorization.key("0" * 64), ("provider", "browser", "nonce")
        others = ("code_verifier", "redirect_uri", "valid_until")
        begun = identity_models.Authorization(
            key.pk, key.sk, user_id=self.eve.id, **dict.fromkeys((*texts, *others), "x")
        )
        begun.expires_at = int(now().timestamp()) + 600
        transact(Put(begun))

    def _leave_projects(self) -> None:
        left = self.other.create_project("Left")
        self.other.add_member(left, self.eve)
        assert self.eve.post(f"/api/projects/{left}/leave").status_code == 204
        given = self.eve.create_project("Given")
        self.eve.add_member(given, self.other)
        path = f"/api/projects/{given}/transfer"
        assert self.eve.post(path, {"user_id": self.other.id}).status_code == 200

    def _create_content(self) -> None:
        eve, project = self.eve, self.project
        path = f"/api/projects/{project}"
        for shared in (None, project):
            view = {"name": "Mine", "filter": {}, "project": shared}
            assert eve.post("/api/views", view).status_code == 201
        own = eve.create_task(project, "Own", assigned_to=eve.id, due_date=in_hours(30))["id"]
        other = self.other.create_task(project, "Other")["id"]
        self.watched = self.other.create_task(project, "Watched")["id"]
        eve.put(f"/api/tasks/{self.watched}/watchers/me")
        eve.post(f"/api/tasks/{own}/comments", {"body": "Hello"})
        eve.post(f"/api/tasks/{own}/relations", {"kind": "blocks", "task": other})
        upload_attachment(eve, own)
        eve.delete(f"/api/tasks/{eve.create_task(project, 'Trashed')['id']}")
        hook = {"url": "https://hooks.example.com/eve", "events": ["task.created"]}
        webhook = eve.post(f"{path}/webhooks", hook).json_body["id"]
        eve.post(f"{path}/webhooks/{webhook}/test")
        eve.post(f"{path}/members", {"email": "guest@example.com"})
        self.task = own

    def _create_notifications(self) -> None:
        """Store what the jobs of mail and reminders store."""
        about: dict[str, Any] = {"actor": self.other.id, "task_id": self.task, "comment_id": None}
        user, at = self.eve.id, now()
        transact(*create_notification_writes(user, new_id(at), kind="assigned", now=at, **about))
        later = at + timedelta(days=30)
        kind = {"kind": "assigned", **about}
        transact(*add_entry_writes(user, 1, new_id(at), at=later, now=at, **kind))
        overdue = OverdueTaskRef("2026-01-01T00:00:00.000Z", self.task)
        schedule_digest(user, overdue, at=later, now=at)

    def _connect(self) -> None:
        for connection_id in ("first", None):
            ticket = self.eve.post("/api/live/tickets").json_body["ticket"]
            if connection_id is not None:
                live_service.open_connection(connection_id, ticket, now())
                connection = live_models.get_connection(connection_id)
                assert connection is not None
                live_service.subscribe(connection, self.project, now())

    def _request_jobs(self) -> None:
        eve, path = self.eve, f"/api/projects/{self.project}"
        file = todoist_file("task,Plan")
        announced = announce(eve, "todoist_csv", file, project=self.project)
        upload(announced["id"], file)
        assert eve.post(f"/api/imports/{announced['id']}/start").status_code == 202
        run_sweep()
        assert eve.post(f"{path}/exports").status_code == 202
