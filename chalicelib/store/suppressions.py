"""Addresses that nothing is sent to: mail to them came back for good, or somebody complained. And
those that want no more invitations: without an account there is no profile to say so in.

A row says what was reported last and when the address was last verified; the later one counts. So
reports may come twice, late and in any order.
"""

from datetime import datetime
from hashlib import sha256

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import stamp
from chalicelib.store.transaction import Update, Upsert
from chalicelib.store.users import folded


class Suppression(Row):
    """Its key is a digest: the address stands nowhere in it."""

    reason = UnicodeAttribute(null=True)
    reported_at = UnicodeAttribute(null=True)
    verified_at = UnicodeAttribute(null=True)
    unsubscribed_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(address: str) -> "Key[Suppression]":
        return Suppression.of_digest(digest(address))

    @staticmethod
    def of_digest(digest: str) -> "Key[Suppression]":
        return Key(Suppression, f"ADDRESS#{digest}", "SUPPRESSION")


def digest(address: str) -> str:
    """What stands for an address where it should not stand itself."""
    return sha256(folded(address).encode()).hexdigest()


def reported(address: str, reason: str, at: datetime) -> Update:
    """The write that notes a report; it does not hold for one that is older than what is known."""
    newer = Suppression.reported_at.does_not_exist() | (Suppression.reported_at < stamp(at))
    unverified = Suppression.verified_at.does_not_exist() | (Suppression.verified_at < stamp(at))
    actions = (Suppression.reason.set(reason), Suppression.reported_at.set(stamp(at)))
    return Update(Suppression.key(address), actions, newer & unverified)


def lifted(address: str, now: datetime) -> Upsert:
    """The write that notes that the address was verified."""
    return Upsert(Suppression.key(address), (Suppression.verified_at.set(stamp(now)),))


def unsubscribed(digest: str, now: datetime) -> Upsert:
    """The write that notes that whoever reads mail at an address wants no more invitations."""
    noting = Suppression.unsubscribed_at.set(stamp(now))
    return Upsert(Suppression.of_digest(digest), (noting,))


def wants_invitations(address: str) -> bool:
    row = table.get(Suppression.key(address))
    return row is None or row.unsubscribed_at is None


def holds(address: str) -> bool:
    """Whether nothing may be sent to the address."""
    row = table.get(Suppression.key(address))
    if row is None or row.reported_at is None:
        return False
    return row.verified_at is None or row.verified_at < row.reported_at
