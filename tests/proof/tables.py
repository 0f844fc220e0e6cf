"""States of the table, which can be restored and compared.

Ids, secrets, shards and the numbers of tasks do not count: a draw of a number may be lost, and the
numbers of a project have gaps.
"""

import json
import re
from collections import Counter
from typing import Any

from tests.table_items import put_items, scan_items, write_batches

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Ids, digests, secrets and password hashes.
_RANDOM = re.compile(
    rf"{_UUID}|[0-9a-f]{{32,}}|[0-9a-hjkmnp-tv-z]{{26}}|[A-Za-z0-9_-]{{43}}|\$argon2[^\"]+"
    r'|(?<="upload_id": {"S": ")[^"]+'
)
# Items are spread over the shards of the time index by their ids.
_SHARD = re.compile(r'("wake_key": {"S": "[^"]+)#\d"')
_NUMBER = re.compile(r'"number": {"N": "\d+"}|NUMBER#\d+')
# Counts of requests, and the last number that was drawn.
_IGNORED = {"THROTTLE", "NUMBERS"}
_COUNTER_SHARD = "STATS#"

State = dict[tuple[str, str], Any]


def read_state() -> State:
    """Return all items of the table by key."""
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in scan_items()}


def restore(state: State) -> None:
    """Give the table the items of `state` again."""
    current = read_state()
    gone = [{"PK": {"S": pk}, "SK": {"S": sk}} for pk, sk in current.keys() - state.keys()]
    write_batches([{"DeleteRequest": {"Key": key}} for key in gone])
    put_items([item for key, item in state.items() if current.get(key) != item])


def describe(state: State) -> Counter[str]:
    """Return how often the table has each item, with placeholders for what is random.

    The shards of a counter item count as one, and names that count zero do not count.
    """
    described: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for (pk, sk), item in state.items():
        if sk.startswith(_COUNTER_SHARD):
            for name, value in item.items():
                if "N" in value:
                    counts[f"{pk} {name}"] += int(value["N"])
        elif sk not in _IGNORED:
            described[_mask(json.dumps(item, sort_keys=True))] += 1
    described.update(_mask(f"{name} {count}") for name, count in counts.items() if count)
    return described


def _mask(text: str) -> str:
    text = text.replace('\\"', '"')  # also JSON in a text: the response in an idempotency record
    return _NUMBER.sub("NUMBER", _SHARD.sub(r'\1#"', _RANDOM.sub("ID", text)))


def difference(found: Counter[str], expected: Counter[str]) -> list[str]:
    """Return the items that only one of two states has."""
    return [f"+ {item}" for item in found - expected] + [f"- {item}" for item in expected - found]
