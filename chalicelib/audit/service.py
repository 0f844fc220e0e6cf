"""Read the audit log of a project, of the caller's account, or of the whole service."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from chalicelib.accounts.models import User, get_users
from chalicelib.audit import models
from chalicelib.audit.actions import ABOUT_USERS, concerns_account
from chalicelib.audit.models import KEPT_FOR, AuditEntry, Period
from chalicelib.dynamodb.pages import Page, fill_page

# Clocks of functions differ by less.
CLOCK_SKEW = timedelta(minutes=1)
READ_AT_ONCE = 200


class EntryFilter(Struct, frozen=True):
    """The filter of a list of entries. An attribute that is None excludes nothing."""

    now: datetime
    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None

    @property
    def period(self) -> Period:
        """The period, within the time for which entries are kept."""
        oldest, newest = self.now - KEPT_FOR, self.now + CLOCK_SKEW
        since = min(max(self.since or oldest, oldest), newest)
        return Period(since, max(since, min(self.until or newest, newest)))

    def matches(self, entry: AuditEntry) -> bool:
        """Return whether the entry has the actor and the action."""
        return self.actor in (None, entry.actor) and self.action in (None, entry.action)


class NamedEntry(Struct, frozen=True):
    """An entry with those of its users whose profiles exist: actor, target, account."""

    entry: AuditEntry
    users: dict[str, User]


def list_entries(
    subject: str, wanted: EntryFilter, *, limit: int, start: dict[str, Any] | None
) -> Page[NamedEntry]:
    """Return a page of the entries about an account or project, the newest first."""
    read = partial(models.list_subject_entries, subject, wanted.period)
    if wanted.actor is None and wanted.action is None:
        return _add_users(read(limit=limit, start=start))
    page = _select(read, wanted, _get_key, limit=limit, start=start)
    return _add_users(page)


def list_history(user_id: str, now: datetime) -> tuple[list[AuditEntry], list[AuditEntry]]:
    """Return all entries about an account, and about what its user did in projects."""
    period = EntryFilter(now).period
    own = models.list_subject_entries
    by_actor = [
        entry
        for entry in _read_all(partial(models.list_actor_entries, user_id, period))
        if entry.subject != user_id
    ]
    return list(_read_all(partial(own, user_id, period))), by_actor


def _read_all(read: Callable[..., Page[AuditEntry]]) -> Iterator[AuditEntry]:
    start = None
    while True:
        page = read(limit=READ_AT_ONCE, start=start)
        yield from page.items
        start = page.last_key
        if start is None:
            return


def list_service_entries(
    wanted: EntryFilter, *, limit: int, start: dict[str, Any] | None
) -> Page[NamedEntry]:
    """Return a page of the entries of all accounts and projects, the newest first.

    With an actor, only what this user did; an action is looked for only among these.
    """
    if wanted.actor is None:
        page = fill_page(partial(models.list_all_entries, wanted.period), limit=limit, start=start)
        return _add_users(page)
    read = partial(models.list_actor_entries, wanted.actor, wanted.period)
    if wanted.action is None:
        return _add_users(fill_page(read, limit=limit, start=start))
    return _add_users(_select(read, wanted, _get_actor_key, limit=limit, start=start))


def _select(
    read: Callable[..., Page[AuditEntry]],
    wanted: EntryFilter,
    get_key: Callable[[AuditEntry], dict[str, Any]],
    *,
    limit: int,
    start: dict[str, Any] | None,
) -> Page[AuditEntry]:
    """Return a full page, or the last one, of the entries that match.

    `get_key` returns the key after which the page that follows an entry starts.
    """
    found: list[AuditEntry] = []
    while True:
        page = read(limit=READ_AT_ONCE, start=start)
        found += filter(wanted.matches, page.items)
        if len(found) > limit:
            return Page(found[:limit], get_key(found[limit - 1]))
        start = page.last_key
        if start is None:
            return Page(found, None)


def _get_key(entry: AuditEntry) -> dict[str, Any]:
    return {"PK": {"S": entry.PK}, "SK": {"S": entry.SK}}


def _get_actor_key(entry: AuditEntry) -> dict[str, Any]:
    sort = {"assignee_key": {"S": entry.assignee_key}, "assignee_sort": {"S": entry.assignee_sort}}
    return {**_get_key(entry), **sort}


def _add_users(page: Page[AuditEntry]) -> Page[NamedEntry]:
    """Return the entries with the profiles of their users, read in one round trip."""
    wanted = {user_id for entry in page.items for user_id in _list_user_ids(entry)}
    users = get_users(sorted(wanted))
    return Page([NamedEntry(entry, users) for entry in page.items], page.last_key)


def _list_user_ids(entry: AuditEntry) -> list[str]:
    ids = [entry.actor, entry.target if entry.action in ABOUT_USERS else None]
    ids.append(entry.subject if concerns_account(entry.action) else None)
    return [user_id for user_id in ids if user_id]
