"""Bodies and answers of copies and moves."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.copies.moves import MoveResult
from chalicelib.http.fields import Id, Time
from chalicelib.http.text_fields import matching
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import JobStatus
from chalicelib.newer_releases import as_stored
from chalicelib.projects.schemas import Key, Name
from chalicelib.tasks.schemas import Task, Title, present_task

Day = Annotated[
    str,
    matching("[0-9]{4}-[0-9]{2}-[0-9]{2}", "must be a day, such as 2026-12-01"),
    Meta(examples=["2026-12-01"], extra_json_schema={"format": "date"}),
]


class TaskDuplicate(Struct, forbid_unknown_fields=True):
    """`title` replaces the title of the copy; with `subtasks` all tasks below are copied too."""

    title: Title | None = None
    subtasks: bool = False


class TaskMove(Struct, forbid_unknown_fields=True):
    project: str


class UnassignedTask(Struct):
    """A moved task, whose assignee is no member of its new project."""

    task: Id
    user: Id


class MovedTask(Struct):
    """The moved task; which tasks lost their assignee; which labels were created for it."""

    task: Task
    unassigned: list[UnassignedTask]
    created_labels: list[Id]


class ProjectDuplicate(Struct, forbid_unknown_fields=True):
    name: Name
    key: Key | None = None
    done_tasks: bool = False
    members: bool = False
    start_date: Day | None = None


class ProjectCopy(Struct):
    """A job that copies a project into `project`. `reason` says why it failed."""

    id: Id
    status: JobStatus
    reason: str | None
    created_at: Time
    finished_at: Time | None
    project: Id


def present_move(result: MoveResult) -> MovedTask:
    return MovedTask(
        task=present_task(result.task, result.project),
        unassigned=[UnassignedTask(*each) for each in result.unassigned],
        created_labels=list(result.created_labels),
    )


def present_project_copy(job: Job) -> ProjectCopy:
    return ProjectCopy(
        id=job.id,
        status=as_stored(JobStatus, job.status),
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
        project=job.id,
    )
