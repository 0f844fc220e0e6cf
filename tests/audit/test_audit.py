"""The audit log: an action has one entry, in the transaction of its cause, which nobody changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from chalice.test import Client

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.accounts.staff import make_staff
from chalicelib.audit.entries import shorten_address
from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.trash.jobs import purge_trash
from chalicelib.webhooks.disabling import FAILING, disable_webhook
from chalicelib.webhooks.models import Webhook
from tests.faults import event_hook, is_killed_at
from tests.import_files import announce, todoist_file, upload
from tests.job_results import run_sweep
from tests.support import PASSWORD, Api, Person, error_locations, extract_token, mails_to, sign_up
from tests.table_items import dynamodb_client, scan_items

OWN = "/api/auth/audit"
NEW = {"password": "another horse battery", "password_confirm": "another horse battery"}
LONG_AGO = timedelta(days=401)


def _list(person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return all entries of a list, the oldest first."""
    parameters = "&".join(f"{name}={value}" for name, value in {"limit": 100, **query}.items())
    return person.list_all(f"{path}?{parameters}")[::-1]


def _actions(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["action"] for entry in entries]


def _project_path(project: str) -> str:
    return f"/api/projects/{project}/audit"


def _entry_items() -> list[Any]:
    return [item for item in scan_items() if item["PK"]["S"].startswith("AUDIT#")]


def _token(person: Person, subject: str, address: str = "") -> str:
    sweep_outbox(now())
    *_, mail = mails_to(person, subject, address)
    return extract_token(mail)


@contextmanager
def _recorded_transactions() -> Iterator[list[list[str]]]:
    """Collect, for each transaction in the block, the partitions that it writes to."""
    sent: list[list[str]] = []

    def record(params: dict[str, Any], **_: Any) -> None:
        writes = [next(iter(each.items())) for each in params["TransactItems"]]
        targets = [(kind, write.get("Item") or write["Key"]) for kind, write in writes]
        sent.append([key["PK"]["S"] for kind, key in targets if kind != "ConditionCheck"])

    event = "before-parameter-build.dynamodb.TransactWriteItems"
    with event_hook(dynamodb_client(), event, record):
        yield sent


def test_the_security_events_of_an_account(client: Client, anonymous: Api) -> None:
    ann = sign_up(client, "anna")
    ann.post("/api/auth/verify-email", {"token": _token(ann, "Confirm your address")})
    ann.patch("/api/auth/profile", {"display_name": "Ann", "time_zone": "Europe/Berlin"})
    token = ann.create_token("tasks:read")["id"]
    ann.delete(f"/api/auth/tokens/{token}")
    feed = ann.post("/api/calendar-feeds", {"name": "Work"}).json_body["id"]
    ann.delete(f"/api/calendar-feeds/{feed}")
    ann.post("/api/auth/profile/exports")
    other = {"email": "other@example.com", "password": PASSWORD}
    ann.post("/api/auth/change-email", other)
    new_address = _token(ann, "Confirm your new address", other["email"])
    ann.post("/api/auth/confirm-email", {"token": new_address})
    ann.email = other["email"]
    ann.log_in()
    ann.delete("/api/auth/sessions")
    changed = {"password": PASSWORD, "new_password": PASSWORD, "new_password_confirm": PASSWORD}
    ann.post("/api/auth/change-password", changed)
    ann.delete("/api/auth/profile")
    ann.log_in()
    ann.post("/api/auth/logout")
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    reset = {"token": _token(ann, "Choose a new password", ann.email), **NEW}
    assert anonymous.post("/api/auth/reset-password", reset).status_code == 204
    login = {"email": ann.email, "password": NEW["password"]}
    access = anonymous.post("/api/auth/login", login).json_body["access"]
    entries = _list(Api(client, access), OWN)  # type: ignore[arg-type]
    assert _actions(entries) == [
        "account.registered",
        "session.started",
        "account.email_verified",
        "account.updated",
        "token.created",
        "token.deleted",
        "calendar_feed.created",
        "calendar_feed.deleted",
        "account.exported",
        "account.email_change_requested",
        "account.email_changed",
        "session.started",
        "session.ended",
        "account.password_changed",
        "account.deletion_requested",
        "account.deletion_canceled",
        "session.started",
        "session.ended",
        "account.password_reset_requested",
        "account.password_reset",
        "session.started",
    ]
    assert "example.com" not in str([entry["details"] for entry in entries])
    assert entries[3]["details"] == {"fields": "display_name, time_zone"}
    assert entries[4]["target"] == token and entries[4]["details"] == {"scopes": "tasks:read"}


