"""Holds every answer that a test gets to `docs/openapi.json`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fastjsonschema

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.json"
REF = "#/components/"
# A header of these stands in an answer exactly where the document says so.
TELLING = {"etag", "location"}
MEND = "run `make openapi` if the code is right"

Json = dict[str, Any]


class Untrue(AssertionError):
    """The document does not describe this answer."""


@cache
def document() -> Json:
    found: Json = json.loads(DOCUMENT.read_text())
    return found


def check(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise `Untrue` unless the document describes this answer."""
    template = _template(urlsplit(path).path.rstrip("/"))
    described_as = "get" if method == "HEAD" else method.lower()
    operation = document()["paths"].get(template, {}).get(described_as)
    if operation is None:
        return  # a path or a method that is not there, or a preflight
    where = f"{method} {template} answered {status}"
    described = operation["responses"].get(str(status))
    if described is None:
        raise Untrue(f"{where}, which it does not say; {MEND}")
    there = {name.lower() for name in headers}
    _check_headers(_resolved(described), there, where)
    _check_body(operation["operationId"], status, headers, body, where)


def _check_headers(described: Json, there: set[str], where: str) -> None:
    told = described.get("headers", {})
    needed = {name.lower() for name, each in told.items() if _resolved(each).get("required")}
    undescribed = TELLING & there - {name.lower() for name in told}
    if needed - there or undescribed:
        raise Untrue(f"{where} without {needed - there}, with undescribed {undescribed}; {MEND}")


def _check_body(
    operation_id: str, status: int, headers: Mapping[str, str], body: bytes, where: str
) -> None:
    sent = {name.lower(): value for name, value in headers.items()}
    validate = _validator(operation_id, str(status), sent.get("content-type", ""))
    if validate is None:
        if body:
            raise Untrue(f"{where} with a body of {sent.get('content-type')}; {MEND}")
        return
    try:
        validate(json.loads(body) if "json" in headers["content-type"] else body.decode())
    except fastjsonschema.JsonSchemaValueException as error:
        raise Untrue(f"{where}: {error.message}; {MEND}") from error


@cache
def _validator(operation_id: str, status: str, kind: str) -> Callable[[Any], Any] | None:
    content = _resolved(_operations()[operation_id]["responses"][status]).get("content", {})
    described = content.get(kind) or content.get(f"{kind.partition('/')[0]}/*")
    if described is None:
        return None
    return _compiled(json.dumps(described["schema"]))


@cache
def _compiled(schema: str) -> Callable[[Any], Any]:
    whole = {**json.loads(schema), "definitions": _strict_schemas()}
    text = json.dumps(whole).replace(f"{REF}schemas/", "#/definitions/")
    validate: Callable[[Any], Any] = fastjsonschema.compile(json.loads(text))
    return validate


@cache
def _strict_schemas() -> Json:
    """An answer has no field that the document does not name."""
    schemas: Json = json.loads(json.dumps(document()["components"]["schemas"]))
    for schema in schemas.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return schemas


@cache
def _operations() -> Json:
    methods = (each for path in document()["paths"].values() for each in path.values())
    return {operation["operationId"]: operation for operation in methods}


def _resolved(described: Json) -> Json:
    if "$ref" not in described:
        return described
    kind, name = described["$ref"].removeprefix(REF).split("/")
    found: Json = document()["components"][kind][name]
    return found


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Fixed segments before named ones, as a router prefers them."""
    paths = sorted(document()["paths"], key=lambda path: path.replace("{", "~"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), path) for path in paths]


@cache
def _template(path: str) -> str:
    return next(_matching(path), "")


def _matching(path: str) -> Iterator[str]:
    return (template for pattern, template in _patterns() if pattern.fullmatch(path))
