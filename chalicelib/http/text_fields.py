"""Text in requests: it is normalized, trimmed and checked, with error messages in words.

A field's type names its rule: `Annotated[str, line(max_length=200)]`. Text without a rule is
normalized to NFC. The rules run before msgspec checks types and lengths, so lengths count the code
points of the text as it is stored.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

from msgspec import Meta, Struct, inspect

from chalicelib.email_addresses import ADDRESS_MAX, find_address_fault
from chalicelib.text import (
    CONTROLS,
    INVISIBLE,
    has_control_character,
    has_visible_character,
    is_username_text,
    normalize_password,
    to_nfc,
    trim,
)

# Returns a text as it is stored. Raises `ValueError` with the fault in words.
Rule = Callable[[str], str]

# The name of a field's rule among the metadata of its type.
_RULE = "rule"
# White space that may surround a line.
_SPACE = rf"[^\S{CONTROLS}]*"
# Text of several lines may contain tabs and ends of lines.
_FORBIDDEN = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"


def line(*, max_length: int, required: bool = True) -> Meta:
    """Return the metadata of a text of one line, which is trimmed.

    A required line needs a visible character.
    """
    visible = rf"[^\s{CONTROLS}{INVISIBLE}][^{CONTROLS}]*" if required else ""
    pattern = f"^[^{CONTROLS}]*{visible}$"
    return _describe(
        partial(_read_line, required),
        pattern,
        min_length=1 if required else None,
        max_length=max_length,
    )


def paragraphs(*, max_length: int | None = None, required: bool = True) -> Meta:
    """Return the metadata of a text of several lines, which is not trimmed.

    A required text needs a visible character.
    """
    visible = rf"[^\s{_FORBIDDEN}{INVISIBLE}][^{_FORBIDDEN}]*" if required else ""
    pattern = f"^[^{_FORBIDDEN}]*{visible}$"
    return _describe(
        partial(_read_paragraphs, required),
        pattern,
        min_length=1 if required else None,
        max_length=max_length,
    )


def matching(pattern: str, message: str, *, max_length: int | None = None) -> Meta:
    """Return the metadata of a code that `pattern` matches as a whole, such as a color.

    `message` says in words what the code must be.
    """
    rule = partial(_read_code, re.compile(pattern), message)
    return _describe(rule, f"^{pattern}$", max_length=max_length)


def filename(*, max_length: int) -> Meta:
    """Return the metadata of a file name."""
    # No path separators, and no bidirectional controls, which can disguise a file name extension.
    pattern = rf"(?!\.{{1,2}}$)[^/\\{CONTROLS}\u200e\u200f\u202a-\u202e\u2066-\u2069]+"
    message = 'must not contain / or \\ or change the text direction, and is neither "." nor ".."'
    rule = partial(_read_filename, re.compile(pattern), message)
    return _describe(rule, f"^{pattern}$", min_length=1, max_length=max_length)


def username(*, min_length: int, max_length: int) -> Meta:
    """Return the metadata of a username."""
    # All characters outside ASCII but white space; the rule is stricter than the schema.
    characters = r"[^\s\u0000-*,/:-@\[-^`{-\u009f\u2028\u2029]+"
    pattern = f"^{_SPACE}{characters}{_SPACE}$"
    return _describe(_read_username, pattern, min_length=min_length, max_length=max_length)


def email_address() -> Meta:
    """Return the metadata of an address that mail can be sent to."""
    # The rule is stricter than the schema: IDNA decides which domains are valid.
    label, dot = rf"[^@\s.\u3002\uff0e\uff61{CONTROLS}]+", r"[.\u3002\uff0e\uff61]"
    pattern = rf"^{_SPACE}[!-?A-~]+@{label}({dot}{label})+{_SPACE}$"
    return _describe(_read_email_address, pattern, max_length=ADDRESS_MAX)


def new_password(*, min_length: int | None = None, max_length: int | None = None) -> Meta:
    """Return the metadata of a password that will be stored, in its normalized form."""
    return _describe(normalize_password, None, min_length=min_length, max_length=max_length)


def typed_password(*, max_length: int) -> Meta:
    """Return the metadata of a password that is compared with a stored one, exactly as typed."""
    return _describe(str, None, max_length=max_length)


def _describe(rule: Rule, pattern: str | None, **limits: int | None) -> Meta:
    schema = None if pattern is None else {"pattern": pattern}
    return Meta(**limits, extra={_RULE: rule}, extra_json_schema=schema)  # type: ignore[arg-type]


def _read_line(required: bool, text: str) -> str:
    if has_control_character(text):
        raise ValueError("must be one line without tabs and other control characters")
    return _read_paragraphs(required, trim(text))


def _read_paragraphs(required: bool, text: str) -> str:
    if has_visible_character(text):
        return to_nfc(text)
    if required:
        raise ValueError("must contain a visible character")
    return ""


def _read_code(pattern: re.Pattern[str], message: str, text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(message)
    return text


def _read_filename(pattern: re.Pattern[str], message: str, text: str) -> str:
    return _read_code(pattern, message, _read_line(True, text))


def _read_username(text: str) -> str:
    name = _read_line(True, text)
    if not is_username_text(name):
        raise ValueError("must have only letters with their marks, digits, and the signs _ . + -")
    return name


def _read_email_address(text: str) -> str:
    address = _read_line(True, text)
    fault = find_address_fault(address)
    if fault is not None:
        raise ValueError(fault)
    return address


class InvalidText(Struct, frozen=True):
    """A placeholder for a text that breaks its field's rule. No field type accepts it."""

    reason: str


