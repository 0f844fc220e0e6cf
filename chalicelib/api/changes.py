"""`/api/changes`: what is new, for clients that keep a copy of their projects and tasks."""

from typing import Any, Literal

from chalice.app import Blueprint, Response
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.api import cursors
from chalicelib.api.answers import answer
from chalicelib.api.fields import Id, Limit, Time
from chalicelib.api.gate import route
from chalicelib.api.projects import Project
from chalicelib.api.projects import shown as project_shown
from chalicelib.api.tasks import Task
from chalicelib.api.tasks import shown as task_shown
from chalicelib.domain import syncing
from chalicelib.domain.access import Access, Action
from chalicelib.domain.syncing import Changed, Entry, Place, Round, Tombstone

bp = Blueprint(__name__)


class ChangesQuery(Struct, forbid_unknown_fields=True):
    cursor: str | None = None
    limit: Limit = 100


class ChangedProject(Project, tag_field="kind", tag="project"):
    """A project that is new or has changed."""


class ChangedTask(Task, tag_field="kind", tag="task"):
    """A task that is new or has changed."""


class Deleted(Struct, tag_field="kind", tag="deleted"):
    """A project or a task that the caller has no more; with a project goes all that is in it."""

    what: Literal["project", "task"]
    id: Id
    at: Time


class Changes(Struct):
    """Keep `next_cursor` for the next time; if there is more now, ask again at once."""

    items: list[ChangedProject | ChangedTask | Deleted]
    next_cursor: str
    has_more: bool


@route(bp, "GET", "/api/changes", Action.READ_TASKS, query=ChangesQuery, gives=Changes)
def listed(access: Access, query: ChangesQuery) -> Response:
    bound = {"caller": access.user_id, "filters": "changes"}
    known = cursors.unpack(query.cursor, **bound)
    page = syncing.changes(access, _round(known), limit=query.limit)
    following = {"since": page.then.since, "began": page.then.began, "place": page.then.place}
    cursor = cursors.pack(following, **bound)
    return answer(Changes([_shown(each) for each in page.entries], str(cursor), page.has_more))


def _round(known: dict[str, Any] | None) -> Round | None:
    return Round(known["since"], known["began"], Place(*known["place"])) if known else None


def _shown(entry: Entry) -> ChangedProject | ChangedTask | Deleted:
    if isinstance(entry, Tombstone):
        return Deleted("project" if entry.kind == "project" else "task", entry.id, entry.at)
    if isinstance(entry, Changed):
        return ChangedProject(**asdict(project_shown(entry.project, entry.role)))
    return ChangedTask(**asdict(task_shown(*entry)))
