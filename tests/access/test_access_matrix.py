"""Every route x every caller x every target, generated from the routes, the types of their bodies
and the table of permissions.

What a role may do is done; what it may not is 403; what is not there for the caller is 404, byte
for byte the answer for what does not exist at all; and no refusal changes anything.
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
from tests.access_fixtures import CALLERS, Target, Things, World, unknown
from tests.samples import Place, ids_in, sample
from tests.support import make_cloud

# Removing a member again is no failure, nor is removing somebody who never was one.
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
    def rule(self) -> Permission:
        return PERMISSIONS[self.action]

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def models(self) -> list[type[Struct]]:
        return [model for model in (self.body, self.query) if model is not None]

    @property
    def door(self) -> str:
        """What the caller must have the right to: `task`, `project`, or nothing but an account."""
        if "task_id" in self.parameters:
            return "task"
        named = any("project" in model.__struct_fields__ for model in self.models)
        return "project" if "project_id" in self.parameters or named else ""

    @property
    def children(self) -> list[str]:
        """The path parameters behind the door."""
        return [name for name in self.parameters if name != f"{self.door}_id"]


@dataclass(frozen=True)
class Answer:
    """What somebody can see of an answer, but for what is new in each."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


ROUTES = [
    Route(method, path, entry.view_function.action, view.body, view.query)
    for path, methods in app.routes.items()
    for method, entry in methods.items()
    if method != "OPTIONS" and (view := entry.view_function)
]


@pytest.fixture(scope="module")
def world(emulator: None) -> Iterator[World]:
    make_cloud()
    with Client(app) as client:
        world = World(client)
        yield world
        world.close()


class Cells:
    """The calls of one route."""

    def __init__(self, world: World, route: Route) -> None:
        self.world = world
        self.route = route

    def call(
        self,
        who: str,
        things: Things,
        child: Things | None = None,
        place: Place | None = None,
        value: str = "",
    ) -> Answer:
        """What `who` gets for the route aimed at `things`, with another `child` or with `value` at
        a place of its body or query. Whatever it changed is taken back, and a refusal has changed
        nothing."""
        known = self.world.personal.get(who, self.world.personal["owner"]) | things
        end = self.route.path.rpartition("/")[2]
        for name in self.route.parameters:
            assert name in known, f"say in tests/access_fixtures.py how to fill {{{name}}}"
            own = known.get(f"{name} of {who} at {end}") or known.get(f"{name} of {who}")
            known[name] = own or known[name]
        known |= child or {}
        path = self.route.path.format(**known)
        query = self._sample(self.route.query, known, place, value)
        body = self._sample(self.route.body, known, place, value)
        address = f"{path}?{urlencode(query)}" if query else path
        answer = self.world.api(who).call(self.route.method, address, body)
        changed = self.world.restore()
        assert answer.status_code < 400 or not changed, (who, address, answer.body, changed)
        return _visible(answer, place and value)

    def _sample(
        self, model: type[Struct] | None, known: dict[str, str], place: Place | None, value: str
    ) -> dict[str, Any] | None:
        if model is None:
            return None
        least = sample(model, known)
        project = "project" in model.__struct_fields__ and "project_id" not in self.route.parameters
        if project and self.route.door == "project":
            least |= {"project": known["project_id"]}
        ours = place is not None and place in ids_in(model)
        return place.filled(least, value, known) if place and ours else least


def _visible(answer: Any, value: str | None) -> Answer:
    headers = {name.lower(): str(text) for name, text in answer.headers.items()}
    request_id = headers.pop("x-request-id", "-")
    body = answer.body.decode().replace(request_id, "<request>")
    if value:
        body = body.replace(value, "<id>")
    return Answer(answer.status_code, tuple(sorted(headers.items())), body)


