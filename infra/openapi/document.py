"""The OpenAPI document as a whole."""

import json
from typing import Any

from app import app
from infra.openapi import failures
from infra.openapi.headers import PARAMETERS, RESPONSE_HEADERS
from infra.openapi.operations import Types, failures_of, operation, routes
from infra.openapi.schemas import components, specify

_ABOUT = """\
Tasks, projects, people and files of a team. Log in with `POST /api/auth/login` and send the
`access` of its answer as `Authorization: Bearer ...`; scripts use an API token. Failures are
problem details (RFC 9457) with a stable `code`."""
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "The `access` of a login (ten minutes), or an API token. The names beside it are the scope "
        "that an API token needs; an operation without one takes no API token."
    ),
}


def document() -> dict[str, Any]:
    """What the running code does, as OpenAPI 3.1."""
    ways = sorted(routes(app), key=lambda route: (route.path, route.method))
    types = Types(*components(kind for route in ways for kind in route.types))
    taken = {each for route in ways for each in (route.body, route.query)}
    specify(
        taken=[schema for kind, schema in types.schemas.items() if kind in taken],
        given=[schema for kind, schema in types.schemas.items() if kind not in taken],
        named=types.named,
    )
    tags = {route.tag: route.about_tag for route in ways}
    statuses = {status for route in ways for status in failures_of(route)}
    paths: dict[str, Any] = {}
    for route in ways:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route, types)
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/", "description": "Where this document came from"}],
        "tags": [{"name": tag, "description": text} for tag, text in tags.items()],
        "paths": paths,
        "components": _components(types, statuses),
    }


def text(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _info() -> dict[str, Any]:
    return {"title": "Task Manager API", "version": "1", "description": _ABOUT}


def _components(types: Types, statuses: set[int]) -> dict[str, Any]:
    used = {name: schema for name, schema in types.named.items() if not name.endswith("Query")}
    return {
        "securitySchemes": {"bearer": _BEARER},
        "parameters": PARAMETERS,
        "headers": RESPONSE_HEADERS,
        "responses": failures.responses(statuses),
        "schemas": {**failures.schemas(statuses), **used},
    }
