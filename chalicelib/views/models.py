"""The items of saved views, and the number of views that a user or a project has.

A view is in the partition of its user or, if it is shared, of its project. The id of a shared view
is followed by the project's id, so the id alone tells where it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.ids import new_id, project_id_of
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.optimistic_locking import correct_counter_write, read_counter_item
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import (
    Item,
    Key,
    batch_get,
    get_item,
    query_all,
    query_page,
)
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Delete,
    Increment,
    Put,
    Update,
    transact,
)

MAX_VIEWS = 100


class View(Item):
    """A saved view. `filter` has the parameters of the list that are set, by name."""

    name = UnicodeAttribute()
    filter = JSONAttribute()
    ordering = UnicodeAttribute()
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute(default=1)

    @staticmethod
    def key(user_id: str, view_id: str) -> "Key[View]":
        """Return the key of a view that is shared, or is one of the user's own."""
        return Key(View, owner_partition(user_id, view_project_id(view_id)), f"VIEW#{view_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("VIEW#")

    @property
    def project_id(self) -> str | None:
        return view_project_id(self.id)


class ViewCount(Item):
    """The number of views that a user or a project has.

    `changes` counts the updates of this item, so that a repair detects concurrent ones.
    """

    views = NumberAttribute(default=0)
    changes = NumberAttribute(default=0)

    @staticmethod
    def key(partition: str) -> "Key[ViewCount]":
        return Key(ViewCount, partition, "VIEWS")


def owner_partition(user_id: str, project_id: str | None) -> str:
    """Return the partition of the views of a project or, without `project_id`, of a user."""
    return f"USER#{user_id}" if project_id is None else f"PROJECT#{project_id}"


def new_view_id(project_id: str | None, now: datetime) -> str:
    """Return a random id for a view; `project_id` is the project that it is shared in."""
    return new_id(now) + (project_id or "")


def view_project_id(view_id: str) -> str | None:
    """Return the id of the project that the view is shared in; None for a user's own view."""
    return project_id_of(view_id) or None


def create_view_writes(view: View) -> tuple[Put, Increment]:
    """Return the writes that create `view` and count it.

    The second fails when its user or project already has `MAX_VIEWS` views.
    """
    has_room = ViewCount.PK.does_not_exist() | (ViewCount.views < MAX_VIEWS)
    return Put(view), Increment(ViewCount.key(view.PK), {"views": 1, "changes": 1}, has_room)


def update_view_write(view: View, fields: Mapping[str, Any]) -> Update:
    """Return the write that stores `fields`. It fails when the stored version is another."""
    actions = [set_or_remove(View, name, value) for name, value in fields.items()]
    raised = View.version.set(view.version + 1)
    return Update(Key(View, view.PK, view.SK), (*actions, raised), View.version == view.version)


def delete_view_writes(view: View) -> tuple[Delete, Increment]:
    """Return the writes that delete `view`. The first fails when the stored version is another."""
    unchanged = View.version == view.version
    removed = Increment(ViewCount.key(view.PK), {"views": -1, "changes": 1})
    return Delete(Key(View, view.PK, view.SK), unchanged), removed


def get_view(user_id: str, view_id: str) -> View | None:
    """Return a shared view or a view of the user; None if it does not exist."""
    return get_item(View.key(user_id, view_id))


def list_views(partition: str, *, limit: int, start: dict[str, Any] | None) -> Page[View]:
    """Return a page of the views in a partition (see `owner_partition`), oldest first."""
    return query_page(View, partition, View.SK.startswith("VIEW#"), limit=limit, start=start)


def list_user_views(user_id: str) -> Iterator[View]:
    """Yield all views of the user's own, oldest first."""
    return _list_all(f"USER#{user_id}")


def list_project_views(project_id: str) -> Iterator[View]:
    """Yield all views that are shared in the project, oldest first."""
    return _list_all(f"PROJECT#{project_id}")


def _list_all(partition: str) -> Iterator[View]:
    return query_all(View, partition, View.SK.startswith("VIEW#"))


def correct_count(partition: str) -> bool:
    """Correct the number of views if it is wrong, and return whether it was."""
    key = ViewCount.key(partition)
    raw = batch_get(key).raw(key) or {}
    stored = read_counter_item(key, Counter(views=int(raw["views"]["N"]) if raw else 0), raw)
    expected = Counter(views=sum(1 for _ in _list_all(partition)))
    if stored.counts == expected:
        return False
    try:
        transact(correct_counter_write(stored, expected))
    except ConditionFailed:  # a view was created or deleted meanwhile
        return False
    return True