def expected(route: Route, who: str, target: Target) -> int | None:
    """The status of the refusal that the table of permissions asks for, or None for none."""
    rule, role = route.rule, target.roles.get(who)
    if who == "anonymous":
        return 401
    if role is None or (target.state == "trashed project" and not rule.trashed_project):
        return 404
    if role not in rule.roles:
        return 403
    if target.state == "archived" and not rule.archived:
        return 409
    if target.state == "missing" or (target.state == "trashed task" and not rule.trashed_task):
        return 404
    return None


def _require_allowed(answer: Answer, cell: Any) -> None:
    assert answer.status not in {401, 403, 404} and answer.status < 500, (cell, answer)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_nobody_gets_further_than_the_table_says(world: World, route: Route) -> None:
    cells = Cells(world, route)
    if route.door:
        _check_targets(cells)
    elif route.action is not Action.PUBLIC:
        _check_account(cells)
    else:
        for who in ("anonymous", "outsider"):
            _require_allowed(cells.call(who, {}), who)


def _check_targets(cells: Cells) -> None:
    world, route = cells.world, cells.route
    for who in CALLERS:
        nothing = cells.call(who, unknown(world.own))
        for target in world.targets(route.door):
            answer, refusal = cells.call(who, target.things), expected(route, who, target)
            if refusal is None:
                _require_allowed(answer, (who, target.name))
            else:
                assert answer.status == refusal, (who, target.name, answer)
            if refusal in {401, 404}:
                assert answer == nothing, (who, target.name)
            if refusal is None and target.name == "own":
                _check_children(cells, who, world.own)
                _check_ids(cells, who, world.own)


def _check_account(cells: Cells) -> None:
    world, route = cells.world, cells.route
    for who in CALLERS:
        mine = world.personal.get(who, world.personal["owner"])
        answer = cells.call(who, mine)
        if who == "anonymous":
            assert answer.status == 401, answer
        elif route.rule.staff and who != "staff":
            assert answer.status == 403, (who, answer)
        else:
            _require_allowed(answer, who)
            if not route.rule.staff:
                _check_children(cells, who, mine)
                _check_ids(cells, who, mine)


def _check_children(cells: Cells, who: str, parent: dict[str, str]) -> None:
    """What belongs to another parent, mine or not, is what belongs to none."""
    world = cells.world
    for name in cells.route.children:
        nothing = cells.call(who, parent, {name: unknown(parent)[name]})
        strange = world.foreign if cells.route.door else world.personal["stranger"]
        values = [strange[name], parent.get(f"{name} of another parent"), "nonsense"]
        if cells.route.door == "project":
            values.append(world.sister[name])
        for value in filter(None, values):
            answer = cells.call(who, parent, {name: value})
            if value != "nonsense" or str(cells.route) not in REPEATABLE:
                assert answer == nothing, (who, name, value)
        assert nothing.status == 404 or str(cells.route) in REPEATABLE, (who, name, nothing)


def _check_ids(cells: Cells, who: str, parent: dict[str, str]) -> None:
    """A body or a query that names what is not there for the caller is told nothing of it."""
    world = cells.world
    for place in (place for model in cells.route.models for place in ids_in(model)):
        if place.path == ("project",) and cells.route.door == "project":
            continue  # the door's own: see `_check_targets`
        strange = world.foreign[place.thing]
        nothing = cells.call(who, parent, None, place, unknown(world.own)[place.thing])
        answer = cells.call(who, parent, None, place, strange)
        assert answer == nothing, (who, place, strange)
        assert answer.status >= 400 or _tells_apart(cells.route, place), (who, place, answer)


def _tells_apart(route: Route, place: Place) -> bool:
    """Whether the route answers 200 and shows nothing of the thing: a filter that nothing matches,
    or one result of several."""
    in_query = route.query is not None and place in ids_in(route.query)
    return in_query or route.path == "/api/tasks/bulk"


def test_the_matrix_is_not_empty() -> None:
    assert {route.door for route in ROUTES} == {"", "project", "task"}
    assert json.dumps([str(route) for route in ROUTES]).count("{task_id}") > 10
