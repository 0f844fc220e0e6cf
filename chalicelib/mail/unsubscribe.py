"""Unsubscribe from one kind of mail by the link in it, without logging in (RFC 8058).

The link is signed, so nobody can make one for another person or another kind. It works as long as
its signing key is in the secret. An invitation goes to an address and not to an account, so its
link contains a hash of the address.
"""

from datetime import datetime

from msgspec import Struct

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.accounts.notification_preferences import MAIL, set_switches
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.mail import models
from chalicelib.mail.notifications import DAILY_DIGEST, GATHERED_KINDS, INVITATION
from chalicelib.sessions.signatures import is_signed, sign

PURPOSE = "unsubscribe"


class Subscription(Struct, frozen=True):
    """A recipient, which is a user id or the hash of an address, and a kind of mail."""

    recipient: str
    kind: str

    @property
    def is_for_address(self) -> bool:
        """Whether the recipient is the hash of an address."""
        return self.kind == INVITATION


def build_unsubscribe_link(recipient: str, kind: str) -> str:
    """Return the URL by which a recipient can unsubscribe from a kind of mail."""
    text = f"{recipient}.{kind}"
    return f"{settings.API_URL}/api/unsubscribe?token={text}.{sign(PURPOSE, text)}"


def parse_unsubscribe_token(token: str) -> Subscription:
    """Return the subscription that `token` names. Raises `Invalid` when its signature is wrong."""
    recipient, kind, signature = (token.split(".", 2) + [""] * 3)[:3]
    if not is_signed(PURPOSE, f"{recipient}.{kind}", signature):
        error = FieldError("token", "is wrong; switch emails off in your profile")
        raise Invalid(code="invalid_token", errors=(error,))
    return Subscription(recipient, kind)


def unsubscribe(token: str, *, now: datetime) -> Subscription:
    """Stop the kind of mail that `token` names, and return the subscription. Idempotent.

    The inbox still gets the notifications of that kind. For the daily digest, all kinds that it
    tells of are stopped: without it they would come as single mails.

    Raises `Invalid` when the signature of the token is wrong.
    """
    subscription = parse_unsubscribe_token(token)
    if subscription.is_for_address:
        transact(models.unsubscribe_address_write(subscription.recipient, now))
        return subscription
    user = get_user(subscription.recipient)
    if user is not None and user.erased_at is None:
        is_digest = subscription.kind == DAILY_DIGEST
        kinds = GATHERED_KINDS if is_digest else (subscription.kind,)
        set_switches(user, MAIL, dict.fromkeys(kinds, False))
    return subscription
