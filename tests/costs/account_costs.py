"""The calls about accounts and invitations whose costs docs/data-model.md states.

They run as those of `costs` do.
"""

from typing import Any
from uuid import uuid4

from chalicelib import settings
from chalicelib.accounts.staff import make_staff
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.transactions import transact
from chalicelib.identity_providers.models import build_identity, create_identity_writes
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.notifications.models import create_notification_writes
from tests.costs.costs import Call, Request, Scenario
from tests.support import PASSWORD, Api, Person, extract_token, in_hours, mails_to

NEW = {"password": "another horse battery", "password_confirm": "another horse battery"}
CHANGED = {
    "password": PASSWORD,
    "new_password": NEW["password"],
    "new_password_confirm": NEW["password"],
}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 8
UNKNOWN_ADDRESS = "nobody@example.com"
# Expected statuses of refused calls, which cost too.
UNAUTHENTICATED, TOO_MANY = 401, 429


def _post(path: str, body: Any, person: Person | None = None, *more: Any) -> Request:
    return ("POST", f"/api/auth/{path}", body, person, *more)


def _token(person: Person, subject: str, address: str = "") -> str:
    sweep_outbox(now())
    *_, mail = mails_to(person, subject, address)
    return extract_token(mail)


def _verify(world: Scenario) -> Request:
    return _post("verify-email", {"token": _token(world.bob, "Confirm your address")})


def _login_during_block(world: Scenario) -> Request:
    guess = {"email": UNKNOWN_ADDRESS, "password": "wrong"}
    for _ in range(6):
        world.ann.post("/api/auth/login", guess)
    return _post("login", guess, None, None, TOO_MANY)


def _refresh_again(world: Scenario) -> Request:
    body = {"refresh": world.ann.refresh}
    assert world.ann.post("/api/auth/refresh", body).status_code == 200
    return _post("refresh", body)


def _reset_password(world: Scenario) -> Request:
    person = world.new_user()
    world.ann.post("/api/auth/forgot-password", {"email": person.email})
    token = _token(person, "Choose a new password")
    return _post("reset-password", {"token": token, **NEW})


def _confirm_address(world: Scenario) -> Request:
    person, address = world.new_user(), "other@example.com"
    person.post("/api/auth/change-email", {"email": address, "password": PASSWORD})
    return _post("confirm-email", {"token": _token(person, "Confirm your new address", address)})


def _complete_avatar(world: Scenario) -> Request:
    person = world.bob
    announced = {"content_type": "image/png", "size": len(PNG)}
    avatar = person.post("/api/auth/profile/avatar", announced).json_body
    key, kind = avatar["upload"]["fields"]["key"], announced["content_type"]
    clients.s3_client().put_object(Bucket=settings.BUCKET_NAME, Key=key, Body=PNG, ContentType=kind)
    return ("POST", f"/api/auth/profile/avatar/{avatar['id']}/complete", None, person)


def _sign_in_again(world: Scenario) -> tuple[Person, str]:
    """Let Bob log in once more; return him and the path of his older session."""
    (session,) = world.bob.get("/api/auth/sessions").json_body["items"]
    world.bob.log_in()
    return world.bob, f"/api/auth/sessions/{session['id']}"


def _end_session(person: Person, session: str) -> Request:
    return ("DELETE", session, None, person)


def _notify(world: Scenario) -> Person:
    """Return a new person with 25 notifications about the comments on a task, unread."""
    person = world.new_member()
    task = world.task(assigned_to=person.id).removeprefix("/api/tasks/")
    comment = world.ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"}).json_body["id"]
    about = {"actor": world.ann.id, "task_id": task, "comment_id": comment}
    for _ in range(25):
        writes = create_notification_writes(
            person.id, new_id(now()), kind="comment", now=now(), **about
        )
        transact(*writes)
    return person


def _use_inbox(world: Scenario, method: str, path: str) -> Request:
    person = _notify(world)
    (newest,) = person.get("/api/notifications?limit=1").json_body["items"]
    return (method, f"/api/notifications{path}".replace("{id}", newest["id"]), None, person)


def _new_token(world: Scenario, **more: Any) -> Request:
    fields = {"name": "x", "scopes": ["tasks:read"], "expires_at": in_hours(100)}
    return _post("tokens", fields | more, world.bob)


def _create_token(world: Scenario) -> str:
    _, path, fields, person, *_ = _new_token(world)
    return f"{path}/{person.post(path, fields).json_body['id']}"


def _as_staff(world: Scenario, method: str, path: str, body: Any = None) -> Request:
    assert make_staff(email=world.ann.email, now=now()) is None
    return (method, f"/api/admin/{path}", body)


def _list_waiting_mails(world: Scenario) -> Request:
    sweep_outbox(now())
    return _as_staff(world, "GET", "mails")


