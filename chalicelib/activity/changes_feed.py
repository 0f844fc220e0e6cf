"""What changed in the caller's projects, for clients that keep a copy.

A round walks through what is new since the last one, project by project. Its end is the moment it
began, and the next looks a minute further back, because a change may become visible after a later
one: it is stamped before it is written, clocks differ, an index follows the table. So some changes
come twice, and none is missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from chalicelib.access.permissions import Role, Scope
from chalicelib.access.service import Access
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.errors import Gone
from chalicelib.members.models import UserMembership, list_former_memberships, list_memberships
from chalicelib.projects.models import Project, get_projects
from chalicelib.task_lists.sources import (
    FIRST_POSITION,
    VISIBILITY_DELAY,
    range_by_deletion,
    range_by_update,
)
from chalicelib.tasks.models import Task, get_tasks

TOMBSTONES_KEPT_FOR = timedelta(days=30)
FIRST_READ = 50
# A page ends after so many projects, however little is new in them: each takes two queries.
MAX_PROJECTS = 20
# A place in a round: a project, one of these parts of it, a position in the part.
START, LEFT, META, DELETED, TASKS = range(5)


class FeedPosition(NamedTuple):
    project_id: str
    part: int
    position: str = ""


BEGINNING = FeedPosition("", START)


@dataclass(frozen=True)
class SyncRound:
    """What is told in pages: all that changed after `since` (empty: all there is). It begins with
    its first page."""

    since: str
    began: str
    place: FeedPosition = BEGINNING


@dataclass(frozen=True)
class Tombstone:
    """A project or a task that the caller has no more."""

    kind: str
    id: str
    at: str


@dataclass(frozen=True)
class ChangedProject:
    """A project as it is now, with the caller's role in it."""

    project: Project
    role: Role


Entry = Tombstone | ChangedProject | tuple[Task, Project]


@dataclass(frozen=True)
class ChangesPage:
    entries: list[Entry]
    then: SyncRound
    has_more: bool


def list_changes(access: Access, round_: SyncRound | None, *, limit: int) -> ChangesPage:
    """The next page. Raises `Gone` if tombstones since the client's last round are kept no more."""
    current = round_ or SyncRound("", "")
    current = current if current.began else replace(current, began=format_timestamp(access.now))
    if current.since and parse_timestamp(current.since) < access.now - TOMBSTONES_KEPT_FOR:
        raise Gone(
            "The cursor is older than 30 days; begin again without it", code="cursor_expired"
        )
    found = list(islice(_walk(access, current), limit + 1))
    page = found[:limit]
    has_more = len(found) > limit or bool(page) and page[-1][1] is None
    then = replace(current, place=page[-1][0]) if has_more else SyncRound(current.began, "")
    entries = [entry for _, entry in page if entry is not None]
    return ChangesPage(_load_tasks(access, entries), then, has_more)


def _low(round_: SyncRound) -> str:
    return (
        format_timestamp(parse_timestamp(round_.since) - VISIBILITY_DELAY) if round_.since else ""
    )


Found = tuple[FeedPosition, Entry | None]


def _walk(access: Access, round_: SyncRound) -> Iterator[Found]:
    """Everything of the round behind its place, in one order: a project after the other. A place
    without an entry is where the next page goes on."""
    low, after = _low(round_), round_.place
    left = _list_left_projects(access, low) if round_.since else {}
    edges = {e.project_id: e for e in list_memberships(access.user_id)}
    ahead = sorted(each for each in {*left, *edges} if each >= after.project_id)
    reached = [each for each in ahead if access.can_access(each)]
    few, others = reached[:MAX_PROJECTS], reached[MAX_PROJECTS:]
    known = get_projects(each for each in few if each in edges)
    for project_id in few:
        found = _of_project(left.get(project_id), edges.get(project_id), known, round_, low)
        yield from (each for each in found if each[0] > after)
    if others:
        yield FeedPosition(others[0], START), None


def _list_left_projects(access: Access, low: str) -> dict[str, Tombstone]:
    ended = (each for each in list_former_memberships(access.user_id) if each.left_at >= low)
    return {e.project_id: Tombstone("project", e.project_id, e.left_at) for e in ended}


def _of_project(
    left: Tombstone | None,
    edge: UserMembership | None,
    known: dict[str, Project],
    round_: SyncRound,
    low: str,
) -> Iterator[Found]:
    """First that the caller left it, should they have come back since."""
    if left is not None:
        yield FeedPosition(left.id, LEFT), left
    project = known.get(edge.project_id) if edge else None
    if edge is None or project is None:
        return
    if project.deleted_at is not None:
        if round_.since and project.deleted_at >= low:
            yield (
                FeedPosition(project.id, META),
                Tombstone("project", project.id, project.deleted_at),
            )
        return
    yield from _content(
        ChangedProject(project, Role(edge.role)), _is_new(edge, project, low), round_, low
    )


def _is_new(edge: UserMembership, project: Project, low: str) -> bool:
    """Whether the caller has it since then only: its content is news, however old."""
    return max(edge.joined_at or "", project.restored_at or "") >= low


def _content(changed: ChangedProject, is_new: bool, round_: SyncRound, low: str) -> Iterator[Found]:
    project = changed.project
    if is_new or project.updated_at >= low:
        yield FeedPosition(project.id, META), changed
    after = (
        round_.place if round_.place.project_id == project.id else FeedPosition(project.id, META)
    )
    if round_.since and after.part <= DELETED:
        yield from _deleted(project, low, after)
    start = after.position if after.part == TASKS else None
    for position, task in range_by_update(project.id, FIRST_POSITION if is_new else low).walk(
        start, backwards=False, first=FIRST_READ
    ):
        yield FeedPosition(project.id, TASKS, position), (task, project)


def _deleted(project: Project, low: str, after: FeedPosition) -> Iterator[Found]:
    start = after.position if after.part == DELETED else None
    found = range_by_deletion(project.id, low)
    for position, _ in found.walk(start, backwards=False, first=FIRST_READ):
        at, _, task_id = position.partition("#")
        yield FeedPosition(project.id, DELETED, position), Tombstone("task", task_id, at)


def _load_tasks(access: Access, entries: list[Entry]) -> list[Entry]:
    """The entries with whole tasks, which an index has not, and without what the caller may not
    see. A task that vanished meanwhile is told of in the next round."""
    cards = [entry[0].id for entry in entries if isinstance(entry, tuple)]
    whole = {task.id: task for task in get_tasks(cards)} if cards else {}
    return list(_filter_visible(access, entries, whole))


def _filter_visible(
    access: Access, entries: list[Entry], whole: dict[str, Task]
) -> Iterator[Entry]:
    for entry in entries:
        if isinstance(entry, tuple):
            if entry[0].id in whole:
                yield whole[entry[0].id], entry[1]
        elif isinstance(entry, Tombstone) or _may_read_projects(access):
            yield entry


def _may_read_projects(access: Access) -> bool:
    return access.token is None or Scope.READ_PROJECTS in access.token.scopes
