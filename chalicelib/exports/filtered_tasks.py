"""The tasks of an export with a filter: those that the same list shows."""

from datetime import datetime
from typing import Any

import msgspec

from chalicelib.access.permissions import Action, Role
from chalicelib.access.service import ProjectAccess, RequestContext
from chalicelib.accounts.models import User
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import batch_get
from chalicelib.errors import require_found
from chalicelib.jobs.models import Job
from chalicelib.members.models import Member
from chalicelib.newer_releases import as_stored
from chalicelib.projects.models import Project
from chalicelib.sessions.credentials import Caller
from chalicelib.task_lists.service import ListQuery, list_tasks
from chalicelib.tasks.models import Task, get_tasks


def store_query(query: ListQuery) -> dict[str, Any]:
    """Return the query as a JSON object, without the time of the request."""
    stored: dict[str, Any] = msgspec.to_builtins(query)
    del stored["filters"]["now"]
    return stored


def list_filtered_tasks(
    job: Job, *, limit: int, start: dict[str, Any] | None, now: datetime
) -> Page[Task]:
    """Return a page of the whole tasks that match the query of the job.

    `today`, `overdue` and the like mean the time of the request, however late the job runs.
    """
    stored = job.about["query"]
    filters = stored["filters"] | {"now": job.created_at}
    query = msgspec.convert(stored | {"filters": filters}, ListQuery)
    page = list_tasks(_act_as_requester(job, now), query, limit=limit, start=start)
    # A list reads no descriptions.
    return Page(get_tasks(task.id for task, _ in page.items), page.last_key)


def _act_as_requester(job: Job, now: datetime) -> ProjectAccess:
    """Return the access of the person who requested the job, which was checked before."""
    user_key, project_key = User.key(job.asked_by), Project.key(job.subject)
    member_key = Member.key(job.subject, job.asked_by)
    items = batch_get(user_key, project_key, member_key)
    return ProjectAccess(
        context=RequestContext(Caller(job.asked_by), Action.EXPORT_PROJECT, now),
        user=require_found(items.get(user_key)),
        token=None,
        project=require_found(items.get(project_key)),
        role=as_stored(Role, require_found(items.get(member_key)).role),
    )
