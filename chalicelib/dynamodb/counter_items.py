"""Rows of sums that also say how often any of these was changed (`changes`): what the recount needs
to mend one without a word of what has come in meanwhile being lost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.transactions import Update


@dataclass(frozen=True)
class CounterItem:
    """A row as it was read; one that is not there yet says nothing."""

    key: Key[Any]
    counts: Counter[str]
    changes: int | None


def read_counter_item(key: Key[Any], counts: Counter[str], raw: Mapping[str, Any]) -> CounterItem:
    """The `counts` that were read from `raw`."""
    return CounterItem(key, counts, int(raw["changes"]["N"]) if "changes" in raw else None)


def correct_counter_write(row: CounterItem, counts: Mapping[str, int]) -> Update:
    """The write that lets a row say `counts` and nothing else; it holds while none of its sums has
    been changed since it was read."""
    gone = [Path(name).remove() for name in row.counts.keys() - counts.keys()]
    said = [Path(name).set(count) for name, count in counts.items()]
    changes = Path("changes")
    unchanged = changes.does_not_exist() if row.changes is None else changes == row.changes
    return Update(row.key, (*gone, *said), unchanged)
