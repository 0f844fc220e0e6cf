"""The item of an account's authenticator app and recovery codes, beside its profile.

The profile counts the second factors, because each login reads the profile anyway. So both change
in one transaction.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.accounts.models import User, update_user_write
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import (
    Delete,
    Update,
    Upsert,
    Write,
)

# A setup that is not confirmed within this time starts again.
SETUP_LIFETIME = timedelta(minutes=15)


class SecondFactor(Item):
    """The authenticator app and the recovery codes of an account.

    `totp` names the secret of the app as `<key id>.<random text>`: the secret is derived from both
    and not stored. `pending_totp` names that of a setup until it is confirmed, which must be before
    `pending_until`. `last_step` is the time step of the last code that was used (RFC 6238).
    `recovery_codes` are digests, made with the key `recovery_key`; using a code removes its digest.
    """

    totp = UnicodeAttribute(null=True)
    totp_since = UnicodeAttribute(null=True)
    last_step = NumberAttribute(null=True)
    pending_totp = UnicodeAttribute(null=True)
    pending_until = UnicodeAttribute(null=True)
    recovery_key = UnicodeAttribute(null=True)
    recovery_codes = UnicodeSetAttribute(null=True)
    recovery_since = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str) -> "Key[SecondFactor]":
        return Key(SecondFactor, f"USER#{user_id}", "SECOND_FACTOR")

    def has_pending_setup(self, now: datetime) -> bool:
        """Return whether a setup was started and can still be confirmed."""
        return format_timestamp(now) < (self.pending_until or "")


class RecoveryCodes(Struct, frozen=True):
    """New recovery codes as people write them, and their digests, made with the key `key_id`."""

    codes: list[str]
    key_id: str
    digests: list[str]


def get_second_factor(user_id: str) -> SecondFactor | None:
    """Return the item of an account; None when it has never had a second factor."""
    return get_item(SecondFactor.key(user_id))


def start_setup_write(user_id: str, totp: str, now: datetime) -> Upsert:
    """Return the write of a setup, which replaces an earlier one that was not confirmed."""
    actions = (
        SecondFactor.pending_totp.set(totp),
        SecondFactor.pending_until.set(format_timestamp(now + SETUP_LIFETIME)),
    )
    return Upsert(SecondFactor.key(user_id), actions)


def confirm_setup_write(
    user_id: str, factor: SecondFactor, step: int, codes: RecoveryCodes | None, now: datetime
) -> Update:
    """Return the write that makes the pending app the app of the account, and stores `codes`.

    `step` is the time step of the code that confirmed it. It fails when a concurrent request
    changed the app or the setup.
    """
    actions = (
        SecondFactor.totp.set(factor.pending_totp),
        SecondFactor.totp_since.set(format_timestamp(now)),
        SecondFactor.last_step.set(step),
        SecondFactor.pending_totp.remove(),
        SecondFactor.pending_until.remove(),
        *(_store_actions(codes, now) if codes else ()),
    )
    unchanged = is_unchanged(factor, "totp") & is_unchanged(factor, "pending_totp")
    return Update(SecondFactor.key(user_id), actions, unchanged)


def remove_totp_write(user_id: str, factor: SecondFactor, *, is_last: bool) -> Write:
    """Return the write that removes the app; with the last factor the recovery codes end too."""
    key, unchanged = SecondFactor.key(user_id), is_unchanged(factor, "totp")
    if is_last:
        return Delete(key, unchanged)
    names = ("totp", "totp_since", "last_step")
    return Update(key, tuple(getattr(SecondFactor, name).remove() for name in names), unchanged)


def use_step_write(user_id: str, totp: str, step: int) -> Update:
    """Return the write that uses up the code of a time step, and with it all earlier codes.

    It fails when that code or a later one was used before, or the app has been replaced.
    """
    unused: Condition = (SecondFactor.totp == totp) & (SecondFactor.last_step < step)
    return Update(SecondFactor.key(user_id), (SecondFactor.last_step.set(step),), unused)


def use_recovery_code_write(user_id: str, digest: str) -> Update:
    """Return the write that uses up a recovery code; it fails when there is no such code."""
    removed = SecondFactor.recovery_codes.delete({digest})
    return Update(
        SecondFactor.key(user_id), (removed,), SecondFactor.recovery_codes.contains(digest)
    )


def renew_recovery_codes_write(user_id: str, codes: RecoveryCodes, now: datetime) -> Update:
    """Return the write of new recovery codes in place of all earlier ones."""
    return Update(SecondFactor.key(user_id), _store_actions(codes, now))


def _store_actions(codes: RecoveryCodes, now: datetime) -> tuple[Action, ...]:
    return (
        SecondFactor.recovery_key.set(codes.key_id),
        SecondFactor.recovery_codes.set(set(codes.digests)),
        SecondFactor.recovery_since.set(format_timestamp(now)),
    )


def add_factor_write(user: User, now: datetime) -> Update:
    """Return the write that counts one more second factor of an account.

    It fails when the number has changed since `user` was read.
    """
    actions: list[Action] = [User.second_factors.add(1)]
    if not user.second_factors:
        actions.append(User.factors_since.set(format_timestamp(now)))
    return update_user_write(user.id, *actions, condition=is_unchanged(user, "second_factors"))


def remove_factor_write(user: User) -> Update:
    """Return the write that counts one second factor less, as `add_factor_write`."""
    unchanged = is_unchanged(user, "second_factors")
    return update_user_write(user.id, User.second_factors.add(-1), condition=unchanged)


def reset_factors_writes(user: User) -> tuple[Write, ...]:
    """Return the writes that remove all second factors and recovery codes of an account."""
    unchanged = is_unchanged(user, "second_factors")
    return (
        update_user_write(user.id, User.second_factors.remove(), condition=unchanged),
        Delete(SecondFactor.key(user.id)),
    )
