"""Strict parsing of JSON bodies and query parameters into msgspec structs.

msgspec stops at the first invalid field, but clients need all of them. So when the conversion of a
whole document fails, each field is converted on its own.
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
from chalicelib.http.text_fields import InvalidText, read_texts

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
# Other programs read larger numbers inexactly (RFC 8259, section 6).
NUMBER_MAX = 2**53 - 1
DIGITS_MAX = 20
JSON_TYPES = {"application/json", "application/merge-patch+json"}
UNSTORABLE_MESSAGE = "contains characters that are not allowed"
# C0 controls except tab and newlines, DEL and C1 controls, and unpaired surrogates.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

S = TypeVar("S", bound=Struct)


class NoQuery(Struct, forbid_unknown_fields=True):
    """The query of a route that takes no parameters."""


@dataclass(frozen=True)
class _InvalidValue:
    """A placeholder for a value that is not valid JSON; its location is found later."""

    reason: str


TOO_LARGE = _InvalidValue(f"is larger than {NUMBER_MAX}")


def parse_body(raw: bytes, content_type: str, model: type[S]) -> S:
    """Parse a JSON body into `model`. Raises as `decode_body` and `convert_body` do."""
    return convert_body(decode_body(raw, content_type), model)


def decode_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """Decode a body that is a JSON object.

    Raises `UnsupportedMediaType` or `PayloadTooLarge`, and `BadRequest` when the body is not a JSON
    object that all programs read alike.
    """
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() not in JSON_TYPES:
        raise UnsupportedMediaType()
    if len(raw) > MAX_BYTES:
        raise PayloadTooLarge(f"A body has at most {MAX_BYTES} bytes")

    document = _decode_object(raw)
    faults = _find_faults(document, "", 0)
    malformed = tuple(fault for kind, fault in faults if kind is BadRequest)
    if malformed:
        raise BadRequest("The body is not valid JSON", code="invalid_json", errors=malformed)
    return document


def convert_body(document: dict[str, Any], model: type[S]) -> S:
    """Convert a decoded body into `model`.

    Raises `Invalid` when fields are wrong, missing or unknown; its `errors` name all of them.
    """
    faults = [fault for _, fault in _find_faults(document, "", 0)]
    try:
        body = _convert(document, model, strict=True, error=Invalid)
    except Invalid as failure:
        located = {fault.location for fault in faults}
        others = [
            error
            for error in failure.errors
            if error.location not in located and not _UNSTORABLE.search(error.location)
        ]
        raise Invalid(errors=(*faults, *others)) from failure
    if faults:
        raise Invalid(errors=tuple(faults))
    return body


def parse_query(parameters: Mapping[str, list[str]], model: type[S]) -> S:
    """Parse query parameters, each with all its values, into `model`.

    A field that is a list gets the values between the commas of its parameter. Raises `BadRequest`
    when parameters are wrong, unknown or repeated; its `errors` name all of them.
    """
    repeated = (name for name, values in parameters.items() if len(values) > 1)
    _reject_parameters("is given more than once", repeated)
    single = {name: values[0] for name, values in parameters.items()}
    unstorable = (name for name, text in single.items() if _UNSTORABLE.search(text))
    _reject_parameters(UNSTORABLE_MESSAGE, unstorable)
    lists = {field.name for field in msgspec.structs.fields(model) if _is_list(field.type)}
    values = {name: text.split(",") if name in lists else text for name, text in single.items()}
    query = _convert(values, model, strict=False, error=BadRequest)
    # msgspec converts the text "null" to None, which would read as a parameter that is absent.
    nulls = (name for name in single if getattr(query, name) is None)
    _reject_parameters("must not be null", nulls)
    return query


def _reject_parameters(message: str, names: Iterable[str]) -> None:
    errors = tuple(FieldError(name, message) for name in names)
    if errors:
        raise BadRequest("Some query parameters are not valid", errors=errors)


def sent_fields(model: Struct) -> dict[str, Any]:
    """Return the fields that the client sent. PATCH leaves the other fields as they are."""
    fields = {name: getattr(model, name) for name in model.__struct_fields__}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _decode_object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object; values that are not valid JSON become an `_InvalidValue`."""
    try:
        document = json.loads(
            raw.decode(),
            parse_constant=lambda name: _InvalidValue(f"{name} is not a JSON number"),
            parse_int=_parse_int,
            parse_float=_parse_float,
            object_pairs_hook=_mark_duplicates,
        )
    except (ValueError, RecursionError) as error:
        reason = str(error)
        if isinstance(error, UnicodeDecodeError):
            reason = f"it is not UTF-8 at byte {error.start}"
        elif isinstance(error, RecursionError):
            reason = "it is nested too deep"
        detail = f"The body is not valid JSON: {reason}"
        raise BadRequest(detail, code="invalid_json") from error
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object", code="invalid_json")
    return document


