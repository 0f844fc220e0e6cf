"""OpenAPI operations: one for each route."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.access.permissions import Action
from infra.openapi import route_docs
from infra.openapi.errors import get_error_name
from infra.openapi.examples import build_example
from infra.openapi.headers import RATE_LIMIT_HEADERS, build_reference
from infra.openapi.routes import Route
from infra.openapi.schemas import Schema, get_properties, get_required

_COMMON_ERRORS = {400, 429, 500, 503, 504}
_AUTHENTICATION_ERRORS = {401, 403}
_BODY_ERRORS = {413, 415, 422}
_PATH_DESCRIPTIONS = {"task_id": {"description": "The task's id, or its key, such as `LAUNCH-12`."}}


@dataclass(frozen=True)
class Types:
    """The schemas of the routes' types, and the named schemas that they reference."""

    schemas: dict[Any, Schema]
    named: dict[str, Schema]


def build_operation(route: Route, types: Types) -> dict[str, Any]:
    """Return the OpenAPI operation of `route`."""
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "description": route_docs.get_description(route.name),
        "tags": [route.tag],
        "parameters": list(_build_parameters(route, types)),
        "security": _build_security(route),
        "responses": _build_responses(route, types),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": route.requires_body,
            "content": _build_content("application/json", route.body, types),
        }
    return operation


def list_error_statuses(route: Route) -> set[int]:
    """Return the error statuses that the declaration implies and that `docs/api.md` mentions."""
    statuses = _COMMON_ERRORS | route_docs.find_error_statuses(route.name)
    if route.action is not Action.PUBLIC:
        statuses |= _AUTHENTICATION_ERRORS
    if route.body is not None:
        statuses |= _BODY_ERRORS
    if "{" in route.path or _has_project_field(route):
        statuses |= {404}
        statuses |= {409} if route.rule.roles and not route.rule.archived else set()
    if "{task_id}" in route.path:  # a key such as WELC-2 can match two tasks
        statuses |= {409}
    headers = [each["$ref"].rpartition("/")[2] for each in _build_header_parameters(route)]
    statuses |= {412} if "IfMatch" in headers else set()
    statuses |= {422} if "IdempotencyKey" in headers else set()
    return statuses


def _has_project_field(route: Route) -> bool:
    types = [kind for kind in (route.body, route.query) if kind is not None]
    return any("project" in kind.__struct_fields__ for kind in types)


def _build_security(route: Route) -> list[dict[str, list[str]]]:
    if route.action is Action.PUBLIC:
        return []
    return [{"bearer": [str(route.rule.scope)] if route.rule.scope else []}]


def _build_parameters(route: Route, types: Types) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        yield parameter | _PATH_DESCRIPTIONS.get(name, {})
    if route.query is not None:
        schema = types.schemas[route.query]
        required = get_required(schema, types.named)
        for name, field in get_properties(schema, types.named).items():
            needed = {"name": name, "in": "query", "required": name in required}
            # The values of a list stand in one parameter, separated by commas.
            style = {"style": "form", "explode": False} if field.get("type") == "array" else {}
            yield {**needed, **style, "schema": _remove_null(field)}
    yield from _build_header_parameters(route)


def _remove_null(field: Schema) -> Schema:
    """Return the schema without null: an optional query parameter is omitted, never null."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else field


def _build_header_parameters(route: Route) -> Iterator[dict[str, str]]:
    sentence = route_docs.get_first_sentence(route.name)
    if "`Idempotency-Key`" in sentence:
        yield build_reference("parameters", "IdempotencyKey")
    if "`If-Match`" in sentence:
        yield build_reference("parameters", "IfMatch")
    if _can_be_unmodified(route):
        yield build_reference("parameters", "IfNoneMatch")
    if _has_date(route):
        yield build_reference("parameters", "IfModifiedSince")


def _can_be_unmodified(route: Route) -> bool:
    """Return whether the route can answer 304 Not Modified."""
    return route.method == "GET" and "304" in route_docs.get_description(route.name)


def _has_etag(route: Route, types: Types) -> bool:
    if route.returns is None or route.method == "GET":
        return _can_be_unmodified(route)
    schema = types.schemas[route.returns]
    kinds = schema.get("anyOf", [schema])
    return all("version" in get_properties(kind, types.named) for kind in kinds)


def _has_date(route: Route) -> bool:
    """Return whether the responses of the route have a `Last-Modified` header."""
    return "`Last-Modified`" in route_docs.get_description(route.name)


def _build_responses(route: Route, types: Types) -> dict[str, Any]:
    responses: dict[str, Any] = {str(route.status): _build_success(route, types)}
    if _can_be_unmodified(route):
        validators = ["ETag", "Last-Modified"] if _has_date(route) else ["ETag"]
        names = ("X-Request-Id", "Cache-Control", *validators, *RATE_LIMIT_HEADERS)
        headers = _reference_headers(*names)
        responses["304"] = {"description": "Your copy is up to date.", "headers": headers}
    if "{task_id}" in route.path:
        headers = _reference_headers("X-Request-Id", "Location", *RATE_LIMIT_HEADERS)
        description = "The task was moved to another project; `Location` has its new id."
        responses["308"] = {"description": description, "headers": headers}
    for status in sorted(list_error_statuses(route)):
        responses[str(status)] = build_reference("responses", get_error_name(status))
    return responses


def _build_success(route: Route, types: Types) -> dict[str, Any]:
    description = route_docs.get_description(route.name)
    names = ["X-Request-Id", "Cache-Control", *RATE_LIMIT_HEADERS]
    names += ["ETag"] if _has_etag(route, types) else []
    names += ["Last-Modified"] if _has_date(route) else []
    names += ["Location"] if route.status == 201 or "`Location`" in description else []
    response: dict[str, Any] = {"description": "Success.", "headers": _reference_headers(*names)}
    if route.returns is not None:
        response["content"] = _build_content(route.media, route.returns, types)
    return response


def _reference_headers(*names: str) -> dict[str, dict[str, str]]:
    return {name: build_reference("headers", name) for name in names}


def _build_content(media: str, kind: Any, types: Types) -> dict[str, Any]:
    schema = types.schemas[kind]
    return {media: {"schema": schema, "example": build_example(schema, types.named)}}
