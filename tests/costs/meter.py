"""What a block of calls costs: request units read and written, and round trips one after the other,
those to S3 included. A call that sets out before another is back is not behind it; those that other
threads make are held up a little, so that the machine's pace does not decide what is side by side.

What is read is billed by AWS's own engine; only for empty queries and rows that are not there, of
which it says 0, we put the least that AWS takes. What is written is worked out by AWS's rules from
the rows as they were before and after, because of a transaction the engine bills rows of the same
price once, checks never and index entries twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from threading import get_ident
from time import monotonic, sleep
from typing import Any

from pynamodb.attributes import Attribute

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.dynamodb.table import Item

Image = dict[str, Any]
Key = tuple[str, str]

KIB = 1024
HELD_UP = 0.05


@dataclass
class Meter:
    """`billed` is what the engine said of each write."""

    client: Any
    read: float = 0
    written: float = 0
    operations: list[str] = field(default_factory=list)
    billed: list[dict[str, Any]] = field(default_factory=list)
    _looks: bool = False
    # How many trips were behind one another when the last of them was back, and when that was.
    _ends: list[tuple[float, int]] = field(default_factory=list)
    _home: int = field(default_factory=get_ident)

    @property
    def trips(self) -> int:
        return max((depth for _, depth in self._ends), default=0)

    def before(self, params: Any, model: Any, context: Any, **_: Any) -> dict[str, Any] | None:
        if self._looks:
            return None
        context["asked"] = params
        context["keys"] = list(_keys_written(model.name, params))
        context["images"] = self._images(context["keys"])
        context["depth"] = self._sets_out()
        return {**params, "ReturnConsumedCapacity": "INDEXES"}

    def after(self, parsed: Any, model: Any, context: Any, **_: Any) -> None:
        if self._looks:
            return
        self._ends.append((monotonic(), context["depth"]))
        self.operations.append(model.name)
        bills = parsed.get("ConsumedCapacity", [])
        bills = bills if isinstance(bills, list) else [bills]
        if not context["keys"]:
            engine_says = sum(bill["CapacityUnits"] for bill in bills)
            self.read += _put_right(engine_says, model.name, context["asked"], parsed)
            return
        self.billed += bills
        times = 2 if model.name == "TransactWriteItems" else 1
        now = self._images(context["keys"])
        for key in context["keys"]:
            old, new = context["images"].get(key), now.get(key)
            self.written += times * _units(old, new) + sum(_entries(old, new))

    def after_s3(self, model: Any, **_: Any) -> None:
        self._ends.append((monotonic(), self._sets_out()))
        self.operations.append(f"S3 {model.name}")

    def _sets_out(self) -> int:
        """How deep the trip that begins now is."""
        begin = monotonic()
        if get_ident() != self._home:
            sleep(HELD_UP)
        return 1 + max((depth for end, depth in self._ends if end <= begin), default=0)

    def _images(self, keys: list[Key]) -> dict[Key, Image]:
        """The rows at `keys` as they are now; the look itself is not metered."""
        found: dict[Key, Image] = {}
        if not keys:
            return found
        self._looks = True
        for start in range(0, len(keys), 100):
            asked = [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in keys[start : start + 100]]
            wanted = {settings.TABLE_NAME: {"Keys": asked, "ConsistentRead": True}}
            answer = self.client.batch_get_item(RequestItems=wanted)
            assert not answer["UnprocessedKeys"]
            for image in answer["Responses"][settings.TABLE_NAME]:
                found[_key_of(image)] = image
        self._looks = False
        return found


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter what is called in the block."""
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
        yield meter
    finally:
        for each, event, handler in hooks:
            each.meta.events.unregister(event, handler)


def _put_right(units: float, operation: str, asked: Any, answer: Any) -> float:
    """What a read costs: also for rows that are not there, and for a query that finds nothing."""
    if operation != "BatchGetItem":
        return max(units, 1.0 if asked.get("ConsistentRead") else 0.5)
    wanted = asked["RequestItems"][settings.TABLE_NAME]
    missing = len(wanted["Keys"]) - len(answer["Responses"][settings.TABLE_NAME])
    return units + missing * (1.0 if wanted.get("ConsistentRead") else 0.5)


def _keys_written(operation: str, params: dict[str, Any]) -> Iterator[Key]:
    """The rows that a request writes, or checks in a transaction."""
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


def _entries(old: Image | None, new: Image | None) -> Iterator[int]:
    """What each index costs when a row changes."""
    for index in Item._indexes.values():
        keys = [key.attr_name for key in vars(type(index)).values() if isinstance(key, Attribute)]
        before, after = _entry(index, keys, old), _entry(index, keys, new)
        if before == after:
            yield 0
        elif before and after and any(before[name] != after[name] for name in keys):
            yield _units(before, None) + _units(None, after)
        else:
            yield _units(before, after)


def _entry(index: Any, keys: list[str], image: Image | None) -> Image | None:
    """What an index holds of a row, if it holds it."""
    if image is None or not image.keys() >= set(keys):
        return None
    projected = {"PK", "SK", *keys, *(index.Meta.projection.non_key_attributes or ())}
    return {name: value for name, value in image.items() if name in projected}


def _units(old: Image | None, new: Image | None) -> int:
    """1 for each KiB of the larger one, and for nothing at all."""
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
