"""The access matrix: every route, called by every kind of caller for every kind of target.

It is generated from the routes, the types of their bodies and the permission table. An allowed
action succeeds; an action that the role does not allow gives 403; a target that the caller cannot
access gives 404, byte for byte the response for a target that does not exist. A refused request
changes nothing, and an administrative change has an entry in the audit log.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from chalice.test import Client
from msgspec import Struct

from app import app
from chalicelib.access.permissions import PERMISSIONS, Action, Permission
from chalicelib.task_lists.schemas import TaskFilter
from tests.access_fixtures import CALLERS, AccessScenario, Ids, Target, unknown_ids
from tests.audit.audited_routes import find_missing_entry
from tests.moto_stack import create_stack
from tests.samples import IdField, build_sample, find_id_fields

# Idempotent: it also succeeds for a user caller is not a member.
REPEATABLE = {"DELETE /api/projects/{project_id}/members/{user_id}"}


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    action: Action
    body: type[Struct] | None
    query: type[Struct] | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def permission(self) -> Permission:
        return PERMISSIONS[self.action]

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def models(self) -> list[type[Struct]]:
        return [model for model in (self.body, self.query) if model is not None]

    @property
    def target_kind(self) -> str:
        """The kind of target that the access check authorizes: `task`, `project`, or neither."""
        if "task_id" in self.parameters:
            return "task"
        named = any("project" in model.__struct_fields__ for model in self.models)
        return "project" if "project_id" in self.parameters or named else ""

    @property
    def children(self) -> list[str]:
        """The other path parameters, which name child items of the target."""
        return [name for name in self.parameters if name != f"{self.target_kind}_id"]


@dataclass(frozen=True)
class VisibleResponse:
    """The visible parts of a response, without those that differ in every response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


ROUTES = [
    Route(method, path, entry.view_function.action, view.body, view.query)
    for path, methods in app.routes.items()
    for method, entry in methods.items()
    if method not in {"HEAD", "OPTIONS"} and (view := entry.view_function)
]


@pytest.fixture(scope="module")
def scenario(emulator: None) -> Iterator[AccessScenario]:
    create_stack()
    with Client(app) as client:
        scenario = AccessScenario(client)
        yield scenario
        scenario.close()


class RouteCalls:
    """Calls one route as different callers, for different targets."""

    def __init__(self, scenario: AccessScenario, route: Route) -> None:
        self.scenario = scenario
        self.route = route

    def call(
        self,
        caller: str,
        ids: Ids,
        child: Ids | None = None,
        id_field: IdField | None = None,
        value: str = "",
    ) -> VisibleResponse:
        """Call the route as `caller` with the ids in `things`, and return the response.

        `child` replaces some ids of the path; `value` is put at `place` in the body or query.
        Changes are reverted afterwards, and a refused request must not have made any.
        """
        known = self.scenario.personal.get(caller, self.scenario.personal["owner"]) | ids
        end = self.route.path.rpartition("/")[2]
        for name in self.route.parameters:
            assert name in known, f"tests/access_fixtures.py has no value for {{{name}}}"
            own = known.get(f"{name} of {caller} at {end}") or known.get(f"{name} of {caller}")
            known[name] = own or known[name]
        known |= child or {}
        path = self.route.path.format(**known)
        query = self._sample(self.route.query, known, id_field, value)
        body = self._sample(self.route.body, known, id_field, value)
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        answer = self.scenario.api(caller).call(self.route.method, address, body)
        changed = self.scenario.restore()
        assert answer.status_code < 400 or not changed, (caller, address, answer.body, changed)
        assert (wrong := find_missing_entry(str(self.route), changed)) is None, (wrong, address)
        return _visible(answer, id_field and value)

    def _sample(
        self,
        model: type[Struct] | None,
        known: dict[str, str],
        id_field: IdField | None,
        value: str,
    ) -> dict[str, Any] | None:
        if model is None:
            return None
        fields = build_sample(model, known)
        project = "project" in model.__struct_fields__ and "project_id" not in self.route.parameters
        if project and self.route.target_kind == "project":
            fields |= {"project": known["project_id"]}
        is_in_model = id_field is not None and id_field in find_id_fields(model)
        return id_field.fill(fields, value, known) if id_field and is_in_model else fields


def _visible(answer: Any, value: str | None) -> VisibleResponse:
    headers = {name.lower(): str(text) for name, text in answer.headers.items()}
    request_id = headers.pop("x-request-id", "-")
    body = answer.body.decode().replace(request_id, "<request>")
    if value:
        body = body.replace(value, "<id>")
    return VisibleResponse(answer.status_code, tuple(sorted(headers.items())), body)


