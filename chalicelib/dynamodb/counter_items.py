"""Counter items with a count of their own changes (`changes`).

The counter repair corrects an item only if `changes` is still what it read, so it never overwrites
a concurrent update.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import Update


@dataclass(frozen=True)
class CounterItem:
    """A counter item as it was read; without counts and changes if it does not exist."""

    key: Key[Any]
    counts: Counter[str]
    changes: int | None


def read_counter_item(key: Key[Any], counts: Counter[str], raw: Mapping[str, Any]) -> CounterItem:
    """Return the counter item with the `counts` that were parsed from `raw`."""
    return CounterItem(key, counts, int(raw["changes"]["N"]) if "changes" in raw else None)


def correct_counter_write(item: CounterItem, counts: Mapping[str, int]) -> Update:
    """Return the write that replaces the item's counts with `counts`.

    It holds only while no count has changed since the item was read.
    """
    removed = [Path(name).remove() for name in item.counts.keys() - counts.keys()]
    corrected = [Path(name).set(count) for name, count in counts.items()]
    changes = Path("changes")
    unchanged = changes.does_not_exist() if item.changes is None else changes == item.changes
    return Update(item.key, (*removed, *corrected), unchanged)
