"""The changes feed: what changed in the caller's projects, for clients that keep a copy.

A client receives the changes in rounds. A round goes through the caller's projects, or through one
of them, and returns, in pages, all that changed since the last round began. It looks one minute
further back than that, because a change may become visible after a change with a later timestamp:
the timestamp is taken before the write, clocks differ, and an index lags behind. A client therefore
receives some changes twice and misses none.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.permissions import Role, Scope
from chalicelib.access.prefetch import Prefetch, prefetch_list
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.errors import Gone
from chalicelib.members.models import (
    Member,
    UserMembership,
    list_former_memberships,
    list_memberships,
)
from chalicelib.newer_releases import as_stored
from chalicelib.projects.models import Project, get_projects
from chalicelib.task_lists.sources import (
    FIRST_POSITION,
    VISIBILITY_DELAY,
    range_by_deletion,
    range_by_update,
    task_id_at,
)
from chalicelib.tasks.models import Task, get_tasks

TOMBSTONES_KEPT_FOR = timedelta(days=30)
FIRST_READ = 50
# A page ends after this many projects, even without changes: each project takes two queries.
MAX_PROJECTS = 20
# The parts of a project, in the order in which a round returns them: the tombstone of a project
# that the caller left, the project itself, its deleted tasks, its changed tasks.
START, LEFT, META, DELETED, TASKS = range(5)


class FeedPosition(NamedTuple):
    """A position in a round: a project, a part of it, and a position in that part."""

    project_id: str
    part: int
    position: str = ""


BEGINNING = FeedPosition("", START)


class SyncRound(Struct, frozen=True):
    """A round of a client, as its cursor stores it.

    The round returns all that changed after `since`, or everything if it is empty. `began` is the
    time of its first page, or empty before that. Its next page begins after `position`.
    """

    since: str
    began: str
    position: FeedPosition = BEGINNING


class Tombstone(Struct, frozen=True):
    """A project or task (`kind`) that the caller no longer has."""

    kind: str
    id: str
    at: str


class ChangedProject(Struct, frozen=True):
    """A new or changed project, and the caller's role in it."""

    project: Project
    role: Role


class ChangedTask(Struct, frozen=True):
    """A new or changed task."""

    task: Task
    project: Project


Entry = Tombstone | ChangedProject | ChangedTask
# None ends a page: the rest of the round begins at that position.
PositionedEntry = tuple[FeedPosition, Entry | None]


class ChangesPage(Struct, frozen=True):
    """A page of a round. `next_round` is the rest of this round, or the round after it."""

    entries: list[Entry]
    next_round: SyncRound
    has_more: bool


def start_now(access: Access) -> SyncRound:
    """Return the round of a client that needs no earlier changes."""
    return SyncRound(since=format_timestamp(access.now), began="")


def list_changes(access: Access, round_: SyncRound | None, *, limit: int) -> ChangesPage:
    """Return the next page of a round, or of a client's first round if `round_` is None.

    Raises `Gone` if the client's last round is so old that tombstones have expired since.
    """
    current = round_ or SyncRound(since="", began="")
    if not current.began:
        current = replace(current, began=format_timestamp(access.now))
    if current.since and parse_timestamp(current.since) < access.now - TOMBSTONES_KEPT_FOR:
        raise Gone(
            "The cursor is older than 30 days; start again without it", code="cursor_expired"
        )

    if isinstance(access, ProjectAccess):
        entries_left = _list_of_one_project(access, current)
    else:
        entries_left = _list_positioned(access, current)
    found = list(islice(entries_left, limit + 1))
    page = found[:limit]
    has_more = len(found) > limit or bool(page) and page[-1][1] is None
    if has_more:
        next_round = replace(current, position=page[-1][0])
    else:
        next_round = SyncRound(since=current.began, began="")
    entries = [entry for _, entry in page if entry is not None]
    return ChangesPage(_load_visible_entries(access, entries), next_round, has_more)


def prefetch_changes(user_id: str, *, is_first_round: bool) -> Prefetch:
    """Return what a page about all projects of the user will read first."""
    memberships = prefetch_list(list_memberships, user_id)
    if is_first_round:
        return memberships
    return memberships.plus(prefetch_list(list_former_memberships, user_id))


