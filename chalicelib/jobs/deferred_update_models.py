"""Deferred task updates: changes to many tasks that follow from one request.

A deferred update is stored in the transaction of its cause and run by the tick. Running one again
has no further effect.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Update, Upsert, transact

TIME_INDEX_KIND = "errand"


class DeferredUpdate(Item):
    """One deferred update. The key holds its kind and the ids of the objects that it is about, so
    the same update is stored once."""

    reassign_to = UnicodeAttribute(null=True)

    @staticmethod
    def key(kind: str, *about: str) -> "Key[DeferredUpdate]":
        return Key(DeferredUpdate, "#".join(("ERRAND", kind, *about)), "ERRAND")

    @property
    def kind(self) -> str:
        return self.PK.split("#")[1]

    @property
    def about(self) -> list[str]:
        """The ids of the objects that the update is about, such as a project and a label."""
        return self.PK.split("#")[2:]


def defer_update_write(
    kind: str,
    *about: str,
    now: datetime,
    after: timedelta = timedelta(0),
    reassign_to: str | None = None,
) -> Upsert:
    """Return the write that stores a deferred update, due `after` this time.

    `about` are the ids of the objects that the update is about. Storing the same update again moves
    the time at which it is due.
    """
    fields = time_index.build_keys(TIME_INDEX_KIND, format_timestamp(now + after), about[-1])
    fields = {**fields, "reassign_to": reassign_to}
    actions = (set_or_remove(DeferredUpdate, name, value) for name, value in fields.items())
    return Upsert(DeferredUpdate.key(kind, *about), tuple(actions))


def defer_once_write(kind: str, *about: str, now: datetime, after: timedelta) -> Update:
    """Return the write that stores a deferred update as `defer_update_write` does.

    It fails while the same update is stored already.
    """
    write = defer_update_write(kind, *about, now=now, after=after)
    return Update(write.key, write.actions, DeferredUpdate.PK.does_not_exist())


def list_due_updates(now: datetime) -> Iterator[DeferredUpdate]:
    """Yield the deferred updates that are due at `now`."""
    for entry in time_index.list_due(TIME_INDEX_KIND, now):
        deferred = get_item(Key(DeferredUpdate, entry.PK, entry.SK))
        if deferred is not None:
            yield deferred


def forget_deferred_update(kind: str, *about: str, at: datetime) -> None:
    """Delete the deferred update that is due `at` this time, because its work is done."""
    key = DeferredUpdate.key(kind, *about)
    delete_deferred_update(DeferredUpdate(key.pk, key.sk, wake_at=format_timestamp(at)))


def delete_deferred_update(deferred: DeferredUpdate) -> None:
    """Delete a deferred update that is done, unless the same one was stored again meanwhile."""
    unchanged = DeferredUpdate.wake_at == deferred.wake_at
    try:
        transact(Delete(Key(DeferredUpdate, deferred.PK, deferred.SK), unchanged))
    except ConditionFailed:
        return
