"""Items of a user: the profile, and two items that keep its email address and username unique.

The password hash is stored with the email address: login reads it with one call, and reading a
profile cannot leak it. Addresses with the same first letter share a partition and are sorted, so
that site staff can page through all accounts and search by the beginning of an address.
"""

import string
from collections.abc import Iterable
from functools import partial, reduce
from operator import or_
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.batch_writes import batch_delete
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.pages import Page, chain_partitions
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item, query_all, query_page
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Put, Update, Write
from chalicelib.email_addresses import canonical_address, earlier_spellings
from chalicelib.text import fold_name

# What remains in the partition of a deleted account: the profile is cleared, the purge deletes the
# memberships of projects in the trash, and the tick an avatar, after its object in the bucket.
KEPT_ITEMS = ("PROFILE", "PROJECT#", "AVATAR#")
OTHER_LETTER = "~"
# What remains of a deleted profile as it was; all else is cleared or removed.
KEPT_OF_DELETED = {"created_at", "is_verified", "disabled_at", "erased_at"}
LETTERS = string.digits + string.ascii_lowercase + OTHER_LETTER


class User(Item):
    """A user's profile.

    `epoch` increases with every change of password; sessions and tokens of an older epoch are
    invalid. `notifications` and `inbox` say which kinds are switched on or off, for mail and for
    the inbox. `digest_hour` is the hour of the daily digest; `quiet_start` and `quiet_end` are
    local times such as `22:00`. The `*_token` attributes are digests of one-time tokens, one for
    each purpose: a new token replaces the old one, and using it removes it. `leaving_at` is the end
    of the grace period of a requested deletion, `erased_at` the time when the deletion began.
    `second_factors` is the number of second factors; with one or more, a login needs one of them.
    `passkeys` is how many of them are passkeys; an authenticator app is the other one.
    Proofs from before `factors_since`, when the first was set up, do not count then.
    """

    email = UnicodeAttribute()
    username = UnicodeAttribute()
    display_name = UnicodeAttribute(default="")
    time_zone = UnicodeAttribute(default="UTC")
    notifications = JSONAttribute(null=True)
    inbox = JSONAttribute(null=True)
    digest_hour = NumberAttribute(null=True)
    quiet_start = UnicodeAttribute(null=True)
    quiet_end = UnicodeAttribute(null=True)
    avatar = UnicodeAttribute(null=True)
    is_verified = BooleanAttribute(default=False)
    is_staff = BooleanAttribute(default=False)
    epoch = NumberAttribute(default=1)
    second_factors = NumberAttribute(null=True)
    passkeys = NumberAttribute(null=True)
    factors_since = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    disabled_at = UnicodeAttribute(null=True)
    leaving_at = UnicodeAttribute(null=True)
    erased_at = UnicodeAttribute(null=True)
    new_email = UnicodeAttribute(null=True)
    verification_token = UnicodeAttribute(null=True)
    verification_until = UnicodeAttribute(null=True)
    reset_token = UnicodeAttribute(null=True)
    reset_until = UnicodeAttribute(null=True)
    new_email_token = UnicodeAttribute(null=True)
    new_email_until = UnicodeAttribute(null=True)
    reads_full_at = UnicodeAttribute(null=True)
    writes_full_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str) -> "Key[User]":
        return Key(User, f"USER#{user_id}", "PROFILE")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("USER#")

    @property
    def is_active(self) -> bool:
        """Whether the account is neither disabled by site staff nor deleted."""
        return self.disabled_at is None and self.erased_at is None

    @property
    def is_closing(self) -> bool:
        """Whether the user has requested the deletion of the account."""
        return self.leaving_at is not None


class Credentials(Item):
    """The claim of a user on an email address, with the password hash for login."""

    user_id = UnicodeAttribute()
    password_hash = UnicodeAttribute()

    @staticmethod
    def key(email: str) -> "Key[Credentials]":
        address = canonical_address(email)
        return Key(Credentials, f"EMAIL#{_first_letter(address)}", address)


