"""PynamoDB's model with short ways to make, read and write an item.

PynamoDB visits each declared attribute of a model in several steps, also those that an item does
not have. A `PlainModel` behaves alike and visits those that an item has, once.
"""

from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple, Self

from pynamodb.attributes import Attribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import AttributeNullError
from pynamodb.indexes import Index
from pynamodb.models import MetaModel, Model

from chalicelib.dynamodb.mapping.decoding import (
    RawItem,
    decode_values,
    make_defaults,
    plan_reads,
    plan_single_read,
)
from chalicelib.dynamodb.mapping.expressions import Field

_MUTABLE = (list, dict, set)


class ModelClass(MetaModel):
    """The class of the models of one table.

    For each model, PynamoDB visits all members of the class three times and copies the indexes. The
    models of a table share its `Meta`, keys and indexes, so only the attributes of a model are new.
    """

    def __init__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> None:
        table: Any = bases[0]
        is_table = not hasattr(table, "Meta") or "Meta" in namespace
        if is_table or options or any(isinstance(each, Index) for each in namespace.values()):
            super().__init__(name, bases, namespace, **options)
            return
        type.__init__(cls, name, bases, namespace)
        own = {key: each for key, each in namespace.items() if isinstance(each, Attribute)}
        cls._attributes = dict(sorted({**table._attributes, **own}.items()))
        cls._dynamo_to_python_attrs = {
            each.attr_name: key for key, each in cls._attributes.items() if each.attr_name != key
        }
        cls._indexes = table._indexes


