"""`/api/trash`: what was deleted and can still be restored."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.api.answers import answer
from chalicelib.api.fields import Page, Time
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.api.projects import CountedProject, overview
from chalicelib.api.tasks import Task, shown
from chalicelib.domain import projects, tasks
from chalicelib.domain.access import Access, Action, ProjectAccess
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task as TaskRow

bp = Blueprint(__name__)


class TrashQuery(PageQuery):
    project: str | None = None


class TrashedProject(CountedProject, tag_field="kind", tag="project"):
    """A project that its owner deleted."""

    deleted_at: Time


class TrashedTask(Task, tag_field="kind", tag="task"):
    """A deleted task."""

    deleted_at: Time


class TrashPage(Page[TrashedProject | TrashedTask]):
    """What was deleted, or one page of it: the next one begins at `next_cursor`."""


@route(bp, "GET", "/api/trash", Action.READ_TASKS, query=TrashQuery, gives=TrashPage)
def listed(access: Access, query: TrashQuery) -> Response:
    if isinstance(access, ProjectAccess):
        return _tasks(access, query)
    found = (overview(*each) for each in projects.in_trash(access))
    return answer(Page([TrashedProject(**asdict(project)) for project in found]))


def _tasks(access: ProjectAccess, query: TrashQuery) -> Response:
    find, show = partial(tasks.in_trash, access), partial(_task, access.project)
    return page(access, query, f"trash {query.project}", find, show)


def _task(project: Project, task: TaskRow) -> TrashedTask:
    return TrashedTask(**asdict(shown(task, project)), deleted_at=str(task.deleted_at))
