"""JSON Schemas of the types that routes take and give."""

import json
import re
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

import msgspec

Schema = dict[str, Any]

REF = "#/components/schemas/"
_GENERIC = re.compile(r"(?<=[/\"])([A-Z]\w+?)_([A-Z]\w+)_(?=\")")


def alternatives(gives: Any) -> tuple[Any, ...]:
    """The types of a union; the only one of anything else."""
    return get_args(gives) if get_origin(gives) is Union else (gives,)


def components(types: Iterable[Any]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """A schema for each of `types`, and the named ones that these point at."""
    wanted = list(dict.fromkeys(types))
    schemas, named = msgspec.json.schema_components(wanted, ref_template=REF + "{name}")
    texts = json.dumps([list(schemas), named])
    found, parts = json.loads(_readable(texts))
    for name, schema in parts.items():
        schema["title"] = name
    return dict(zip(wanted, found, strict=True)), dict(sorted(parts.items()))


def _readable(texts: str) -> str:
    """`TaskPage` for `Page[Task]`; a pattern's end as ECMAScript writes it."""
    return _GENERIC.sub(r"\2\1", texts).replace("\\\\Z", "$")


def properties(schema: Schema, named: dict[str, Schema]) -> dict[str, Schema]:
    """The fields of an object type."""
    found: dict[str, Schema] = _named(schema, named).get("properties", {})
    return found


def required(schema: Schema, named: dict[str, Schema]) -> list[str]:
    found: list[str] = _named(schema, named).get("required", [])
    return found


def _named(schema: Schema, named: dict[str, Schema]) -> Schema:
    return named[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
