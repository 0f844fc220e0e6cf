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
    "picture": "image/png",
    "avatar_url": "https://storage.example.com/avatar/",
    "access": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiIwMW04MWZ3a3oi.c2lnbmF0dXJl",
    "refresh": f"{_ID}.1.c2lnbmF0dXJl",
    "detail": "If the address is known here, a mail is on its way",
    "device": "Mozilla/5.0",
    "stage": "prod",
    "project_name": "Launch",
    "field": "title",
    "request_id": "6b679f09-cf23-4b11-b70f-04bc1bceb417",
    "cursor": "eyJzdGFydCI6IjAxbTgxZndreiJ9.c2lnbmF0dXJl",
    "next_cursor": "eyJzdGFydCI6IjAxbTgxZndreiJ9.c2lnbmF0dXJl",
    "expires_in": 60,
    "index": 0,
    "labels": [],
    "size": 6,
    "status": 201,
    "part_size": 8388608,
    "part_count": 13,
    "fields": {
        "Content-Type": "text/plain",
        "key": f"att/{_ID}/{_ID}",
        "policy": "eyJleHBpcmF0aW9u",
    },
    "by_status": {"todo": 2, "in_progress": 1, "review": 0, "done": 1},
    "tasks_by_status": {"todo": 2, "in_progress": 1, "review": 0, "done": 1},
    "by_priority": {"high": 1, "medium": 2, "low": 1},
}
# What mostly is null.
_MOSTLY_NULL = {
    "archived_at",
    "assigned_to",
    "deleted_at",
    "edited_at",
    "parent",
    "problem",
    "projects",
    "reason",
}
# Where one field excludes another.
_WHOLE: dict[str, Any] = {
    "NewMember": {"email": "bob@example.com", "role": "member"},
    "Reminder": {"minutes_before": 90},
}


_FORMATS = {"date": "2026-12-01", "date-time": "2026-11-22T09:00:00.000Z"}


def of(schema: Schema, named: dict[str, Schema], name: str = "") -> Any:
    """What `schema` could describe, as the field `name`."""
    if "$ref" in schema:
        kind = schema["$ref"].removeprefix(REF)
        return _WHOLE.get(kind) or of(named[kind], named, name)
    for wording in ("anyOf", "oneOf"):
        if wording in schema and "type" not in schema:
            return _of_kinds(schema[wording], named, name)
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, named, name)


def _of_kinds(kinds: list[Schema], named: dict[str, Schema], name: str) -> Any:
    if name in _MOSTLY_NULL and {"type": "null"} in kinds:
        return None
    return of(kinds[0], named, name)


def _of_type(schema: Schema, named: dict[str, Schema], name: str) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            found = {field: of(inner, named, field) for field, inner in fields.items()}
            return found or _KNOWN.get(name, {})
        case "array":
            return _KNOWN.get(name, [of(schema["items"], named, name.removesuffix("s"))])
        case "string":
            return _text(schema, name)
        case "integer":
            return _KNOWN.get(name, schema.get("default") or schema.get("minimum", 1))
        case "boolean":
            return schema.get("default", True)
        case _:
            return None


def _text(schema: Schema, name: str) -> Any:
    usual = _KNOWN.get(name) or schema.get("default")
    default = usual or _FORMATS.get(schema.get("format", ""), _ID)
    return schema.get("examples", [default])[0]
