"""`/api/trash`: what was deleted and can still be restored."""

from chalice.app import Blueprint, Response
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.api import cursors
from chalicelib.api.answers import answer
from chalicelib.api.fields import Limit, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.projects import CountedProject, overview
from chalicelib.api.tasks import TaskShown, shown
from chalicelib.domain import projects, tasks
from chalicelib.domain.access import Access, Action, ProjectAccess
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task

bp = Blueprint(__name__)


class TrashQuery(Struct, forbid_unknown_fields=True):
    project: str | None = None
    limit: Limit = 25
    cursor: str | None = None


class TrashedProject(CountedProject, tag_field="kind", tag="project"):
    """A project that its owner deleted."""


class TrashedTask(TaskShown, tag_field="kind", tag="task"):
    """A deleted task."""

    deleted_at: Time


@route(
    bp,
    "GET",
    "/api/trash",
    Action.READ_TASKS,
    query=TrashQuery,
    gives=Page[TrashedProject | TrashedTask],
)
def listed(access: Access, query: TrashQuery) -> Response:
    if isinstance(access, ProjectAccess):
        return _tasks(access, query)
    found = (overview(*each) for each in projects.in_trash(access))
    return answer(Page([TrashedProject(**asdict(project)) for project in found]))


def _tasks(access: ProjectAccess, query: TrashQuery) -> Response:
    bound = {"caller": access.user_id, "filters": f"trash {query.project}"}
    start = cursors.unpack(query.cursor, **bound)
    page = tasks.in_trash(access, limit=query.limit, start=start)
    items = [_task(task, access.project) for task in page.rows]
    return answer(Page(items, cursors.pack(page.last_key, **bound)))


def _task(task: Task, project: Project) -> TrashedTask:
    return TrashedTask(**asdict(shown(task, project)), deleted_at=str(task.deleted_at))
