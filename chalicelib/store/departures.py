"""People who left a project and whose tasks may still have to be handed on; the tick sees to it."""

from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Delete, Upsert, transact

# The index of assignments lags; by then it has caught up.
LOOK_AGAIN = timedelta(minutes=1)


class Departure(Row):
    reassign_to = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str, user_id: str) -> "Key[Departure]":
        return Key(Departure, f"DEPARTURE#{project_id}#{user_id}", "DEPARTURE")

    @property
    def project_id(self) -> str:
        return self.PK.split("#")[1]

    @property
    def user_id(self) -> str:
        return self.PK.split("#")[2]


def owed(project_id: str, user_id: str, reassign_to: str | None, now: datetime) -> Upsert:
    """The write that remembers to hand the tasks on; put it where the membership ends."""
    fields = wake.keys("departure", stamp(now + LOOK_AGAIN), user_id)
    fields = {**fields, "reassign_to": reassign_to}
    actions = (table.assigned(Departure, name, value) for name, value in fields.items())
    return Upsert(Departure.key(project_id, user_id), tuple(actions))


def at(pk: str, sk: str) -> Departure | None:
    """The departure that an index points at."""
    return table.get(Key(Departure, pk, sk))


def forget(departure: Departure) -> None:
    transact(Delete(Key(Departure, departure.PK, departure.SK)))
