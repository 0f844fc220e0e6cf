"""Strict parsing of JSON bodies and query parameters into msgspec structs.

msgspec stops at the first invalid field; `field_errors` finds all of them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

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
from chalicelib.http.field_errors import find_errors, find_list_type
from chalicelib.http.text_fields import read_texts

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
# The error class that a fault causes, and the field.
_Fault = tuple[type[ApiError], FieldError]


class NoQuery(Struct, forbid_unknown_fields=True):
    """The query of a route that takes no parameters."""


class _InvalidValue(Struct, frozen=True):
    """A placeholder for a value that is not valid JSON; its location is found later."""

    reason: str


TOO_LARGE = _InvalidValue(f"is larger than {NUMBER_MAX}")


def parse_body(raw: bytes, content_type: str, model: type[S]) -> S:
    """Parse a JSON body into `model`. Raises as `decode_body` and `convert_body` do."""
    document, faults = _decode_body(raw, content_type)
    return _convert_body(document, faults, model)


def parse_optional_body(raw: bytes, content_type: str, model: type[S]) -> S:
    """Parse a body that may be missing: as `parse_body` does, or a `model` with its defaults."""
    return parse_body(raw, content_type, model) if raw else model()


def decode_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """Decode a body that is a JSON object.

    Raises `UnsupportedMediaType` or `PayloadTooLarge`, and `BadRequest` when the body is not a JSON
    object that all programs read alike.
    """
    return _decode_body(raw, content_type)[0]


def convert_body(document: dict[str, Any], model: type[S]) -> S:
    """Convert a decoded body into `model`.

    Raises `Invalid` when fields are wrong, missing or unknown; its `errors` name all of them.
    """
    return _convert_body(document, _find_faults(document), model)


def _decode_body(raw: bytes, content_type: str) -> tuple[dict[str, Any], list[_Fault]]:
    """Return a body as `decode_body` does, and what no model accepts in it."""
    if content_type.partition(";")[0].strip().lower() not in JSON_TYPES:
        raise UnsupportedMediaType()
    if len(raw) > MAX_BYTES:
        raise PayloadTooLarge(f"A body has at most {MAX_BYTES} bytes")

    document = _decode_object(raw)
    faults = _find_faults(document)
    malformed = tuple(fault for kind, fault in faults if kind is BadRequest)
    if malformed:
        raise BadRequest("The body is not valid JSON", code="invalid_json", errors=malformed)
    return document, faults


def _convert_body(document: dict[str, Any], faults: list[_Fault], model: type[S]) -> S:
    known = [fault for _, fault in faults]
    try:
        body = _convert(document, model, strict=True, error=Invalid)
    except Invalid as failure:
        located = {fault.location for fault in known}
        others = [
            error
            for error in failure.errors
            if error.location not in located and not _UNSTORABLE.search(error.location)
        ]
        raise Invalid(errors=(*known, *others)) from failure
    if known:
        raise Invalid(errors=tuple(known))
    return body


def parse_query(parameters: Mapping[str, list[str]], model: type[S]) -> S:
    """Parse query parameters, each with all its values, into `model`.

    A field that is a list gets the values between the commas of its parameter, which clients may
    also repeat: generated clients differ in this. Raises `BadRequest` when parameters are wrong,
    unknown or repeated; its `errors` name all of them.
    """
    lists, known = _find_list_fields(model), parameters.items()
    texts = {name: ",".join(values) for name, values in known}
    _reject_parameters(
        "is given more than once",
        [name for name, values in known if len(values) > 1 and name not in lists],
    )
    _reject_parameters(
        UNSTORABLE_MESSAGE, [name for name, text in texts.items() if _UNSTORABLE.search(text)]
    )
    values = {name: text.split(",") if name in lists else text for name, text in texts.items()}
    query = _convert(values, model, strict=False, error=BadRequest)
    # msgspec converts a number to a time, as seconds since 1970.
    times = [each for each in texts if isinstance(getattr(query, each), datetime)]
    _reject_parameters(
        "must be a time with an offset, such as 2026-11-22T09:00:00Z",
        [each for each in times if ":" not in texts[each]],
    )
    # msgspec converts the text "null" to None, which would read as a parameter that is absent.
    _reject_parameters("must not be null", [each for each in texts if getattr(query, each) is None])
    return query


@cache
def _find_list_fields(model: type[Struct]) -> frozenset[str]:
    fields = msgspec.structs.fields(model)
    return frozenset(field.name for field in fields if find_list_type(field.type))


def _reject_parameters(message: str, names: list[str]) -> None:
    if names:
        errors = tuple(FieldError(name, message) for name in names)
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


def _find_faults(document: dict[str, Any]) -> list[_Fault]:
    """Return what no model accepts, anywhere in `document`."""
    faults: list[_Fault] = []
    _collect_faults(document, "", 0, faults)
    return faults


def _collect_faults(value: Any, location: str, depth: int, faults: list[_Fault]) -> None:
    if isinstance(value, _InvalidValue):
        faults.append((BadRequest, FieldError(location, value.reason)))
    elif depth > MAX_DEPTH:
        message = f"is nested deeper than {MAX_DEPTH} levels"
        faults.append((BadRequest, FieldError(location, message)))
    elif isinstance(value, str) and _UNSTORABLE.search(value):
        faults.append((Invalid, FieldError(location, UNSTORABLE_MESSAGE)))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _collect_faults(element, f"{location}[{index}]", depth + 1, faults)
    elif isinstance(value, dict):
        for name, member in value.items():
            _collect_faults(name, location or "body", depth + 1, faults)
            inside = f"{location}.{name}".removeprefix(".")
            _collect_faults(member, inside, depth + 1, faults)


def _convert(
    document: dict[str, Any], model: type[S], *, strict: bool, error: type[BadRequest | Invalid]
) -> S:
    document = read_texts(document, model)
    try:
        return msgspec.convert(document, model, strict=strict)
    except msgspec.ValidationError as first:
        errors = find_errors(document, model, strict) or [FieldError("body", str(first))]
        raise error(errors=tuple(errors)) from first
