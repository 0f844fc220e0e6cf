"""The ledger of mails for site staff: what was sent to whom, without contents and addresses."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import ID_LENGTH, project_id_of
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail import ledger_models
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import INVITATION
from chalicelib.members.invitation_models import Invitation

WAITING, SENT, DROPPED, PARKED = "waiting", "sent", "dropped", "parked"


class LedgerEntry(Struct, frozen=True):
    """A mail, with the masked address of its recipient if that is still known."""

    mail: OutboxMail
    address: str | None


def list_mails(
    state: str, *, now: datetime, limit: int, start: dict[str, Any] | None
) -> Page[LedgerEntry]:
    """Return a page of the mails in a state: `waiting`, `sent`, `dropped` or `parked`.

    Waiting mails are ordered by the hour in which they are due, up to the next one. The others
    ended in the last 90 days, and the newest comes first.
    """
    if state == WAITING:
        page = ledger_models.list_waiting(now, limit=limit, start=start)
    else:
        page = ledger_models.list_settled(state, now, limit=limit, start=start)
    addresses = _find_addresses(page.items)
    entries = [LedgerEntry(mail, mask_address(addresses.get(mail.id))) for mail in page.items]
    return Page(entries, page.last_key)


def mask_address(address: str | None) -> str | None:
    """Return an address with only the first character of its local part: `a…@example.com`."""
    if not address:
        return None
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _find_addresses(mails: Iterable[OutboxMail]) -> dict[str, str]:
    """Return the addresses of the recipients by mail id, as far as they still exist."""
    addresses: dict[str, str] = {}
    users, invitations = {}, {}
    for mail in mails:
        if mail.address:
            addresses[mail.id] = mail.address
        elif mail.recipient and mail.kind == INVITATION:
            project_id = project_id_of(mail.recipient)
            invitations[mail.id] = Invitation.key(project_id, mail.recipient[:ID_LENGTH])
        elif mail.recipient:
            users[mail.id] = User.key(mail.recipient)
    found = batch_get(*users.values(), *invitations.values())
    addresses |= {mail_id: user.email for mail_id, key in users.items() if (user := found.get(key))}
    for mail_id, invitation in invitations.items():
        if stored := found.get(invitation):
            addresses[mail_id] = stored.email
    return addresses
