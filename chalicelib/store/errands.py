"""Errands: what a change leaves to be done to many tasks, remembered in the transaction of the
change. The tick runs them; each can be run twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Delete, Upsert, transact

WHAT = "errand"


class Errand(Row):
    """`kind` and what it is about are in the key, so the same errand is owed once."""

    reassign_to = UnicodeAttribute(null=True)

    @staticmethod
    def key(kind: str, *about: str) -> "Key[Errand]":
        return Key(Errand, "#".join(("ERRAND", kind, *about)), "ERRAND")

    @property
    def kind(self) -> str:
        return self.PK.split("#")[1]

    @property
    def about(self) -> list[str]:
        return self.PK.split("#")[2:]


def owed(
    kind: str,
    *about: str,
    now: datetime,
    after: timedelta = timedelta(0),
    reassign_to: str | None = None,
) -> Upsert:
    """The write that remembers an errand, to be run `after` some time."""
    fields = wake.keys(WHAT, stamp(now + after), about[-1])
    fields = {**fields, "reassign_to": reassign_to}
    actions = (table.assigned(Errand, name, value) for name, value in fields.items())
    return Upsert(Errand.key(kind, *about), tuple(actions))


def ready(now: datetime) -> Iterator[Errand]:
    """The errands whose time has come."""
    for row in wake.ready(WHAT, now):
        errand = table.get(Key(Errand, row.PK, row.SK))
        if errand is not None:
            yield errand


def forget(errand: Errand) -> None:
    """The errand is done; one that was owed anew meanwhile stays."""
    same = Errand.wake_at == errand.wake_at
    transact(Delete(Key(Errand, errand.PK, errand.SK), same))
