"""Memberships: two rows written together.

`MEMBER#` under the project answers "may this person", `PROJECT#` under the person "which projects".
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store import projects, table
from chalicelib.store.projects import Project
from chalicelib.store.table import Key, Page, Row
from chalicelib.store.times import epoch, stamp
from chalicelib.store.transaction import Check, Delete, Ensure, Put, Update, Write
from chalicelib.store.users import User

TOLD_FOR = timedelta(days=31)


class Member(Row):
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


class Belonging(Row):
    """The person's side of a membership."""

    role = UnicodeAttribute()
    joined_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[Belonging]":
        return Key(Belonging, f"USER#{user_id}", f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


class Departed(Row):
    """That somebody was a member lately: clients that sync must hear of it."""

    left_at = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[Departed]":
        return Key(Departed, f"USER#{user_id}", f"LEFT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("LEFT#")


def new(project_id: str, user_id: str, role: str, now: datetime) -> Member:
    """A member to be; `joining` writes it."""
    key = Member.key(project_id, user_id)
    return Member(key.pk, key.sk, role=str(role), joined_at=stamp(now))


def joining(member: Member) -> tuple[Write, Write]:
    """Both sides of a new membership."""
    edge = Belonging.key(member.user_id, member.project_id)
    belonging = Belonging(edge.pk, edge.sk, role=member.role, joined_at=member.joined_at)
    return Put(member), Put(belonging)


def leaving(project_id: str, user_id: str, now: datetime) -> tuple[Write, ...]:
    """Both sides of a membership end, and the project has a member less."""
    member, left = Member.key(project_id, user_id), Departed.key(user_id, project_id)
    gone = epoch(now + TOLD_FOR)
    return (
        Delete(member, Member.PK.exists()),
        Delete(Belonging.key(user_id, project_id)),
        projects.live(project_id, Project.members_count.add(-1)),
        Ensure(Departed(left.pk, left.sk, left_at=stamp(now), expires_at=gone)),
    )


def with_role(project_id: str, user_id: str, role: str, before: str) -> tuple[Write, Write]:
    """Both sides of a change of role; holds while the role is still the one `before`."""
    same = Member.role == before
    return (
        Update(Member.key(project_id, user_id), (Member.role.set(role),), same),
        Update(Belonging.key(user_id, project_id), (Belonging.role.set(role),)),
    )


def still(project_id: str, user_id: str, roles: Iterable[str] = ()) -> Check:
    """Holds while the person is a member, with one of the roles, if any are named."""
    there = Member.role.is_in(*map(str, roles)) if roles else Member.PK.exists()
    return Check(Member.key(project_id, user_id), there)


def by_id(project_id: str, user_id: str) -> Member | None:
    return table.get(Member.key(project_id, user_id))


def among(project_id: str, user_ids: Iterable[str]) -> list[User]:
    """The profiles of those of `user_ids` who are members, in one round trip."""
    users = {user_id: User.key(user_id) for user_id in sorted(user_ids)}
    edges = {user_id: Member.key(project_id, user_id) for user_id in users}
    rows = table.read(*users.values(), *edges.values())
    inside = [user_id for user_id in users if rows.get(edges[user_id])]
    return [user for user_id in inside if (user := rows.get(users[user_id]))]


def of_project(project_id: str) -> Iterator[Member]:
    return table.query_all(Member, f"PROJECT#{project_id}", Member.SK.startswith("MEMBER#"))


def of_user(user_id: str) -> Iterator[Belonging]:
    """The person's memberships, the newest project first."""
    return table.query_all(
        Belonging, f"USER#{user_id}", Belonging.SK.startswith("PROJECT#"), newest_first=True
    )


def left_by(user_id: str) -> Iterator[Departed]:
    """The memberships of the person that ended lately."""
    return table.query_all(Departed, f"USER#{user_id}", Departed.SK.startswith("LEFT#"))


def page_of_user(user_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Belonging]:
    """A page of the person's memberships, the newest project first."""
    ours = Belonging.SK.startswith("PROJECT#")
    return table.query(
        Belonging, f"USER#{user_id}", ours, limit=limit, start=start, newest_first=True
    )
