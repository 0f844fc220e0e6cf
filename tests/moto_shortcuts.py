"""Shorter ways inside moto to the same answers: they halve the time of the tests on it.

What our code sees, the order, the conditions, the rollback, stays moto's own.
"""

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType

_SCALARS = {"S", "N", "BOOL", "NULL"}

_transact = DynamoDBBackend.transact_write_items
_cast: Any = DynamoType.cast_value.fget  # type: ignore[attr-defined]
_structure = BaseJSONSerializer._serialize_type_structure
_transaction = threading.local()


@contextmanager
def shortcuts() -> Iterator[None]:
    with (
        patch.object(DynamoDBBackend, "transact_write_items", _transact_with_one_copy),
        patch.object(Table, "__deepcopy__", _copied_once, create=True),
        patch.object(responses, "method_names_from_class", cache(method_names_from_class)),
        patch.object(DynamoType, "cast_value", property(_cast_strings_first)),
        patch.object(BaseJSONSerializer, "_serialize_type_structure", _scalars_at_once),
    ):
        yield


def _transact_with_one_copy(backend: DynamoDBBackend, actions: list[Any]) -> None:
    """To roll back, moto copies the table for each action, all before the first of them runs."""
    _transaction.copies = {}
    try:
        _transact(backend, actions)
    finally:
        del _transaction.copies


def _copied_once(table: Table, memo: dict[int, Any]) -> Table:
    copies: dict[int, Table] = getattr(_transaction, "copies", {})
    if id(table) not in copies:
        copied = copies[id(table)] = Table.__new__(Table)
        copied.__dict__ = {**table.__dict__, "items": copy.deepcopy(table.items, memo)}
    return copies[id(table)]


def _cast_strings_first(value: Any) -> Any:
    """Each query sorts the whole table by keys, which are strings, the last type it looks for."""
    return value.value if value.type == "S" else _cast(value)


def _scalars_at_once(serializer: Any, answer: Any, value: Any, shape: Any, key: str) -> None:
    """Of an attribute value moto looks for all ten types, each under several spellings; one that
    names a plain type is what it has to become."""
    if shape.name == "AttributeValue" and isinstance(value, dict) and value.keys() <= _SCALARS:
        serializer._default_serialize(answer, value, shape, key)
    else:
        _structure(serializer, answer, value, shape, key)
