"""The complete OpenAPI document."""

import json
import tomllib
from typing import Any

from app import app
from chalicelib.http.problems import FieldProblem
from infra.openapi import errors
from infra.openapi.headers import PARAMETERS, RESPONSE_HEADERS
from infra.openapi.operations import Types, build_operation, list_error_statuses
from infra.openapi.routes import list_routes
from infra.openapi.schemas import build_components, complete_schemas
from infra.openapi.tags import TAGS
from infra.stage import ROOT

_DESCRIPTION = """\
Tasks, projects, users and files of a team. Log in with `POST /api/auth/login` and send the
`access` token of the response as `Authorization: Bearer ...`; scripts use an API token. Errors are
problem details (RFC 9457) with a stable `code`."""
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "The `access` token of a login (valid for ten minutes), or an API token. The listed scope "
        "is the one that an API token needs; operations without a scope accept no API token."
    ),
}


def build_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the app's routes."""
    routes = sorted(list_routes(app), key=lambda route: (route.path, route.method))
    kinds = [kind for route in routes for kind in route.types]
    types = Types(*build_components([*kinds, FieldProblem]))
    bodies, queries = {route.body for route in routes}, {route.query for route in routes}
    complete_schemas(
        bodies=[types.schemas[kind] for kind in kinds if kind in bodies],
        queries=[types.schemas[kind] for kind in kinds if kind in queries],
        responses=[types.schemas[kind] for kind in kinds if kind not in bodies | queries],
        named=types.named,
    )
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = build_operation(route, types)
    statuses = {status for route in routes for status in list_error_statuses(route)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Task Manager API",
            "version": _read_version(),
            "description": _DESCRIPTION,
        },
        "servers": [{"url": "/", "description": "The server of this document"}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS],
        "paths": paths,
        "components": _build_components(types, statuses),
    }


def _read_version() -> str:
    """Return the version of the product, which is that of its clients, too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def serialize(document: dict[str, Any]) -> str:
    """Return the document as JSON text."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _build_components(types: Types, statuses: set[int]) -> dict[str, Any]:
    used = {name: schema for name, schema in types.named.items() if not name.endswith("Query")}
    return {
        "securitySchemes": {"bearer": _BEARER},
        "parameters": PARAMETERS,
        "headers": RESPONSE_HEADERS,
        "responses": errors.build_responses(statuses),
        "schemas": {**errors.build_schemas(statuses), **used},
    }