class UsernameClaim(Item):
    """The claim of a user on a username."""

    user_id = UnicodeAttribute()

    @staticmethod
    def key(username: str) -> "Key[UsernameClaim]":
        return Key(UsernameClaim, f"USERNAME#{fold_name(username)}", "CLAIM")


def create_user_writes(user: User, password_hash: str) -> tuple[Write, Write, Write]:
    """Return the writes of a new account: profile, claim on the address, claim on the username."""
    return (
        Put(user),
        claim_email_write(user.email, user.id, password_hash),
        claim_username_write(user.username, user.id),
    )


def claim_email_write(email: str, user_id: str, password_hash: str) -> Put:
    """Return the write that claims an address; it fails when the address is taken."""
    key = Credentials.key(email)
    return Put(Credentials(key.pk, key.sk, user_id=user_id, password_hash=password_hash))


def claim_username_write(username: str, user_id: str) -> Put:
    """Return the write that claims a username; it fails when the username is taken."""
    key = UsernameClaim.key(username)
    return Put(UsernameClaim(key.pk, key.sk, user_id=user_id))


def release_email_write(user: User) -> Delete:
    """Return the write that gives up the user's address; it fails when it is not the user's."""
    return Delete(find_credentials_key(user), Credentials.user_id == user.id)


def release_username_write(username: str, user_id: str) -> Delete:
    """Return the write that gives up a username; it fails when it is not the user's."""
    return Delete(UsernameClaim.key(username), UsernameClaim.user_id == user_id)


def replace_password_write(user: User, old_hash: str, new_hash: str) -> Update:
    """Return the write of a new password hash.

    It fails when `old_hash` is not stored any more, so of two concurrent changes one succeeds.
    """
    unchanged = (Credentials.user_id == user.id) & (Credentials.password_hash == old_hash)
    actions = (Credentials.password_hash.set(new_hash),)
    return Update(find_credentials_key(user), actions, unchanged)


def update_user_write(user_id: str, *actions: Action, condition: Condition | None = None) -> Update:
    """Return the write of `actions` to a profile; it fails when the account is deleted.

    `condition` must hold in addition.
    """
    exists = User.PK.exists() & User.erased_at.does_not_exist()
    return Update(User.key(user_id), actions, exists if condition is None else exists & condition)


def change_account_write(
    user_id: str, *, disabled: bool | None, staff: bool | None, at: str
) -> Update:
    """Return the write that sets these, unless None; it fails when the account is so already.

    `at` is the present time; an account that is disabled keeps its own.
    """
    time, flag = User.disabled_at, User.is_staff
    changes: list[tuple[Action, Condition]] = []
    if disabled is not None:
        disable, enable = (time.set(time | at), ~time.exists()), (time.remove(), time.exists())
        changes.append(disable if disabled else enable)
    if staff is not None:
        changes.append((flag.set(staff), ~flag.exists() | (flag != staff)))
    actions, conditions = zip(*changes, strict=True)
    return update_user_write(user_id, *actions, condition=reduce(or_, conditions))


def active_user_check(user_id: str) -> ConditionCheck:
    """Return the check that an account is neither disabled nor deleted, nor will be deleted."""
    not_deleted = User.leaving_at.does_not_exist() & User.erased_at.does_not_exist()
    return ConditionCheck(
        User.key(user_id), User.PK.exists() & User.disabled_at.does_not_exist() & not_deleted
    )


