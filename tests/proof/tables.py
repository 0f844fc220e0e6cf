"""States of the table, which can be restored and compared.

Ids, secrets, shards and the numbers of tasks do not count: a draw of a number may be lost, and the
numbers of a project have gaps.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.dynamodb_local import use_session
from tests.table_items import get_items, put_items, scan_items, write_batches

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Ids, digests, secrets and password hashes.
_RANDOM = re.compile(
    r'(?<="upload_id": {"S": ")[^"]+|'
    rf"{_UUID}|[0-9a-f]{{32,}}|[0-9a-hjkmnp-tv-z]{{26}}|[A-Za-z0-9_-]{{43}}|\$argon2[^\"]+"
)
# Items are spread over the shards of the time index by their ids.
_SHARD = re.compile(r'("wake_key": {"S": "[^"]+)#\d"')
# When something happened, and by which request of whom.
_MOMENT = re.compile(
    r'"(changed_by|request_id)": {"S": "[^"]+"}, |"\d{4}-\d\d-\d\dT[^"#]+'
    r'|"expires_at": {"N": "\d+"}'
)
_NUMBER = re.compile(r'"number": {"N": "\d+"}|NUMBER#\d+')
# Counts of requests, and the last number that was drawn.
_IGNORED = {"THROTTLE", "NUMBERS"}
_COUNTER_SHARD = "STATS#"

Key = tuple[str, str]
State = dict[Key, Any]


def read_state() -> State:
    """Return all items of the table by key."""
    return {_key(item): item for item in scan_items()}


def restore(state: State) -> None:
    """Give the table the items of `state` again."""
    _replace(read_state(), state)


def _replace(current: State, state: State) -> None:
    gone = [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in current.keys() - state.keys()]
    write_batches([{"DeleteRequest": {"Key": key}} for key in gone])
    put_items([item for key, item in state.items() if current.get(key) != item])


class TrackedTable:
    """The items of the table, in memory. `read` reads only items again that a request has written.

    A proof would take several times as long if it read all items after each call. The app uses this
    object as its HTTP session, so that it sees the keys in each request.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._state = read_state()
        self._written: set[Key] = set()

    def send(self, request: Any) -> Any:
        """Send a request, and note the keys of the items that it writes."""
        self._written.update(_find_written_keys(json.loads(request.body)))
        return self._session.send(request)

    def read(self) -> State:
        """Return all items of the table by key."""
        written, self._written = self._written, set()
        kept = {key: item for key, item in self._state.items() if key not in written}
        self._state = kept | {_key(item): item for item in get_items(written)}
        return dict(self._state)

    def restore(self, state: State) -> None:
        """Give the table the items of `state` again."""
        _replace(self.read(), state)
        self._state, self._written = dict(state), set()


@contextmanager
def tracked_table() -> Iterator[TrackedTable]:
    """Track the table for the block; afterwards all items are compared with those it knows."""
    with use_session(TrackedTable) as table:
        yield table
        found, stored = table.read(), read_state()
        assert {key for key in found | stored if found.get(key) != stored.get(key)} == set()


def _find_written_keys(parameters: Any) -> Iterator[Key]:
    """Yield the keys in the parameters of a write; those of a query yield none."""
    if "Item" in parameters or "Key" in parameters:
        yield _key(parameters.get("Item") or parameters["Key"])
    requests = parameters.get("TransactItems", [])
    for batch in parameters.get("RequestItems", {}).values():
        requests = batch if isinstance(batch, list) else []
    for request in requests:
        ((_, write),) = request.items()
        yield _key(write.get("Item") or write["Key"])


def _key(item: Any) -> Key:
    return item["PK"]["S"], item["SK"]["S"]


def describe(state: State, *, with_times: bool = True) -> Counter[str]:
    """Return how often the table has each item, with placeholders for what is random.

    The shards of a counter item count as one, and names that count zero do not count. Without
    times, it does not count when an item was written, and by which request of whom.
    """
    described: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for (pk, sk), item in state.items():
        if sk.startswith(_COUNTER_SHARD):
            for name, value in item.items():
                if "N" in value:
                    counts[f"{pk} {name}"] += int(value["N"])
        elif sk not in _IGNORED:
            text = _mask(json.dumps(item, sort_keys=True))
            described[text if with_times else _MOMENT.sub("", text)] += 1
    described.update(_mask(f"{name} {count}") for name, count in counts.items() if count)
    return described


def _mask(text: str) -> str:
    text = text.replace('\\"', '"')  # also JSON in a text: the response in an idempotency record
    return _NUMBER.sub("NUMBER", _SHARD.sub(r'\1#"', _RANDOM.sub("ID", text)))


def difference(found: Counter[str], expected: Counter[str]) -> list[str]:
    """Return the items that only one of two states has."""
    return [f"+ {item}" for item in found - expected] + [f"- {item}" for item in expected - found]
