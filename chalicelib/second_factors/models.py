"""Items of second factors: authenticator app and recovery codes, passkeys and their challenges.

They are in the partition of their user's profile. The profile counts the second factors, because
each login reads it anyway. So a factor and its count change in one transaction.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.accounts.models import User, update_user_write
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import (
    ConditionCheck,
    Delete,
    UnconditionalPut,
    Update,
    Upsert,
    Write,
    transact,
)

# A setup that is not confirmed within this time starts again.
SETUP_LIFETIME = timedelta(minutes=15)
CHALLENGE_LIFETIME = timedelta(minutes=5)


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


def store_recovery_codes_write(user_id: str, codes: RecoveryCodes, now: datetime) -> Upsert:
    """Return the write of the recovery codes that come with the first factor."""
    return Upsert(SecondFactor.key(user_id), _store_actions(codes, now))


def _store_actions(codes: RecoveryCodes, now: datetime) -> tuple[Action, ...]:
    return (
        SecondFactor.recovery_key.set(codes.key_id),
        SecondFactor.recovery_codes.set(set(codes.digests)),
        SecondFactor.recovery_since.set(format_timestamp(now)),
    )


class Passkey(Item):
    """A passkey: a public key credential of an authenticator (Web Authentication Level 3).

    `credential_id` and `public_key` (COSE) are base64url. `sign_count` is the authenticator's
    signature counter at the last use; many authenticators always say 0. `transports` are the ways
    in which a browser reaches the authenticator.
    """

    name = UnicodeAttribute()
    credential_id = UnicodeAttribute()
    public_key = UnicodeAttribute()
    sign_count = NumberAttribute(default=0)
    transports = UnicodeSetAttribute(null=True)
    created_at = UnicodeAttribute()
    last_used_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, passkey_id: str) -> "Key[Passkey]":
        return Key(Passkey, f"USER#{user_id}", f"PASSKEY#{passkey_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("PASSKEY#")


def list_passkeys(user_id: str) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return list(query_all(Passkey, f"USER#{user_id}", Passkey.SK.startswith("PASSKEY#")))


def get_passkey(user_id: str, passkey_id: str) -> Passkey | None:
    """Return a passkey of an account; None if there is none."""
    return get_item(Passkey.key(user_id, passkey_id))


def remove_passkey_write(passkey: Passkey) -> Delete:
    """Return the write that removes a passkey; it fails when it was removed before."""
    return Delete(Key(Passkey, passkey.PK, passkey.SK), Passkey.PK.exists())


def use_passkey_write(passkey: Passkey, sign_count: int, now: datetime) -> Update:
    """Return the write of a use and its signature counter.

    It fails when the passkey was removed, or used since it was read with another counter.
    """
    actions = (
        Passkey.sign_count.set(sign_count),
        Passkey.last_used_at.set(format_timestamp(now)),
    )
    unchanged = Passkey.sign_count == passkey.sign_count
    return Update(Key(Passkey, passkey.PK, passkey.SK), actions, unchanged)


class Challenge(Item):
    """The challenge of a started ceremony, in base64url, which one response can answer.

    `purpose` and `holder` say what for: a registration or step-up of a session, or the login with a
    ticket. A new challenge replaces the one before.
    """

    challenge = UnicodeAttribute()
    valid_until = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, purpose: str, holder: str) -> "Key[Challenge]":
        return Key(Challenge, f"USER#{user_id}", f"CHALLENGE#{purpose}#{holder}")


def store_challenge(key: Key[Challenge], challenge: str, now: datetime) -> None:
    """Store a challenge in place of an earlier one at `key`."""
    until = now + CHALLENGE_LIFETIME
    item = Challenge(
        key.pk,
        key.sk,
        challenge=challenge,
        valid_until=format_timestamp(until),
        expires_at=to_epoch_seconds(until),
    )
    transact(UnconditionalPut(item))


def find_challenge(key: Key[Challenge], now: datetime) -> str | None:
    """Return the challenge at `key`; None if there is none, or its time is over."""
    found = get_item(key)
    return found.challenge if found and format_timestamp(now) < found.valid_until else None


def use_challenge_write(key: Key[Challenge], challenge: str) -> Delete:
    """Return the write that uses up a challenge; it fails when it was used or replaced before."""
    return Delete(key, Challenge.challenge == challenge)


def add_factor_write(user: User, now: datetime, *, is_passkey: bool = False) -> Update:
    """Return the write that counts one more second factor of an account.

    It fails when the numbers have changed since `user` was read.
    """
    actions = _count_actions(1, is_passkey)
    if not user.second_factors:
        actions.append(User.factors_since.set(format_timestamp(now)))
    return update_user_write(user.id, *actions, condition=are_factors_unchanged(user))


def remove_factor_write(user: User, *, is_passkey: bool = False) -> Update:
    """Return the write that counts one second factor less, as `add_factor_write`."""
    actions = _count_actions(-1, is_passkey)
    return update_user_write(user.id, *actions, condition=are_factors_unchanged(user))


def _count_actions(number: int, is_passkey: bool) -> list[Action]:
    passkeys = [User.passkeys.add(number)] if is_passkey else []
    return [User.second_factors.add(number), *passkeys]


def are_factors_unchanged(user: User) -> Condition:
    """Return the condition that the numbers of factors are still those of `user`."""
    same: Condition = is_unchanged(user, "second_factors") & is_unchanged(user, "passkeys")
    return same


def no_factor_check(user_id: str) -> ConditionCheck:
    """Return the check that an account has no second factor."""
    none = User.second_factors.does_not_exist() | (User.second_factors == 0)
    return ConditionCheck(User.key(user_id), none)


def clear_count_actions() -> tuple[Action, Action]:
    """Return the actions on a profile whose second factors are all removed."""
    return User.second_factors.remove(), User.passkeys.remove()


def delete_factors_writes(user_id: str, passkeys: list[Passkey]) -> list[Delete]:
    """Return the writes that remove all second factors and recovery codes of an account.

    They go with the condition `are_factors_unchanged`. They fail when one of its `passkeys` was
    removed, because a concurrent request may have added another one in its place.
    """
    return [Delete(SecondFactor.key(user_id)), *map(remove_passkey_write, passkeys)]
