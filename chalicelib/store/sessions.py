"""Sign-ins: one row each, beside the profile of whoever signed in."""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Put, Update, transact


class Session(Row):
    """`generation` counts refreshes; the refresh token of any other generation is void."""

    generation = NumberAttribute(default=1)
    rotated_at = UnicodeAttribute()
    created_at = UnicodeAttribute()
    idle_until = UnicodeAttribute()
    absolute_until = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, session_id: str) -> "Key[Session]":
        return Key(Session, f"USER#{user_id}", f"SESSION#{session_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("SESSION#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")

    def is_live(self, now: datetime) -> bool:
        """Not revoked and not run out; time-to-live deletes days late, so readers look."""
        return self.revoked_at is None and stamp(now) < min(self.idle_until, self.absolute_until)


def begin(session: Session) -> None:
    transact(Put(session))


def revoke(user_id: str, session_id: str, now: datetime) -> None:
    """End a session at once; ending it again changes nothing."""
    end = Session.revoked_at.set(stamp(now))
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(user_id, session_id), (end,), live))
    except ConditionFailed:
        return


def by_id(user_id: str, session_id: str) -> Session | None:
    return table.get(Session.key(user_id, session_id))
