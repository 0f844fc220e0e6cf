"""The indexes of the one table. Those that lists are read from hold a task's card: all but its
description, which is what makes an item dear to copy."""

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

CARD = [
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


class ByStatus(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A project's tasks of one status, as they were created."""

    class Meta:
        index_name = "by_status"
        projection = IncludeProjection(CARD)

    status_key = UnicodeAttribute(hash_key=True)
    status_sort = UnicodeAttribute(range_key=True)


class ByPriority(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A project's tasks, the most important first, then as they were created."""

    class Meta:
        index_name = "by_priority"
        projection = IncludeProjection(CARD)

    priority_key = UnicodeAttribute(hash_key=True)
    priority_sort = UnicodeAttribute(range_key=True)


class ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A project's tasks by due time, the open ones apart from the others."""

    class Meta:
        index_name = "by_due"
        projection = IncludeProjection(CARD)

    due_key = UnicodeAttribute(hash_key=True)
    due_sort = UnicodeAttribute(range_key=True)


class ByUpdated(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """A project's tasks by their last change."""

    class Meta:
        index_name = "by_updated"
        projection = IncludeProjection(CARD)

    updated_key = UnicodeAttribute(hash_key=True)
    updated_sort = UnicodeAttribute(range_key=True)


class ByAssignee(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What one person is assigned to in one project, by due time."""

    class Meta:
        index_name = "by_assignee"
        projection = IncludeProjection(CARD)

    assignee_key = UnicodeAttribute(hash_key=True)
    assignee_sort = UnicodeAttribute(range_key=True)


class ByWake(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Everything that must happen at a time, in hour buckets."""

    class Meta:
        index_name = "by_wake"
        projection = KeysOnlyProjection()

    wake_key = UnicodeAttribute(hash_key=True)
    wake_at = UnicodeAttribute(range_key=True)
