"""Reading what clients send: strict JSON and query parameters into typed structs.

msgspec stops at the first field that is wrong; clients want all of them, so on failure each field
is converted by itself.
"""

import json
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct

from chalicelib.errors import (
    BadRequest,
    FieldError,
    Invalid,
    PayloadTooLarge,
    UnsupportedMediaType,
)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
# C0 controls but tab and newlines, DEL and C1, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

S = TypeVar("S", bound=Struct)


def body(raw: bytes, content_type: str, model: type[S]) -> S:
    """The JSON body as a `model`.

    Raises `UnsupportedMediaType`, `PayloadTooLarge`, `BadRequest` for what is no JSON object, and
    `Invalid` naming every field that is wrong, missing or unknown.
    """
    _require_json(content_type)
    if len(raw) > MAX_BYTES:
        raise PayloadTooLarge(f"A body has at most {MAX_BYTES} bytes")
    document = _object(raw)
    _require_sound(document, "body", 0)
    return _converted(document, model, strict=True, error=Invalid)


def query(parameters: Mapping[str, list[str]], model: type[S]) -> S:
    """The query string as a `model`. Raises `BadRequest` naming every parameter that is wrong,
    unknown or given twice."""
    twice = [
        FieldError(name, "is given more than once") for name, v in parameters.items() if len(v) > 1
    ]
    if twice:
        raise BadRequest("Some query parameters are not valid", errors=tuple(twice))
    single = {name: values[0] for name, values in parameters.items()}
    return _converted(single, model, strict=False, error=BadRequest)


def given(model: Struct) -> dict[str, Any]:
    """The fields that the client sent; with PATCH an absent field stays as it is."""
    fields = {name: getattr(model, name) for name in model.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _require_json(content_type: str) -> None:
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() not in {"application/json", "application/merge-patch+json"}:
        raise UnsupportedMediaType()


def _object(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw, parse_constant=_refuse, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deep"
        raise BadRequest(f"The body is not valid JSON: {reason}", code="invalid_json") from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object", code="invalid_json")
    return document


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twins = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twins)} stands there more than once")
    return document


def _require_sound(value: Any, place: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest(f"The body is nested deeper than {MAX_DEPTH} levels", code="invalid_json")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise Invalid(errors=(FieldError(place, "has characters that no text may hold"),))
    for name, inner in _children(value):
        _require_sound(name, place, depth)
        _require_sound(inner, f"{place}.{name}", depth + 1)


def _children(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list):
        return ((str(index), item) for index, item in enumerate(value))
    return ()


def _converted(
    document: dict[str, Any], model: type[S], *, strict: bool, error: type[BadRequest | Invalid]
) -> S:
    try:
        return msgspec.convert(document, model, strict=strict)
    except msgspec.ValidationError as first:
        errors = _all_errors(document, model, strict) or (FieldError("body", str(first)),)
        raise error(errors=errors) from first


def _all_errors(document: dict[str, Any], model: type[S], strict: bool) -> tuple[FieldError, ...]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(model)}
    errors = [FieldError(name, "is unknown; remove it") for name in document if name not in fields]
    for name, field in fields.items():
        if name not in document:
            if field.required:
                errors.append(FieldError(name, "is required"))
        elif message := _error_of(document[name], field.type, strict):
            errors.append(FieldError(name, message))
    return tuple(errors)


def _error_of(value: Any, type_: Any, strict: bool) -> str | None:
    try:
        msgspec.convert(value, type_, strict=strict)
    except msgspec.ValidationError as error:
        return str(error)
    return None
