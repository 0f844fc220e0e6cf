"""Projects, their members and their counters, all in the project's own partition.

A membership is two rows written together: `MEMBER#` under the project answers "may this person",
`PROJECT#` under the person answers "which projects".
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import Delete, Put, Update, Upsert, Write
from chalicelib.store.users import User

# One item takes 1,000 writes a second, and a transactional write counts double.
COUNTER_SHARDS = 4
STATUSES = ("todo", "in_progress", "review", "done")


class Project(Row):
    name = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    owner_id = UnicodeAttribute()
    members_count = NumberAttribute(default=1)
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute(default=1)
    deleted_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str) -> "Key[Project]":
        return Key(Project, f"PROJECT#{project_id}", "META")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


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

    @staticmethod
    def key(user_id: str, project_id: str) -> "Key[Belonging]":
        return Key(Belonging, f"USER#{user_id}", f"PROJECT#{project_id}")

    @property
    def project_id(self) -> str:
        return self.SK.removeprefix("PROJECT#")


class Counters(Row):
    """One shard of a project's task counts by status; the sum over all shards is the truth."""

    todo = NumberAttribute(default=0)
    in_progress = NumberAttribute(default=0)
    review = NumberAttribute(default=0)
    done = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str, shard: int) -> "Key[Counters]":
        return Key(Counters, f"PROJECT#{project_id}", f"STATS#{shard}")


@dataclass(frozen=True)
class Overview:
    """A project with everything that stands beside it."""

    project: Project
    members: list[Member]
    people: dict[str, User]
    tasks: dict[str, int]


def joining(member: Member) -> tuple[Write, Write]:
    """Both sides of a new membership."""
    edge = Belonging.key(member.user_id, member.project_id)
    belonging = Belonging(edge.pk, edge.sk, role=member.role)
    return Put(member), Put(belonging)


def leaving(project_id: str, user_id: str) -> tuple[Write, Write, Write]:
    """Both sides of a membership end, and the project has a member less."""
    member = Member.key(project_id, user_id)
    return (
        Delete(member, Member.PK.exists()),
        Delete(Belonging.key(user_id, project_id)),
        Update(Project.key(project_id), (Project.members_count.add(-1),)),
    )


def one_more_member(project_id: str) -> Write:
    """Count a member; fails for a project that is gone or in the trash."""
    live = Project.PK.exists() & Project.deleted_at.does_not_exist()
    return Update(Project.key(project_id), (Project.members_count.add(1),), live)


def counted(project_id: str, task_id: str, **changes: int) -> Write:
    """Add `changes` (status -> difference) to the counters, in the shard of the task."""
    shard = zlib.crc32(task_id.encode()) % COUNTER_SHARDS
    actions: tuple[Action, ...] = tuple(
        getattr(Counters, status).add(change) for status, change in changes.items()
    )
    return Upsert(Counters.key(project_id, shard), actions)


def counters(project_id: str) -> dict[str, int]:
    """How many tasks of each status the project has."""
    shards = table.query_all(Counters, f"PROJECT#{project_id}", Counters.SK.startswith("STATS#"))
    return _sum(list(shards))


def overviews(project_ids: list[str]) -> list[Overview]:
    """The live projects among `project_ids` with their counts, in one round trip; no members."""
    metas = {project_id: Project.key(project_id) for project_id in project_ids}
    shards = {project_id: _shard_keys(project_id) for project_id in project_ids}
    rows = table.read(*metas.values(), *(key for keys in shards.values() for key in keys))
    found: list[Overview] = []
    for project_id, meta in metas.items():
        project = rows.get(meta)
        if project is not None and project.deleted_at is None:
            counts = [row for key in shards[project_id] if (row := rows.get(key))]
            found.append(Overview(project, [], {}, _sum(counts)))
    return found


def _shard_keys(project_id: str) -> list[Key[Counters]]:
    return [Counters.key(project_id, shard) for shard in range(COUNTER_SHARDS)]


def members(project_id: str) -> Iterator[Member]:
    return table.query_all(Member, f"PROJECT#{project_id}", Member.SK.startswith("MEMBER#"))


def belongings(user_id: str) -> Iterator[Belonging]:
    """The person's memberships, the newest project first."""
    return table.query_all(
        Belonging, f"USER#{user_id}", Belonging.SK.startswith("PROJECT#"), newest_first=True
    )


def _sum(shards: list[Counters]) -> dict[str, int]:
    return {
        status: sum(int(getattr(shard, status) or 0) for shard in shards) for status in STATUSES
    }
