"""Tickets: the proof of the first step of a login, which the second step needs.

A ticket is signed and not stored. It ends after five minutes, and with the account's epoch: a new
password ends it. To use it twice needs a second code, so it need not be single-use.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import is_id
from chalicelib.errors import Unauthenticated
from chalicelib.sessions import signatures

TICKET_LIFETIME = timedelta(minutes=5)
_PURPOSE = "second factor"


class Ticket(Struct, frozen=True):
    """The account whose password was right, and the epoch of that password."""

    user_id: str
    epoch: int


def second_factor_required(user: User, now: datetime) -> Unauthenticated:
    """Return the error that ends the first step of a login.

    It contains the ticket, and the kinds of the account's second factors.
    """
    until = int((now + TICKET_LIFETIME).timestamp())
    text = f"{user.id}.{int(user.epoch)}.{until}"
    return Unauthenticated(
        "The password is right; now give a second factor",
        code="second_factor_required",
        extensions={
            "ticket": f"{text}.{signatures.sign(_PURPOSE, text)}",
            "factors": list_factors(user),
        },
    )


def list_factors(user: User) -> list[str]:
    """Return the kinds of second factors of an account, beside recovery codes."""
    passkeys, others = user.passkeys or 0, (user.second_factors or 0) - (user.passkeys or 0)
    return [*(["passkey"] if passkeys else []), *(["totp"] if others > 0 else [])]


def parse_ticket(ticket: str, now: datetime) -> Ticket:
    """Return what a ticket says.

    Raises `Unauthenticated` when it was changed, has expired or is no ticket.
    """
    user_id, epoch, until, signature = (ticket.split(".", 3) + [""] * 4)[:4]
    signed = signatures.is_signed(_PURPOSE, f"{user_id}.{epoch}.{until}", signature)
    if not (signed and is_id(user_id)) or int(until) <= now.timestamp():
        raise ticket_expired()
    return Ticket(user_id, int(epoch))


def ticket_expired() -> Unauthenticated:
    """Return the error for every ticket that cannot be used."""
    return Unauthenticated("This login took too long; log in again", code="ticket_expired")
