from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import Client

from tests.support import PASSWORD, Api, Person, error_locations, in_hours

ALL_SCOPES = [
    "account:read",
    "audit:read",
    "projects:read",
    "projects:write",
    "tasks:read",
    "tasks:write",
]


def _create_token(person: Person, **changes: Any) -> Any:
    body = {"name": "CI", "scopes": ALL_SCOPES, "expires_at": in_hours(24), **changes}
    return person.post("/api/auth/tokens", body)


def test_a_token_is_shown_once_and_acts_for_its_owner(client: Client, ann: Person) -> None:
    created = _create_token(ann).json_body
    assert created["token"].startswith("tmk_")
    (listed,) = ann.get("/api/auth/tokens").json_body["items"]
    assert "token" not in listed and listed["id"] == created["id"]
    assert Api(client, created["token"]).get("/api/auth/profile").json_body["id"] == ann.id


def test_the_last_use_is_recorded_at_most_once_a_minute(ann: Person) -> None:
    bot = ann.use_token(*ALL_SCOPES)
    bot.get("/api/projects")
    (listed,) = ann.get("/api/auth/tokens").json_body["items"]
    assert listed["last_used_at"] is not None
    bot.get("/api/projects")
    assert ann.get("/api/auth/tokens").json_body["items"] == [listed]


CALLS = [
    ("account:read", "GET", "/api/auth/profile", None),
    ("account:read", "GET", "/api/users?email=ann@example.com", None),
    ("projects:read", "GET", "/api/projects", None),
    ("projects:read", "GET", "/api/projects/{project}", None),
    ("projects:write", "POST", "/api/projects", {"name": "x"}),
    ("projects:write", "POST", "/api/projects/{project}/members", {"email": "no@example.com"}),
    ("tasks:read", "GET", "/api/tasks?project={project}", None),
    ("tasks:read", "GET", "/api/tasks/{task}", None),
    ("tasks:write", "POST", "/api/tasks", {"project": "{project}", "title": "x"}),
    ("tasks:write", "PATCH", "/api/tasks/{task}", {"title": "y"}),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), CALLS)
def test_a_token_does_what_its_scopes_say_and_no_more(
    ann: Person, scope: str, method: str, path: str, body: Any
) -> None:
    project = ann.create_project()
    names = {"project": project, "task": ann.create_task(project)["id"]}
    path = path.format(**names)
    body = body and {name: value.format(**names) for name, value in body.items()}
    others = [other for other in ALL_SCOPES if other != scope]
    refused = ann.use_token(*others).call(method, path, body)
    assert (refused.status_code, refused.json_body["code"]) == (403, "scope_missing")
    assert scope in refused.json_body["detail"]
    assert ann.use_token(scope).call(method, path, body).status_code in (
        200,
        201,
        422,
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/auth/profile"),
        ("DELETE", "/api/auth/profile"),
        ("GET", "/api/auth/sessions"),
        ("GET", "/api/auth/tokens"),
        ("POST", "/api/auth/logout"),
        ("GET", "/api/admin/users"),
    ],
)
def test_a_token_cannot_manage_the_account(ann: Person, method: str, path: str) -> None:
    answer = ann.use_token(*ALL_SCOPES).call(method, path, {} if method == "PATCH" else None)
    assert answer.status_code == 403


def test_a_token_limited_to_a_project_sees_no_other(ann: Person) -> None:
    allowed, other = ann.create_project(), ann.create_project()
    task = ann.create_task(other, assigned_to=ann.id)
    bot = ann.use_token(*ALL_SCOPES, projects=[allowed])
    assert [p["id"] for p in bot.get("/api/projects").json_body["items"]] == [allowed]
    assert bot.get(f"/api/projects/{allowed}").status_code == 200
    for path in (f"projects/{other}", f"tasks/{task['id']}", f"tasks?project={other}"):
        assert bot.get(f"/api/{path}").status_code == 404
    assert bot.get("/api/tasks?assigned_to=me").json_body["items"] == []
    assert bot.post("/api/projects", {"name": "x"}).status_code == 403


