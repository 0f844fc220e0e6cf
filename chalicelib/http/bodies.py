"""Reading what clients send: strict JSON and query parameters into typed structs.

msgspec stops at the first field that is wrong; clients want all of them, so on failure each field
is converted by itself.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct

from chalicelib.errors import (
    ApiError,
    BadRequest,
    FieldError,
    Invalid,
    PayloadTooLarge,
    UnsupportedMediaType,
)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
# Beyond it other programs read other numbers (RFC 8259, 6).
NUMBER_MAX = 2**53 - 1
DIGITS_MAX = 20
UNSTORABLE_MESSAGE = "has characters that no text may hold"
# C0 controls but tab and newlines, DEL and C1, and halves of surrogate pairs.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

S = TypeVar("S", bound=Struct)


class NoQuery(Struct, forbid_unknown_fields=True):
    """What a route takes that asks for nothing."""


def parse_body(raw: bytes, content_type: str, model: type[S]) -> S:
    """The JSON body as a `model`.

    Raises `UnsupportedMediaType`, `PayloadTooLarge`, `BadRequest` for what is no JSON object, and
    `Invalid` naming every field that is wrong, missing or unknown.
    """
    _require_json(content_type)
    if len(raw) > MAX_BYTES:
        raise PayloadTooLarge(f"A body has at most {MAX_BYTES} bytes")
    document = _object(raw)
    _require_sound(document)
    return _converted(document, model, strict=True, error=Invalid)


def parse_query(parameters: Mapping[str, list[str]], model: type[S]) -> S:
    """The query string as a `model`. Raises `BadRequest` naming every parameter that is wrong,
    unknown or given twice."""
    _refuse("is given more than once", (name for name, v in parameters.items() if len(v) > 1))
    single = {name: values[0] for name, values in parameters.items()}
    _refuse(UNSTORABLE_MESSAGE, (name for name, text in single.items() if _UNSTORABLE.search(text)))
    found = _converted(single, model, strict=False, error=BadRequest)
    # msgspec takes the text for None, which would be as if the client had not asked.
    _refuse("is not null", (name for name in single if getattr(found, name) is None))
    return found


def _refuse(why: str, names: Iterable[str]) -> None:
    errors = tuple(FieldError(name, why) for name in names)
    if errors:
        raise BadRequest("Some query parameters are not valid", errors=errors)


def sent_fields(model: Struct) -> dict[str, Any]:
    """The fields that the client sent; with PATCH an absent field stays as it is."""
    fields = {name: getattr(model, name) for name in model.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _require_json(content_type: str) -> None:
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() not in {"application/json", "application/merge-patch+json"}:
        raise UnsupportedMediaType()


@dataclass(frozen=True)
class _InvalidValue:
    """What stands in a document and is no JSON; it is named by its place once that is known."""

    why: str


TOO_LARGE = _InvalidValue(f"is larger than {NUMBER_MAX}")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(
            raw.decode(),
            parse_constant=lambda name: _InvalidValue(f"{name} is no JSON number"),
            parse_int=_whole,
            parse_float=_fraction,
            object_pairs_hook=_without_twins,
        )
    except UnicodeDecodeError as error:
        raise _no_json(f"it is no UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise _no_json("it is nested too deep") from error
    except ValueError as error:
        raise _no_json(str(error)) from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object", code="invalid_json")
    return document


def _no_json(why: str) -> BadRequest:
    return BadRequest(f"The body is not valid JSON: {why}", code="invalid_json")


def _whole(text: str) -> int | _InvalidValue:
    return int(text) if len(text) <= DIGITS_MAX and _is_sure(int(text)) else TOO_LARGE


def _fraction(text: str) -> float | _InvalidValue:
    """`3.0` is an integer, to JSON Schema and to many who write JSON."""
    number = float(text)
    if not _is_sure(number):
        return TOO_LARGE
    return int(number) if number.is_integer() else number


def _is_sure(number: float) -> bool:
    return abs(number) <= NUMBER_MAX


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    times = Counter(name for name, _ in pairs)
    twins = {
        name: _InvalidValue("stands there more than once") for name in times if times[name] > 1
    }
    return {**dict(pairs), **twins}


def _require_sound(document: dict[str, Any]) -> None:
    faults = list(_faults(document, "", 0))
    malformed = tuple(fault for kind, fault in faults if kind is BadRequest)
    if malformed:
        raise BadRequest("The body is not valid JSON", code="invalid_json", errors=malformed)
    if faults:
        raise Invalid(errors=tuple(fault for _, fault in faults))


def _faults(value: Any, place: str, depth: int) -> Iterator[tuple[type[ApiError], FieldError]]:
    """What no model could mend, each with the failure that it is."""
    if isinstance(value, _InvalidValue):
        yield BadRequest, FieldError(place, value.why)
    elif depth > MAX_DEPTH:
        yield BadRequest, FieldError(place, f"is nested deeper than {MAX_DEPTH} levels")
    elif isinstance(value, str) and _UNSTORABLE.search(value):
        yield Invalid, FieldError(place, UNSTORABLE_MESSAGE)
    for where, inner in _children(value, place) if depth <= MAX_DEPTH else ():
        yield from _faults(inner, where, depth + 1)


def _children(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """What is in a list or an object, by its place; a name is a text too."""
    if isinstance(value, list):
        yield from ((f"{place}[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield place or "body", name
            yield f"{place}.{name}".removeprefix("."), inner


def _converted(
    document: dict[str, Any], model: type[S], *, strict: bool, error: type[BadRequest | Invalid]
) -> S:
    try:
        return msgspec.convert(document, model, strict=strict)
    except msgspec.ValidationError as first:
        errors = _all_errors(document, model, strict) or (FieldError("body", str(first)),)
        raise error(errors=errors) from first


def _all_errors(
    document: dict[str, Any], model: type[Struct], strict: bool, place: str = ""
) -> tuple[FieldError, ...]:
    """Everything that is wrong with `document`, each by its place."""
    known = {field.encode_name: field for field in msgspec.structs.fields(model)}
    tag = model.__struct_config__.tag_field
    unknown = (name for name in document if name not in known and name != tag)
    errors = [FieldError(place + name, "is unknown; remove it") for name in unknown]
    for name, field in known.items():
        if name in document:
            errors += _errors_of(document[name], field.type, strict, place + name)
        elif field.required:
            errors.append(FieldError(place + name, "is required"))
    return tuple(errors)


def _errors_of(value: Any, type_: Any, strict: bool, place: str) -> tuple[FieldError, ...]:
    try:
        msgspec.convert(value, type_, strict=strict)
    except msgspec.ValidationError as error:
        inner = tuple(_inner_errors(value, type_, strict, place))
        return inner or (FieldError(place, str(error)),)
    return ()


def _inner_errors(value: Any, type_: Any, strict: bool, place: str) -> Iterable[FieldError]:
    """What is wrong inside an object, or inside those of a list."""
    item = _type_of_items(type_)
    if isinstance(value, list) and _models(item):
        for index, each in enumerate(value):
            yield from _errors_of(each, item, strict, f"{place}[{index}]")
    model = _model_of(value, type_)
    if model is not None:
        yield from _all_errors(value, model, strict, f"{place}.")


def _type_of_items(type_: Any) -> Any:
    """`T` of a `list[T]`, whatever is said about it besides."""
    inner = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    return next(iter(get_args(inner)), None) if get_origin(inner) is list else None


def _model_of(value: Any, type_: Any) -> type[Struct] | None:
    """The struct that an object is meant to be; of several, the one that its tag names."""
    models = _models(type_)
    if not isinstance(value, dict) or not models:
        return None
    tag_field = models[0].__struct_config__.tag_field
    tag = value.get(tag_field) if tag_field else None  # whatever the client sent
    return next((model for model in models if model.__struct_config__.tag == tag), None)


def _models(type_: Any) -> list[type[Struct]]:
    return [each for each in (type_, *get_args(type_)) if _is_model(each)]


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Struct)
