"""The indexes of the one table.

Indexes for lists project a task's card: all attributes but the description, which would make each
copy of the item expensive, and what is newer than the indexes, whose projection cannot be changed:
the start date, the recurrence and the rank. The sort key of `by_updated` contains the rank
(decision 0041).
"""

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

CARD_ATTRIBUTES = [
    "title",
    "status",
    "priority",
    "assigned_to",
    "due_date",
    "due_at",
    "labels",
    "parent",
    "number",
    "created_by",
    "created_at",
    "updated_at",
    "completed_at",
    "version",
    "comments_count",
    "attachments_count",
    "subtasks_count",
]

Index = GlobalSecondaryIndex[Any]


def card_index(name: str) -> Index:
    """Return the index `by_<name>` of task cards, with the keys `<name>_key` and `<name>_sort`."""

    class Cards(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = f"by_{name}"
            projection = IncludeProjection(CARD_ATTRIBUTES)

        key = UnicodeAttribute(hash_key=True, attr_name=f"{name}_key")
        sort = UnicodeAttribute(range_key=True, attr_name=f"{name}_sort")

    return Cards()


def hash_name(index: str) -> str:
    """Return the name of the attribute that is the hash key of the index `by_<name>`."""
    return f"{index.removeprefix('by_')}_key"


class ByWake(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """The time index: items that become due at a time, in hour buckets (see `time_index`)."""

    class Meta:
        index_name = "by_wake"
        projection = KeysOnlyProjection()

    wake_key = UnicodeAttribute(hash_key=True)
    wake_at = UnicodeAttribute(range_key=True)