def test_the_entries_of_a_project(
    client: Client, ann: Person, bob: Person, make_person: Any
) -> None:
    cleo = make_person("cleo").verify_address()
    project = ann.create_project()
    path = f"/api/projects/{project}"
    ann.patch(path, {"name": "Moon"})
    ann.add_member(project, bob)
    ann.patch(f"{path}/members/{bob.id}", {"role": "admin"})
    bob.post(f"{path}/exports")
    ann.post(f"{path}/reports", {})
    ann.post(f"{path}/duplicate", {"name": "Copy", "members": True})
    run_sweep()
    file = todoist_file("task,Plan")
    announced = announce(ann, "todoist_csv", file, project=project)
    upload(announced["id"], file)
    ann.post(f"/api/imports/{announced['id']}/start")
    invited = ann.post(f"{path}/members", {"email": "dan@example.com"}).json_body["id"]
    ann.post(f"{path}/invitations/{invited}/resend")
    ann.delete(f"{path}/invitations/{invited}")
    first = sign_up(client, "dora")
    declined = ann.post(f"{path}/members", {"email": first.email}).json_body["id"]
    first.verify_address()
    assert first.post(f"/api/invitations/{declined}/decline").status_code == 204
    second = sign_up(client, "emil")
    joined = ann.post(f"{path}/members", {"email": second.email}).json_body["id"]
    second.verify_address()
    assert second.post(f"/api/invitations/{joined}/accept").status_code == 201
    second.post(f"{path}/leave")
    hook = {"url": "https://hooks.example.com/secret", "events": ["task.created"]}
    webhook = f"{path}/webhooks/{ann.post(f'{path}/webhooks', hook).json_body['id']}"
    assert ann.patch(webhook, {"active": False}).status_code == 200
    ann.post(f"{webhook}/rotate-secret")
    ann.delete(webhook)
    ann.add_member(project, cleo)
    ann.delete(f"{path}/members/{cleo.id}")
    ann.post(f"{path}/archive")
    ann.post(f"{path}/unarchive")
    ann.post(f"{path}/transfer", {"user_id": bob.id})
    bob.delete(path)
    entries = _list(bob, _project_path(project))
    assert _actions(entries) == [
        "project.created",
        "project.updated",
        "member.added",
        "member.role_changed",
        "project.exported",
        "project.reported",
        "project.copied",
        "project.imported",
        "invitation.created",
        "invitation.resent",
        "invitation.revoked",
        "invitation.created",
        "invitation.declined",
        "invitation.created",
        "member.joined",
        "member.left",
        "webhook.created",
        "webhook.updated",
        "webhook.secret_rotated",
        "webhook.deleted",
        "member.added",
        "member.removed",
        "project.archived",
        "project.unarchived",
        "project.transferred",
        "project.trashed",
    ]
    role = entries[3]
    assert role["details"] == {"role": "admin", "old_role": "member"}
    assert (role["actor"]["username"], role["target_user"]["username"]) == ("ann", "bob")
    assert entries[8]["details"] == {"role": "member", "address": "d…@example.com"}
    assert entries[16]["details"] == {"host": "hooks.example.com"}
    copy = entries[6]["target"]
    added = _list(ann, _project_path(copy))
    assert _actions(added) == ["project.created", "member.added"]
    assert (added[1]["actor"]["id"], added[1]["credential"]) == (ann.id, None)
    bob.post(f"{path}/restore")
    assert _actions(_list(bob, _project_path(project)))[-1] == "project.restored"


def test_an_entry_tells_actor_credential_network_and_request(ann: Person) -> None:
    project = ann.create_project()
    issued = ann.create_token("projects:write")
    script = Api(ann.client, issued["token"])
    answer = script.patch(f"/api/projects/{project}", {"name": "Moon"})
    (session,) = ann.get("/api/auth/sessions").json_body["items"]
    created, updated = _list(ann, _project_path(project))
    assert created["credential"] == {"kind": "session", "id": session["id"]}
    assert updated["credential"] == {"kind": "api_token", "id": issued["id"]}
    assert updated["request_id"] == answer.headers["x-request-id"]
    assert (updated["source"], updated["project"]) == ("127.0.0.0/24", project)
    assert (updated["actor"]["id"], updated["details"]) == (ann.id, {"fields": "name"})


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("unknown", None),
        (None, None),
    ],
)
def test_only_the_network_of_an_address_is_stored(address: str | None, stored: str | None) -> None:
    assert shorten_address(address) == stored


