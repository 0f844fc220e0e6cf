"""People: a profile, and the two markers that keep e-mail addresses and usernames unique.

The password hash stands on the e-mail marker: login needs one read of it, and no read of a profile
can leak it. The markers of all addresses with the same first letter stand together, in order, so
that staff can page through people and search by the beginning of an address.
"""

import string
import unicodedata
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.store import table
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.transaction import Check, Delete, Put, Update, Write

OTHER_LETTER = "~"
LETTERS = string.digits + string.ascii_lowercase + OTHER_LETTER


def folded(text: str) -> str:
    """The one spelling under which an address or a username counts as taken."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


class User(Row):
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
    def may_enter(self) -> bool:
        """Neither disabled by staff nor erased."""
        return self.disabled_at is None and self.erased_at is None


class Credentials(Row):
    """The claim on an e-mail address, and what proves it at login."""

    user_id = UnicodeAttribute()
    password_hash = UnicodeAttribute()

    @staticmethod
    def key(email: str) -> "Key[Credentials]":
        address = folded(email)
        return Key(Credentials, f"EMAIL#{_letter(address)}", address)


class UsernameClaim(Row):
    user_id = UnicodeAttribute()

    @staticmethod
    def key(username: str) -> "Key[UsernameClaim]":
        return Key(UsernameClaim, f"USERNAME#{folded(username)}", "CLAIM")


def registration(user: User, password_hash: str) -> tuple[Write, Write, Write]:
    """The writes of a new account: profile, claim on the address, claim on the username."""
    return (
        Put(user),
        claim_email(user.email, user.id, password_hash),
        claim_username(user.username, user.id),
    )


def claim_email(email: str, user_id: str, password_hash: str) -> Put:
    key = Credentials.key(email)
    return Put(Credentials(key.pk, key.sk, user_id=user_id, password_hash=password_hash))


def claim_username(username: str, user_id: str) -> Put:
    key = UsernameClaim.key(username)
    return Put(UsernameClaim(key.pk, key.sk, user_id=user_id))


def release_email(email: str, user_id: str) -> Delete:
    return Delete(Credentials.key(email), Credentials.user_id == user_id)


def release_username(username: str, user_id: str) -> Delete:
    return Delete(UsernameClaim.key(username), UsernameClaim.user_id == user_id)


def replace_password(user: User, old_hash: str, new_hash: str) -> Update:
    """Holds only for the password that was checked: of two rivals one wins."""
    same = (Credentials.user_id == user.id) & (Credentials.password_hash == old_hash)
    setting = Credentials.password_hash.set(new_hash)
    return Update(Credentials.key(user.email), (setting,), same)


def change(user_id: str, *actions: Action, condition: Condition | None = None) -> Update:
    """The write of `actions` to a profile that is there and not erased."""
    there = User.PK.exists() & User.erased_at.does_not_exist()
    return Update(User.key(user_id), actions, there if condition is None else there & condition)


def stays(user_id: str) -> Check:
    """Holds while the account is in use and not about to end."""
    gone = User.leaving_at.does_not_exist() & User.erased_at.does_not_exist()
    return Check(User.key(user_id), User.PK.exists() & User.disabled_at.does_not_exist() & gone)


def anonymous(user: User, nobody: str) -> Update:
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


def by_id(user_id: str) -> User | None:
    return table.get(User.key(user_id))


def by_ids(user_ids: Iterable[str]) -> dict[str, User]:
    """The profiles of `user_ids`, those that exist, in one round trip."""
    keys = {user_id: User.key(user_id) for user_id in user_ids}
    rows = table.read(*keys.values())
    return {user_id: user for user_id, key in keys.items() if (user := rows.get(key))}


def credentials_of(email: str) -> Credentials | None:
    return table.get(Credentials.key(email))


def by_email(email: str) -> User | None:
    credentials = credentials_of(email)
    return by_id(credentials.user_id) if credentials else None


def by_username(username: str) -> User | None:
    claim = table.get(UsernameClaim.key(username))
    return by_id(claim.user_id) if claim else None


def ids_by_username(usernames: Iterable[str]) -> set[str]:
    """The ids of those who have one of the names, in one round trip."""
    keys = [UsernameClaim.key(username) for username in usernames]
    rows = table.read(*keys)
    return {claim.user_id for key in keys if (claim := rows.get(key))}


def in_directory(prefix: str, *, limit: int, start: dict[str, Any] | None) -> Page[Credentials]:
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
    return table.query(Credentials, f"EMAIL#{letter}", begins, limit=limit, start=start)


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
