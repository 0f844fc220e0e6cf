"""Errands: what a change leaves to be done to many tasks, remembered in the transaction of the
change. The tick runs them; each can be run twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item, Key, get_item, set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Delete, Upsert, transact

TIME_INDEX_KIND = "errand"


class DeferredUpdate(Item):
    """`kind` and what it is about are in the key, so the same errand is owed once."""

    reassign_to = UnicodeAttribute(null=True)

    @staticmethod
    def key(kind: str, *about: str) -> "Key[DeferredUpdate]":
        return Key(DeferredUpdate, "#".join(("ERRAND", kind, *about)), "ERRAND")

    @property
    def kind(self) -> str:
        return self.PK.split("#")[1]

    @property
    def about(self) -> list[str]:
        return self.PK.split("#")[2:]


def defer_update_write(
    kind: str,
    *about: str,
    now: datetime,
    after: timedelta = timedelta(0),
    reassign_to: str | None = None,
) -> Upsert:
    """The write that remembers an errand, to be run `after` some time."""
    fields = time_index.build_keys(TIME_INDEX_KIND, format_timestamp(now + after), about[-1])
    fields = {**fields, "reassign_to": reassign_to}
    actions = (set_or_remove(DeferredUpdate, name, value) for name, value in fields.items())
    return Upsert(DeferredUpdate.key(kind, *about), tuple(actions))


def list_due_updates(now: datetime) -> Iterator[DeferredUpdate]:
    """The errands whose time has come."""
    for row in time_index.list_due(TIME_INDEX_KIND, now):
        errand = get_item(Key(DeferredUpdate, row.PK, row.SK))
        if errand is not None:
            yield errand


def delete_deferred_update(errand: DeferredUpdate) -> None:
    """The errand is done; one that was owed anew meanwhile stays."""
    same = DeferredUpdate.wake_at == errand.wake_at
    transact(Delete(Key(DeferredUpdate, errand.PK, errand.SK), same))
