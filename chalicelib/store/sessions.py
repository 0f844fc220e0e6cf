"""Sign-ins: one row each, beside the profile of whoever signed in."""

from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, Update, transact


class Session(Row):
    """`generation` counts refreshes; the refresh token of any other generation is void."""

    epoch = NumberAttribute(default=1)
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

    def is_live(self, epoch: float, now: datetime) -> bool:
        """Not revoked, not run out, and of the account's present epoch; time-to-live deletes days
        late, so readers look."""
        runs = stamp(now) < min(self.idle_until, self.absolute_until)
        return runs and self.revoked_at is None and self.epoch == epoch


def rotate(session: Session, *, idle_until: datetime, now: datetime) -> Session | None:
    """Step from the generation that `session` has to the next.

    Returns the session as it stands when somebody else stepped first, None when it was this call.
    """
    step = (
        Session.generation.set(session.generation + 1),
        Session.rotated_at.set(stamp(now)),
        Session.idle_until.set(stamp(idle_until)),
    )
    same = (Session.generation == session.generation) & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(session.user_id, session.id), step, same))
    except ConditionFailed as failed:
        return Session.from_raw_data(failed.row) if failed.row else session
    return None


def revoke(user_id: str, session_id: str, now: datetime) -> None:
    """End a session at once; ending it again changes nothing."""
    end = Session.revoked_at.set(stamp(now))
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(user_id, session_id), (end,), live))
    except ConditionFailed:
        return


def carry_over(user_id: str, session_id: str, epoch: float) -> Update:
    """The write that lets one session live on in a new epoch of its account."""
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    return Update(Session.key(user_id, session_id), (Session.epoch.set(epoch),), live)


def by_id(user_id: str, session_id: str) -> Session | None:
    return table.get(Session.key(user_id, session_id))


def of_user(user_id: str) -> Iterator[Session]:
    """All sessions of a person, the newest first, ended ones included."""
    return table.query_all(
        Session, f"USER#{user_id}", Session.SK.startswith("SESSION#"), newest_first=True
    )
