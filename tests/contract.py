"""Checks every response that a test receives against `docs/openapi.json`.

A schema has the fields of a response without the parameter `fields`, so that generated clients have
exact types. With the parameter, a response has the fields that it names, and `id`.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import fastjsonschema

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.json"
REF = "#/components/"
# A response may have one of these headers only if the document describes it.
MUST_BE_DESCRIBED = {"etag", "location"}
NARROWED_SCHEMAS = ("TaskCard", "ExpandedTask")
HINT = "run `make openapi` if the code is right"

Json = dict[str, Any]


class ContractViolation(AssertionError):
    """A response that the document does not describe."""


@cache
def load_document() -> Json:
    """Return the OpenAPI document."""
    document: Json = json.loads(DOCUMENT.read_text())
    return document


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Check a response. Raises ContractViolation when the document does not describe it."""
    template = _find_template(urlsplit(path).path.rstrip("/"))
    described_as = "get" if method == "HEAD" else method.lower()
    operation = load_document()["paths"].get(template, {}).get(described_as)
    if operation is None:
        return  # an unknown path or method, or a preflight request
    context = f"{method} {template} answered {status}"
    described = operation["responses"].get(str(status))
    if described is None:
        raise ContractViolation(f"{context}, which the document does not describe; {HINT}")
    names = {name.lower() for name in headers}
    _check_headers(_resolve(described), names, context)
    fields = _get_fields(path)
    _check_body(operation["operationId"], status, headers, body, context, fields)


def _get_fields(path: str) -> tuple[str, ...]:
    """Return the fields that the response should have; none stands for all."""
    sent = parse_qs(urlsplit(path).query).get("fields", [])
    return ("id", *sent[0].split(",")) if sent else ()


def _check_headers(described: Json, names: set[str], context: str) -> None:
    """Check that required headers are there and that described headers are complete."""
    documented = described.get("headers", {})
    required = {
        name.lower() for name, header in documented.items() if _resolve(header).get("required")
    }
    undescribed = MUST_BE_DESCRIBED & names - {name.lower() for name in documented}
    if required - names or undescribed:
        raise ContractViolation(
            f"{context} without {required - names}, with undescribed {undescribed}; {HINT}"
        )


def _check_body(
    operation_id: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    context: str,
    fields: tuple[str, ...],
) -> None:
    sent = {name.lower(): value for name, value in headers.items()}
    validate = _build_validator(operation_id, str(status), sent.get("content-type", ""), fields)
    if validate is None:
        if body:
            content_type = sent.get("content-type")
            raise ContractViolation(f"{context} with a body of {content_type}; {HINT}")
        return
    try:
        validate(json.loads(body) if "json" in headers["content-type"] else body.decode())
    except fastjsonschema.JsonSchemaValueException as error:
        raise ContractViolation(f"{context}: {error.message}; {HINT}") from error


@cache
def _build_validator(
    operation_id: str, status: str, content_type: str, fields: tuple[str, ...]
) -> Callable[[Any], Any] | None:
    """Return the validator of a response body, or None if the document describes no body."""
    content = _resolve(_operations()[operation_id]["responses"][status]).get("content", {})
    described = content.get(content_type) or content.get(f"{content_type.partition('/')[0]}/*")
    if described is None:
        return None
    return _compile(json.dumps(described["schema"]), fields)


@cache
def _compile(schema: str, fields: tuple[str, ...]) -> Callable[[Any], Any]:
    whole = {**json.loads(schema), "definitions": _strict_schemas(fields)}
    text = json.dumps(whole).replace(f"{REF}schemas/", "#/definitions/")
    validate: Callable[[Any], Any] = fastjsonschema.compile(json.loads(text))
    return validate


@cache
def _strict_schemas(fields: tuple[str, ...]) -> Json:
    """Return the schemas of the document, changed so that they allow no other fields.

    With `fields`, the schemas of tasks have these fields only.
    """
    schemas: Json = json.loads(json.dumps(load_document()["components"]["schemas"]))
    for name in NARROWED_SCHEMAS if fields else ():
        schema = schemas[name]
        schema["required"] = [each for each in schema["properties"] if each in fields]
        schema["properties"] = {each: schema["properties"][each] for each in schema["required"]}
    for schema in schemas.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return schemas


@cache
def _operations() -> Json:
    """Return operation id -> operation."""
    methods = (method for path in load_document()["paths"].values() for method in path.values())
    return {operation["operationId"]: operation for operation in methods}


def _resolve(described: Json) -> Json:
    """Return the component that a `$ref` names, or `described` itself."""
    if "$ref" not in described:
        return described
    kind, name = described["$ref"].removeprefix(REF).split("/")
    component: Json = load_document()["components"][kind][name]
    return component


@cache
def _find_template(path: str) -> str:
    """Return the path template of the document that matches `path`, or an empty string."""
    return next((template for pattern, template in _patterns() if pattern.fullmatch(path)), "")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return pattern and template of each path, fixed segments first, as a router does."""
    paths = sorted(load_document()["paths"], key=lambda path: path.replace("{", "~"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in paths]
