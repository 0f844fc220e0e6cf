"""Bodies and responses of exports."""

from typing import Any

from msgspec import Struct, structs, to_builtins

from chalicelib.access.service import ProjectAccess
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import JobState, present_job
from chalicelib.task_lists.schemas import (
    TaskFilter,
    TaskOrdering,
    parse_query,
    require_valid_filter,
)
from chalicelib.task_lists.service import ListQuery


class NewExport(Struct, forbid_unknown_fields=True):
    """`filter` limits the export to the tasks that a list with these parameters shows."""

    filter: TaskFilter | None = None
    ordering: TaskOrdering = TaskOrdering.CREATED_AT_REVERSED


class ExportState(JobState):
    """`filter` is the filter of the request; null if the export holds all tasks."""

    filter: TaskFilter | None


def present_export(job: Job) -> ExportState:
    """Return the job of a project's export as JSON type."""
    return ExportState(**structs.asdict(present_job(job)), filter=job.about.get("filter"))


def store_filter(body: NewExport) -> dict[str, Any]:
    """Return the filters that are set, as they are stored; an empty object if there are none."""
    stored: dict[str, Any] = to_builtins(body.filter) if body.filter is not None else {}
    return stored


def parse_export(access: ProjectAccess, body: NewExport) -> ListQuery | None:
    """Return the query of the list; None if neither filter nor order is set.

    Raises `Invalid` with all invalid filters.
    """
    filters = body.filter or TaskFilter()
    if body == NewExport(filter=body.filter) and filters == TaskFilter():
        return None
    require_valid_filter(filters, access.user.time_zone, has_project=True)
    return parse_query(access, filters, body.ordering, [access.project.id])
