"""Routes of task lists: `GET /api/tasks` and `GET /api/tasks/statistics`."""

from collections.abc import Container, Iterable
from functools import partial
from typing import Any

from chalice.app import Blueprint, Response
from msgspec import to_builtins
from msgspec.structs import asdict, replace

from chalicelib.access.accessible_projects import prefetch_projects
from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import NO_PREFETCH, Prefetch
from chalicelib.access.service import Access, RequestContext
from chalicelib.dynamodb import pages
from chalicelib.dynamodb.ids import is_id, project_id_of
from chalicelib.errors import BadRequest, FieldError, Invalid, NotFound
from chalicelib.http.bodies import convert_body
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response, prefetch_page
from chalicelib.http.responses import conditional_response
from chalicelib.representations.schemas import TaskCard, choose_representation
from chalicelib.representations.service import prefetch_included, read_included_objects
from chalicelib.task_lists import service, statistics
from chalicelib.task_lists.schemas import (
    AssignedCount,
    CompletedCount,
    Statistics,
    StatisticsQuery,
    TaskQuery,
    find_filter_errors,
    parse_query,
    predict_query,
)
from chalicelib.task_lists.service import ListQuery
from chalicelib.tasks.schemas import present_card
from chalicelib.views.service import get_view, prefetch_view

bp = Blueprint(__name__)

LATER_PARAMETERS = {"start_before", "start_after", "label_all", "blocked"}
# They change the page or how its tasks are shown, not which tasks the list has.
PAGE_PARAMETERS = {"limit", "cursor", "view", "include", "fields"}


def _prefetch_list(context: RequestContext, query: TaskQuery) -> Prefetch:
    """Return the first reads of the list, and what its last page included."""
    included = prefetch_included(query.target)
    if query.view is not None:
        return included.plus(prefetch_view(context, query.view))
    if not all(map(is_id, query.project or ())):
        return included
    projects = prefetch_projects(context, query.project)
    list_query = predict_query(context, query)
    if list_query is None:
        return included.plus(projects)
    filters = f"tasks {_bound_parameters(query)}" if query.cursor else ""
    page = PageQuery(query.limit, query.cursor)
    reads = prefetch_page(context, page, filters, service.start_reads, list_query)
    return included.plus(projects).plus(reads)


@route(
    bp,
    "GET",
    "/api/tasks",
    Action.READ_TASKS,
    query=TaskQuery,
    prefetch=_prefetch_list,
    returns=Page[TaskCard],
)
def list_tasks(access: Access, query: TaskQuery) -> Response:
    """List tasks."""
    query, from_view = _apply_view(access, query)
    if errors := list(find_filter_errors(query, access.user.time_zone)):
        raise _invalid_error(errors, from_view=from_view)
    list_query = parse_query(access, query, query.ordering, query.project)
    find = partial(_find_page, access, list_query, query)
    page = PageQuery(query.limit, query.cursor)
    return page_response(access, page, f"tasks {_bound_parameters(query)}", find, lambda task: task)


def _prefetch_statistics(context: RequestContext, query: StatisticsQuery) -> Prefetch:
    if not all(map(is_id, query.project or ())):
        return NO_PREFETCH
    return statistics.prefetch_statistics(context, query.project)


@route(
    bp,
    "GET",
    "/api/tasks/statistics",
    Action.READ_TASKS,
    query=StatisticsQuery,
    returns=Statistics,
    prefetch=_prefetch_statistics,
)
def get_task_statistics(access: Access, query: StatisticsQuery) -> Response:
    """Get task statistics."""
    counted = statistics.compute_statistics(access, query.project)
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


def _find_page(
    access: Access,
    list_query: ListQuery,
    query: TaskQuery,
    *,
    limit: int,
    start: dict[str, Any] | None,
) -> pages.Page[Any]:
    """Return the page of the list as the response shows it."""
    page = service.list_tasks(access, list_query, limit=limit, start=start)
    shown = choose_representation(query.include, query.fields)
    included = read_included_objects(access, (task for task, _ in page.items), query.target)
    items = [
        shown.build_body(present_card(task, project), project, included)
        for task, project in page.items
    ]
    return pages.Page(items, page.last_key)


def _bound_parameters(query: TaskQuery) -> dict[str, Any]:
    """Return the parameters for which a cursor is valid: all except those of the page.

    Those of a view stand for the view, so a cursor is not valid after a change of the view. All are
    plain values, several values as one text, because a cursor stays valid when the type of a
    parameter changes. Parameters that came later are left out unless they are set, so that cursors
    from before remain valid.
    """
    return {
        name: ",".join(value) if isinstance(value, list) else to_builtins(value)
        for name, value in asdict(query).items()
        if name not in PAGE_PARAMETERS and (value is not None or name not in LATER_PARAMETERS)
    }


def _apply_view(access: Access, query: TaskQuery) -> tuple[TaskQuery, set[str]]:
    """Return the query with the filters and the order of its view, and the names of these.

    Parameters that the request has replace those of the view. Raises `NotFound` if the caller has
    no access to the view, and `BadRequest` if it has fields that are not valid in this version.
    """
    if query.view is None:
        return query, set()
    project_id = project_id_of(query.view)
    if project_id and set(query.project or [project_id]) != {project_id}:
        raise NotFound()  # no view of these projects
    view = get_view(access, query.view)
    stored = {**view.filter, "ordering": view.ordering}
    if project_id:
        stored["project"] = [project_id]
    try:
        base = convert_body(stored, TaskQuery)
    except Invalid as invalid:
        raise _invalid_error(invalid.errors, from_view=stored.keys()) from invalid
    given = set(bp.current_request.query_params or ())
    return replace(base, **{name: getattr(query, name) for name in given}), stored.keys() - given


def _invalid_error(errors: Iterable[FieldError], *, from_view: Container[str]) -> BadRequest:
    """Return the error for parameters that are not valid. Those in `from_view` are of the view."""
    located = (
        FieldError(f"view.{each.location}", each.message)
        if each.location.partition("[")[0] in from_view
        else each
        for each in errors
    )
    return BadRequest("Some query parameters are not valid", errors=tuple(located))
