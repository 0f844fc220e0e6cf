"""Request an export of a project."""

import json
from typing import Any

from chalicelib.access.service import ProjectAccess
from chalicelib.errors import BadRequest, FieldError, Invalid
from chalicelib.exports.filtered_tasks import store_query
from chalicelib.jobs.models import Job
from chalicelib.jobs.service import PROJECT_EXPORT, request_job
from chalicelib.task_lists.service import ListQuery, list_tasks

FILTER_MAX_BYTES = 4_000


def request_project_export(
    access: ProjectAccess, sent_filter: dict[str, Any], query: ListQuery | None
) -> Job:
    """Create the job of an export, of all tasks or of those that match `query`.

    `sent_filter` is the filter as the job shows it. Raises what `request_job` raises, `Invalid`
    if the filter is too long or its search text matches too many tasks.
    """
    if query is None:
        return request_job(access, PROJECT_EXPORT, access.project.id)
    if len(json.dumps(sent_filter)) > FILTER_MAX_BYTES:
        message = f"must be at most {FILTER_MAX_BYTES} bytes of JSON"
        raise Invalid(errors=(FieldError("filter", message),))
    try:
        list_tasks(access, query, limit=1, start=None)  # fails here rather than in the job
    except BadRequest as failure:
        located = (FieldError(f"filter.{each.location}", each.message) for each in failure.errors)
        raise Invalid(errors=tuple(located)) from failure
    about = {"filter": sent_filter, "query": store_query(query)}
    return request_job(access, PROJECT_EXPORT, access.project.id, about)