def _get_first_time(current: SyncRound) -> str:
    """Return the time since which a round looks for changes; empty for a client's first round."""
    if not current.since:
        return ""
    return format_timestamp(parse_timestamp(current.since) - VISIBILITY_DELAY)


def _list_of_one_project(access: ProjectAccess, current: SyncRound) -> Iterator[PositionedEntry]:
    """Yield the entries of a round after its position, of the project of the request."""
    member = access.get_item(Member.key(access.project.id, access.user_id))
    if member is not None:
        entries = _list_project(access.project, member, current, _get_first_time(current))
        yield from (entry for entry in entries if entry[0] > current.position)


def _list_positioned(access: Access, current: SyncRound) -> Iterator[PositionedEntry]:
    """Yield the entries of a round after its position, one project after the other."""
    since = _get_first_time(current)
    left: dict[str, Tombstone] = {}
    if current.since:
        left = {
            former.project_id: Tombstone("project", former.project_id, former.left_at)
            for former in access.read_list(list_former_memberships, access.user_id)
            if former.left_at >= since
        }
    memberships = {
        member.project_id: member for member in access.read_list(list_memberships, access.user_id)
    }

    project_ids = [
        project_id
        for project_id in sorted({*left, *memberships})
        if project_id >= current.position.project_id and access.can_access(project_id)
    ]
    page_ids, later_ids = project_ids[:MAX_PROJECTS], project_ids[MAX_PROJECTS:]
    projects = get_projects(project_id for project_id in page_ids if project_id in memberships)
    for project_id in page_ids:
        # The caller may have left the project and joined it again, so the tombstone comes first.
        left_position = FeedPosition(project_id, LEFT)
        if project_id in left and left_position > current.position:
            yield left_position, left[project_id]
        if project_id in projects:
            project, membership = projects[project_id], memberships[project_id]
            for position, entry in _list_project(project, membership, current, since):
                if position > current.position:
                    yield position, entry
    if later_ids:
        yield FeedPosition(later_ids[0], START), None


def _list_project(
    project: Project, membership: Member | UserMembership, current: SyncRound, since: str
) -> Iterator[PositionedEntry]:
    """Yield what changed in a project since the time `since`: the project, then its tasks."""
    meta_position = FeedPosition(project.id, META)
    if project.deleted_at is not None:
        if current.since and project.deleted_at >= since:
            yield meta_position, Tombstone("project", project.id, project.deleted_at)
        return

    # If the caller joined since, or the project was restored, all of its content is new to them.
    is_new = max(membership.joined_at or "", project.restored_at or "") >= since
    if is_new or project.updated_at >= since:
        yield meta_position, ChangedProject(project, as_stored(Role, membership.role))

    after = current.position if current.position.project_id == project.id else meta_position
    if current.since and after.part <= DELETED:
        start = after.position if after.part == DELETED else None
        deleted = range_by_deletion(project.id, since)
        for position, _ in deleted.read(start, descending=False, page_size=FIRST_READ):
            deleted_at = position.partition("#")[0]
            tombstone = Tombstone("task", task_id_at(position), deleted_at)
            yield FeedPosition(project.id, DELETED, position), tombstone

    start = after.position if after.part == TASKS else None
    changed = range_by_update(project.id, FIRST_POSITION if is_new else since)
    for position, task in changed.read(start, descending=False, page_size=FIRST_READ):
        yield FeedPosition(project.id, TASKS, position), ChangedTask(task, project)


def _load_visible_entries(access: Access, entries: list[Entry]) -> list[Entry]:
    """Return the entries that the caller may see, with whole tasks instead of those of an index.

    A task that no longer exists is left out. The next round returns its tombstone.
    """
    task_ids = [entry.task.id for entry in entries if isinstance(entry, ChangedTask)]
    tasks = {task.id: task for task in get_tasks(task_ids)} if task_ids else {}
    can_read_projects = access.token is None or Scope.READ_PROJECTS in access.token.scopes

    visible: list[Entry] = []
    for entry in entries:
        if isinstance(entry, ChangedTask):
            if entry.task.id in tasks:
                visible.append(replace(entry, task=tasks[entry.task.id]))
        elif isinstance(entry, Tombstone) or can_read_projects:
            visible.append(entry)
    return visible
