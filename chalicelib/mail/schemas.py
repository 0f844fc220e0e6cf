"""JSON types of `/api/unsubscribe` and of the mail ledger."""

from enum import StrEnum

from msgspec import Struct

from chalicelib.http.fields import Time, Token
from chalicelib.http.pagination import PageQuery
from chalicelib.mail import ledger
from chalicelib.mail.ledger import LedgerEntry
from chalicelib.newer_releases import as_stored


class LinkQuery(Struct, forbid_unknown_fields=True):
    token: Token


class MailState(StrEnum):
    WAITING = ledger.WAITING
    SENT = ledger.SENT
    DROPPED = ledger.DROPPED
    PARKED = ledger.PARKED


class LedgerQuery(PageQuery):
    state: MailState = MailState.WAITING


class LedgerMail(Struct):
    """A mail of the service, as site staff see it.

    `recipient` has only the first character of the address before the `@`, and is null when
    account or invitation no longer exist. `due_at` is the time of the next attempt while the mail
    waits. `message_id` is the id that SES gave the mail.
    """

    id: str
    kind: str
    state: MailState
    recipient: str | None
    attempts: int
    created_at: Time
    due_at: Time | None
    settled_at: Time | None
    message_id: str | None


def present_ledger_entry(entry: LedgerEntry) -> LedgerMail:
    """Return a mail of the ledger as JSON type."""
    mail = entry.mail
    return LedgerMail(
        id=mail.id,
        kind=mail.kind,
        state=as_stored(MailState, mail.outcome or ledger.WAITING),
        recipient=entry.address,
        attempts=int(mail.attempts),
        created_at=mail.created_at,
        due_at=mail.wake_at if mail.outcome is None else None,
        settled_at=mail.settled_at,
        message_id=mail.message_id,
    )
