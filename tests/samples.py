"""Sample bodies and queries, built from the msgspec types that validate them.

Each field holds either text or an id. `TEXTS` and `IDS` list the fields by name. A field that is in
neither list makes the tests fail, so that no new field is forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, inspect

from tests.support import PASSWORD

TEXTS = {
    "attestationObject": "AA",
    "authenticatorData": "AA",
    "body": "x",
    "clientDataJSON": "AA",
    "code": "123456",
    "color": "#123456",
    "content_type": "image/png",
    "cursor": "x",
    "description": "",
    "device": "x",
    "display_name": "x",
    "due_after": "2026-01-01",
    "due_before": "2027-01-01",
    "due_date": "2027-01-01",
    "end": "07:00",
    "email": "somebody@example.com",
    "file": "a.csv",
    "filename": "a.png",
    "id": "AA",
    "iss": "x",
    "key": "KEY",
    "name": "x",
    "ordering": "due_date",
    "new_password": PASSWORD,
    "new_password_confirm": PASSWORD,
    "password": PASSWORD,
    "password_confirm": PASSWORD,
    "provider": "local",
    "q": "x",
    "rawId": "AA",
    "recovery_code": "x",
    "refresh": "x",
    "rrule": "FREQ=WEEKLY;BYDAY=MO",
    "sha256": "0" * 64,
    "signature": "AA",
    "start": "22:00",
    "start_after": "2026-01-01",
    "start_before": "2027-01-01",
    "start_date": "2026-12-01",
    "state": "x",
    "text": "x",
    "ticket": "x",
    "time_zone": "UTC",
    "title": "x",
    "token": "x",
    "transports": "usb",
    "updated_since": "2026-01-01",
    "url": "https://hooks.example.com/",
    "username": "somebody",
}
# Field -> the path parameter that has ids of the same kind. None: the field takes the id of any
# account, as `NewMember.user_id` does, because the user lookup returns it, or is only a bound.
IDS = {
    "DeleteTask.id": "task_id",
    "UpdateTask.id": "task_id",
    "after": "task_id",
    "assigned_to": "user_id",
    "before": "task_id",
    "created_by": "user_id",
    "label": "label_id",
    "label_all": "label_id",
    "labels": "label_id",
    "parent": "task_id",
    "project": "project_id",
    "projects": "project_id",
    "reassign_to": "user_id",
    "task": "task_id",
    "user_id": "user_id",
    "view": "view_id",
    "Assertion.id": None,
    "Attestation.id": None,
    "NewMember.user_id": None,
    "actor": None,
    "subject": None,
    "up_to": None,
}
# Types whose smallest valid value cannot be derived from their fields.
FIXED_SAMPLES = {"Reminder": {"minutes_before": 60}}


@dataclass(frozen=True)
class IdField:
    """A field of a body or a query that holds an id: its path and the kind of id.

    The path consists of field names, `"[]"` for the item of a list, and the class of each struct
    below the first. The kind is the name of a path parameter, such as `task_id`.
    """

    path: tuple[Any, ...]
    kind: str

    def fill(
        self, document: dict[str, Any], value: str, values: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return `document` with `value` in this field; structs on the way come from `values`."""
        return _fill(document, self.path, value, values)


def _fill(part: Any, path: tuple[Any, ...], value: str, values: Mapping[str, str]) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(step, type):
        return _fill(build_sample(step, values), tuple(rest), value, values)
    if step == "[]":
        first = part[0] if isinstance(part, list) and part else None
        return [_fill(first, tuple(rest), value, values)]
    document = part if isinstance(part, dict) else {}
    return document | {step: _fill(document.get(step), tuple(rest), value, values)}


def find_id_fields(model: type[Struct]) -> Iterator[IdField]:
    """Yield the fields of `model` that hold ids, at any depth."""
    for field in inspect.type_info(model).fields:  # type: ignore[attr-defined]
        yield from _find_in_type(model, field.encode_name, field.type, (field.encode_name,))


def _find_in_type(
    model: type[Struct], name: str, field_type: inspect.Type, path: tuple[Any, ...]
) -> Iterator[IdField]:
    if isinstance(field_type, inspect.StrType):
        kind = _id_kind(model, name)
        if kind is not None:
            yield IdField(path, kind)
    elif isinstance(field_type, inspect.UnionType):
        for member in field_type.types:
            yield from _find_in_type(model, name, member, path)
    elif isinstance(field_type, inspect.ListType):
        yield from _find_in_type(model, name, field_type.item_type, (*path, "[]"))
    elif isinstance(field_type, inspect.StructType):
        for field in find_id_fields(field_type.cls):
            yield IdField((*path, field_type.cls, *field.path), field.kind)


def _id_kind(model: type[Struct], name: str) -> str | None:
    for key in (f"{model.__name__}.{name}", name):
        if key in IDS:
            return IDS[key]
    assert name in TEXTS, f"add {model.__name__}.{name} to tests/samples.py"
    return None


# Without this field, the request needs a cookie.
SENT_ALTHOUGH_OPTIONAL = {"RefreshToken.refresh"}


def build_sample(model: type[Struct], values: Mapping[str, str]) -> dict[str, Any]:
    """Return the smallest valid body or query; `values` go before the samples of this file."""
    fields = inspect.type_info(model).fields  # type: ignore[attr-defined]
    config = model.__struct_config__
    return ({config.tag_field: config.tag} if config.tag_field else {}) | {
        field.encode_name: _build_value(model, field.encode_name, field.type, values)
        for field in fields
        if field.required or f"{model.__name__}.{field.encode_name}" in SENT_ALTHOUGH_OPTIONAL
    }


def _build_value(
    model: type[Struct], name: str, field_type: inspect.Type, values: Mapping[str, str]
) -> Any:
    match field_type:
        case inspect.StrType():
            return _build_text(model, name, values)
        case inspect.UnionType(types=types):
            return _build_value(model, name, types[0], values)
        case inspect.Metadata(type=described):
            return _build_value(model, name, described, values)
        case inspect.ListType(item_type=item):
            return [_build_value(model, name, item, values)]
        case inspect.StructType(cls=cls):
            return FIXED_SAMPLES.get(cls.__name__) or build_sample(cls, values)
    return _build_plain_value(field_type)


def _build_text(model: type[Struct], name: str, values: Mapping[str, str]) -> str:
    kind = IDS.get(f"{model.__name__}.{name}", IDS.get(name))
    text = values.get(kind or name, TEXTS.get(name))
    assert text is not None, f"add {model.__name__}.{name} to tests/samples.py"
    return text


def _build_plain_value(field_type: inspect.Type) -> Any:
    match field_type:
        case inspect.LiteralType(values=literals):
            return literals[0]
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.IntType(ge=minimum):
            return minimum or 1
        case inspect.BoolType():
            return True
        case inspect.DateTimeType():
            return (datetime.now(UTC) + timedelta(days=1)).isoformat()
    raise AssertionError(f"add the type {field_type} to tests/samples.py")