def _parse_int(text: str) -> int | _InvalidValue:
    # Python refuses to convert thousands of digits, so the length is checked first.
    if len(text) > DIGITS_MAX or abs(int(text)) > NUMBER_MAX:
        return TOO_LARGE
    return int(text)


def _parse_float(text: str) -> float | _InvalidValue:
    number = float(text)
    if abs(number) > NUMBER_MAX:
        return TOO_LARGE
    # JSON Schema and many clients treat `3.0` as an integer.
    return int(number) if number.is_integer() else number


def _mark_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        for name, count in Counter(name for name, _ in pairs).items():
            if count > 1:
                document[name] = _InvalidValue("is given more than once")
    return document


def _find_faults(
    value: Any, location: str, depth: int
) -> Iterator[tuple[type[ApiError], FieldError]]:
    """Yield what no model accepts, anywhere in `value`, with the error class that it causes."""
    if isinstance(value, _InvalidValue):
        yield BadRequest, FieldError(location, value.reason)
    elif depth > MAX_DEPTH:
        yield BadRequest, FieldError(location, f"is nested deeper than {MAX_DEPTH} levels")
    elif isinstance(value, str) and _UNSTORABLE.search(value):
        yield Invalid, FieldError(location, UNSTORABLE_MESSAGE)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _find_faults(element, f"{location}[{index}]", depth + 1)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _find_faults(name, location or "body", depth + 1)
            yield from _find_faults(member, f"{location}.{name}".removeprefix("."), depth + 1)


def _convert(
    document: dict[str, Any], model: type[S], *, strict: bool, error: type[BadRequest | Invalid]
) -> S:
    document = read_texts(document, model)
    try:
        return msgspec.convert(document, model, strict=strict)
    except msgspec.ValidationError as first:
        errors = _find_errors(document, model, strict) or [FieldError("body", str(first))]
        raise error(errors=tuple(errors)) from first


def _find_errors(
    document: dict[str, Any], model: type[Struct], strict: bool, prefix: str = ""
) -> list[FieldError]:
    """Return everything that is wrong with `document`; locations start with `prefix`."""
    known = {field.encode_name: field for field in msgspec.structs.fields(model)}
    tag_field = model.__struct_config__.tag_field
    unknown = (name for name in document if name not in known and name != tag_field)
    errors = [FieldError(prefix + name, "is unknown; remove it") for name in unknown]
    for name, field in known.items():
        if name in document:
            errors += _find_value_errors(document[name], field.type, strict, prefix + name)
        elif field.required:
            errors.append(FieldError(prefix + name, "is required"))
    return errors


def _find_value_errors(value: Any, type_: Any, strict: bool, location: str) -> list[FieldError]:
    """Return what is wrong with one value: the errors inside it, or one error for the whole."""
    if isinstance(value, InvalidText):
        return [FieldError(location, value.reason)]
    try:
        msgspec.convert(value, type_, strict=strict)
        return []
    except msgspec.ValidationError as error:
        message = str(error)

    errors: list[FieldError] = []
    element_type = next(iter(get_args(_strip_annotation(type_)))) if _is_list(type_) else None
    has_invalid_text = isinstance(value, list) and any(isinstance(x, InvalidText) for x in value)
    if isinstance(value, list) and (has_invalid_text or _list_structs(element_type)):
        for index, element in enumerate(value):
            errors += _find_value_errors(element, element_type, strict, f"{location}[{index}]")
    if isinstance(value, dict):
        struct = _choose_struct(value, type_)
        if struct is not None:
            errors += _find_errors(value, struct, strict, f"{location}.")
        elif tag_field := _get_tag_field(type_):
            errors.append(FieldError(f"{location}.{tag_field}", message))
    return errors or [FieldError(location, message)]


def _is_list(type_: Any) -> bool:
    return get_origin(_strip_annotation(type_)) is list


def _strip_annotation(type_: Any) -> Any:
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_


def _choose_struct(value: dict[str, Any], type_: Any) -> type[Struct] | None:
    """Return the struct that `value` is meant to be; in a union, the one that its tag names."""
    tag_field = _get_tag_field(type_)
    tag = value.get(tag_field) if tag_field else None  # may be any JSON value
    structs = _list_structs(type_)
    return next((struct for struct in structs if struct.__struct_config__.tag == tag), None)


def _get_tag_field(type_: Any) -> str | None:
    """Return the name of the field that tells the structs of a union apart, if there is one."""
    structs = _list_structs(type_)
    return structs[0].__struct_config__.tag_field if structs else None


def _list_structs(type_: Any) -> list[type[Struct]]:
    """Return the structs among a type and its type arguments."""
    candidates = (type_, *get_args(type_))
    return [each for each in candidates if isinstance(each, type) and issubclass(each, Struct)]
