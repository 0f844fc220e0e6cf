"""A meter for a block of calls: read units, write units, and sequential round trips, S3 included.

The round trips are the longest chain of calls that wait for each other. A call follows the calls
that had returned to its thread, and those that its thread had waited for in other threads. So the
speed of the machine does not decide which calls are concurrent.

DynamoDB Local reports the read units. Only for empty queries and missing items, where it reports 0,
the meter takes the minimum that AWS bills. The write units are computed by AWS's rules from the
items before and after the call, because in a transaction DynamoDB Local bills items of equal price
once, condition checks never, and index entries twice.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from threading import local
from typing import Any, NamedTuple
from unittest.mock import patch

from pynamodb.attributes import Attribute

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.table import Item

Image = dict[str, Any]
Key = tuple[str, str]

KIB = 1024


class Outcome(NamedTuple):
    """The result or error of a task in a thread pool, and the number of its sequential calls."""

    value: Any
    error: BaseException | None
    calls: int


class Chain(local):
    """The length of the longest chain of calls that the current thread has waited for.

    A thread passes it on to the tasks that it submits, and gets it back with their results.
    """

    calls = 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follow the tasks of thread pools in the block."""
        submit, result = ThreadPoolExecutor.submit, Future.result

        def run(calls: int, task: Callable[..., Any], *arguments: Any, **named: Any) -> Outcome:
            self.calls = calls
            try:
                return Outcome(task(*arguments, **named), None, self.calls)
            except BaseException as error:
                return Outcome(None, error, self.calls)

        def submit_with_length(pool: Any, task: Any, *arguments: Any, **named: Any) -> Future[Any]:
            return submit(pool, run, self.calls, task, *arguments, **named)

        def result_with_length(future: Future[Any], timeout: float | None = None) -> Any:
            outcome = result(future, timeout)
            if not isinstance(outcome, Outcome):
                return outcome
            self.calls = max(self.calls, outcome.calls)
            if outcome.error is not None:
                raise outcome.error
            return outcome.value

        self.calls = 0
        with (
            patch.object(ThreadPoolExecutor, "submit", submit_with_length),
            patch.object(Future, "result", result_with_length),
        ):
            yield


@dataclass
class Meter:
    """The cost so far. `billed` is what DynamoDB Local reports for each write."""

    client: Any
    read: float = 0
    written: float = 0
    operations: list[str] = field(default_factory=list)
    billed: list[dict[str, Any]] = field(default_factory=list)
    _is_reading_images: bool = False
    chain: Chain = field(default_factory=Chain)

    @property
    def trips(self) -> int:
        return self.chain.calls

    def before(self, params: Any, model: Any, context: Any, **_: Any) -> dict[str, Any] | None:
        if self._is_reading_images:
            return None
        context["params"] = params
        context["keys"] = list(_keys_written(model.name, params))
        context["images"] = self._images(context["keys"])
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def after(self, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        if self._is_reading_images:
            return
        self.chain.calls += 1
        self.operations.append(model.name)
        bills = parsed.get("ConsumedCapacity", [])
        bills = bills if isinstance(bills, list) else [bills]
        if not context["keys"]:
            reported = sum(bill["CapacityUnits"] for bill in bills)
            self.read += _correct_read_units(reported, model.name, context["params"], parsed)
            return
        self.billed += bills
        factor = 2 if model.name == "TransactWriteItems" else 1
        after = self._images(context["keys"])
        for key in context["keys"]:
            old, new = context["images"].get(key), after.get(key)
            self.written += factor * _write_units(old, new) + sum(_index_units(old, new))

    def after_s3(self, model: Any, **_: Any) -> None:
        self.chain.calls += 1
        self.operations.append(f"S3 {model.name}")

    def _images(self, keys: list[Key]) -> dict[Key, Image]:
        """Return the items at `keys` as they are now; this read is not metered."""
        found: dict[Key, Image] = {}
        if not keys:
            return found
        self._is_reading_images = True
        for start in range(0, len(keys), 100):
            chunk = [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in keys[start : start + 100]]
            request = {settings.TABLE_NAME: {"Keys": chunk, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=request)
            assert not answer["UnprocessedKeys"]
            for image in answer["Responses"][settings.TABLE_NAME]:
                found[_key_of(image)] = image
        self._is_reading_images = False
        return found


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter the calls in the block."""
    client = Item._get_connection().connection.client
    meter = Meter(client)
    hooks = (
        (client, "provide-client-params.dynamodb", meter.before),
        (client, "after-call.dynamodb", meter.after),
        (clients.s3_client(), "after-call.s3", meter.after_s3),
    )
    for each, event, handler in hooks:
        each.meta.events.register(event, handler)
    try:
        with meter.chain.followed():
            yield meter
    finally:
        for each, event, handler in hooks:
            each.meta.events.unregister(event, handler)


def _correct_read_units(units: float, operation: str, params: Any, answer: Any) -> float:
    """Return the units of a read, including missing items and empty queries."""
    if operation != "BatchGetItem":
        return max(units, 1.0 if params.get("ConsistentRead") else 0.5)
    request = params["RequestItems"][settings.TABLE_NAME]
    missing = len(request["Keys"]) - len(answer["Responses"][settings.TABLE_NAME])
    return units + missing * (1.0 if request.get("ConsistentRead") else 0.5)


def _keys_written(operation: str, params: dict[str, Any]) -> Iterator[Key]:
    """Yield the keys of the items that a request writes, or checks in a transaction."""
    if operation == "TransactWriteItems":
        actions = [action for item in params["TransactItems"] for action in item.values()]
    elif operation == "BatchWriteItem":
        requests = params["RequestItems"][settings.TABLE_NAME]
        actions = [action for item in requests for action in item.values()]
    elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        actions = [params]
    else:
        actions = []
    yield from (_key_of(action.get("Item") or action["Key"]) for action in actions)


def _key_of(image: Image) -> Key:
    return image["PK"]["S"], image["SK"]["S"]


def _index_units(old: Image | None, new: Image | None) -> Iterator[int]:
    """Yield the write units of each index for the change of an item."""
    for index in Item._indexes.values():
        keys = [key.attr_name for key in vars(type(index)).values() if isinstance(key, Attribute)]
        before, after = _index_entry(index, keys, old), _index_entry(index, keys, new)
        if before == after:
            yield 0
        elif before and after and any(before[name] != after[name] for name in keys):
            yield _write_units(before, None) + _write_units(None, after)
        else:
            yield _write_units(before, after)


def _index_entry(index: Any, keys: list[str], image: Image | None) -> Image | None:
    """Return the entry of an item in an index, or None if the item is not in it."""
    if image is None or not image.keys() >= set(keys):
        return None
    projected = {"PK", "SK", *keys, *(index.Meta.projection.non_key_attributes or ())}
    return {name: value for name, value in image.items() if name in projected}


def _write_units(old: Image | None, new: Image | None) -> int:
    """Return 1 for each started KiB of the larger image, at least 1."""
    return max(1, ceil(max(_size(old), _size(new)) / KIB))


def _size(image: Image | None) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in (image or {}).items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _value_size(each) for each in content)
    if kind == "M":
        return 3 + len(content) + _size(content)
    return len(content) if kind == "B" else 1
