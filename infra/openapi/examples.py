"""An example for each schema, the same in every run."""

from typing import Any

from infra.openapi.schemas import REF, Schema

_ID = "01m81fwkz2f3v7c9qe0xj4n5td"
_KNOWN: dict[str, Any] = {
    "email": "ann@example.com",
    "username": "ann",
    "display_name": "Ann",
    "password": "correct horse battery",
    "password_confirm": "correct horse battery",
    "new_password": "correct horse battery staple",
    "new_password_confirm": "correct horse battery staple",
    "time_zone": "Europe/Berlin",
    "name": "Launch",
    "title": "Write the plan",
    "description": "With dates and names.",
    "body": "Done by Friday.",
    "due_date": "2026-12-01",
    "filename": "notes.txt",
    "content_type": "text/plain",
    "sha256": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    "url": "https://storage.example.com/",
    "key": "LAUNCH",
    "colour": "#c02020",
    "expires_at": "2027-01-01T00:00:00Z",
}


_FORMATS = {"date": "2026-12-01", "date-time": "2026-11-22T09:00:00.000Z"}


def of(schema: Schema, named: dict[str, Schema], name: str = "") -> Any:
    """What `schema` could describe, as the field `name`."""
    if "$ref" in schema:
        return of(named[schema["$ref"].removeprefix(REF)], named, name)
    for wording in ("anyOf", "oneOf"):
        if wording in schema and "type" not in schema:
            return of(schema[wording][0], named, name)
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, named, name)


def _of_type(schema: Schema, named: dict[str, Schema], name: str) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {field: of(inner, named, field) for field, inner in fields.items()}
        case "array":
            return [of(schema["items"], named, name.removesuffix("s"))]
        case "string":
            return _KNOWN.get(name) or _text(schema)
        case "integer":
            return schema.get("default") or schema.get("minimum", 1)
        case "boolean":
            return schema.get("default", True)
        case _:
            return None


def _text(schema: Schema) -> Any:
    default = schema.get("default") or _FORMATS.get(schema.get("format", ""), _ID)
    return schema.get("examples", [default])[0]
