"""Faster replacements of functions in moto and botocore, which halve the time of the tests.

The answers are the same: order, conditions and rollback are still moto's own. Moto's state is not
thread-safe (a deletion closes the file that another thread reads), so one request runs at a time.
"""

import copy
import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core import DEFAULT_ACCOUNT_ID, responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import method_names_from_class
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator, UpdateExpressionValidator
from moto.dynamodb.responses import DynamoHandler, DynamoResult

_DATA_CALLS = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "BatchWriteItem": DynamoHandler.batch_write_item,
    "DeleteItem": DynamoHandler.delete_item,
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "Scan": DynamoHandler.scan,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}
_ADDRESS = "https://dynamodb.eu-central-1.amazonaws.com"
_HASH_KEY = re.compile(r"\(?(#\w+) = (:\w+)")
_NOTHING_FOUND = json.dumps({"Items": [], "Count": 0, "ScannedCount": 0})
_HALF_OF_SIZE_LIMIT = 200_000

_api_call: Any = BaseClient._make_api_call
_process = BotocoreStubber.process_request
_set_item = LimitedSizeDict.__setitem__
_transact = DynamoDBBackend.transact_write_items
_query, _all_items = Table.query, Table.all_items
_cast: Any = DynamoType.cast_value.fget  # type: ignore[attr-defined]
_lex: Any = ConditionExpressionParser._lex_condition_expression
_parse_update: Any = UpdateExpressionParser.make
_all_processors = UpdateExpressionValidator.get_ast_processors
_one_request = threading.RLock()
_transaction = threading.local()
_current_query = threading.local()


@contextmanager
def apply_shortcuts() -> Iterator[None]:
    """Use the replacements for the block."""
    with (
        patch.object(BaseClient, "_make_api_call", _call_directly),
        patch.object(BotocoreStubber, "process_request", _process_data_call),
        patch.object(LimitedSizeDict, "__setitem__", _set_within_size),
        patch.object(DynamoDBBackend, "transact_write_items", _transact_with_one_copy),
        patch.object(Table, "__deepcopy__", _copy_table_once, create=True),
        patch.object(Table, "query", _query_one_partition),
        patch.object(Table, "all_items", _list_items_of_query),
        patch.object(responses, "method_names_from_class", cache(method_names_from_class)),
        patch.object(DynamoType, "cast_value", property(_cast_strings_first)),
        patch.object(backend_index, "backend_url_patterns", _url_patterns_dynamodb_first()),
        patch.object(UserAgentString, "to_string", lambda _: "tests"),
        patch.object(ConditionExpressionParser, "_lex_condition_expression", _lex_cached),
        patch.object(UpdateExpressionParser, "make", _parse_update_cached),
        patch.object(UpdateExpressionValidator, "get_ast_processors", _list_other_processors),
        patch.object(DynamoResult, "__init__", ActionResult.__init__),
        patch.object(Node, "__deepcopy__", _copy_node, create=True),
        patch.object(DepthFirstTraverser, "traverse_node_recursively", _traverse),
    ):
        yield


def _call_directly(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
    """Pass a data call from PynamoDB to moto's handler, without an HTTP request.

    Building and parsing the request takes a third of the time of a call. Where a test has hooks, or
    where moto raises, the call takes the usual path.
    """
    if operation not in _DATA_CALLS or not _can_call_directly(client, operation):
        return _api_call(client, operation, params)
    model = client.meta.service_model.operation_model(operation)
    event = f"before-parameter-build.dynamodb.{operation}"
    client.meta.events.emit(event, params=params, model=model, context={})
    try:
        answer = json.loads(answer_call(operation, json.dumps(params)))
    except (ServiceException, HTTPException):
        return _api_call(client, operation, params)
    return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}


def _can_call_directly(client: BaseClient, operation: str) -> bool:
    find = client.meta.events._emitter._handlers.prefix_search
    events = ("before-send", "after-call")
    hooks = [hook for event in events for hook in find(f"{event}.dynamodb.{operation}")]
    are_usual = all(
        hook.__module__.startswith(("pynamodb.", "moto.", "botocore.")) for hook in hooks
    )
    return are_usual and bool(client.meta.endpoint_url == _ADDRESS)


