"""People: a profile, and the two markers that keep e-mail addresses and usernames unique.

The password hash stands on the e-mail marker: login needs one read of it, and no read of a profile
can leak it. The markers of all addresses with the same first letter stand together, in order, so
that staff can page through people and search by the beginning of an address.
"""

import string
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item, is_unchanged, query_page
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Put, Update, Write

OTHER_LETTER = "~"
LETTERS = string.digits + string.ascii_lowercase + OTHER_LETTER


def normalize_identifier(text: str) -> str:
    """The one spelling under which an address or a username counts as taken."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


class User(Item):
    """`epoch` grows with every change of password; a session or token of an older one is void.

    The `*_token` attributes hold digests of one-time tokens: one of a kind, so that a newer one
    voids the older, and using it takes it away.
    """

    email = UnicodeAttribute()
    username = UnicodeAttribute()
    display_name = UnicodeAttribute(default="")
    time_zone = UnicodeAttribute(default="UTC")
    notifications = JSONAttribute(null=True)
    avatar = UnicodeAttribute(null=True)
    is_verified = BooleanAttribute(default=False)
    is_staff = BooleanAttribute(default=False)
    epoch = NumberAttribute(default=1)
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
        """Neither disabled by staff nor erased."""
        return self.disabled_at is None and self.erased_at is None


class Credentials(Item):
    """The claim on an e-mail address, and what proves it at login."""

    user_id = UnicodeAttribute()
    password_hash = UnicodeAttribute()

    @staticmethod
    def key(email: str) -> "Key[Credentials]":
        address = normalize_identifier(email)
        return Key(Credentials, f"EMAIL#{_letter(address)}", address)


class UsernameClaim(Item):
    user_id = UnicodeAttribute()

    @staticmethod
    def key(username: str) -> "Key[UsernameClaim]":
        return Key(UsernameClaim, f"USERNAME#{normalize_identifier(username)}", "CLAIM")


def create_user_writes(user: User, password_hash: str) -> tuple[Write, Write, Write]:
    """The writes of a new account: profile, claim on the address, claim on the username."""
    return (
        Put(user),
        claim_email_write(user.email, user.id, password_hash),
        claim_username_write(user.username, user.id),
    )


def claim_email_write(email: str, user_id: str, password_hash: str) -> Put:
    key = Credentials.key(email)
    return Put(Credentials(key.pk, key.sk, user_id=user_id, password_hash=password_hash))


def claim_username_write(username: str, user_id: str) -> Put:
    key = UsernameClaim.key(username)
    return Put(UsernameClaim(key.pk, key.sk, user_id=user_id))


def release_email_write(email: str, user_id: str) -> Delete:
    return Delete(Credentials.key(email), Credentials.user_id == user_id)


def release_username_write(username: str, user_id: str) -> Delete:
    return Delete(UsernameClaim.key(username), UsernameClaim.user_id == user_id)


def replace_password_write(user: User, old_hash: str, new_hash: str) -> Update:
    """Holds only for the password that was checked: of two rivals one wins."""
    same = (Credentials.user_id == user.id) & (Credentials.password_hash == old_hash)
    setting = Credentials.password_hash.set(new_hash)
    return Update(Credentials.key(user.email), (setting,), same)


def update_user_write(user_id: str, *actions: Action, condition: Condition | None = None) -> Update:
    """The write of `actions` to a profile that is there and not erased."""
    there = User.PK.exists() & User.erased_at.does_not_exist()
    return Update(User.key(user_id), actions, there if condition is None else there & condition)


def active_user_check(user_id: str) -> ConditionCheck:
    """Holds while the account is in use and not about to end."""
    gone = User.leaving_at.does_not_exist() & User.erased_at.does_not_exist()
    return ConditionCheck(
        User.key(user_id), User.PK.exists() & User.disabled_at.does_not_exist() & gone
    )


def anonymize_user_write(user: User, nobody: str) -> Update:
    """The write that leaves of an erased profile nothing but its id."""
    spent = ("reads_full_at", "writes_full_at")
    gone = ("notifications", "avatar", "new_email", "wake_key", "wake_at", "leaving_at", *spent)
    actions = (
        User.email.set(""),
        User.username.set(nobody),
        User.display_name.set(""),
        User.time_zone.set("UTC"),
        User.is_staff.set(False),
        User.epoch.add(1),
        *(getattr(User, name).remove() for name in gone),
    )
    waiting = User.erased_at.exists() & User.leaving_at.exists()
    return Update(User.key(user.id), actions, waiting)


def get_user(user_id: str) -> User | None:
    return get_item(User.key(user_id))


def get_users(user_ids: Iterable[str]) -> dict[str, User]:
    """The profiles of `user_ids`, those that exist, in one round trip."""
    keys = {user_id: User.key(user_id) for user_id in user_ids}
    rows = batch_get(*keys.values())
    return {user_id: user for user_id, key in keys.items() if (user := rows.get(key))}


def get_credentials(email: str) -> Credentials | None:
    return get_item(Credentials.key(email))


def find_user_by_email(email: str) -> User | None:
    credentials = get_credentials(email)
    return get_user(credentials.user_id) if credentials else None


def find_user_by_username(username: str) -> User | None:
    claim = get_item(UsernameClaim.key(username))
    return get_user(claim.user_id) if claim else None


def find_user_ids_by_username(usernames: Iterable[str]) -> set[str]:
    """The ids of those who have one of the names, in one round trip."""
    keys = [UsernameClaim.key(username) for username in usernames]
    rows = batch_get(*keys)
    return {claim.user_id for key in keys if (claim := rows.get(key))}


def list_credentials(prefix: str, *, limit: int, start: dict[str, Any] | None) -> Page[Credentials]:
    """A page of addresses in order, all of them or those that begin with `prefix`.

    The letters are walked one after the other, so a page is full unless it is the last.
    """
    rows: list[Credentials] = []
    for letter in _letters_from(prefix, start):
        page = _of_letter(letter, prefix, limit - len(rows), start)
        rows += page.rows
        start = page.last_key
        if len(rows) == limit:
            return Page(rows, start or _after(rows[-1], letter))
    return Page(rows, None)


def _of_letter(
    letter: str, prefix: str, limit: int, start: dict[str, Any] | None
) -> Page[Credentials]:
    begins = Credentials.SK.startswith(prefix) if prefix else None
    return query_page(Credentials, f"EMAIL#{letter}", begins, limit=limit, start=start)


def _letters_from(prefix: str, start: dict[str, Any] | None) -> str:
    if prefix:
        return _letter(prefix)
    first = start["PK"]["S"].removeprefix("EMAIL#") if start else LETTERS[0]
    return LETTERS[LETTERS.index(first) :]


def _after(row: Credentials, letter: str) -> dict[str, Any] | None:
    """Where to go on behind the last row of a letter; nowhere behind the last letter."""
    if letter == LETTERS[-1]:
        return None
    return {"PK": {"S": row.PK}, "SK": {"S": row.SK}}


def _letter(address: str) -> str:
    first = address[:1]
    return first if first and first in LETTERS else OTHER_LETTER


class TokenPurpose(Enum):
    """What a token is good for: where its digest and its end stand, and how long it is valid."""

    VERIFICATION = ("verification_token", "verification_until", timedelta(hours=24))
    RESET = ("reset_token", "reset_until", timedelta(minutes=10))
    NEW_EMAIL = ("new_email_token", "new_email_until", timedelta(hours=24))


def store_token_actions(purpose: TokenPurpose, digest: str, now: datetime) -> tuple[Action, Action]:
    """The actions that keep a new token, in place of an older one."""
    token, until, valid_for = purpose.value
    return getattr(User, token).set(digest), getattr(User, until).set(
        format_timestamp(now + valid_for)
    )


def is_account_unchanged(user: User) -> Condition:
    """Holds while password and wished-for address are those that `user` was read with."""
    condition: Condition = (User.epoch == user.epoch) & is_unchanged(user, "new_email")
    return condition


def get_valid_token(user: User, purpose: TokenPurpose, now: datetime) -> str | None:
    """The digest of the token in force, or None."""
    token, until, _ = purpose.value
    digest: str | None = getattr(user, token)
    return digest if digest is not None and format_timestamp(now) < getattr(user, until) else None


def is_token_unused(purpose: TokenPurpose, digest: str) -> Condition:
    """Holds until the token is used, replaced or voided."""
    condition: Condition = getattr(User, purpose.value[0]) == digest
    return condition


def void_token_actions(*purposes: TokenPurpose) -> tuple[Action, ...]:
    """The actions that take the tokens of these kinds away; of all kinds, if none is named."""
    names = (name for purpose in purposes or TokenPurpose for name in purpose.value[:2])
    return tuple(getattr(User, name).remove() for name in names)
