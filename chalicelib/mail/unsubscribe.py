"""Unsubscribing from one kind of mail by the link in it, without logging in (RFC 8058).

The link is signed, so that it can be made neither for somebody else nor for another kind. It works
as long as its signing key is in the secret. An invitation goes to an address, not to an account:
its link names the address, by a digest.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.accounts.service import set_notification_preferences
from chalicelib.dynamodb.transactions import transact
from chalicelib.errors import FieldError, Invalid
from chalicelib.mail import models
from chalicelib.mail.notifications import INVITATION
from chalicelib.sessions.signatures import is_signed, sign

PURPOSE = "unsubscribe"


@dataclass(frozen=True)
class Subscription:
    """Who gets which kind of mail: an account's id, or the digest of an address."""

    who: str
    kind: str

    @property
    def is_of_an_address(self) -> bool:
        return self.kind == INVITATION


def build_unsubscribe_link(who: str, kind: str) -> str:
    """Where the recipient of a mail can end mails of its kind."""
    text = f"{who}.{kind}"
    return f"{settings.API_URL}/api/unsubscribe?token={text}.{sign(PURPOSE, text)}"


def parse_unsubscribe_token(token: str) -> Subscription:
    """What `token` is about. Raises `Invalid` when it is not ours."""
    who, kind, seal = (token.split(".", 2) + [""] * 3)[:3]
    if not is_signed(PURPOSE, f"{who}.{kind}", seal):
        wrong = FieldError("token", "is wrong; switch mails off in your profile")
        raise Invalid(code="invalid_token", errors=(wrong,))
    return Subscription(who, kind)


def unsubscribe(token: str, *, now: datetime) -> Subscription:
    """End mails of that kind; doing it again changes nothing. Raises `Invalid`."""
    subscription = parse_unsubscribe_token(token)
    if subscription.is_of_an_address:
        transact(models.unsubscribe_address_write(subscription.who, now))
    else:
        _switch_off(subscription)
    return subscription


def _switch_off(subscription: Subscription) -> None:
    user = get_user(subscription.who)
    if user is not None and user.erased_at is None:
        set_notification_preferences(user, {subscription.kind: False})
