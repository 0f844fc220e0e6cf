"""Memberships. Each is two items that are written together.

`MEMBER#` under the project answers whether a user may access it; `PROJECT#` under the user answers
which projects the user may access.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.accounts.models import User
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_get, get_item, query_all, query_page
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import (
    ConditionCheck,
    Delete,
    Put,
    UnconditionalPut,
    Update,
    Write,
)
from chalicelib.projects.models import Project, update_live_project_write

FORMER_KEPT_FOR = timedelta(days=31)


class Member(Item):
    """The item of a membership in the project's partition."""

    role = UnicodeAttribute()
    joined_at = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, user_id: str) -> "Key[Member]":
        return Key(Member, f"PROJECT#{project_id}", f"MEMBER#{user_id}")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")

    @property
    def user_id(self) -> str:
        return self.SK.removeprefix("MEMBER#")


class UserMembership(Item):
    """The item of a membership in the user's partition."""

    role = UnicodeAttribute()
    joined_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[UserMembership]":
        return Key(UserMembership, f"USER#{user_id}", f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


class FormerMembership(Item):
    """A membership that ended recently. The changes feed reports it to clients that keep a copy."""

    left_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[FormerMembership]":
        return Key(FormerMembership, f"USER#{user_id}", f"LEFT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("LEFT#")


def new_member(project_id: str, user_id: str, role: str, now: datetime) -> Member:
    """Return a new member, which is not stored yet (see `add_member_writes`)."""
    key = Member.key(project_id, user_id)
    return Member(key.pk, key.sk, role=str(role), joined_at=format_timestamp(now))


def add_member_writes(member: Member) -> tuple[Write, Write]:
    """Return the writes of both items of a new membership. They fail when it exists."""
    key = UserMembership.key(member.user_id, member.project_id)
    membership = UserMembership(key.pk, key.sk, role=member.role, joined_at=member.joined_at)
    return Put(member), Put(membership)


def remove_member_writes(project_id: str, user_id: str, now: datetime) -> tuple[Write, ...]:
    """Return the writes that end a membership and decrease the project's number of members.

    The first fails when the user is no member; the third fails when the project is in the trash or
    does not exist.
    """
    key = FormerMembership.key(user_id, project_id)
    former = FormerMembership(
        key.pk,
        key.sk,
        left_at=format_timestamp(now),
        expires_at=to_epoch_seconds(now + FORMER_KEPT_FOR),
    )
    return (
        Delete(Member.key(project_id, user_id), Member.PK.exists()),
        Delete(UserMembership.key(user_id, project_id)),
        update_live_project_write(project_id, Project.members_count.add(-1)),
        UnconditionalPut(former),
    )


def change_role_writes(
    project_id: str, user_id: str, role: str, old_role: str
) -> tuple[Write, Write]:
    """Return the writes of a new role to both items. The first fails unless the stored role is
    `old_role`."""
    has_old_role = Member.role == old_role
    return (
        Update(Member.key(project_id, user_id), (Member.role.set(role),), has_old_role),
        Update(UserMembership.key(user_id, project_id), (UserMembership.role.set(role),)),
    )


def member_check(project_id: str, user_id: str, roles: Iterable[str] = ()) -> ConditionCheck:
    """Return a condition check that fails unless the user is a member, and has one of `roles` if
    any are given."""
    condition = Member.role.is_in(*map(str, roles)) if roles else Member.PK.exists()
    return ConditionCheck(Member.key(project_id, user_id), condition)


def get_member(project_id: str, user_id: str) -> Member | None:
    """Return the member, or None if the user is not one."""
    return get_item(Member.key(project_id, user_id))


def get_member_users(project_id: str, user_ids: Iterable[str]) -> list[User]:
    """Return the users among `user_ids` who are members, in one round trip, sorted by id."""
    user_ids = sorted(user_ids)
    user_keys = [User.key(user_id) for user_id in user_ids]
    member_keys = [Member.key(project_id, user_id) for user_id in user_ids]
    items = batch_get(*user_keys, *member_keys)
    users = []
    for user_key, member_key in zip(user_keys, member_keys, strict=True):
        user = items.get(user_key)
        if user is not None and items.get(member_key) is not None:
            users.append(user)
    return users


def list_members(project_id: str) -> Iterator[Member]:
    """Yield all members of the project."""
    return query_all(Member, f"PROJECT#{project_id}", Member.SK.startswith("MEMBER#"))


def list_memberships(user_id: str) -> Iterator[UserMembership]:
    """Yield all memberships of the user, newest project first."""
    return query_all(
        UserMembership,
        f"USER#{user_id}",
        UserMembership.SK.startswith("PROJECT#"),
        newest_first=True,
    )


def list_memberships_page(
    user_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[UserMembership]:
    """Return a page of the user's memberships, newest project first."""
    return query_page(
        UserMembership,
        f"USER#{user_id}",
        UserMembership.SK.startswith("PROJECT#"),
        limit=limit,
        start=start,
        newest_first=True,
    )


def list_former_memberships(user_id: str) -> Iterator[FormerMembership]:
    """Yield the memberships of the user that ended in the last 31 days."""
    return query_all(FormerMembership, f"USER#{user_id}", FormerMembership.SK.startswith("LEFT#"))
