"""JSON Schemas of the types in requests and responses."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from chalicelib.http.bodies import NUMBER_MAX

Schema = dict[str, Any]

REF = "#/components/schemas/"
# The characters that the app accepts in texts (see bodies.py). JSON text can't contain surrogates.
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_GENERIC = re.compile(r"(?<=[/\"])([A-Z]\w+?)_([A-Z]\w+)_(?=\")")


def build_components(types: Iterable[Any]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type, and the named schemas that these reference."""
    unique = list(dict.fromkeys(types))
    schemas, named = msgspec.json.schema_components(unique, ref_template=REF + "{name}")
    schemas, named = json.loads(_rename_generics(json.dumps([list(schemas), named])))
    for name, schema in named.items():
        schema["title"] = name
    return dict(zip(unique, schemas, strict=True)), dict(sorted(named.items()))


def _rename_generics(text: str) -> str:
    """Rename `Page[Task]` to `TaskPage`, and write the end of a pattern as ECMAScript does."""
    return _GENERIC.sub(r"\2\1", text).replace("\\\\Z", "$")


def complete_schemas(
    bodies: list[Schema], queries: list[Schema], responses: list[Schema], named: dict[str, Schema]
) -> None:
    """Add what the types do not express to the schemas of requests and responses, in place."""
    seen: set[str] = set()
    for schema in _list_subschemas(bodies, named, seen):
        _add_limits(schema)
        _describe_defaults(schema)
    for schema in _list_subschemas(queries, named, seen):
        _add_limits(schema)
        _drop_empty_default(schema)
    for schema in _list_subschemas(responses, named, seen):
        _require_defaults(schema)
    for schema in _list_subschemas(list(named.values()), named, set(named)):
        _add_enum_type(schema)


def _add_limits(schema: Schema) -> None:
    """Exclude control characters from strings; limit integers to those that JSON keeps exact."""
    if schema.get("type") == "string" and not schema.keys() & {"pattern", "format", "if"}:
        schema["pattern"] = TEXT_PATTERN
    elif schema.get("type") == "integer":
        schema.setdefault("minimum", -NUMBER_MAX)
        schema.setdefault("maximum", NUMBER_MAX)


def _describe_defaults(schema: Schema) -> None:
    """Describe the fields' defaults in words, because openapi-typescript requires such fields."""
    for field in schema.get("properties", {}).values():
        if "default" in field:
            default = json.dumps(field.pop("default"))
            description = f"{field.get('description', '')} Default: `{default}`."
            field["description"] = description.lstrip()


def _drop_empty_default(schema: Schema) -> None:
    """Remove the default of a list that is empty when it is absent: if sent, it has an element."""
    if schema.get("default") == []:
        del schema["default"]


def _add_enum_type(schema: Schema) -> None:
    """State that an enumeration is one of strings, and that of a single value is a constant."""
    if "enum" in schema:
        schema["type"] = "string"
        if len(schema["enum"]) == 1:
            schema["const"] = schema.pop("enum")[0]


def _require_defaults(schema: Schema) -> None:
    """Mark fields with a default as required, because a response always contains them."""
    fields = schema.get("properties", {})
    defaults = {
        name for name, field in fields.items() if field.pop("default", schema) is not schema
    }
    if defaults:
        required = {*schema["required"], *defaults}
        schema["required"] = [name for name in fields if name in required]


def _list_subschemas(schema: Any, named: dict[str, Schema], seen: set[str]) -> Iterator[Schema]:
    """Yield `schema` and all schemas in it; a named schema only if it is not in `seen`."""
    if isinstance(schema, list):
        for each in schema:
            yield from _list_subschemas(each, named, seen)
    if not isinstance(schema, dict):
        return
    yield schema
    for key, value in schema.items():
        if key != "$ref":
            yield from _list_subschemas(value, named, seen)
        elif (name := value.removeprefix(REF)) not in seen:
            seen.add(name)
            yield from _list_subschemas(named[name], named, seen)


def get_properties(schema: Schema, named: dict[str, Schema]) -> dict[str, Schema]:
    """Return the fields of an object schema."""
    fields: dict[str, Schema] = _resolve(schema, named).get("properties", {})
    return fields


def get_required(schema: Schema, named: dict[str, Schema]) -> list[str]:
    """Return the names of an object schema's required fields."""
    names: list[str] = _resolve(schema, named).get("required", [])
    return names


def _resolve(schema: Schema, named: dict[str, Schema]) -> Schema:
    return named[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
