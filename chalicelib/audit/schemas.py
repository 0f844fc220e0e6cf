"""Queries and responses of the audit log."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.accounts.schemas import Person, present_person
from chalicelib.audit.actions import ABOUT_USERS, AuditAction, concerns_account
from chalicelib.audit.models import ORIGIN, is_by_others
from chalicelib.audit.service import EntryFilter, NamedEntry
from chalicelib.errors import BadRequest, FieldError
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.newer_releases import as_stored

SomeId = Annotated[str, Meta(max_length=64)]
Moment = Annotated[datetime, Meta(tz=True)]


class AuditQuery(PageQuery):
    """The entries from `since` to before `until`, or with an action."""

    since: Moment | None = None
    until: Moment | None = None
    action: AuditAction | None = None


class ProjectAuditQuery(AuditQuery):
    """`actor` is not for the own account: it would tell who of the site staff changed it."""

    actor: SomeId | None = None


class StaffAuditQuery(ProjectAuditQuery):
    """`subject` is the id of an account or project."""

    subject: SomeId | None = None


class CredentialKind(StrEnum):
    SESSION = "session"
    API_TOKEN = "api_token"


class AuditCredential(Struct):
    """The session or API token that a request used."""

    kind: CredentialKind
    id: Id


class AuditEntry(Struct):
    """Something that was done to an account or a project.

    `actor` is null when the service did it, or when the request did not tell who sent it.
    `account` is set of an entry about an account, `project` of one about a project. `target` is the
    id of what was changed; `target_user` is set if that is a user. `source` is the network of the
    source address.
    """

    id: Id
    at: Time
    action: AuditAction
    actor: Person | None
    credential: AuditCredential | None
    source: str | None
    request_id: str | None
    account: Person | None
    project: Id | None
    target: str | None
    target_user: Person | None
    details: dict[str, str]


_CREDENTIALS = {"SESSION": CredentialKind.SESSION, "TOKEN": CredentialKind.API_TOKEN}


def parse_filter(query: AuditQuery, now: datetime) -> EntryFilter:
    """Return the filter that the query states."""
    return EntryFilter(now, query.since, query.until, _get_actor(query), query.action)


def require_narrow(query: StaffAuditQuery) -> None:
    """Raise `BadRequest` for an action without the account, project or actor to look in."""
    if query.action is not None and query.subject is None and query.actor is None:
        raise BadRequest(errors=(FieldError("action", "needs subject or actor beside it"),))


def name_filter(query: AuditQuery) -> str:
    """Return the text to which the cursors of the list are bound."""
    return f"{query.since} {query.until} {_get_actor(query)!r} {query.action}"


def _get_actor(query: AuditQuery) -> str | None:
    return query.actor if isinstance(query, ProjectAuditQuery) else None


def present_entry(named: NamedEntry) -> AuditEntry:
    """Return the response body of an entry."""
    entry = named.entry
    people = {user_id: present_person(user) for user_id, user in named.users.items()}
    is_account = concerns_account(entry.action)
    target = entry.target or ""
    return AuditEntry(
        id=entry.id,
        at=entry.at,
        action=as_stored(AuditAction, entry.action),
        actor=people.get(entry.actor or ""),
        credential=_present_credential(entry.credential),
        source=entry.source,
        request_id=entry.request_id,
        account=people.get(entry.subject) if is_account else None,
        project=None if is_account else entry.subject,
        target=entry.target,
        target_user=people.get(target) if entry.action in ABOUT_USERS else None,
        details=entry.details or {},
    )


def present_own_entry(named: NamedEntry) -> AuditEntry:
    """Return the response body of an entry for the owner of the account.

    It does not tell who of the site staff made a change, and from where.
    """
    body = present_entry(named)
    if is_by_others(named.entry):
        for name in ORIGIN:
            setattr(body, name, None)
    return body


def _present_credential(stored: str | None) -> AuditCredential | None:
    kind, _, credential_id = (stored or "").partition("#")
    return AuditCredential(_CREDENTIALS[kind], credential_id) if kind in _CREDENTIALS else None
