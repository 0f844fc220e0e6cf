"""`/api/trash`: what was deleted and can still be restored."""

from typing import Any

from chalice.app import Blueprint, Response
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.api import cursors
from chalicelib.api.answers import answer
from chalicelib.api.fields import Limit
from chalicelib.api.gate import route
from chalicelib.api.projects import overview
from chalicelib.api.tasks import shown
from chalicelib.domain import projects, tasks
from chalicelib.domain.access import Access, Action, ProjectAccess

bp = Blueprint(__name__)


class TrashQuery(Struct, forbid_unknown_fields=True):
    project: str | None = None
    limit: Limit = 25
    cursor: str | None = None


@route(bp, "GET", "/api/trash", Action.READ_TASKS, query=TrashQuery)
def listed(access: Access, query: TrashQuery) -> Response:
    if isinstance(access, ProjectAccess):
        return _tasks(access, query)
    items = [_kind("project", asdict(overview(*each))) for each in projects.in_trash(access)]
    return answer({"items": items, "next_cursor": None})


def _tasks(access: ProjectAccess, query: TrashQuery) -> Response:
    bound = {"caller": access.user_id, "filters": f"trash {query.project}"}
    start = cursors.unpack(query.cursor, **bound)
    page = tasks.in_trash(access, limit=query.limit, start=start)
    items = [_kind("task", shown(task) | {"deleted_at": task.deleted_at}) for task in page.rows]
    return answer({"items": items, "next_cursor": cursors.pack(page.last_key, **bound)})


def _kind(kind: str, shown: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, **shown}
