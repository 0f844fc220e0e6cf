"""Every route refuses ended sessions, fields that only the service sets, and changed cursors."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client

from app import app
from chalicelib.access.permissions import Action
from chalicelib.accounts.staff import make_staff
from chalicelib.dynamodb.ids import new_id, new_task_id
from infra.openapi.routes import Route, list_routes
from tests.samples import build_sample
from tests.support import PASSWORD, Person, error_locations, sign_up

ROUTES = list_routes(app)
GUARDED = [route for route in ROUTES if route.action is not Action.PUBLIC]
WITH_BODY = [route for route in ROUTES if route.body is not None]
IDS = dict.fromkeys(("project_id", "task_id", "user_id", "label_id", "refresh"), "nonsense")
MOMENT = datetime.now(UTC)
VALID_IDS = {
    name: new_id(MOMENT)
    for name in re.findall(r"{(\w+)}", " ".join(route.path for route in ROUTES))
}
VALID_IDS |= {"task_id": new_task_id(new_id(MOMENT), MOMENT), "refresh": "nonsense"}
NEW_PASSWORD = "another correct horse"
# What only the service sets, of any entity.
SERVICE_FIELDS = {
    "access",
    "attempts",
    "caller",
    "completed_at",
    "created_at",
    "created_by",
    "digest",
    "disabled_at",
    "epoch",
    "is_verified",
    "members_count",
    "my_role",
    "object_key",
    "outcome",
    "owner_id",
    "password_hash",
    "PK",
    "SK",
    "updated_at",
    "uploaded_by",
    "version",
    "wake_at",
}

Report = Callable[[str, object], None]


def _path(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "")


def _call(person: Person, route: Route) -> Any:
    """Call a route with a valid request: an invalid one is refused before the session is read."""
    path = re.sub(r"{(\w+)}", lambda name: VALID_IDS[name[1]], route.path)
    query = build_sample(route.query, VALID_IDS) if route.query else {}
    body = build_sample(route.body, VALID_IDS) if route.body else None
    return person.call(
        route.method, f"{path}?{urlencode(query, doseq=True)}" if query else path, body
    )


def _log_out(client: Client, person: Person) -> None:
    assert person.post("/api/auth/logout").status_code == 204


def _change_password_elsewhere(client: Client, person: Person) -> None:
    body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
    body |= {"new_password_confirm": NEW_PASSWORD}
    elsewhere = sign_up(client, person.email.partition("@")[0])
    assert elsewhere.post("/api/auth/change-password", body).status_code == 204


def _disable(client: Client, person: Person) -> None:
    chief = sign_up(client, "chief")
    make_staff(email=chief.email, now=datetime.now(UTC))
    answer = chief.patch(f"/api/admin/users/{person.id}", {"is_disabled": True})
    assert answer.status_code == 200, answer.json_body


@pytest.mark.parametrize("end", [_log_out, _change_password_elsewhere, _disable])
def test_an_ended_session_is_refused_by_every_route(
    client: Client, ann: Person, end: Callable[..., None], record_property: Report
) -> None:
    assert ann.get("/api/auth/profile").status_code == 200
    end(client, ann)
    answers = {route.name: _call(ann, route).status_code for route in GUARDED}
    assert {name: status for name, status in answers.items() if status != 401} == {}
    record_property("cases", len(answers))


def test_every_body_refuses_fields_of_the_service(ann: Person, record_property: Report) -> None:
    cases = 0
    for route in WITH_BODY:
        known = _list_fields(route.body)
        body = build_sample(route.body, IDS) | {name: "x" for name in SERVICE_FIELDS - known}
        answer = ann.call(route.method, _path(route), body)
        assert answer.status_code == 422, (route.name, answer.json_body)
        assert set(error_locations(answer)) >= SERVICE_FIELDS - known, route.name
        cases += len(SERVICE_FIELDS - known)
    record_property("cases", cases)


def _list_fields(body: type) -> set[str]:
    return set(getattr(body, "__struct_encode_fields__", ()))


def test_a_cursor_with_any_changed_byte_is_refused(ann: Person, record_property: Report) -> None:
    project = ann.create_project()
    for _ in range(2):
        ann.create_task(project)
    path = f"/api/tasks?project={project}&limit=1"
    cursor = ann.get(path).json_body["next_cursor"]
    assert ann.get(f"{path}&cursor={cursor}").status_code == 200
    changed = [
        cursor[:index] + other + cursor[index + 1 :]
        for index, character in enumerate(cursor)
        for other in ("A", "b", "_")
        if other != character
    ]
    changed += [cursor[:-1], cursor + "A", cursor[1:], cursor * 2, "x", ""]
    for each in changed:
        answer = ann.get(f"{path}&cursor={each}")
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor"), each
    record_property("cases", len(changed))


def test_a_cursor_of_a_removed_member_is_refused(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    for _ in range(2):
        ann.create_task(project)
    path = f"/api/tasks?project={project}&limit=1"
    cursor = bob.get(path).json_body["next_cursor"]
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(f"{path}&cursor={cursor}").status_code == 404
