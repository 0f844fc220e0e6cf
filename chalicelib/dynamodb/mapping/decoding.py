"""Decodes the values of items from DynamoDB's JSON, each attribute that an item has once."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec
from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

RawItem = dict[str, dict[str, Any]]

_decode_number = msgspec.json.Decoder().decode


class _Decoder(NamedTuple):
    """The decoding of an attribute's value. Texts with the same stored name need none."""

    name: str
    tag: str
    decode: Callable[[Any], Any]


class _Read(NamedTuple):
    """The decoding of one attribute; `decode` is None if DynamoDB's JSON has the value itself."""

    stored_name: str
    tag: str
    decode: Callable[[Any], Any] | None
    default: Any


class _Kinds(NamedTuple):
    """The stored names of a model's attributes, by the way in which their values are decoded."""

    texts: frozenset[str]
    decoders: dict[str, _Decoder]


def decode_values(model: type[Model], raw: RawItem) -> dict[str, Any]:
    """Return the values of an item by name, with the defaults of those that it does not have.

    Raises AttributeDeserializationError for a value of another type than the attribute's.
    """
    texts, decoders = _list_kinds(model)
    values = make_defaults(model)
    try:
        for stored_name, content in raw.items():
            if stored_name in texts:
                values[stored_name] = content["S"]
            elif stored_name in decoders:
                name, tag, decode = decoders[stored_name]
                values[name] = decode(content[tag])
    except KeyError:  # a null, or a value of another type
        return _decode_slowly(model, raw)
    return values


def _decode_slowly(model: type[Model], raw: RawItem) -> dict[str, Any]:
    """Return the values of an item as PynamoDB does, also for nulls, and with its errors."""
    attributes = {each.attr_name: (name, each) for name, each in model.get_attributes().items()}
    known = {each: attributes[each] for each in raw if each in attributes}
    return make_defaults(model) | {
        name: attribute.deserialize(attribute.get_value(raw[stored_name]))
        for stored_name, (name, attribute) in known.items()
        if "NULL" not in raw[stored_name]
    }


@cache
def _list_kinds(model: type[Model]) -> _Kinds:
    texts, decoders = set(), {}
    for name, attribute in model.get_attributes().items():
        if is_plain_text(name, attribute):
            texts.add(name)
        else:
            decode = _choose_decoder(attribute)
            decoders[attribute.attr_name] = _Decoder(name, attribute.attr_type, decode)
    return _Kinds(frozenset(texts), decoders)


@cache
def plan_reads(model: type[Model], names: tuple[str, ...]) -> list[_Read]:
    """Return how the named attributes are read from DynamoDB's JSON."""
    return [_plan_read(model.get_attributes()[name]) for name in names]


def plan_single_read(attribute: Attribute[Any]) -> _Read | None:
    """Return how one value can be decoded each time it is used; None if it is mutable."""
    is_immutable = isinstance(attribute, UnicodeAttribute | NumberAttribute | BooleanAttribute)
    return _plan_read(attribute) if is_immutable and not callable(attribute.default) else None


def _plan_read(attribute: Attribute[Any]) -> _Read:
    is_text = type(attribute) is UnicodeAttribute
    decode = None if is_text else _choose_decoder(attribute)
    return _Read(attribute.attr_name, attribute.attr_type, decode, attribute.default)


def is_plain_text(name: str, attribute: Attribute[Any]) -> bool:
    """Return whether DynamoDB's JSON has the value itself, below the attribute's own name."""
    return type(attribute) is UnicodeAttribute and attribute.attr_name == name


def _choose_decoder(attribute: Attribute[Any]) -> Callable[[Any], Any]:
    if type(attribute) is NumberAttribute:
        return _decode_number
    if isinstance(attribute, ListAttribute) and attribute.element_type is UnicodeAttribute:
        return _decode_texts
    return attribute.deserialize


def _decode_texts(elements: list[dict[str, Any]]) -> list[str]:
    return [element["S"] for element in elements]


class _Defaults(NamedTuple):
    constants: dict[str, Any]
    factories: dict[str, Callable[[], Any]]


def make_defaults(model: type[Model]) -> dict[str, Any]:
    """Return the default of each attribute of the model that has one."""
    constants, factories = _list_defaults(model)
    if not factories:
        return constants.copy()
    return {**constants, **{name: make() for name, make in factories.items()}}


@cache
def _list_defaults(model: type[Model]) -> _Defaults:
    defaults = {name: each.default for name, each in model.get_attributes().items()}
    return _Defaults(
        {name: each for name, each in defaults.items() if each is not None and not callable(each)},
        {name: each for name, each in defaults.items() if callable(each)},
    )
