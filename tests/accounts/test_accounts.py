import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from chalice.test import Client, HTTPResponse

from chalicelib import settings
from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.mail.jobs import sweep_outbox
from tests.faults import Killed, event_hook, kill_at_call
from tests.support import (
    PASSWORD,
    Api,
    Person,
    error_locations,
    extract_token,
    in_hours,
    mails_to,
    sign_up,
)
from tests.table_items import dynamodb_client, scan_items

NEW_PASSWORD = "another horse battery"
RESET = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}


def _mailed_token(person: Person, subject: str, to: str = "") -> str:
    """Send the queued mails; return the token in the newest one with this subject."""
    sweep_outbox(now())
    *_, mail = mails_to(person, subject, to)
    return extract_token(mail)


def _log_in(anonymous: Api, email: str, password: str) -> Any:
    return anonymous.post("/api/auth/login", {"email": email, "password": password})


# --- verification


def test_the_emailed_link_verifies_the_address(anonymous: Api, ann: Person) -> None:
    token = _mailed_token(ann, "Confirm your address")
    assert anonymous.post("/api/auth/verify-email", {"token": token}).status_code == 204
    assert ann.get("/api/auth/profile").json_body["is_verified"] is True


def test_a_token_works_once(anonymous: Api, ann: Person) -> None:
    token = _mailed_token(ann, "Confirm your address")
    answers = [anonymous.post("/api/auth/verify-email", {"token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 422]
    assert answers[1].json_body["code"] == "invalid_token"


def test_a_new_token_replaces_the_old_one(anonymous: Api, ann: Person) -> None:
    older = _mailed_token(ann, "Confirm your address")
    anonymous.post("/api/auth/resend-verification", {"email": ann.email})
    assert anonymous.post("/api/auth/verify-email", {"token": older}).status_code == 422
    newer = _mailed_token(ann, "Confirm your address")
    assert anonymous.post("/api/auth/verify-email", {"token": newer}).status_code == 204


@pytest.mark.parametrize("token", ["", "x", "x.y", "01m81ed77eh6xj0yx0x3n4dz2f.x"])
def test_a_malformed_token_is_refused(anonymous: Api, ann: Person, token: str) -> None:
    for path, more in (("verify-email", {}), ("confirm-email", {}), ("reset-password", RESET)):
        answer = anonymous.post(f"/api/auth/{path}", {"token": token, **more})
        assert (answer.status_code, answer.json_body["code"]) == (422, "invalid_token")


@pytest.mark.parametrize(
    ("path", "subject", "lifetime"),
    [
        ("verify-email", "Confirm your address", timedelta(hours=24)),
        ("reset-password", "Choose a new password", timedelta(minutes=10)),
        ("confirm-email", "Confirm your new address", timedelta(hours=24)),
    ],
)
def test_a_token_is_valid_until_it_expires(
    anonymous: Api, ann: Person, wait: Any, path: str, subject: str, lifetime: timedelta
) -> None:
    new_email = {"email": "lee@example.com", "password": PASSWORD}
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    ann.post("/api/auth/change-email", new_email)
    to = new_email["email"] if path == "confirm-email" else ""
    token = _mailed_token(ann, subject, to)
    body = {"token": token, **(RESET if path == "reset-password" else {})}
    wait(seconds=lifetime.total_seconds() + 1)
    assert anonymous.post(f"/api/auth/{path}", body).json_body["code"] == "invalid_token"
    wait(seconds=-10)
    assert anonymous.post(f"/api/auth/{path}", body).status_code == 204


def test_a_token_is_valid_for_one_purpose_only(anonymous: Api, ann: Person) -> None:
    token = _mailed_token(ann, "Confirm your address")
    assert anonymous.post("/api/auth/reset-password", {"token": token, **RESET}).status_code == 422


def test_a_token_is_not_stored_in_the_table(ann: Person) -> None:
    secret = _mailed_token(ann, "Confirm your address").partition(".")[2]
    client = Item._get_connection().connection.client
    everything = client.scan(TableName=settings.TABLE_NAME)["Items"]
    assert secret not in str(everything)
    assert len(secret) == 43


# --- protection against enumeration


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
def test_known_and_unknown_addresses_are_answered_alike(
    anonymous: Api, ann: Person, path: str
) -> None:
    known = anonymous.post(f"/api/auth/{path}", {"email": ann.email})
    unknown = anonymous.post(f"/api/auth/{path}", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 202
    assert known.body == unknown.body
    differing = {"x-request-id"}
    assert _headers(known, differing) == _headers(unknown, differing)


def _headers(answer: Any, without: set[str]) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in without}


def test_a_wrong_password_and_an_unknown_address_cost_one_hash_each(
    anonymous: Api, ann: Person, password_checks: list[str]
) -> None:
    counts = []
    for email, password in ((ann.email, "wrong"), ("nobody@example.com", PASSWORD)):
        before = len(password_checks)
        _log_in(anonymous, email, password)
        counts.append(len(password_checks) - before)
    assert counts == [1, 1]


# --- the profile


def test_the_profile_can_be_changed(ann: Person) -> None:
    change = {"display_name": "Ann Lee", "time_zone": "Europe/Berlin", "username": "ann.lee"}
    changed = ann.patch("/api/auth/profile", change)
    assert changed.status_code == 200
    assert ann.get("/api/auth/profile").json_body | change == changed.json_body


@pytest.mark.parametrize("field", ["id", "email", "is_verified", "is_staff", "created_at", "epoch"])
def test_read_only_fields_are_refused_by_name(ann: Person, field: str) -> None:
    before = ann.get("/api/auth/profile").json_body
    answer = ann.patch("/api/auth/profile", {field: True})
    assert (answer.status_code, error_locations(answer)) == (422, [field])
    assert ann.get("/api/auth/profile").json_body == before


@pytest.mark.parametrize(
    "zone", ["posixrules", "right/UTC", "Mars/Olympus", "../../etc/passwd", "", "/etc/localtime"]
)
def test_an_unknown_time_zone_is_refused(ann: Person, zone: str) -> None:
    answer = ann.patch("/api/auth/profile", {"time_zone": zone})
    assert (answer.status_code, error_locations(answer)) == (422, ["time_zone"])


def test_a_changed_username_is_free_for_others(client: Client, ann: Person, bob: Person) -> None:
    taken = ann.patch("/api/auth/profile", {"username": "BOB"})
    assert (taken.status_code, taken.json_body["code"]) == (409, "username_taken")
    assert bob.patch("/api/auth/profile", {"username": "robert"}).status_code == 200
    assert ann.patch("/api/auth/profile", {"username": "bob"}).status_code == 200
    assert ann.patch("/api/auth/profile", {"username": "BoB"}).json_body["username"] == "BoB"


def test_omitted_notification_settings_keep_their_value(ann: Person) -> None:
    for switch in ({"assigned": False}, {"due_soon": False}):
        ann.patch("/api/auth/profile", {"notifications": switch})
    switches = ann.get("/api/auth/profile").json_body["notifications"]
    assert {name for name, on in switches.items() if not on} == {"assigned", "due_soon"}


def test_notifications_can_be_switched_off(ann: Person, bob: Person) -> None:
    bob.patch("/api/auth/profile", {"notifications": {"assigned": False}})
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, assigned_to=bob.id)
    sweep_outbox(now())
    assert list(mails_to(bob, "Assigned")) == []


# --- passwords


def test_changing_the_password_ends_every_other_session(
    client: Client, anonymous: Api, ann: Person
) -> None:
    elsewhere = sign_up(client, "ann")
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    body |= {"new_password_confirm": NEW_PASSWORD}
    assert ann.post("/api/auth/change-password", body).status_code == 204
    assert elsewhere.get("/api/auth/profile").status_code == 401
    assert anonymous.post("/api/auth/refresh", {"refresh": elsewhere.refresh}).status_code == 401
    assert ann.get("/api/auth/profile").status_code == 200
    assert anonymous.post("/api/auth/refresh", {"refresh": ann.refresh}).status_code == 200
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 401
    assert _log_in(anonymous, ann.email, NEW_PASSWORD).status_code == 200
    sweep_outbox(now())
    assert len(list(mails_to(ann, "Your password was changed"))) == 1


def test_a_password_change_needs_the_current_password_and_is_throttled(
    ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00", ann)
    body = {"password": "wrong", "new_password": NEW_PASSWORD}
    body |= {"new_password_confirm": NEW_PASSWORD}
    answers = [ann.post("/api/auth/change-password", body) for _ in range(7)]
    assert {answer.json_body["code"] for answer in answers[:6]} == {"wrong_password"}
    assert answers[6].status_code == 429


def test_a_login_is_refused_when_the_password_changes_while_it_is_checked(
    anonymous: Api, ann: Person
) -> None:
    change = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    answers: list[HTTPResponse] = []

    def change_password_before_the_session(params: Any, **_: Any) -> None:
        puts = [each["Put"]["Item"]["SK"]["S"] for each in params["TransactItems"] if "Put" in each]
        if not answers and any(key.startswith("SESSION#") for key in puts):
            body = change | {"new_password_confirm": NEW_PASSWORD}
            answers.append(ann.post("/api/auth/change-password", body))

    event = "before-parameter-build.dynamodb.TransactWriteItems"
    with event_hook(dynamodb_client(), event, change_password_before_the_session):
        refused = _log_in(anonymous, ann.email, PASSWORD)
    assert [answer.status_code for answer in answers] == [204]
    assert (refused.status_code, refused.json_body["code"]) == (401, "bad_credentials")


def test_a_forgotten_password_is_reset_by_email(
    client: Client, anonymous: Api, ann: Person
) -> None:
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    token = _mailed_token(ann, "Choose a new password")
    assert anonymous.post("/api/auth/reset-password", {"token": token, **RESET}).status_code == 204
    assert ann.get("/api/auth/profile").status_code == 401
    assert anonymous.post("/api/auth/refresh", {"refresh": ann.refresh}).status_code == 401
    signed_in = _log_in(anonymous, ann.email, NEW_PASSWORD)
    assert signed_in.json_body["user"]["is_verified"] is True
    again = anonymous.post("/api/auth/reset-password", {"token": token, **RESET})
    assert again.json_body["code"] == "invalid_token"


def test_a_password_change_voids_the_tokens_that_are_out(anonymous: Api, ann: Person) -> None:
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    token = _mailed_token(ann, "Choose a new password")
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    ann.post("/api/auth/change-password", body | {"new_password_confirm": NEW_PASSWORD})
    assert anonymous.post("/api/auth/reset-password", {"token": token, **RESET}).status_code == 422


# --- throttling


def test_guessing_is_slowed_down_and_the_owner_is_not_locked_out(
    anonymous: Api, ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00:00")
    answers = [_log_in(anonymous, ann.email, f"guess {n}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]
    assert answers[6].headers["retry-after"] == "1"
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 429
    set_time("2026-11-16T09:00:01")
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 200
    assert _log_in(anonymous, ann.email, "wrong").status_code == 401


def test_an_unknown_account_is_throttled_like_a_known_one(
    anonymous: Api, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00")
    answers = [_log_in(anonymous, "no@example.com", "guess") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
def test_requests_for_mail_are_throttled(
    anonymous: Api, ann: Person, path: str, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00")
    answers = [anonymous.post(f"/api/auth/{path}", {"email": ann.email}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [202] * 6 + [429]


# --- email change


def test_the_address_changes_when_the_new_one_is_confirmed(anonymous: Api, ann: Person) -> None:
    body = {"email": "lee@example.com", "password": PASSWORD}
    assert ann.post("/api/auth/change-email", body).status_code == 202
    assert ann.get("/api/auth/profile").json_body["email"] == ann.email
    token = _mailed_token(ann, "Confirm your new address", "lee@example.com")
    assert anonymous.post("/api/auth/confirm-email", {"token": token}).status_code == 204
    assert ann.get("/api/auth/profile").json_body["email"] == "lee@example.com"
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 401
    assert _log_in(anonymous, "lee@example.com", PASSWORD).status_code == 200
    sweep_outbox(now())
    assert len(list(mails_to(ann, "The address of your account"))) == 1


def test_a_new_address_that_another_account_claimed_is_refused(
    client: Client, anonymous: Api, ann: Person
) -> None:
    ann.post("/api/auth/change-email", {"email": "eve@example.com", "password": PASSWORD})
    token = _mailed_token(ann, "Confirm your new address", "eve@example.com")
    sign_up(client, "eve")
    answer = anonymous.post("/api/auth/confirm-email", {"token": token})
    assert (answer.status_code, answer.json_body["code"]) == (409, "email_taken")
    assert ann.get("/api/auth/profile").json_body["email"] == ann.email


def test_a_second_requested_address_replaces_the_first(anonymous: Api, ann: Person) -> None:
    for name in ("first", "second"):
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        assert ann.post("/api/auth/change-email", body).status_code == 202
    sweep_outbox(now())
    assert len(list(mails_to(ann, "Confirm your new address", "first@example.com"))) == 0
    token = _mailed_token(ann, "Confirm your new address", "second@example.com")
    anonymous.post("/api/auth/confirm-email", {"token": token})
    assert ann.get("/api/auth/profile").json_body["email"] == "second@example.com"


def test_requests_for_a_new_address_are_throttled(
    ann: Person, set_time: Callable[..., None]
) -> None:
    set_time("2026-11-16T09:00", ann)
    statuses = []
    for number in range(7):
        body = {"email": f"stranger{number}@example.com", "password": PASSWORD}
        statuses.append(ann.post("/api/auth/change-email", body).status_code)
    assert statuses == [202] * 6 + [429]


def test_a_password_change_cancels_queued_emails_with_links(anonymous: Api, ann: Person) -> None:
    anonymous.post("/api/auth/forgot-password", {"email": ann.email})
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    ann.post("/api/auth/change-password", body | {"new_password_confirm": NEW_PASSWORD})
    sweep_outbox(now())
    assert list(mails_to(ann, "Choose a new password")) == []


# --- invalid names

LONG = ["", "x" * 3000, "\ufdfa" * 200, "a@" + "\ufdfa" * 60 + ".example"]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:3])
def test_an_invalid_name_causes_no_server_error(anonymous: Api, ann: Person, text: str) -> None:
    project = ann.create_project()
    task = ann.create_task(project)["id"]
    answers = [
        _log_in(anonymous, text, PASSWORD),
        anonymous.post("/api/auth/forgot-password", {"email": text}),
        anonymous.post("/api/auth/register", {**REGISTRATION, "email": text}),
        anonymous.post("/api/auth/register", {**REGISTRATION, "username": text}),
        ann.post(f"/api/projects/{project}/members", {"email": text}),
        ann.post(f"/api/projects/{project}/members", {"user_id": text}),
        ann.patch(f"/api/tasks/{task}/assign", {"assigned_to": text}),
        ann.patch("/api/auth/profile", {"username": text}),
        ann.post("/api/auth/change-email", {"email": text, "password": PASSWORD}),
        ann.get(f"/api/users?email={quote(text)}"),
        ann.get(f"/api/users?username={quote(text)}"),
        ann.delete(f"/api/projects/{project}/members/{quote(text) or 'x'}"),
        ann.post("/api/auth/tokens", {**TOKEN, "projects": [text]}),
    ]
    assert max(answer.status_code for answer in answers) < 500


REGISTRATION = {"username": "eve", "email": "eve@example.com"}
REGISTRATION |= {"password": PASSWORD, "password_confirm": PASSWORD}
TOKEN = {"name": "x", "scopes": ["tasks:read"], "expires_at": in_hours(1)}


@pytest.mark.parametrize("field", ["username", "email"])
def test_a_name_that_ends_with_a_line_break_is_refused(anonymous: Api, field: str) -> None:
    body = {**REGISTRATION, field: REGISTRATION[field] + "\n"}
    answer = anonymous.post("/api/auth/register", body)
    assert (answer.status_code, error_locations(answer)) == (422, [field])


# --- account deletion


def test_deletion_is_refused_while_the_user_owns_projects(ann: Person) -> None:
    project = ann.create_project()
    answer = ann.call("DELETE", "/api/auth/profile")
    assert (answer.status_code, error_locations(answer)) == (409, [f"projects.{project}"])


def test_deletion_ends_all_sessions_and_a_login_cancels_it(
    anonymous: Api, ann: Person, wait_days: Any
) -> None:
    assert ann.delete("/api/auth/profile").status_code == 204
    assert ann.get("/api/auth/profile").status_code == 401
    sweep_outbox(now())
    assert len(list(mails_to(ann, "Your account will be deleted"))) == 1
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 200
    wait_days(days=7)
    assert delete_due_accounts(now()) == {"erased": 0}


def test_after_seven_days_only_the_id_of_a_deleted_account_remains(
    client: Client, anonymous: Api, ann: Person, bob: Person, wait_days: Any
) -> None:
    project = bob.create_project()
    bob.add_member(project, ann)
    task = ann.create_task(project, assigned_to=ann.id)
    _upload_avatar(ann)
    ann.post("/api/calendar-feeds", {"name": "Work"})
    ann.delete("/api/auth/profile")
    assert delete_due_accounts(now()) == {"erased": 0}
    wait_days(days=7)
    assert [delete_due_accounts(now()) for _ in "12"] == [{"erased": 1}, {"erased": 0}]
    assert not any(item["SK"]["S"].startswith("CALENDAR#") for item in scan_items())
    bob = sign_up(client, "bob")
    seen = bob.get(f"/api/projects/{project}").json_body
    assert [member["user_id"] for member in seen["members"]] == [bob.id]
    assert seen["members_count"] == 1
    left = bob.get(f"/api/tasks/{task['id']}").json_body
    assert (left["created_by"], left["assigned_to"]) == (ann.id, None)
    assert _log_in(anonymous, ann.email, PASSWORD).status_code == 401
    again = {"username": "ann", "email": ann.email, "password": PASSWORD}
    again |= {"password_confirm": PASSWORD}
    assert anonymous.post("/api/auth/register", again).status_code == 201


def test_owning_a_project_in_the_trash_does_not_prevent_deletion(
    ann: Person, wait_days: Any
) -> None:
    ann.delete(f"/api/projects/{ann.create_project()}")
    assert ann.delete("/api/auth/profile").status_code == 204
    wait_days(days=7)
    assert delete_due_accounts(now()) == {"erased": 1}


def test_a_project_cannot_be_transferred_to_an_account_in_its_grace_period(
    ann: Person, bob: Person
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    bob.delete("/api/auth/profile")
    assert ann.post(f"/api/projects/{project}/transfer", {"user_id": bob.id}).status_code == 422


def test_a_deletion_interrupted_before_any_call_is_finished_by_the_next_run(
    client: Client, wait_days: Any
) -> None:
    project = sign_up(client, "ann").create_project()
    for call in itertools.count(1):
        ann, person = sign_up(client, "ann"), sign_up(client, f"eve{call}")
        ann.add_member(project, person)
        assert person.delete("/api/auth/profile").status_code == 204
        wait_days(days=7)
        try:
            with kill_at_call(call, writes_only=True):
                delete_due_accounts(now())
            break
        except Killed:
            delete_due_accounts(now())
        seen = sign_up(client, "ann").get(f"/api/projects/{project}").json_body
        assert seen["members_count"] == len(seen["members"]) == 1
    assert call > 4


# --- avatars

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 8


def _announce_avatar(person: Person, kind: str = "image/png", size: int = len(PNG)) -> Any:
    return person.post("/api/auth/profile/avatar", {"content_type": kind, "size": size})


def _upload_avatar(person: Person, body: bytes = PNG, kind: str = "image/png") -> Any:
    announced = _announce_avatar(person, kind, len(body)).json_body
    key = announced["upload"]["fields"]["key"]
    clients.s3_client().put_object(
        Bucket=settings.BUCKET_NAME, Key=key, Body=body, ContentType=kind
    )
    return person.post(f"/api/auth/profile/avatar/{announced['id']}/complete")


def _count_objects() -> int:
    return int(clients.s3_client().list_objects_v2(Bucket=settings.BUCKET_NAME)["KeyCount"])


def test_an_avatar_is_shown_after_its_upload_is_checked(ann: Person) -> None:
    assert ann.get("/api/auth/profile").json_body["avatar_url"] is None
    response = _upload_avatar(ann)
    assert response.status_code == 200
    assert _url_expiry(response) > now() + timedelta(minutes=9)


def _url_expiry(response: HTTPResponse) -> datetime:
    """Return the time when the avatar's URL expires."""
    signed = parse_qs(urlsplit(response.json_body["avatar_url"]).query)
    at = datetime.strptime(f"{signed['X-Amz-Date'][0]}+0000", "%Y%m%dT%H%M%SZ%z")
    return at + timedelta(seconds=int(signed["X-Amz-Expires"][0]))


@pytest.mark.parametrize("minute", [0, 4])
def test_a_cached_profile_has_a_valid_avatar_url(
    ann: Person, set_time: Callable[..., None], minute: int
) -> None:
    """A cached profile is revalidated only while its URL is valid for at least five minutes."""
    set_time(f"2026-11-16T09:0{minute}", ann)
    _upload_avatar(ann)
    cached = ann.get("/api/auth/profile")
    known = {"If-None-Match": cached.headers["etag"]}
    set_time("2026-11-16T09:04:59")
    again = ann.get("/api/auth/profile", headers=known)
    assert (again.status_code, again.headers["etag"]) == (304, cached.headers["etag"])
    assert _url_expiry(cached) >= now() + timedelta(minutes=5)
    set_time("2026-11-16T09:05")
    later = ann.get("/api/auth/profile", headers=known)
    assert (later.status_code, _url_expiry(later)) == (200, now() + timedelta(minutes=10))


def test_a_new_avatar_changes_the_etag_at_once(ann: Person, set_time: Callable[..., None]) -> None:
    set_time("2026-11-16T09:00", ann)
    _upload_avatar(ann)
    known = {"If-None-Match": ann.get("/api/auth/profile").headers["etag"]}
    assert ann.get("/api/auth/profile", headers=known).status_code == 304
    _upload_avatar(ann)
    assert ann.get("/api/auth/profile", headers=known).status_code == 200


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", b"<html>", b"\xff\xd8\xff\xe0 jpeg"])
def test_a_file_of_another_type_than_announced_is_refused(ann: Person, body: bytes) -> None:
    answer = _upload_avatar(ann, body)
    assert (answer.status_code, error_locations(answer)) == (422, ["content_type"])
    assert ann.get("/api/auth/profile").json_body["avatar_url"] is None


@pytest.mark.parametrize(("kind", "size"), [("image/svg+xml", 9), ("image/png", 2097153)])
def test_other_types_and_sizes_are_refused(ann: Person, kind: str, size: int) -> None:
    assert _announce_avatar(ann, kind, size).status_code == 422


def test_a_new_avatar_deletes_the_old_one(ann: Person) -> None:
    _upload_avatar(ann)
    _upload_avatar(ann, b"RIFF0000WEBPVP8 ", "image/webp")
    expire_uploads(now())
    assert _count_objects() == 1
    assert ann.call("DELETE", "/api/auth/profile/avatar").status_code == 204
    expire_uploads(now())
    assert _count_objects() == 0
    assert ann.get("/api/auth/profile").json_body["avatar_url"] is None


def test_an_upload_of_another_user_cannot_be_completed(ann: Person, bob: Person) -> None:
    announced = _announce_avatar(ann).json_body
    answer = bob.post(f"/api/auth/profile/avatar/{announced['id']}/complete")
    assert answer.status_code == 404