def anonymize_user_write(user: User, username: str) -> Update:
    """Return the write that clears a deleted profile and sets a neutral `username`.

    It fails when another run has cleared the profile.
    """
    cleared = {"email": "", "username": username, "display_name": "", "time_zone": "UTC"}
    own = User.get_attributes().keys() - Item.get_attributes().keys() - KEPT_OF_DELETED
    removed = {*own, "wake_key", "wake_at"} - {*cleared, "is_staff", "epoch"}
    actions = (
        *(getattr(User, name).set(value) for name, value in cleared.items()),
        User.is_staff.set(False),
        User.epoch.add(1),
        *(getattr(User, name).remove() for name in sorted(removed)),
    )
    not_cleared = User.erased_at.exists() & User.leaving_at.exists()
    return Update(User.key(user.id), actions, not_cleared)


def delete_account_items(user_id: str) -> None:
    """Delete all items in the account's partition except `KEPT_ITEMS`. Idempotent.

    So a new kind of item in this partition is deleted without a change here.
    """
    items = query_all(Item, f"USER#{user_id}")
    batch_delete([(item.PK, item.SK) for item in items if not item.SK.startswith(KEPT_ITEMS)])


def get_user(user_id: str) -> User | None:
    """Return the profile of a user; None if there is none."""
    return get_item(User.key(user_id))


def get_users(user_ids: Iterable[str]) -> dict[str, User]:
    """Return the existing profiles of `user_ids` by id, read in one round trip."""
    keys = {user_id: User.key(user_id) for user_id in user_ids}
    items = batch_get(*keys.values())
    return {user_id: user for user_id, key in keys.items() if (user := items.get(key))}


def get_credentials(email: str) -> Credentials | None:
    """Return the credentials of an address; None when nobody has it."""
    return get_item(Credentials.key(email)) or get_earlier_credentials(email)


def get_earlier_credentials(email: str) -> Credentials | None:
    """Return the credentials that an earlier version stored under another spelling of `email`."""
    for spelling in earlier_spellings(email):
        credentials = get_item(Key(Credentials, f"EMAIL#{_first_letter(spelling)}", spelling))
        user = get_user(credentials.user_id) if credentials else None
        # Earlier versions folded some domains that differ, such as those with "ß" and "ss".
        if user is not None and canonical_address(user.email) == canonical_address(email):
            return credentials
    return None


def find_credentials_key(user: User) -> Key[Credentials]:
    """Return the key of the user's credentials. Only an internationalized domain takes reads."""
    earlier = get_earlier_credentials(user.email)
    return Key(Credentials, earlier.PK, earlier.SK) if earlier else Credentials.key(user.email)


def find_user_by_email(email: str) -> User | None:
    """Return the user who has the address, verified or not."""
    credentials = get_credentials(email)
    return get_user(credentials.user_id) if credentials else None


def find_user_by_username(username: str) -> User | None:
    """Return the user who has the username."""
    claim = get_item(UsernameClaim.key(username))
    return get_user(claim.user_id) if claim else None


def find_user_ids_by_username(usernames: Iterable[str]) -> dict[str, str]:
    """Return the ids of the users who have one of the usernames, by username as it was given."""
    keys = {username: UsernameClaim.key(username) for username in usernames}
    items = batch_get(*keys.values())
    return {name: claim.user_id for name, key in keys.items() if (claim := items.get(key))}


def list_credentials(prefix: str, *, limit: int, start: dict[str, Any] | None) -> Page[Credentials]:
    """Return a page of credentials ordered by address; with `prefix`, those that begin with it.

    `start` is the `last_key` of the page before.
    """
    letters = _first_letter(prefix) if prefix else LETTERS
    partitions = [f"EMAIL#{letter}" for letter in letters]
    begins = Credentials.SK.startswith(prefix) if prefix else None
    read = partial(query_page, Credentials, range_condition=begins)
    return chain_partitions(read, partitions, limit=limit, start=start)


def _first_letter(address: str) -> str:
    first = address[:1]
    return first if first and first in LETTERS else OTHER_LETTER


def is_account_unchanged(user: User) -> Condition:
    """Return the condition that password and requested new address are still those of `user`."""
    condition: Condition = (User.epoch == user.epoch) & is_unchanged(user, "new_email")
    return condition
