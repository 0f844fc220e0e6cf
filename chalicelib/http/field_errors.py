"""All errors in a document that msgspec cannot convert.

msgspec stops at the first invalid field, but clients need all of them. So each field is converted
on its own.
"""

from enum import EnumType
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from chalicelib.errors import FieldError
from chalicelib.http.text_fields import InvalidText


def find_errors(
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

    errors = _find_element_errors(value, type_, strict, location)
    if isinstance(value, dict):
        struct = _choose_struct(value, type_)
        if struct is not None:
            errors += find_errors(value, struct, strict, f"{location}.")
        elif tag_field := _get_tag_field(type_):
            errors.append(FieldError(f"{location}.{tag_field}", message))
    return errors or [FieldError(location, message)]


def _find_element_errors(value: Any, type_: Any, strict: bool, location: str) -> list[FieldError]:
    """Return what is wrong with the elements of a list.

    An element that can be one of several words is named by the location of the list.
    """
    list_type = find_list_type(type_)
    if not isinstance(value, list) or list_type is None:
        return []
    (element_type,) = get_args(list_type)
    is_word = get_origin(element_type) is Literal or isinstance(element_type, EnumType)
    has_invalid_text = any(isinstance(element, InvalidText) for element in value)
    if not (is_word or has_invalid_text or _list_structs(element_type)):
        return []
    errors: list[FieldError] = []
    for index, element in enumerate(value):
        place = location if is_word else f"{location}[{index}]"
        errors += _find_value_errors(element, element_type, strict, place)
    return errors


def find_list_type(type_: Any) -> Any:
    """Return the list type that `type_` is, without its annotation; None if it is none.

    It may be optional.
    """
    kinds = get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)
    plain = (get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in kinds)
    return next((kind for kind in plain if get_origin(kind) is list), None)


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