def expected(route: Route, caller: str, target: Target) -> int | None:
    """Return the error status that the permission table requires; None if it allows the action."""
    permission, role = route.permission, target.roles.get(caller)
    if caller == "anonymous":
        return 401
    if role is None or (target.state == "trashed project" and not permission.trashed_project):
        return 404
    if role not in permission.roles:
        return 403
    if target.state == "archived" and not permission.archived:
        return 409
    if target.state == "missing" or (
        target.state == "trashed task" and not permission.trashed_task
    ):
        return 404
    return None


def _require_allowed(answer: VisibleResponse, context: Any) -> None:
    assert answer.status not in {401, 403, 404} and answer.status < 500, (context, answer)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_route_allows_what_the_permission_table_allows(
    scenario: AccessScenario, route: Route
) -> None:
    calls = RouteCalls(scenario, route)
    if route.target_kind:
        _check_targets(calls)
    elif route.action is not Action.PUBLIC:
        _check_account(calls)
    else:
        for caller in ("anonymous", "outsider"):
            _require_allowed(calls.call(caller, {}), caller)


def _check_targets(calls: RouteCalls) -> None:
    scenario, route = calls.scenario, calls.route
    for caller in CALLERS:
        missing = calls.call(caller, unknown_ids(scenario.own))
        for target in scenario.list_targets(route.target_kind):
            answer, refusal = calls.call(caller, target.ids), expected(route, caller, target)
            if refusal is None:
                _require_allowed(answer, (caller, target.name))
            else:
                assert answer.status == refusal, (caller, target.name, answer)
            if refusal in {401, 404}:
                assert answer == missing, (caller, target.name)
            if refusal is None and target.name == "own":
                _check_children(calls, caller, scenario.own)
                _check_ids(calls, caller, scenario.own)


def _check_account(calls: RouteCalls) -> None:
    scenario, route = calls.scenario, calls.route
    for caller in CALLERS:
        own = scenario.personal.get(caller, scenario.personal["owner"])
        answer = calls.call(caller, own)
        if caller == "anonymous":
            assert answer.status == 401, answer
        elif route.permission.staff and caller != "staff":
            assert answer.status == 403, (caller, answer)
        else:
            _require_allowed(answer, caller)
            if not route.permission.staff:
                _check_children(calls, caller, own)
                _check_ids(calls, caller, own)


def _check_children(calls: RouteCalls, caller: str, parent: dict[str, str]) -> None:
    """A child item of another parent gets the response for an item that does not exist."""
    scenario = calls.scenario
    for name in calls.route.children:
        missing = calls.call(caller, parent, {name: unknown_ids(parent)[name]})
        foreign = scenario.foreign if calls.route.target_kind else scenario.personal["stranger"]
        values = [foreign[name], parent.get(f"{name} of another parent"), "nonsense"]
        if calls.route.target_kind == "project":
            values.append(scenario.other[name])
        for value in filter(None, values):
            answer = calls.call(caller, parent, {name: value})
            if value != "nonsense" or str(calls.route) not in REPEATABLE:
                assert answer == missing, (caller, name, value)
        assert missing.status == 404 or str(calls.route) in REPEATABLE, (caller, name, missing)


def _check_ids(calls: RouteCalls, caller: str, parent: dict[str, str]) -> None:
    """An inaccessible id in a body or query gets the response for an id that does not exist."""
    scenario = calls.scenario
    for id_field in (
        id_field for model in calls.route.models for id_field in find_id_fields(model)
    ):
        if id_field.path == ("project",) and calls.route.target_kind == "project":
            continue  # the target itself, which `_check_targets` covers
        if TaskFilter in id_field.path:
            continue  # a view stores the filter, and the list that applies it checks the ids
        foreign = scenario.foreign[id_field.kind]
        missing = calls.call(
            caller, parent, None, id_field, unknown_ids(scenario.own)[id_field.kind]
        )
        answer = calls.call(caller, parent, None, id_field, foreign)
        assert answer == missing, (caller, id_field, foreign)
        assert answer.status >= 400 or _can_hide_item(calls.route, id_field), (
            caller,
            id_field,
            answer,
        )


def _can_hide_item(route: Route, id_field: IdField) -> bool:
    """Return whether the route can answer 200 without showing the item.

    It can for a filter that matches nothing, and for one of several results.
    """
    in_query = route.query is not None and id_field in find_id_fields(route.query)
    return in_query or route.path == "/api/tasks/bulk"


def test_the_matrix_covers_all_kinds_of_targets() -> None:
    assert {route.target_kind for route in ROUTES} == {"", "project", "task"}
    assert json.dumps([str(route) for route in ROUTES]).count("{task_id}") > 10
