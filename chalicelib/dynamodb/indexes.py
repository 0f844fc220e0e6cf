"""The indexes of the one table. Those that lists are read from hold a task's card: all but its
description, which is what makes an item dear to copy, and its start date, which came later: the
projection of an index cannot be changed."""

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


def card_index(what: str) -> Index:
    """The index `by_<what>` of tasks' cards; its keys are in `<what>_key` and `<what>_sort`."""

    class Cards(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = f"by_{what}"
            projection = IncludeProjection(CARD_ATTRIBUTES)

        key = UnicodeAttribute(hash_key=True, attr_name=f"{what}_key")
        sort = UnicodeAttribute(range_key=True, attr_name=f"{what}_sort")

    return Cards()


class ByWake(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Everything that must happen at a time, in hour buckets."""

    class Meta:
        index_name = "by_wake"
        projection = KeysOnlyProjection()

    wake_key = UnicodeAttribute(hash_key=True)
    wake_at = UnicodeAttribute(range_key=True)