def test_a_token_has_no_more_rights_than_its_owner(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, "viewer")
    bot = bob.use_token(*ALL_SCOPES, projects=[project])
    assert bot.get(f"/api/tasks?project={project}").status_code == 200
    assert bot.post("/api/tasks", {"project": project, "title": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expires_at": in_hours(-1)}, "expires_at"),
        ({"expires_at": in_hours(24 * 367)}, "expires_at"),
        ({"expires_at": None}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"projects": ["01m81ed77eh6xj0yx0x3n4dz2f"]}, "projects"),
        ({"name": ""}, "name"),
    ],
)
def test_an_invalid_token_request_names_the_field(
    ann: Person, changes: dict[str, Any], field: str
) -> None:
    answer = _create_token(ann, **changes)
    assert (answer.status_code, error_locations(answer)) == (422, [field])


def test_a_deleted_token_is_refused_at_the_next_request(client: Client, ann: Person) -> None:
    created = _create_token(ann).json_body
    path = f"/api/auth/tokens/{created['id']}"
    assert ann.call("DELETE", path).status_code == 204
    assert Api(client, created["token"]).get("/api/projects").status_code == 401
    assert ann.call("DELETE", path).status_code == 404


def test_a_token_of_another_user_cannot_be_deleted(
    client: Client, ann: Person, bob: Person
) -> None:
    created = _create_token(ann).json_body
    assert bob.call("DELETE", f"/api/auth/tokens/{created['id']}").status_code == 404
    assert Api(client, created["token"]).get("/api/projects").status_code == 200


def test_an_expired_token_is_refused(ann: Person, wait: Any) -> None:
    bot = ann.use_token(*ALL_SCOPES, expires_at=in_hours(1))
    wait(hours=2)
    assert bot.get("/api/projects").status_code == 401


def test_a_password_change_ends_every_token(ann: Person) -> None:
    bot = ann.use_token(*ALL_SCOPES)
    new = {"new_password": "another horse", "new_password_confirm": "another horse"}
    ann.post("/api/auth/change-password", {"password": PASSWORD, **new})
    assert bot.get("/api/projects").status_code == 401


def test_a_token_with_any_changed_character_is_refused(client: Client, ann: Person) -> None:
    token = _create_token(ann).json_body["token"]
    for position in range(len(token)):
        other = "0" if token[position] != "0" else "1"
        forged = token[:position] + other + token[position + 1 :]
        assert Api(client, forged).get("/api/projects").status_code == 401, position


def test_a_repeated_request_returns_the_same_token(client: Client, ann: Person) -> None:
    body = {"name": "CI", "scopes": ["tasks:read"], "expires_at": in_hours(24)}
    headers = {"Idempotency-Key": "k"}
    first, again = (ann.post("/api/auth/tokens", body, headers=headers).json_body for _ in "12")
    assert first == again
    assert len(ann.get("/api/auth/tokens").json_body["items"]) == 1
    assert Api(client, first["token"]).get("/api/projects").status_code == 403


def test_a_repeated_request_after_a_new_signing_key_is_refused(
    ann: Person, set_signing_keys: Callable[..., None]
) -> None:
    """The secret is derived from the signing key, so it cannot be shown again."""
    body = {"name": "CI", "scopes": ["tasks:read"], "expires_at": in_hours(24)}
    headers = {"Idempotency-Key": "k"}
    first = ann.post("/api/auth/tokens", body, headers=headers)
    set_signing_keys(active="k2", k1="s" * 64, k2="t" * 64)
    again = ann.post("/api/auth/tokens", body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 409)


def test_tokens_of_different_requests_have_different_secrets(ann: Person) -> None:
    body = {"name": "CI", "scopes": ["tasks:read"], "expires_at": in_hours(24)}
    tokens = [
        ann.post("/api/auth/tokens", body, headers={"Idempotency-Key": key}).json_body["token"]
        for key in "kl"
    ]
    assert len({token.rpartition("_")[2] for token in tokens}) == 2