class _Plan(NamedTuple):
    """The rules for the text in a value: a text itself, the elements of a list, or the fields of an
    object, which may be one of several structs."""

    rule: Rule = to_nfc
    element: "_Plan | None" = None
    objects: "tuple[_ObjectPlan, ...]" = ()


class _ObjectPlan(NamedTuple):
    """The rules for the fields of a struct. In a union, its tag names the struct."""

    tag_field: str | None
    tag: Any
    fields: dict[str, _Plan]


_ANYTHING = _Plan()


def read_texts(document: dict[str, Any], model: type[Struct]) -> Any:
    """Return `document` with the rules of `model` applied to all text in it."""
    return _read(document, _plan_model(model))


@cache
def _plan_model(model: type[Struct]) -> _Plan:
    return _plan(inspect.type_info(model))


def _plan(kind: inspect.Type) -> _Plan:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    described = [each for each in kinds if isinstance(each, inspect.Metadata)]
    rule: Rule = ((described[0].extra if described else None) or {}).get(_RULE, to_nfc)
    plain = [each.type if isinstance(each, inspect.Metadata) else each for each in kinds]
    elements = [_plan(each.item_type) for each in plain if isinstance(each, inspect.ListType)]
    objects = [_plan_object(each) for each in plain if isinstance(each, inspect.StructType)]
    return _Plan(rule, elements[0] if elements else None, tuple(objects))


def _plan_object(kind: inspect.StructType) -> _ObjectPlan:
    fields = {field.encode_name: _plan(field.type) for field in kind.fields}
    return _ObjectPlan(kind.tag_field, kind.tag, fields)


def _read(value: Any, plan: _Plan) -> Any:
    """Return `value`, which should be of the type that `plan` is for, with its text read."""
    if isinstance(value, str):
        try:
            return plan.rule(value)
        except ValueError as fault:
            return InvalidText(str(fault))
    if isinstance(value, list):
        element = plan.element or _ANYTHING
        return [_read(each, element) for each in value]
    if isinstance(value, dict):
        fields = _find_fields(plan, value)
        return {name: _read(each, fields.get(name, _ANYTHING)) for name, each in value.items()}
    return value


def _find_fields(plan: _Plan, value: dict[str, Any]) -> dict[str, _Plan]:
    """Return the plans of the fields of `value`; none if it is no object of the type."""
    for each in plan.objects:
        if each.tag_field is None or value.get(each.tag_field) == each.tag:
            return each.fields
    return {}
