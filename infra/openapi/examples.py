"""Deterministic examples of the schemas."""

from typing import Any

from infra.openapi.schemas import REF, Schema

_ID = "01m81fwkz2f3v7c9qe0xj4n5td"
_FIELD_EXAMPLES: dict[str, Any] = {
    "email": "ann@example.com",
    "username": "ann",
    "display_name": "Ann",
    "password": "correct horse battery",
    "password_confirm": "correct horse battery",
    "new_password": "correct horse battery staple",
    "new_password_confirm": "correct horse battery staple",
    "time_zone": "Europe/Berlin",
    "start": "22:00",
    "end": "07:00",
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
    "color": "#c02020",
    "expires_at": "2027-01-01T00:00:00Z",
    "picture": "image/png",
    "avatar_url": "https://storage.example.com/avatar/",
    "access": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiIwMW04MWZ3a3oi.c2lnbmF0dXJl",
    "refresh": f"{_ID}.1.c2lnbmF0dXJl",
    "detail": "If the address is registered, an email is on its way",
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
    "atomic": False,
    "size": 6,
    "status": 201,
    "part_size": 8388608,
    "part_count": 13,
    "fields": {
        "Content-Type": "text/plain",
        "key": f"att/{_ID}/{_ID}",
        "policy": "eyJleHBpcmF0aW9u",
    },
    "events": ["task.changed", "task.created"],
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
    "event_id": "8f3c1a0e5d7b4c2f9a6e1d3b5c7f9a0e-0",
    "response_status": 204,
    "payload": {"type": "task.created", "timestamp": "2026-11-22T09:00:00.000Z", "data": {}},
    "by_status": {"todo": 2, "in_progress": 1, "review": 0, "done": 1},
    "tasks_by_status": {"todo": 2, "in_progress": 1, "review": 0, "done": 1},
    "by_priority": {"high": 1, "medium": 2, "low": 1},
}
# Fields that are null in most responses.
_USUALLY_NULL = {
    "archived_at",
    "assigned_to",
    "deleted_at",
    "disabled_reason",
    "error",
    "failing_since",
    "previous_secret_until",
    "retry_at",
    "edited_at",
    "parent",
    "problem",
    "projects",
    "reason",
}
# Examples of types with optional fields: some exclude each other, or clients set only a few.
_TYPE_EXAMPLES: dict[str, Any] = {
    "NewMember": {"email": "bob@example.com", "role": "member"},
    "Reminder": {"minutes_before": 90},
    "Assertion": {
        "id": "Yh1c0Q",
        "rawId": "Yh1c0Q",
        "type": "public-key",
        "response": {
            "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0",
            "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAAAA",
            "signature": "MEUCIQCc",
        },
    },
    "NewPasskey": {
        "name": "Phone",
        "passkey": {
            "id": "Yh1c0Q",
            "rawId": "Yh1c0Q",
            "type": "public-key",
            "response": {
                "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0",
                "attestationObject": "o2NmbXRkbm9uZQ",
                "transports": ["internal"],
            },
        },
    },
    "PasskeyRequestOptions": {
        "challenge": "9sQ0c1kR0mS4b8",
        "rpId": "tasks.example.com",
        "allowCredentials": [{"id": "Yh1c0Q", "transports": ["internal"], "type": "public-key"}],
        "userVerification": "preferred",
        "timeout": 300_000,
    },
    "StepUp": {"code": "492039"},
    "SecondStep": {"ticket": f"{_ID}.1.1795942800.k1.c2lnbmF0dXJl", "code": "492039"},
    "TotpConfirmation": {"code": "492039"},
    "TotpSetup": {
        "secret": "WTA3LMK4JI57ODXUAJACU2R3DN3ZPKYF",
        "uri": "otpauth://totp/Task%20Manager:ann?secret=WTA3LMK4JI57ODXUAJACU2R3DN3ZPKYF",
        "qr_code": '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    },
    "RecoveryCodes": {"recovery_codes": ["k3vqa-x7m2e", "ob5fd-2rtzu"]},
    "TaskFilter": {"status": ["open"], "assigned_to": ["me"]},
}
_FORMAT_EXAMPLES = {"date": "2026-12-01", "date-time": "2026-11-22T09:00:00.000Z"}


def build_example(schema: Schema, named: dict[str, Schema], name: str = "") -> Any:
    """Return an example of `schema` for the field `name`; `named` resolves references."""
    if "$ref" in schema:
        kind = schema["$ref"].removeprefix(REF)
        return _TYPE_EXAMPLES.get(kind) or build_example(named[kind], named, name)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and "type" not in schema:
            alternatives = schema[keyword]
            if name in _USUALLY_NULL and {"type": "null"} in alternatives:
                return None
            return build_example(alternatives[0], named, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    return _build_by_type(schema, named, name)


def _build_by_type(schema: Schema, named: dict[str, Schema], name: str) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            example = {key: build_example(inner, named, key) for key, inner in fields.items()}
            return example or _FIELD_EXAMPLES.get(name, {})
        case "array":
            item = build_example(schema["items"], named, name.removesuffix("s"))
            return _FIELD_EXAMPLES.get(name, [item])
        case "string":
            return _build_text(schema, name)
        case "integer":
            default = schema.get("default") or schema.get("minimum", 1)
            return _FIELD_EXAMPLES.get(name, default)
        case "boolean":
            return _FIELD_EXAMPLES.get(name, True)
        case _:
            return None


def _build_text(schema: Schema, name: str) -> Any:
    by_format = _FORMAT_EXAMPLES.get(schema.get("format", ""), _ID)
    default = _FIELD_EXAMPLES.get(name) or schema.get("default") or by_format
    return schema.get("examples", [default])[0]
