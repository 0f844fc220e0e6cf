"""Memberships: two rows written together.

`MEMBER#` under the project answers "may this person", `PROJECT#` under the person "which projects".
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
    """The project's side of a membership."""

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
    """The person's side of a membership."""

    role = UnicodeAttribute()
    joined_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[UserMembership]":
        return Key(UserMembership, f"USER#{user_id}", f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


class FormerMembership(Item):
    """That somebody was a member lately: clients that sync must hear of it."""

    left_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[FormerMembership]":
        return Key(FormerMembership, f"USER#{user_id}", f"LEFT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("LEFT#")


def new_member(project_id: str, user_id: str, role: str, now: datetime) -> Member:
    """A member to be; `joining` writes it."""
    key = Member.key(project_id, user_id)
    return Member(key.pk, key.sk, role=str(role), joined_at=format_timestamp(now))


def add_member_writes(member: Member) -> tuple[Write, Write]:
    """Both sides of a new membership."""
    edge = UserMembership.key(member.user_id, member.project_id)
    belonging = UserMembership(edge.pk, edge.sk, role=member.role, joined_at=member.joined_at)
    return Put(member), Put(belonging)


def remove_member_writes(project_id: str, user_id: str, now: datetime) -> tuple[Write, ...]:
    """Both sides of a membership end, and the project has a member less."""
    member, left = Member.key(project_id, user_id), FormerMembership.key(user_id, project_id)
    gone = to_epoch_seconds(now + FORMER_KEPT_FOR)
    return (
        Delete(member, Member.PK.exists()),
        Delete(UserMembership.key(user_id, project_id)),
        update_live_project_write(project_id, Project.members_count.add(-1)),
        UnconditionalPut(
            FormerMembership(left.pk, left.sk, left_at=format_timestamp(now), expires_at=gone)
        ),
    )


def change_role_writes(
    project_id: str, user_id: str, role: str, before: str
) -> tuple[Write, Write]:
    """Both sides of a change of role; holds while the role is still the one `before`."""
    same = Member.role == before
    return (
        Update(Member.key(project_id, user_id), (Member.role.set(role),), same),
        Update(UserMembership.key(user_id, project_id), (UserMembership.role.set(role),)),
    )


def member_check(project_id: str, user_id: str, roles: Iterable[str] = ()) -> ConditionCheck:
    """Holds while the person is a member, with one of the roles, if any are named."""
    there = Member.role.is_in(*map(str, roles)) if roles else Member.PK.exists()
    return ConditionCheck(Member.key(project_id, user_id), there)


def get_member(project_id: str, user_id: str) -> Member | None:
    return get_item(Member.key(project_id, user_id))


def get_member_users(project_id: str, user_ids: Iterable[str]) -> list[User]:
    """The profiles of those of `user_ids` who are members, in one round trip."""
    users = {user_id: User.key(user_id) for user_id in sorted(user_ids)}
    edges = {user_id: Member.key(project_id, user_id) for user_id in users}
    rows = batch_get(*users.values(), *edges.values())
    inside = [user_id for user_id in users if rows.get(edges[user_id])]
    return [user for user_id in inside if (user := rows.get(users[user_id]))]


def list_members(project_id: str) -> Iterator[Member]:
    return query_all(Member, f"PROJECT#{project_id}", Member.SK.startswith("MEMBER#"))


def list_memberships(user_id: str) -> Iterator[UserMembership]:
    """The person's memberships, the newest project first."""
    return query_all(
        UserMembership,
        f"USER#{user_id}",
        UserMembership.SK.startswith("PROJECT#"),
        newest_first=True,
    )


def list_former_memberships(user_id: str) -> Iterator[FormerMembership]:
    """The memberships of the person that ended lately."""
    return query_all(FormerMembership, f"USER#{user_id}", FormerMembership.SK.startswith("LEFT#"))


def list_memberships_page(
    user_id: str, *, limit: int, start: dict[str, Any] | None
) -> Page[UserMembership]:
    """A page of the person's memberships, the newest project first."""
    ours = UserMembership.SK.startswith("PROJECT#")
    return query_page(
        UserMembership, f"USER#{user_id}", ours, limit=limit, start=start, newest_first=True
    )
