"""People: a profile, and the two markers that keep e-mail addresses and usernames unique.

The password hash stands on the e-mail marker: login needs one read, and no read of a profile can
leak it.
"""

import unicodedata
from collections.abc import Iterable

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import Put, Write


def folded(text: str) -> str:
    """The one spelling under which an address or a username counts as taken."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


class User(Row):
    email = UnicodeAttribute()
    username = UnicodeAttribute()
    is_verified = BooleanAttribute(default=False)
    created_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str) -> "Key[User]":
        return Key(User, f"USER#{user_id}", "PROFILE")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("USER#")


class Credentials(Row):
    """The claim on an e-mail address, and what proves it at login."""

    user_id = UnicodeAttribute()
    password_hash = UnicodeAttribute()

    @staticmethod
    def key(email: str) -> "Key[Credentials]":
        return Key(Credentials, f"EMAIL#{folded(email)}", "CREDENTIALS")


class UsernameClaim(Row):
    user_id = UnicodeAttribute()

    @staticmethod
    def key(username: str) -> "Key[UsernameClaim]":
        return Key(UsernameClaim, f"USERNAME#{folded(username)}", "CLAIM")


def registration(user: User, password_hash: str) -> tuple[Write, Write, Write]:
    """The writes of a new account: profile, claim on the address, claim on the username."""
    address, name = Credentials.key(user.email), UsernameClaim.key(user.username)
    return (
        Put(user),
        Put(Credentials(address.pk, address.sk, user_id=user.id, password_hash=password_hash)),
        Put(UsernameClaim(name.pk, name.sk, user_id=user.id)),
    )


def by_id(user_id: str) -> User | None:
    return table.get(User.key(user_id))


def by_ids(user_ids: Iterable[str]) -> dict[str, User]:
    """The profiles of `user_ids`, those that exist, in one round trip."""
    keys = {user_id: User.key(user_id) for user_id in user_ids}
    rows = table.read(*keys.values())
    return {user_id: user for user_id, key in keys.items() if (user := rows.get(key))}


def credentials_of(email: str) -> Credentials | None:
    return table.get(Credentials.key(email))