def test_an_entry_is_in_the_transaction_of_its_cause(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    with _recorded_transactions() as sent:
        ann.add_member(project, bob)
        ann.post("/api/auth/logout")
    audited = [partitions for partitions in sent if any("AUDIT#" in each for each in partitions)]
    assert [sorted(each) for each in audited] == [
        sorted([f"AUDIT#{project}", *[f"PROJECT#{project}"] * 2, f"USER#{bob.id}"]),
        sorted([f"AUDIT#{ann.id}", f"USER#{ann.id}"]),
    ]


def test_a_process_that_dies_leaves_neither_change_nor_entry(ann: Person, bob: Person) -> None:
    project, call = ann.create_project(), 1
    while is_killed_at(call, lambda: ann.add_member(project, bob)):
        members = ann.get(f"/api/projects/{project}/members").json_body["items"]
        entries = _actions(_list(ann, _project_path(project)))
        assert entries.count("member.added") == len(members) - 1, call
        call += 1
    assert _actions(_list(ann, _project_path(project))).count("member.added") == 1


def test_what_changes_nothing_and_what_is_refused_has_no_entry(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        ann.post(f"/api/projects/{project}/archive")
        ann.post("/api/projects", {"name": "x"}, headers=key)
        ann.patch("/api/auth/profile", {"display_name": "Ann"})
        ann.post(f"/api/projects/{project}/members", {"user_id": bob.id})  # archived: 409
        bob.delete(f"/api/projects/{project}")
        Api(ann.client).post("/api/auth/login", {"email": ann.email, "password": "wrong"})
    assert _actions(_list(ann, _project_path(project))) == ["project.created", "project.archived"]
    assert _actions(_list(ann, OWN)).count("account.updated") == 1
    created = [item for item in _entry_items() if item["action"]["S"] == "project.created"]
    assert len(created) == 2


def test_what_the_service_does_has_an_entry_without_an_actor(
    anonymous: Api, ann: Person, wait: Any
) -> None:
    for seconds in (0, 11):  # the second time, the token counts as stolen
        wait(seconds=seconds)
        anonymous.post("/api/auth/refresh", {"refresh": ann.refresh})
    ann.log_in()
    ended, started = _list(ann, OWN)[-2:]
    assert (ended["action"], ended["details"]) == ("session.ended", {"reason": "refresh_reuse"})
    assert (ended["actor"], ended["credential"], ended["source"]) == (None, None, None)
    assert started["credential"] == {"kind": "session", "id": started["target"]}
    project = ann.create_project()
    hook = {"url": "https://hooks.example.com/", "events": ["task.created"]}
    webhook = ann.post(f"/api/projects/{project}/webhooks", hook).json_body["id"]
    stored = get_item(Webhook.key(project, webhook))
    assert stored is not None
    disable_webhook(stored, FAILING, now())
    disable_webhook(stored, FAILING, now())
    disabled = _list(ann, _project_path(project), action="webhook.disabled")
    assert [(each["target"], each["details"]) for each in disabled] == [
        (webhook, {"reason": "failing"})
    ]


def test_only_the_owner_reads_the_entries_of_a_project(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    assert bob.get(_project_path(project)).status_code == 404
    ann.add_member(project, bob, "admin")
    assert bob.get(_project_path(project)).status_code == 403
    for scope, status in (("projects:read", 403), ("audit:read", 200)):
        assert ann.use_token(scope).get(_project_path(project)).status_code == status


@pytest.mark.parametrize("number", ["0.5", "1796074741", "-1", "1e9"])
def test_a_number_is_no_time(ann: Person, number: str) -> None:
    refused = ann.get(f"/api/auth/audit?since={number}&until={number}")
    assert (refused.status_code, error_locations(refused)) == (400, ["since", "until"])


def test_lists_are_filtered_by_time_actor_and_action(ann: Person, bob: Person, wait: Any) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, "admin")
    path = _project_path(project)
    for number in range(3):
        wait(minutes=1)
        bob.patch(f"/api/projects/{project}", {"name": f"{number}"})
        ann.patch(f"/api/projects/{project}", {"description": f"{number}"})
    everything = _list(ann, path)
    assert len(everything) == 8
    assert _list(ann, path, limit=3) == everything
    by_bob = _list(ann, path, actor=bob.id, limit=1)
    assert [entry["details"]["fields"] for entry in by_bob] == ["name"] * 3
    assert _actions(_list(ann, path, action="member.added", limit=1)) == ["member.added"]
    moment = everything[4]["at"]
    assert _list(ann, path, since=moment) == everything[4:]
    assert _list(ann, path, until=moment) == everything[:4]
    assert (
        _list(ann, path, since="2020-01-01T00:00:00%2B01:00", until=moment, limit=2)
        == (everything[:4])
    )
    assert ann.get(f"{path}?since=yesterday").status_code == 400
    assert ann.get(f"{path}?action=task.created").status_code == 400


def test_staff_read_all_entries_and_the_person_does_not_see_who_they_are(
    ann: Person, bob: Person, make_person: Any
) -> None:
    chief = make_person("chief")
    make_staff(email=chief.email, now=now())
    project = ann.create_project()
    chief.patch(f"/api/admin/users/{ann.id}", {"is_disabled": True})
    chief.patch(f"/api/admin/users/{ann.id}", {"is_disabled": False})
    path = "/api/admin/audit"
    assert ann.get(path).status_code == 403
    about_ann = _list(chief, path, subject=ann.id, action="account.changed_by_staff")
    assert [entry["details"] for entry in about_ann] == [
        {"is_disabled": "true"},
        {"is_disabled": "false"},
    ]
    assert about_ann[0]["actor"]["id"] == chief.id and about_ann[0]["account"]["id"] == ann.id
    by_ann = _list(chief, path, actor=ann.id, action="project.created", limit=1)
    assert [entry["project"] for entry in by_ann] == [project]
    assert len(_list(chief, path, actor=ann.id)) == 2
    everything = _list(chief, path, limit=2)
    assert {entry["id"] for entry in [*about_ann, *by_ann]} < {each["id"] for each in everything}
    assert len(everything) == len(_entry_items())
    for query in ("action=project.created", f"subject={'x' * 3000}", f"actor={'x' * 3000}"):
        assert chief.get(f"{path}?{query}").status_code == 400, query
    assert ann.get(f"{OWN}?actor={chief.id}").status_code == 400
    seen = _list(ann, OWN, action="account.changed_by_staff")
    assert [(each["actor"], each["source"], each["credential"]) for each in seen] == [
        (None, None, None)
    ] * 2


def test_entries_outlive_project_and_account_and_end_after_400_days(
    client: Client, ann: Person, make_person: Any
) -> None:
    chief, eve = make_person("chief"), make_person("eve")
    project = ann.create_project()
    ann.add_member(project, eve)
    ann.delete(f"/api/projects/{project}")
    eve.delete("/api/auth/profile")
    before = {str(item) for item in _entry_items()}
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31)):
        delete_due_accounts(now())
        purge_trash(now())
        assert before <= {str(item) for item in _entry_items()}
        chief.log_in()
        make_staff(email=chief.email, now=now())
        entries = _list(chief, "/api/admin/audit", subject=project)
        assert _actions(entries) == ["project.created", "member.added", "project.trashed"]
        name = f"deleted-{eve.id[-8:]}"
        assert entries[1]["target_user"] == {"id": eve.id, "username": name, "display_name": ""}
        assert _actions(_list(chief, "/api/admin/audit", subject=eve.id))[-1] == "account.deleted"
    ends = {int(item["expires_at"]["N"]) for item in _entry_items()}
    assert min(ends) > (datetime.now(UTC) + timedelta(days=399)).timestamp()
    with time_machine.travel(datetime.now(UTC) + LONG_AGO):
        chief.log_in()
        for query in (f"subject={project}", f"actor={ann.id}", f"subject={ann.id}"):
            assert chief.get(f"/api/admin/audit?{query}").json_body["items"] == []


@pytest.mark.parametrize("query", ["", "actor=ME&"])
def test_a_period_in_the_future_has_no_entries(
    local_table: None, chief: Person, query: str
) -> None:
    future = f"{query.replace('ME', chief.id)}since=2031-01-01T00:00:00Z"
    answer = chief.get(f"/api/admin/audit?{future}")
    assert (answer.status_code, answer.json_body["items"]) == (200, [])


@pytest.mark.parametrize("name", ["actor", "subject"])
def test_a_cursor_is_bound_to_the_filter(client: Client, chief: Person, name: str) -> None:
    sign_up(client, "xenia")
    cursor = chief.get("/api/admin/audit?limit=1").json_body["next_cursor"]
    answer = chief.get(f"/api/admin/audit?limit=1&{name}=None&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")
