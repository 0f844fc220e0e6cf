"""How the text of a request is read: normalized, trimmed, and checked with messages in words.

A field's type names its rule: `Annotated[str, line(max_length=200)]`. Text without a rule is
normalized to NFC. The rules run before msgspec checks types and lengths, so lengths count the code
points of the text as it is stored.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

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


@dataclass(frozen=True)
class InvalidText:
    """A placeholder for a text that breaks its field's rule. No field type accepts it."""

    reason: str


def read_texts(document: dict[str, Any], model: type[Struct]) -> Any:
    """Return `document` with the rules of `model` applied to all text in it."""
    return _read(document, _get_type_info(model))


@cache
def _get_type_info(model: type[Struct]) -> inspect.Type:
    return inspect.type_info(model)


def _read(value: Any, kind: inspect.Type | None) -> Any:
    """Return `value`, which should be of the type `kind` (None: unknown), with its text read."""
    if isinstance(value, str):
        try:
            return _find_rule(kind)(value)
        except ValueError as fault:
            return InvalidText(str(fault))
    if isinstance(value, list):
        lists = [each for each in _list_kinds(kind) if isinstance(each, inspect.ListType)]
        item_kind = lists[0].item_type if lists else None
        return [_read(each, item_kind) for each in value]
    if isinstance(value, dict):
        kinds = _find_field_kinds(kind, value)
        return {name: _read(each, kinds.get(name)) for name, each in value.items()}
    return value


def _find_rule(kind: inspect.Type | None) -> Rule:
    if isinstance(kind, inspect.UnionType):
        described = [each for each in kind.types if isinstance(each, inspect.Metadata)]
        kind = described[0] if described else None
    extra = kind.extra if isinstance(kind, inspect.Metadata) else None
    rule: Rule = (extra or {}).get(_RULE, to_nfc)
    return rule


def _find_field_kinds(kind: inspect.Type | None, value: dict[str, Any]) -> dict[str, inspect.Type]:
    """Return the types of the fields of `value`; in a union, of the struct that its tag names."""
    for each in _list_kinds(kind):
        if isinstance(each, inspect.StructType):
            tag = value.get(each.tag_field) if each.tag_field else None
            if each.tag_field is None or tag == each.tag:
                return {field.encode_name: field.type for field in each.fields}
    return {}


def _list_kinds(kind: inspect.Type | None) -> tuple[inspect.Type | None, ...]:
    """Return the types of a union, or the type itself if it is none, without their metadata."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return tuple(each.type if isinstance(each, inspect.Metadata) else each for each in kinds)