def answer_call(operation: str, body: str | bytes) -> str:
    """Return moto's answer to a data call, as JSON."""
    handler = DynamoHandler()
    handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, "eu-central-1"
    handler.body = json.loads(body)
    with _one_request:
        if operation == "Query" and _is_partition_empty(handler):
            return _NOTHING_FOUND
        return json.dumps(_DATA_CALLS[operation](handler).result, default=_as_json)


def _is_partition_empty(handler: DynamoHandler) -> bool:
    """Return whether a query asks for a partition without items, as most queries of jobs do.

    Queries that continue a page, or ask for the consumed capacity, are left to moto.
    """
    query = handler.body
    if "ExclusiveStartKey" in query or "ReturnConsumedCapacity" in query:
        return False
    matched = _HASH_KEY.match(query.get("KeyConditionExpression", ""))
    table = handler.dynamodb_backend.tables.get(query["TableName"])
    if matched is None or table is None:
        return False
    name = query["ExpressionAttributeNames"][matched[1]]
    value = query["ExpressionAttributeValues"][matched[2]].get("S")
    if name == table.hash_key_attr:
        return DynamoType({"S": value}) not in table.items
    return not any(
        name in item.attrs and item.attrs[name].value == value
        for items in table.items.values()
        for item in items.values()
    )


def _process_data_call(stubber: BotocoreStubber, request: Any) -> Any:
    """Answer the HTTP request of a data call.

    Skips the search for the service among moto's URL patterns, and the type conversions that
    DynamoDB's JSON makes unnecessary.
    """
    target = request.headers.get("X-Amz-Target", b"")
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    if operation not in _DATA_CALLS or request.url != _ADDRESS + "/":
        with _one_request:
            return _process(stubber, request)
    try:
        return 200, {}, answer_call(operation, request.body)
    except ServiceException as error:
        handler = DynamoHandler()
        handler.headers, handler.querystring = request.headers, {"Action": [operation]}
        handler.response_headers = {}
        return handler.serialized(ActionResult(error))
    except HTTPException as error:
        return error.code, dict(error.get_headers()), error.description


def _as_json(value: Any) -> Any:
    return {value.type: value.value} if type(value) is DynamoType else value.to_json()


def _set_within_size(item: Any, key: str, value: Any) -> None:
    """Set an attribute, and check the size of the item only where it may exceed the limit.

    Moto measures the whole item for each attribute. While the sizes of all values that were ever
    set add up to less than half of the limit, the item cannot be too large.
    """
    if not hasattr(item, "size_upper_bound"):
        item.size_upper_bound = sum(len(name) + _size(each) for name, each in item.items())
    item.size_upper_bound += len(key) + _size(value)
    is_small = item.size_upper_bound < _HALF_OF_SIZE_LIMIT
    (dict.__setitem__ if is_small else _set_item)(item, key, value)


def _size(value: Any) -> int:
    return value.size() if type(value) is DynamoType else len(str(value))


def _url_patterns_dynamodb_first() -> list[Any]:
    """Return moto's URL patterns of some 200 services, DynamoDB's first.

    Moto compares each request with the patterns in this order.
    """
    return sorted(backend_index.backend_url_patterns, key=lambda entry: entry[0] != "dynamodb")


def _transact_with_one_copy(backend: DynamoDBBackend, actions: list[Any]) -> None:
    """Run a transaction with one copy of the table for the rollback.

    Moto makes a copy for each action, all before the first action runs.
    """
    _transaction.copies, _transaction.actions = {}, actions
    try:
        _transact(backend, actions)
    finally:
        del _transaction.copies, _transaction.actions


def _copy_table_once(table: Table, memo: dict[int, Any]) -> Table:
    """Return a copy of the table that shares all items except those of the transaction."""
    copies: dict[int, Table] = getattr(_transaction, "copies", {})
    if id(table) not in copies:
        copied = copies[id(table)] = Table.__new__(Table)
        copied.__dict__ = {**table.__dict__, "items": _copy_items_of_transaction(table)}
    return copies[id(table)]


