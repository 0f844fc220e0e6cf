"""`.../activity`: who changed what of a task, or of all tasks of a project."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api import cursors
from chalicelib.api.answers import answer
from chalicelib.api.fields import Id, Limit, Page, Time
from chalicelib.api.gate import route
from chalicelib.domain import activity
from chalicelib.domain.access import Access, Action, ProjectAccess, TaskAccess
from chalicelib.store.activity import Activity as ActivityRow
from chalicelib.store.table import Page as RowPage

bp = Blueprint(__name__)

DEEDS = ["created", "changed", "deleted", "restored"]
Deed = Annotated[str, Meta(extra_json_schema={"enum": DEEDS})]
Read = Callable[..., RowPage[ActivityRow]]


class ActivityQuery(Struct, forbid_unknown_fields=True):
    limit: Limit = 25
    cursor: str | None = None


class Activity(Struct):
    """One thing that happened to a task; of a long text `old` and `new` are the beginning."""

    id: Id
    task: Id
    title: str
    action: Deed
    field: str | None
    old: Any
    new: Any
    actor: Id | None
    at: Time
    request_id: str | None


@route(
    bp,
    "GET",
    "/api/tasks/{task_id}/activity",
    Action.READ_TASKS,
    query=ActivityQuery,
    gives=Page[Activity],
)
def of_task(access: TaskAccess, query: ActivityQuery) -> Response:
    return _page(access, query, access.task.id, partial(activity.of_task, access))


@route(
    bp,
    "GET",
    "/api/projects/{project_id}/activity",
    Action.READ_TASKS,
    query=ActivityQuery,
    gives=Page[Activity],
)
def of_project(access: ProjectAccess, query: ActivityQuery) -> Response:
    return _page(access, query, access.project.id, partial(activity.of_project, access))


def _page(access: Access, query: ActivityQuery, place: str, read: Read) -> Response:
    bound = {"caller": access.user_id, "filters": f"activity {place}"}
    page = read(limit=query.limit, start=cursors.unpack(query.cursor, **bound))
    items = [shown(entry) for entry in page.rows]
    return answer(Page(items, cursors.pack(page.last_key, **bound)))


def shown(entry: ActivityRow) -> Activity:
    return Activity(
        id=entry.id,
        task=entry.task_id,
        title=entry.title,
        action=entry.action,
        field=entry.field,
        old=entry.old,
        new=entry.new,
        actor=entry.actor,
        at=entry.at,
        request_id=entry.request_id,
    )
