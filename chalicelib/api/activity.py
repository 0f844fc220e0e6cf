"""`.../activity`: who changed what of a task, or of all tasks of a project."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct

from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import activity
from chalicelib.domain.access import Action, ProjectAccess, TaskAccess
from chalicelib.store.activity import Activity as ActivityRow
from chalicelib.store.table import Page as RowPage

bp = Blueprint(__name__)

DEEDS = ["created", "changed", "deleted", "restored"]
Deed = Annotated[str, Meta(extra_json_schema={"enum": DEEDS})]
Read = Callable[..., RowPage[ActivityRow]]


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
    query=PageQuery,
    gives=Page[Activity],
)
def of_task(access: TaskAccess, query: PageQuery) -> Response:
    find = partial(activity.of_task, access)
    return page(access, query, f"activity {access.task.id}", find, shown)


@route(
    bp,
    "GET",
    "/api/projects/{project_id}/activity",
    Action.READ_TASKS,
    query=PageQuery,
    gives=Page[Activity],
)
def of_project(access: ProjectAccess, query: PageQuery) -> Response:
    find = partial(activity.of_project, access)
    return page(access, query, f"activity {access.project.id}", find, shown)


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
