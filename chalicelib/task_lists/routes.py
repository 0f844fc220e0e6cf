"""Routes of task lists: `GET /api/tasks` and `GET /api/tasks/statistics`."""

from collections.abc import Iterator
from functools import partial

from chalice.app import Blueprint, Response
from msgspec import to_builtins

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.errors import BadRequest, FieldError
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.responses import conditional_response
from chalicelib.task_lists import filters, search, service, statistics
from chalicelib.task_lists.filters import NO_VALUE, DateBound, Filters
from chalicelib.task_lists.schemas import (
    AssignedCount,
    CompletedCount,
    Statistics,
    StatisticsQuery,
    TaskQuery,
)
from chalicelib.task_lists.service import ListQuery
from chalicelib.tasks.due_dates import FORMAT_HINT, parse_start
from chalicelib.tasks.keys import resolve_reference
from chalicelib.tasks.schemas import TaskCard, present_card

bp = Blueprint(__name__)

PROJECTS_MAX = 50
LATER_PARAMETERS = {"start_before", "start_after"}


@route(bp, "GET", "/api/tasks", Action.READ_TASKS, query=TaskQuery, returns=Page[TaskCard])
def list_tasks(access: Access, query: TaskQuery) -> Response:
    """List tasks."""
    # A cursor is valid for these parameters only: for all except those of the page. They are plain
    # values, because a cursor stays valid when the type of a parameter changes. Parameters that
    # came later are left out unless they are set, so that cursors from before remain valid.
    parameters = {
        name: value
        for name, value in to_builtins(query).items()
        if name not in {"limit", "cursor"} and (value is not None or name not in LATER_PARAMETERS)
    }
    find = partial(service.list_tasks, access, _parse_query(access, query))
    return page_response(
        access, query, f"tasks {parameters}", find, lambda listed: present_card(*listed)
    )


@route(
    bp,
    "GET",
    "/api/tasks/statistics",
    Action.READ_TASKS,
    query=StatisticsQuery,
    returns=Statistics,
)
def get_task_statistics(access: Access, query: StatisticsQuery) -> Response:
    """Get task statistics."""
    counted = statistics.compute_statistics(access, _parse_project_ids(query.project))
    assignees = sorted(counted.assignees.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    response = Statistics(
        total=sum(counted.statuses.values()),
        by_status=counted.statuses,
        by_priority=counted.priorities,
        by_assignee=[AssignedCount(user_id, count) for user_id, count in assignees],
        overdue=counted.overdue,
        due_in_7_days=counted.due_soon,
        completed_per_day=[CompletedCount(day, n) for day, n in counted.completed.items()],
    )
    return conditional_response(response, bp.current_request)


def _parse_query(access: Access, query: TaskQuery) -> ListQuery:
    """Return the query for the service. Raises `BadRequest` with all invalid parameters."""
    zone = access.user.time_zone
    text_errors = search.find_text_errors(query.q) if query.q is not None else ()
    errors = (*_find_errors(query, zone), *text_errors)
    if errors:
        raise BadRequest("Some query parameters are not valid", errors=errors)

    due_after, due_before = (
        _parse_bound(query.due_after, zone),
        _parse_bound(query.due_before, zone),
    )
    if query.due in filters.DAYS_AHEAD:
        due_after, due_before = filters.upcoming_bounds(query.due, access.now, zone)
    updated_since = None
    if query.updated_since:
        updated_since = format_timestamp(parse_start(query.updated_since, zone))
    return ListQuery(
        project_ids=_parse_project_ids(query.project),
        filters=Filters(
            now=format_timestamp(access.now),
            status=query.status,
            priority=query.priority,
            assigned_to=access.user_id if query.assigned_to == "me" else query.assigned_to,
            created_by=access.user_id if query.created_by == "me" else query.created_by,
            label=query.label,
            parent=resolve_reference(access, query.parent),
            start_after=_parse_bound(query.start_after, zone),
            start_before=_parse_bound(query.start_before, zone),
            due_after=due_after,
            due_before=due_before,
            without_due_date=True if query.due == NO_VALUE else None,
            overdue=query.overdue,
            updated_since=updated_since,
        ),
        ordering=query.ordering.removeprefix("-"),
        descending=query.ordering.startswith("-"),
        text=query.q,
    )


def _parse_bound(text: str | None, zone: str) -> DateBound | None:
    return None if text is None else DateBound(text, zone)


def _find_errors(query: TaskQuery, zone: str | None) -> Iterator[FieldError]:
    """Yield an error for each parameter that the types of `TaskQuery` cannot check."""
    for name in ("start_before", "start_after", "due_before", "due_after", "updated_since"):
        text = getattr(query, name)
        try:
            if text is not None:
                parse_start(text, zone)
        except ValueError:
            yield FieldError(name, FORMAT_HINT)
    if query.due is not None and (query.due_before or query.due_after):
        yield FieldError("due", "cannot be combined with due_before or due_after")
    for name, words in (("assigned_to", {"me", NO_VALUE}), ("created_by", {"me"})):
        user_id = getattr(query, name)
        if user_id is not None and user_id not in words and not is_id(user_id):
            yield FieldError(name, f"must be a user's id or one of {', '.join(sorted(words))}")
    if query.project is not None and query.project.count(",") >= PROJECTS_MAX:
        yield FieldError("project", f"must name at most {PROJECTS_MAX} projects")


def _parse_project_ids(text: str | None) -> list[str] | None:
    """Return the ids in a comma-separated list, without duplicates."""
    return None if text is None else list(dict.fromkeys(text.split(",")))