def _list_sent_mails(world: Scenario) -> Request:
    sweep_outbox(now())  # so that the next mail is the newest
    world.ann.post("/api/auth/forgot-password", {"email": world.ann.email})
    sweep_outbox(now())
    return _as_staff(world, "GET", "mails?state=sent&limit=1")


def _create_identity(world: Scenario) -> str:
    identity = build_identity(
        world.bob.id,
        provider="local",
        issuer="https://accounts.example.com",
        subject=str(uuid4()),
        email=world.bob.email,
        now=now(),
    )
    transact(*create_identity_writes(identity))
    return identity.id


def _create_feed(world: Scenario, **fields: Any) -> dict[str, Any]:
    answer = world.ann.post("/api/calendar-feeds", {"name": "Work", **fields})
    feed: dict[str, Any] = answer.json_body
    return feed


def _read_calendar(world: Scenario) -> Request:
    url = _create_feed(world, project=world.full_project)["url"]
    return ("GET", url.removeprefix(settings.API_URL), None, Api(world.client))


def _read_calendar_again(world: Scenario) -> Request:
    request = _read_calendar(world)
    assert world.ann.get(request[1]).status_code == 200
    return request


ACCOUNTS: dict[str, Call] = {
    "`GET /api/notifications`, 25 about a task and its comment": lambda w: _use_inbox(w, "GET", ""),
    "`GET /api/notifications?unread=true`": lambda w: _use_inbox(w, "GET", "?unread=true"),
    "`GET /api/notifications/unread-count`": lambda w: _use_inbox(w, "GET", "/unread-count"),
    "`PUT /api/notifications/{notification_id}/read`": lambda w: _use_inbox(w, "PUT", "/{id}/read"),
    "`POST /api/notifications/read`, 25 unread": lambda w: _use_inbox(w, "POST", "/read"),
    "`POST /api/auth/register`": lambda w: _post(
        "register", {"username": "new", "email": "new@example.com"} | NEW
    ),
    "`POST /api/auth/verify-email`": _verify,
    "`POST /api/auth/resend-verification`": lambda w: _post(
        "resend-verification", {"email": w.ann.email}
    ),
    "`POST /api/auth/forgot-password`": lambda w: _post("forgot-password", {"email": w.ann.email}),
    "`POST /api/auth/forgot-password`, unknown address": lambda w: _post(
        "forgot-password", {"email": UNKNOWN_ADDRESS}
    ),
    "`POST /api/auth/login`": lambda w: _post(
        "login", {"email": w.ann.email, "password": PASSWORD}
    ),
    "`POST /api/auth/login`, wrong password": lambda w: _post(
        "login", {"email": w.ann.email, "password": "wrong"}, None, None, UNAUTHENTICATED
    ),
    "`POST /api/auth/login`, during a block": _login_during_block,
    "`POST /api/auth/refresh`": lambda w: _post("refresh", {"refresh": w.bob.refresh}),
    "... again within 10 seconds": _refresh_again,
    "`POST /api/auth/logout`": lambda w: _post("logout", None, w.new_user()),
    "`POST /api/auth/reset-password`": _reset_password,
    "`POST /api/auth/change-password`": lambda w: _post("change-password", CHANGED, w.new_user()),
    "`POST /api/auth/change-email`": lambda w: _post(
        "change-email", {"email": "next@example.com", "password": PASSWORD}, w.new_user()
    ),
    "`POST /api/auth/confirm-email`": _confirm_address,
    "`GET /api/auth/profile`": lambda w: ("GET", "/api/auth/profile"),
    "`PATCH /api/auth/profile`": lambda w: ("PATCH", "/api/auth/profile", {"display_name": "A"}),
    "... a new username": lambda w: ("PATCH", "/api/auth/profile", {"username": "Ann2"}),
    "`DELETE /api/auth/profile`": lambda w: (
        "DELETE",
        "/api/auth/profile",
        {"password": PASSWORD},
        w.new_user(),
    ),
    "`POST /api/auth/profile/avatar`": lambda w: _post(
        "profile/avatar", {"content_type": "image/png", "size": 9}
    ),
    "`POST .../avatar/{avatar_id}/complete`": _complete_avatar,
    "... replacing another": _complete_avatar,
    "`DELETE /api/auth/profile/avatar`": lambda w: (
        "DELETE",
        "/api/auth/profile/avatar",
        None,
        w.bob,
    ),
    "`GET /api/auth/sessions`": lambda w: ("GET", "/api/auth/sessions"),
    "`DELETE .../sessions/{session_id}`": lambda w: _end_session(*_sign_in_again(w)),
    "`DELETE /api/auth/sessions`, 1 other": lambda w: (
        "DELETE",
        "/api/auth/sessions",
        None,
        _sign_in_again(w)[0],
    ),
    "`POST /api/auth/tokens`": _new_token,
    "`POST /api/auth/tokens`, for 1 project": lambda w: _new_token(w, projects=[w.project]),
    "`GET /api/auth/tokens`": lambda w: ("GET", "/api/auth/tokens"),
    "`DELETE .../tokens/{token_id}`": lambda w: ("DELETE", _create_token(w), None, w.bob),
    "`GET /api/auth/identities`": lambda w: ("GET", "/api/auth/identities", None, w.bob),
    "`DELETE .../identities/{identity_id}`": lambda w: (
        "DELETE",
        f"/api/auth/identities/{_create_identity(w)}",
        None,
        w.bob,
    ),
    "`POST /api/calendar-feeds`": lambda w: (
        "POST",
        "/api/calendar-feeds",
        {"name": "Work"},
        w.bob,
    ),
    "`DELETE /api/calendar-feeds/{feed_id}`": lambda w: (
        "DELETE",
        f"/api/calendar-feeds/{_create_feed(w)['id']}",
    ),
    "`GET /api/calendar-feeds`": lambda w: ("GET", "/api/calendar-feeds", None, w.bob),
    "`GET /api/calendar/{address}`, a project with 60 tasks": _read_calendar,
    "... unchanged within a minute": _read_calendar_again,
    "`GET /api/users`": lambda w: ("GET", f"/api/users?username={w.bob.email.partition('@')[0]}"),
    "`GET /api/admin/users?email=`, 1 found": lambda w: _as_staff(w, "GET", "users?email=ann@"),
    "`GET /api/admin/users`, 2 on the page": lambda w: _as_staff(w, "GET", "users?limit=2"),
    "`PATCH /api/admin/users/{user_id}`": lambda w: _as_staff(
        w, "PATCH", f"users/{w.bob.id}", {"is_disabled": True}
    ),
    "`GET /api/admin/mails`, nothing waits": _list_waiting_mails,
    "`GET /api/admin/mails?state=sent`, 1 sent": _list_sent_mails,
    "`GET /api/auth/audit`, 2 entries": lambda w: ("GET", "/api/auth/audit", None, w.new_user()),
    "`GET /api/admin/audit?subject=`, 2 entries about an account": lambda w: _as_staff(
        w, "GET", f"audit?subject={w.new_user().id}"
    ),
    "`GET /api/admin/audit?actor=`, 1 on the page": lambda w: _as_staff(
        w, "GET", f"audit?actor={w.ann.id}&limit=1"
    ),
    "`GET /api/admin/audit`, 1 on the page": lambda w: _as_staff(w, "GET", "audit?limit=1"),
    "`GET /api/admin/dead-letters`": lambda w: _as_staff(w, "GET", "dead-letters"),
}


