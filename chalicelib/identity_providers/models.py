"""Items of identities, and of authorizations that are not completed.

An identity is two items that are written together: the claim, which keeps it with one account and
is found by issuer and subject, and the identity itself in the partition of its user's profile.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from pynamodb.attributes import UnicodeAttribute

from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import (
    ConditionCheck,
    ConditionFailed,
    Delete,
    Put,
    Update,
    Write,
    delete_existing,
    transact,
)


class Authorization(Item):
    """A started authorization, without a response of the provider yet.

    Its key is the digest of `state`, `browser` the digest of the secret in the browser's cookie.
    `user_id` is set when the identity will be linked to that account; None for a sign-in.
    """

    provider = UnicodeAttribute()
    browser = UnicodeAttribute()
    nonce = UnicodeAttribute()
    code_verifier = UnicodeAttribute()
    redirect_uri = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    valid_until = UnicodeAttribute()

    @staticmethod
    def key(state_digest: str) -> "Key[Authorization]":
        return Key(Authorization, f"AUTHORIZATION#{state_digest}", "AUTHORIZATION")


def get_authorization(state_digest: str) -> Authorization | None:
    """Return the authorization with this `state`, valid or not."""
    return get_item(Authorization.key(state_digest))


def delete_authorization(authorization: Authorization) -> bool:
    """Delete an authorization, and return whether it existed: it can be used once."""
    return delete_existing(Key(Authorization, authorization.PK, authorization.SK))


class Identity(Item):
    """An identity at a provider with which its user logs in. `email` is its address when it was
    linked."""

    provider = UnicodeAttribute()
    issuer = UnicodeAttribute()
    subject = UnicodeAttribute()
    email = UnicodeAttribute()
    created_at = UnicodeAttribute()
    last_used_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, identity_id: str) -> "Key[Identity]":
        return Key(Identity, f"USER#{user_id}", f"IDENTITY#{identity_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("IDENTITY#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")


class IdentityClaim(Item):
    """The claim of a user on an identity. The key contains a digest: subjects can be long."""

    user_id = UnicodeAttribute()
    identity_id = UnicodeAttribute()

    @staticmethod
    def key(issuer: str, subject: str) -> "Key[IdentityClaim]":
        digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
        return Key(IdentityClaim, f"IDENTITY#{digest}", "CLAIM")


def get_claim(issuer: str, subject: str) -> IdentityClaim | None:
    """Return the claim of the account that an identity is linked to; None if it is not linked."""
    return get_item(IdentityClaim.key(issuer, subject))


def list_user_identities(user_id: str) -> Iterator[Identity]:
    """Return the identities of a user, the newest first."""
    return query_all(
        Identity, f"USER#{user_id}", Identity.SK.startswith("IDENTITY#"), newest_first=True
    )


def build_identity(
    user_id: str, *, provider: str, issuer: str, subject: str, email: str, now: datetime
) -> Identity:
    """Return a new identity of a user."""
    key = Identity.key(user_id, new_id(now))
    time = format_timestamp(now)
    return Identity(
        key.pk,
        key.sk,
        provider=provider,
        issuer=issuer,
        subject=subject,
        email=email,
        created_at=time,
        last_used_at=time,
    )


def build_claim(identity: Identity) -> IdentityClaim:
    """Return the claim of an identity's user on it."""
    key = IdentityClaim.key(identity.issuer, identity.subject)
    return IdentityClaim(key.pk, key.sk, user_id=identity.user_id, identity_id=identity.id)


def create_identity_writes(identity: Identity) -> tuple[Write, Write]:
    """Return the writes of a new identity; they fail when an account has a claim on it."""
    return Put(build_claim(identity)), Put(identity)


def delete_identity_writes(identity: Identity) -> tuple[Write, Write]:
    """Return the writes that unlink an identity; they fail when it is not linked any more."""
    claim = IdentityClaim.key(identity.issuer, identity.subject)
    return (
        Delete(claim, IdentityClaim.identity_id == identity.id),
        Delete(Identity.key(identity.user_id, identity.id), Identity.PK.exists()),
    )


def delete_identity(identity: Identity) -> None:
    """Unlink an identity. Idempotent."""
    try:
        transact(*delete_identity_writes(identity))
    except ConditionFailed:
        return


def use_identity_write(user_id: str, identity_id: str, now: datetime) -> Update:
    """Return the write of an identity's last use; it fails when it is not linked any more."""
    used = Identity.last_used_at.set(format_timestamp(now))
    return Update(Identity.key(user_id, identity_id), (used,))


def linked_identity_check(identity: Identity) -> ConditionCheck:
    """Return the check that an identity is still linked."""
    return ConditionCheck(Identity.key(identity.user_id, identity.id), Identity.PK.exists())
