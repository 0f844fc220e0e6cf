"""The types of `/api/trash`."""

from chalicelib.http.fields import Page, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.projects.schemas import CountedProject
from chalicelib.tasks.schemas import Task


class TrashQuery(PageQuery):
    project: str | None = None


class TrashedProject(CountedProject, tag_field="kind", tag="project"):
    """A project that its owner deleted."""

    deleted_at: Time


class TrashedTask(Task, tag_field="kind", tag="task", kw_only=True):
    """A deleted task."""

    deleted_at: Time


class TrashPage(Page[TrashedProject | TrashedTask]):
    """A page of the trash; `next_cursor` is the cursor of the next page."""