def _invite(world: Scenario, person: Person | None = None) -> tuple[str, str]:
    """Invite the person's address, or an unknown one, to a project; return path and id."""
    path = f"/api/projects/{world.shared_project('Apart')}"
    email = person.email if person else UNKNOWN_ADDRESS
    created = world.ann.post(path + "/members", {"email": email}).json_body
    assert created["kind"] == "invitation"
    return f"{path}/invitations/{created['id']}", created["id"]


def _accept_by_token(world: Scenario) -> Request:
    person = world.new_user()
    _invite(world, person)
    token = _token(world.ann, "You are invited", person.email)
    return ("POST", "/api/invitations/accept", {"token": token}, person)


def _answer(world: Scenario, verb: str) -> Request:
    person = world.new_user()
    _, invitation = _invite(world, person)
    return ("POST", f"/api/invitations/{invitation}/{verb}", None, person.verify_address())


def _list_own(world: Scenario) -> Request:
    person = world.new_user()
    _invite(world, person)
    return ("GET", "/api/invitations", None, person.verify_address())


INVITATIONS: dict[str, Call] = {
    "`POST .../members`, an address without account": lambda w: (
        "POST",
        f"/api/projects/{w.project}/members",
        {"email": UNKNOWN_ADDRESS},
    ),
    "... an address with an unverified account": lambda w: (
        "POST",
        f"/api/projects/{w.project}/members",
        {"email": w.new_user().email},
    ),
    "`GET .../invitations`": lambda w: ("GET", _invite(w)[0].rpartition("/")[0]),
    "`POST .../resend`": lambda w: ("POST", _invite(w)[0] + "/resend"),
    "`DELETE .../invitations/{invitation_id}`": lambda w: ("DELETE", _invite(w)[0]),
    "`GET /api/invitations`, 1 invitation": _list_own,
    "`POST /api/invitations/accept`": _accept_by_token,
    "`POST /api/invitations/{invitation_id}/accept`": lambda w: _answer(w, "accept"),
    "`POST /api/invitations/{invitation_id}/decline`": lambda w: _answer(w, "decline"),
}
