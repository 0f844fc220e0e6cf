"""Leases: who is at a piece of work that only one should do at a time."""

from datetime import datetime, timedelta

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store.table import Key, Row
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Put, transact

# Longer than any function that takes one may run, so that a slow one never meets a second one.
LEASE = timedelta(minutes=6)


class Lease(Row):
    leased_until = UnicodeAttribute()

    @staticmethod
    def key(what: str) -> "Key[Lease]":
        return Key(Lease, f"LEASE#{what}", "LEASE")


def take(what: str, now: datetime) -> Lease | None:
    """The work, ours alone until the lease ends; None while it is somebody else's."""
    key, until = Lease.key(what), now + LEASE
    lease = Lease(key.pk, key.sk, leased_until=stamp(until), expires_at=epoch(until))
    free = Lease.PK.does_not_exist() | (Lease.leased_until < stamp(now))
    try:
        transact(Put(lease, free))
    except ConditionFailed:
        return None
    return lease


def give_back(lease: Lease) -> None:
    """Let the next one begin at once. One that has run out may be another's by now."""
    ours = Lease.leased_until == lease.leased_until
    try:
        transact(Delete(Key(Lease, lease.PK, lease.SK), ours))
    except ConditionFailed:
        return
