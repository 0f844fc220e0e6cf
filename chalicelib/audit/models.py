"""The items of the audit log. Only `create_entry_write` writes one, under an id of its own.

The entries of an account or a project are in one partition, ordered by time. `by_wake` lists those
of the whole service by month, `by_assignee` those of an actor.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.dynamodb.ids import encode_time, new_ordered_id
from chalicelib.dynamodb.pages import Page, chain_partitions
from chalicelib.dynamodb.table import Item, Key, batch_get, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put

KEPT_FOR = timedelta(days=400)
MILLISECOND = timedelta(milliseconds=1)
ENTRY = "ENTRY#"


class AuditEntry(Item):
    """Something that was done to an account or a project (`subject`).

    `actor` is the user who did it; None if that is not known or the service did it. `credential` is
    the sort key of the session or API token in the actor's partition. `source` is the network of
    the source address, `target` the id of what was changed, such as a member or a token.
    """

    action = UnicodeAttribute()
    actor = UnicodeAttribute(null=True)
    credential = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    target = UnicodeAttribute(null=True)
    details = JSONAttribute(null=True)

    @staticmethod
    def key(subject: str, entry_id: str) -> "Key[AuditEntry]":
        return Key(AuditEntry, f"AUDIT#{subject}", f"{ENTRY}{entry_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix(ENTRY)

    @property
    def subject(self) -> str:
        """The id of the account or project."""
        return self.PK.removeprefix("AUDIT#")

    @property
    def at(self) -> str:
        return str(self.wake_at)


def is_by_others(entry: AuditEntry) -> bool:
    """Return whether somebody else did it to the account of the entry. Its owner is not told who of
    the site staff did, and from where: the `ORIGIN` of the entry."""
    return entry.actor not in (None, entry.subject)


ORIGIN = ("actor", "credential", "source", "request_id")


class Origin(Struct, frozen=True):
    """The origin of a change: its time and request, and the actor with the credential and network.

    The attributes are as in `AuditEntry`.
    """

    now: datetime
    actor: str | None = None
    credential: str | None = None
    source: str | None = None
    request_id: str | None = None


class Period(Struct, frozen=True):
    """The time from `since` to before `until`."""

    since: datetime
    until: datetime


def create_entry_write(
    origin: Origin, subject: str, action: str, target: str | None, details: Mapping[str, str]
) -> Put:
    """Return the write of a new entry about the account or project with the id `subject`."""
    key = AuditEntry.key(subject, new_ordered_id(origin.now))
    at = format_timestamp(origin.now)
    entry = AuditEntry(
        key.pk,
        key.sk,
        action=action,
        actor=origin.actor,
        credential=origin.credential,
        source=origin.source,
        request_id=origin.request_id,
        target=target,
        details=dict(details) or None,
        wake_key=_month_key(origin.now),
        wake_at=at,
        expires_at=to_epoch_seconds(origin.now + KEPT_FOR),
    )
    if origin.actor is not None:
        entry.assignee_key, entry.assignee_sort = _actor_key(origin.actor), at
    return Put(entry)


def list_subject_entries(
    subject: str, period: Period, *, limit: int, start: dict[str, object] | None
) -> Page[AuditEntry]:
    """Return a page of the entries about an account or project, the newest first."""
    first, last = (f"{ENTRY}{encode_time(at)}" for at in (period.since, period.until))
    return query_page(
        AuditEntry,
        f"AUDIT#{subject}",
        AuditEntry.SK.between(first, last),
        limit=limit,
        start=start,
        newest_first=True,
    )


def list_actor_entries(
    actor: str, period: Period, *, limit: int, start: dict[str, object] | None
) -> Page[AuditEntry]:
    """Return a page of what a user did to accounts and projects, the newest first."""
    if period.since >= period.until:
        return Page([], None)
    during = Item.assignee_sort.between(*_format(period))
    page = query_page(
        Item,
        _actor_key(actor),
        during,
        index="by_assignee",
        limit=limit,
        start=start,
        newest_first=True,
    )
    return _read_entries(page)


def list_all_entries(
    period: Period, *, limit: int, start: dict[str, object] | None
) -> Page[AuditEntry]:
    """Return a page of the entries of the whole service, the newest first."""
    if period.since >= period.until:
        return Page([], None)
    days = range((period.until - period.since).days + 1)
    months = {_month_key(period.until - timedelta(days=day)) for day in days}
    months.add(_month_key(period.since))
    read = partial(
        query_page,
        Item,
        range_condition=Item.wake_at.between(*_format(period)),
        index="by_wake",
        newest_first=True,
    )
    keys = ("wake_key", "wake_at", "PK", "SK")
    partitions = sorted(months, reverse=True)
    return _read_entries(chain_partitions(read, partitions, limit=limit, start=start, keys=keys))


def _read_entries(page: Page[Item]) -> Page[AuditEntry]:
    """Return the entries of a page of keys, in their order."""
    keys = [Key(AuditEntry, each.PK, each.SK) for each in page.items]
    stored = batch_get(*keys)
    return Page([entry for key in keys if (entry := stored.get(key))], page.last_key)


def _format(period: Period) -> tuple[str, str]:
    """Return the first and the last time of the period."""
    return format_timestamp(period.since), format_timestamp(period.until - MILLISECOND)


def _month_key(at: datetime) -> str:
    return f"audit#{format_timestamp(at)[:7]}"


def _actor_key(actor: str) -> str:
    return f"audit#{actor}"
