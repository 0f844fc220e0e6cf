"""Unsubscribing from one kind of mail by the link in it, without logging in (RFC 8058).

The link is signed, so that it can be made neither for somebody else nor for another kind. It works
as long as its signing key is in the secret.
"""

from dataclasses import dataclass

from chalicelib import settings
from chalicelib.domain import accounts, tokens
from chalicelib.errors import FieldError, Invalid
from chalicelib.store import users

PURPOSE = "unsubscribe"


@dataclass(frozen=True)
class Subscription:
    """Who gets which kind of mail."""

    user_id: str
    kind: str


def link(user_id: str, kind: str) -> str:
    """Where the recipient of a mail can end mails of its kind."""
    text = f"{user_id}.{kind}"
    return f"{settings.API_URL}/api/unsubscribe?token={text}.{tokens.seal(PURPOSE, text)}"


def opened(token: str) -> Subscription:
    """What `token` is about. Raises `Invalid` when it is not ours."""
    user_id, kind, seal = (token.split(".", 2) + [""] * 3)[:3]
    if not tokens.is_sealed(PURPOSE, f"{user_id}.{kind}", seal):
        wrong = FieldError("token", "is wrong; switch mails off in your profile")
        raise Invalid(code="invalid_token", errors=(wrong,))
    return Subscription(user_id, kind)


def unsubscribe(token: str) -> Subscription:
    """End mails of that kind; doing it again changes nothing. Raises `Invalid`."""
    subscription = opened(token)
    user = users.by_id(subscription.user_id)
    if user is not None and user.erased_at is None:
        accounts.switch(user, {subscription.kind: False})
    return subscription
