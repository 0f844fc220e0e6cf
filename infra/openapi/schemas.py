"""JSON Schemas of the types that routes take and give."""

import json
import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec

from chalicelib.api.bodies import NUMBER_MAX

Schema = dict[str, Any]

REF = "#/components/schemas/"
# As bodies.py says it, without the surrogates, which no text in JSON's own characters can hold.
STORABLE = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_GENERIC = re.compile(r"(?<=[/\"])([A-Z]\w+?)_([A-Z]\w+)_(?=\")")


def alternatives(gives: Any) -> tuple[Any, ...]:
    """The types of a union; the only one of anything else."""
    return get_args(gives) if get_origin(gives) is UnionType else (gives,)


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


def specify(taken: list[Schema], given: list[Schema], named: dict[str, Schema]) -> None:
    """Say what no type does, of bodies and queries (`taken`) and of answers (`given`)."""
    seen: set[str] = set()
    for each in _within(taken, named, seen):
        _restrict(each)
    for each in _within(given, named, seen):
        _complete(each)


def _restrict(taken: Schema) -> None:
    """What all texts and numbers are held to: no control characters, and no number that other
    programs read as another."""
    if taken.get("type") == "string" and not taken.keys() & {"pattern", "format", "anyOf"}:
        taken["pattern"] = STORABLE
    elif taken.get("type") == "integer":
        taken.setdefault("minimum", -NUMBER_MAX)
        taken.setdefault("maximum", NUMBER_MAX)


def _complete(given: Schema) -> None:
    """A field that has a default is sent all the same."""
    fields = given.get("properties", {})
    preset = {name for name, field in fields.items() if field.pop("default", given) is not given}
    if preset:
        given["required"] = [name for name in fields if name in {*given["required"], *preset}]


def _within(schema: Any, named: dict[str, Schema], seen: set[str]) -> Iterator[Schema]:
    """`schema` and all that it consists of, each once."""
    if isinstance(schema, list):
        for each in schema:
            yield from _within(each, named, seen)
    if not isinstance(schema, dict):
        return
    yield schema
    for key, value in schema.items():
        if key != "$ref":
            yield from _within(value, named, seen)
        elif (name := value.removeprefix(REF)) not in seen:
            seen.add(name)
            yield from _within(named[name], named, seen)


def properties(schema: Schema, named: dict[str, Schema]) -> dict[str, Schema]:
    """The fields of an object type."""
    found: dict[str, Schema] = _named(schema, named).get("properties", {})
    return found


def required(schema: Schema, named: dict[str, Schema]) -> list[str]:
    found: list[str] = _named(schema, named).get("required", [])
    return found


def _named(schema: Schema, named: dict[str, Schema]) -> Schema:
    return named[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
