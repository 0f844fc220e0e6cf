"""Operations: one for each route, from what `gate.route` was told."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice

from chalicelib.domain.access import PERMISSIONS, Action, Rule
from infra.openapi import examples, failures, prose
from infra.openapi.headers import LIMITS, reference
from infra.openapi.schemas import Schema, alternatives, properties, required

_ALWAYS = {400, 429, 500, 503, 504}
_NEEDS_CALLER = {401, 403}
_HAS_BODY = {413, 415, 422}
_DESCRIBED = {"task_id": {"description": "The task's id, or its key, such as `LAUNCH-12`."}}


@dataclass(frozen=True)
class Types:
    """The schemas of all types that routes name."""

    schemas: dict[Any, Schema]
    named: dict[str, Schema]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    view: Callable[..., Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def noun(self) -> str:
        return self.view.__module__.rpartition(".")[2]

    @property
    def tag(self) -> str:
        return self.noun.replace("_", " ")

    @property
    def about_tag(self) -> str:
        """What the noun's module begins with."""
        first, _, _ = str(sys.modules[self.view.__module__].__doc__).partition("\n\n")
        return " ".join(first.split())

    @property
    def action(self) -> Action:
        return Action(self._declared("action"))

    @property
    def rule(self) -> Rule:
        return PERMISSIONS[self.action]

    @property
    def body(self) -> Any:
        return self._declared("body")

    @property
    def query(self) -> Any:
        return self._declared("query")

    @property
    def gives(self) -> Any:
        return self._declared("gives")

    @property
    def media(self) -> str:
        return str(self._declared("media"))

    @property
    def status(self) -> int:
        return int(self._declared("status"))

    def _declared(self, name: str) -> Any:
        return getattr(self.view, name)

    @property
    def types(self) -> Iterator[Any]:
        taken = (self.body, self.query, *alternatives(self.gives))
        return (each for each in taken if each is not None)


def routes(app: Chalice) -> list[Route]:
    """All routes but the preflights."""
    return [
        Route(method, path, entry.view_function)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if method != "OPTIONS"
    ]


def operation(route: Route, types: Types) -> dict[str, Any]:
    described = prose.description(route.name)
    found: dict[str, Any] = {
        "operationId": f"{route.noun}_{route.view.__name__}",
        "summary": route.view.__name__.replace("_", " ").capitalize(),
        "description": described,
        "tags": [route.tag],
        "parameters": list(_parameters(route, types)),
        "security": _security(route),
        "responses": _responses(route, types),
    }
    if route.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": _content("application/json", route.body, types),
        }
    return found


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.action is Action.ENTER:
        return []
    return [{"bearer": [str(route.rule.scope)] if route.rule.scope else []}]


def _parameters(route: Route, types: Types) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        found = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        yield found | _DESCRIBED.get(name, {})
    if route.query is not None:
        yield from _query(types.schemas[route.query], types)
    yield from _conditions(route)


def _query(schema: Schema, types: Types) -> Iterator[dict[str, Any]]:
    needed = required(schema, types.named)
    for name, field in properties(schema, types.named).items():
        yield {"name": name, "in": "query", "required": name in needed, "schema": _given(field)}


def _given(field: Schema) -> Schema:
    """A parameter that may be left out is never sent as null."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else field


def _conditions(route: Route) -> Iterator[dict[str, str]]:
    begins = prose.first_sentence(route.name)
    if "`Idempotency-Key`" in begins:
        yield reference("parameters", "IdempotencyKey")
    if "`If-Match`" in begins:
        yield reference("parameters", "IfMatch")
    if is_conditional(route):
        yield reference("parameters", "IfNoneMatch")


def is_conditional(route: Route) -> bool:
    """Whether it answers 304 to a client that has the answer already."""
    return route.method == "GET" and "304" in prose.description(route.name)


def has_etag(route: Route, types: Types) -> bool:
    if route.gives is None or route.method == "GET":
        return is_conditional(route)
    kinds = [types.schemas[each] for each in alternatives(route.gives)]
    return all("version" in properties(kind, types.named) for kind in kinds)


def _responses(route: Route, types: Types) -> dict[str, Any]:
    found: dict[str, Any] = {str(route.status): _success(route, types)}
    if is_conditional(route):
        headers = _headers("X-Request-Id", "Cache-Control", "ETag", *LIMITS)
        found["304"] = {"description": "What you have is still right.", "headers": headers}
    for status in sorted(failures_of(route)):
        found[str(status)] = reference("responses", failures.name_of(status))
    return found


def _success(route: Route, types: Types) -> dict[str, Any]:
    names = ["X-Request-Id", "Cache-Control", *LIMITS]
    names += ["ETag"] if has_etag(route, types) else []
    names += ["Location"] if _tells_location(route) else []
    found: dict[str, Any] = {"description": "Done.", "headers": _headers(*names)}
    if route.gives is not None:
        found["content"] = _content(route.media, route.gives, types)
    return found


def _tells_location(route: Route) -> bool:
    return route.status == 201 or "`Location`" in prose.description(route.name)


def _headers(*names: str) -> dict[str, dict[str, str]]:
    return {name: reference("headers", name) for name in names}


def _content(media: str, kind: Any, types: Types) -> dict[str, Any]:
    kinds = [types.schemas[each] for each in alternatives(kind)]
    schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return {media: {"schema": schema, "example": examples.of(schema, types.named)}}


def failures_of(route: Route) -> set[int]:
    """What the declaration implies, and what `docs/api.md` adds."""
    found = _ALWAYS | prose.statuses(route.name)
    if route.action is not Action.ENTER:
        found |= _NEEDS_CALLER
    if route.body is not None:
        found |= _HAS_BODY
    if "{" in route.path or _names_project(route):
        found |= {404}
        found |= {409} if route.rule.roles and not route.rule.archived else set()
    if "{task_id}" in route.path:  # a key such as WELC-2 can be that of two tasks
        found |= {409}
    if any("IfMatch" in each["$ref"] for each in _conditions(route)):
        found |= {412}
    if any("IdempotencyKey" in each["$ref"] for each in _conditions(route)):
        found |= {422}
    return found


def _names_project(route: Route) -> bool:
    taken = (route.body, route.query)
    return any("project" in kind.__struct_fields__ for kind in taken if kind is not None)
