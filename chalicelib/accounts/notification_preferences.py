"""The notification preferences of a person: mail, inbox, both or none for each kind.

Two sets of switches are stored, one for mail and one for the inbox. A kind without a switch is on.
The mails about the safety of an account have no switches.
"""

from collections.abc import Mapping

from msgspec import Struct

from chalicelib.accounts import models
from chalicelib.accounts.models import User
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.optimistic_locking import retry_on_conflict
from chalicelib.dynamodb.transactions import transact

MAIL, INBOX = "notifications", "inbox"


class Channels(Struct, frozen=True):
    """The ways by which a person gets a notification."""

    mail: bool
    inbox: bool


NO_CHANNELS = Channels(mail=False, inbox=False)


def choose_channels(user: User, kind: str) -> Channels:
    """Return the ways by which the user gets notifications of `kind`.

    A disabled or deleted account gets none, and neither does one whose deletion was requested
    (docs/decisions/0035-a-closing-account-gets-no-work.md).
    """
    if user.is_closing or not user.is_active:
        return NO_CHANNELS
    return Channels(
        mail=bool((user.notifications or {}).get(kind, True)),
        inbox=bool((user.inbox or {}).get(kind, True)),
    )


def is_wanted(user: User, kind: str) -> bool:
    """Return whether the user gets notifications of `kind` by mail or in the inbox."""
    return choose_channels(user, kind) != NO_CHANNELS


def set_switches(user: User, channel: str, switches: Mapping[str, bool]) -> User:
    """Switch kinds on or off for a channel (`MAIL` or `INBOX`), and return the profile.

    Other kinds keep their setting, also when a concurrent request changes them.
    """

    def commit(user: User) -> User:
        before = getattr(user, channel) or {}
        after = {**before, **switches}
        if after != before:
            action = getattr(User, channel).set(after)
            unchanged = is_unchanged(user, channel)
            transact(models.update_user_write(user.id, action, condition=unchanged))
            setattr(user, channel, after)
        return user

    return retry_on_conflict(user, version=None, commit=commit)