def _copy_items_of_transaction(table: Table) -> Any:
    if not hasattr(_transaction, "actions"):
        return copy.deepcopy(table.items)
    items = copy.copy(table.items)
    for action in _transaction.actions:
        (operation,) = action.values()
        key = operation.get("Key") or operation["Item"]
        hash_key, range_key = (DynamoType(key[name]) for name in table.table_key_attrs)
        if hash_key not in items:
            continue
        if items[hash_key] is table.items[hash_key]:
            items[hash_key] = copy.copy(items[hash_key])
        if range_key in items[hash_key]:
            items[hash_key][range_key] = copy.deepcopy(items[hash_key][range_key])
    return items


def _query_one_partition(table: Table, hash_key: DynamoType, *args: Any, **options: Any) -> Any:
    """Query without sorting the whole table, as moto does for each query."""
    _current_query.keys = dict(options["hash_key_conditions"])
    try:
        return _query(table, hash_key, *args, **options)
    finally:
        del _current_query.keys


def _list_items_of_query(table: Table) -> Any:
    conditions: dict[str, DynamoType] | None = getattr(_current_query, "keys", None)
    if conditions is None:
        return _all_items(table)
    if table.hash_key_attr in conditions:
        return list(table.items.get(conditions[table.hash_key_attr], {}).values())
    ((name, hash_key),) = conditions.items()
    items = (item for items in table.items.values() for item in items.values())
    found = [item for item in items if name in item.attrs and item.attrs[name] == hash_key]
    return sorted(found, key=lambda item: (item.hash_key, item.range_key))


@cache
def _lex_expression(expression: str) -> tuple[Any, ...]:
    return tuple(_lex(ConditionExpressionParser(expression, {}, {})))


def _lex_cached(parser: ConditionExpressionParser) -> deque[Any]:
    """Cache the tokens, because moto parses each condition three times."""
    return deque(_lex_expression(parser.condition_expression or ""))


def _copy_node(node: Any, memo: dict[int, Any]) -> Any:
    """Copy a node without pickle's protocol, which `copy.deepcopy` uses."""
    copied = node.__class__.__new__(node.__class__)
    copied.__dict__.update(node.__dict__, parent=None)
    if node.children is not None:
        copied.children = [copy.deepcopy(child, memo) for child in node.children]
        for child in copied.children:
            if _is_subclass(type(child), Node):
                child.parent = copied
    return copied


@cache
def _is_subclass(kind: type, *kinds: type) -> bool:
    """Cache `issubclass`, which is slow for the abstract base class of nodes."""
    return issubclass(kind, kinds)


def _traverse(processor: Any, node: Any, place: int = -1) -> Any:
    if not _is_subclass(type(node), Node):
        return node
    if "handlers" not in processor.__dict__:
        processor.handlers = _Handlers(processor._processing_map())
        pre_process = type(processor).pre_processing_of_child
        processor.pre_processes = pre_process is not DepthFirstTraverser.pre_processing_of_child
    return _walk(processor, node, place)


class _Handlers(dict[type, Any]):
    """Class of a node -> the processor's method for it, found once for each class."""

    def __init__(self, by_kind: dict[type, Any]) -> None:
        super().__init__()
        self.by_kind = by_kind

    def __missing__(self, kind: type) -> Any:
        matches = (handler for base, handler in self.by_kind.items() if _is_subclass(kind, base))
        self[kind] = next(matches, None)
        return self[kind]


def _walk(processor: Any, node: Any, place: int) -> Any:
    parent = node.parent
    for index, child in enumerate(node.children or ()):
        if processor.pre_processes:
            processor.pre_processing_of_child(node, index)
        if _is_subclass(type(child), Node):
            _walk(processor, child, index)
    handler = processor.handlers[type(node)]
    if handler:
        node = handler(node)
        node.parent = parent
        if parent:
            parent.children[place] = node
    return node


@cache
def _parse_update_cached(expression: str) -> Any:
    """Parse an update expression and check the number of its clauses, once for each text."""
    return ActionCountValidator().traverse(_parse_update(expression))


def _list_other_processors(validator: UpdateExpressionValidator) -> list[Any]:
    """Return the processors without the count of clauses, which `_parse_update_cached` checks."""
    _counter, *others = _all_processors(validator)
    return others


def _cast_strings_first(value: Any) -> Any:
    """Return the value of a string first.

    Each query compares keys, which are strings, and moto looks for that type last.
    """
    return value.value if value.type == "S" else _cast(value)
