"""Bodies and queries made from the types that check them.

What a field called so holds stands in two lists: text, or the id of something. A field that is in
neither fails, so that nobody forgets to say it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, inspect

from tests.support import PASSWORD

TEXTS = {
    "body": "x",
    "color": "#123456",
    "content_type": "image/png",
    "cursor": "x",
    "description": "",
    "device": "x",
    "display_name": "x",
    "due_after": "2026-01-01",
    "due_before": "2027-01-01",
    "due_date": "2027-01-01",
    "email": "somebody@example.com",
    "file": "a.csv",
    "filename": "a.png",
    "key": "KEY",
    "name": "x",
    "ordering": "due_date",
    "new_password": PASSWORD,
    "new_password_confirm": PASSWORD,
    "password": PASSWORD,
    "password_confirm": PASSWORD,
    "q": "x",
    "refresh": "x",
    "sha256": "0" * 64,
    "start_after": "2026-01-01",
    "start_before": "2027-01-01",
    "start_date": "2026-12-01",
    "time_zone": "UTC",
    "title": "x",
    "token": "x",
    "updated_since": "2026-01-01",
    "username": "somebody",
}
# Whose id a field holds, named as a path parameter would be. Anybody's account may be named where
# people are let in: that is what exact addresses are looked up for.
IDS = {
    "DeleteTask.id": "task_id",
    "UpdateTask.id": "task_id",
    "assigned_to": "user_id",
    "created_by": "user_id",
    "label": "label_id",
    "labels": "label_id",
    "parent": "task_id",
    "project": "project_id",
    "projects": "project_id",
    "reassign_to": "user_id",
    "user_id": "user_id",
    "NewMember.user_id": None,
}
# Types whose least is not what their fields say.
WHOLE = {"Reminder": {"minutes_before": 60}}


@dataclass(frozen=True)
class Place:
    """Where a body or a query holds an id, and of what."""

    path: tuple[Any, ...]
    thing: str

    def filled(
        self, least: dict[str, Any], value: str, values: Mapping[str, str]
    ) -> dict[str, Any]:
        """`least` with `value` there; a struct on the way is made of `values`."""
        return _filled(least, self.path, value, values)


def sample(model: type[Struct], values: Mapping[str, str]) -> dict[str, Any]:
    """The least that `model` takes; `values` come before the samples of this file."""
    fields = inspect.type_info(model).fields  # type: ignore[attr-defined]
    config = model.__struct_config__
    return ({config.tag_field: config.tag} if config.tag_field else {}) | {
        field.encode_name: _value(model, field.encode_name, field.type, values)
        for field in fields
        if field.required
    }


def ids_in(model: type[Struct]) -> Iterator[Place]:
    """Where `model` may hold ids, however deep."""
    for field in inspect.type_info(model).fields:  # type: ignore[attr-defined]
        yield from _ids_in(model, field.encode_name, field.type, (field.encode_name,))


def _ids_in(
    model: type[Struct], name: str, kind: inspect.Type, path: tuple[Any, ...]
) -> Iterator[Place]:
    if isinstance(kind, inspect.StrType):
        thing = _thing(model, name)
        if thing is not None:
            yield Place(path, thing)
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _ids_in(model, name, each, path)
    elif isinstance(kind, inspect.ListType):
        yield from _ids_in(model, name, kind.item_type, (*path, "[]"))
    elif isinstance(kind, inspect.StructType):
        for place in ids_in(kind.cls):
            yield Place((*path, kind.cls, *place.path), place.thing)


def _thing(model: type[Struct], name: str) -> str | None:
    for key in (f"{model.__name__}.{name}", name):
        if key in IDS:
            return IDS[key]
    assert name in TEXTS, f"say in tests/samples.py what {model.__name__}.{name} holds"
    return None


def _value(model: type[Struct], name: str, kind: inspect.Type, values: Mapping[str, str]) -> Any:
    match kind:
        case inspect.StrType():
            return _text(model, name, values)
        case inspect.UnionType(types=types):
            return _value(model, name, types[0], values)
        case inspect.Metadata(type=described):
            return _value(model, name, described, values)
        case inspect.ListType(item_type=item):
            return [_value(model, name, item, values)]
        case inspect.StructType(cls=cls):
            return WHOLE.get(cls.__name__) or sample(cls, values)
    return _plain(kind)


def _text(model: type[Struct], name: str, values: Mapping[str, str]) -> str:
    thing = IDS.get(f"{model.__name__}.{name}", IDS.get(name))
    known = values.get(thing or name, TEXTS.get(name))
    assert known is not None, f"say in tests/samples.py what {model.__name__}.{name} holds"
    return known


def _plain(kind: inspect.Type) -> Any:
    match kind:
        case inspect.LiteralType(values=literals):
            return literals[0]
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.IntType(ge=least):
            return least or 1
        case inspect.BoolType():
            return True
        case inspect.DateTimeType():
            return (datetime.now(UTC) + timedelta(days=1)).isoformat()
    raise AssertionError(f"teach tests/samples.py to make a {kind}")


def _filled(there: Any, path: tuple[Any, ...], value: str, values: Mapping[str, str]) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(step, type):
        return _filled(sample(step, values), tuple(rest), value, values)
    if step == "[]":
        first = there[0] if isinstance(there, list) and there else None
        return [_filled(first, tuple(rest), value, values)]
    document = there if isinstance(there, dict) else {}
    return document | {step: _filled(document.get(step), tuple(rest), value, values)}