class PlainModel(Model, metaclass=ModelClass):
    """A model without discriminator, version and map attributes."""

    # The item in DynamoDB's JSON, and its decoded values, which are valid once they exist.
    _raw: RawItem
    _values: dict[str, Any] | None
    # Stored attributes that the model does not declare: a newer release wrote them.
    _undeclared: RawItem

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, attribute in list(vars(cls).items()):
            if isinstance(attribute, Attribute):
                setattr(cls, name, _Access(name, attribute))

    def __init__(
        self, hash_key: str | None = None, range_key: str | None = None, **values: Any
    ) -> None:
        """Make an item with its key, `values` and the defaults of all other attributes.

        Raises ValueError for a value of an attribute that the model does not declare.
        """
        if not values.keys() <= self.get_attributes().keys():
            unknown = values.keys() - self.get_attributes().keys()
            raise ValueError(f"{type(self).__name__} has no attribute {min(unknown)}")
        keys = {self._hash_keyname: hash_key, self._range_keyname: range_key}
        given = {str(name): value for name, value in keys.items() if value is not None}
        self.attribute_values = {**make_defaults(type(self)), **given, **values}

    @classmethod
    def from_raw_data(cls, data: RawItem) -> Self:
        """Return the item that `data`, DynamoDB's JSON, stands for.

        Raises AttributeDeserializationError for a value of another type than the attribute's.
        """
        item = cls.__new__(cls)
        item._raw, item._values = data, decode_values(cls, data)
        return item

    @classmethod
    def decode_later(cls, data: RawItem) -> Self:
        """Return the item in `data` without decoding its values yet.

        A text, number or boolean is decoded when it is used; the first use of another value, and
        the first change, decode all.
        """
        item = cls.__new__(cls)
        item._raw, item._values = data, None
        return item

    @property
    def attribute_values(self) -> dict[str, Any]:
        """The decoded values by name.

        Raises AttributeDeserializationError for a value of another type than the attribute's.
        """
        if self._values is None:
            self._values = decode_values(type(self), self._raw)
        return self._values

    @attribute_values.setter
    def attribute_values(self, values: dict[str, Any]) -> None:
        self._values = values

    def get_values(self, names: tuple[str, ...]) -> list[Any]:
        """Return the values of the named attributes, whose defaults are constants.

        Of an item that was read, no others are decoded.
        """
        values = self._values
        if values is not None:
            return [values.get(name) for name in names]
        raw = self._raw
        try:
            return [
                default
                if (content := raw.get(stored_name)) is None
                else (content[tag] if decode is None else decode(content[tag]))
                for stored_name, tag, decode, default in plan_reads(type(self), names)
            ]
        except KeyError:  # a null, or a value of another type
            return [self.attribute_values.get(name) for name in names]

    def keep_undeclared(self, stored: "PlainModel") -> Self:
        """Give this item, which replaces `stored`, all attributes that the model does not declare.

        A newer release wrote them. Returns the item.
        """
        raw = stored.__dict__.get("_raw", {})
        declared = {each.attr_name for each in stored.get_attributes().values()}
        self._undeclared = {name: raw[name] for name in raw.keys() - declared}
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy that shares only values that cannot change."""
        copied = type(self).__new__(type(self))
        copied.attribute_values = {
            name: deepcopy(value, memo) if isinstance(value, _MUTABLE) else value
            for name, value in self.attribute_values.items()
        }
        return copied

    def serialize(self, null_check: bool = True) -> RawItem:
        """Return the item in DynamoDB's JSON, without attributes that are None or an empty set.

        With `null_check`, raises AttributeNullError for such an attribute if it must have a value.
        """
        encoders, item = _list_encoders(type(self)), {}
        for name, value in self.attribute_values.items():
            if value is not None:
                stored_name, tag, attribute = encoders[name]
                encoded = value if attribute is None else _encode(attribute, value, null_check)
                if encoded is not None:
                    item[stored_name] = {tag: encoded}
        missing = _list_required(type(self)) - item.keys() if null_check else ()
        if missing:
            raise AttributeNullError(min(missing))
        return {**self.__dict__.get("_undeclared", {}), **item}


class _Access:
    """Gives the value of an attribute of an item, and the field for expressions of the model."""

    __slots__ = ("_attribute", "_field", "_name", "_read")

    def __init__(self, name: str, attribute: Attribute[Any]) -> None:
        self._name, self._attribute, self._field = name, attribute, Field(attribute)
        self._read = plan_single_read(attribute)

    def __get__(self, item: Any, model: type[Model]) -> Any:
        if item is None:
            # PynamoDB collects the attributes of a new model, and its indexes after them.
            return self._field if "_indexes" in vars(model) else self._attribute
        values = item._values
        if values is not None:
            return values.get(self._name)
        if self._read is not None:
            stored_name, tag, decode, default = self._read
            content = item._raw.get(stored_name)
            if content is None:
                return default
            if tag in content:  # it may be a null, or a value of another type
                return content[tag] if decode is None else decode(content[tag])
        return item.attribute_values.get(self._name)

    def __set__(self, item: Any, value: Any) -> None:
        item.attribute_values[self._name] = value


@cache
def _list_required(model: type[Model]) -> frozenset[str]:
    """Return the stored names of the attributes that must have a value."""
    return frozenset(each.attr_name for each in model.get_attributes().values() if not each.null)


class _Encoder(NamedTuple):
    """The encoding of an attribute. A text is stored unchanged, so it has no `attribute` here."""

    stored_name: str
    tag: str
    attribute: Attribute[Any] | None


@cache
def _list_encoders(model: type[Model]) -> dict[str, _Encoder]:
    """Return how the value of each attribute is stored, by name."""
    return {
        name: _Encoder(
            each.attr_name, each.attr_type, None if type(each) is UnicodeAttribute else each
        )
        for name, each in model.get_attributes().items()
    }


def _encode(attribute: Any, value: Any, null_check: bool) -> Any:
    """Return a value as DynamoDB's JSON has it below the type; None for an empty set."""
    if type(attribute) is NumberAttribute and type(value) is int:
        return str(value)
    if isinstance(attribute, ListAttribute):
        return attribute.serialize(value, null_check=null_check)
    return attribute.serialize(value)
