"""`GET /api/tasks`: lists of tasks, and `/api/tasks/statistics`."""

from functools import partial
from typing import Any

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.dynamodb.ids import is_id
from chalicelib.errors import BadRequest, FieldError
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.responses import conditional_response
from chalicelib.task_lists import filters, service, statistics
from chalicelib.task_lists.filters import NO_VALUE, DueBound, Filters
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


@route(bp, "GET", "/api/tasks", Action.READ_TASKS, query=TaskQuery, returns=Page[TaskCard])
def list_tasks(access: Access, query: TaskQuery) -> Response:
    """List tasks."""
    find = partial(service.list_tasks, access, _query(access, query))
    return page_response(
        access, query, _cursor_scope(query), find, lambda each: present_card(*each)
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
    found = statistics.compute_statistics(access, _project_ids(query.project))
    loads = sorted(found.assignees.items(), key=lambda load: (-load[1], load[0] or ""))
    shown = Statistics(
        total=sum(found.statuses.values()),
        by_status=found.statuses,
        by_priority=found.priorities,
        by_assignee=[AssignedCount(*load) for load in loads],
        overdue=found.overdue,
        due_in_7_days=found.due_soon,
        completed_per_day=[CompletedCount(*day) for day in found.completed.items()],
    )
    return conditional_response(shown, bp.current_request)


def _query(access: Access, query: TaskQuery) -> ListQuery:
    """What is asked for. Raises `BadRequest` naming every parameter that cannot be read."""
    errors = list(_errors(query, access.user.time_zone))
    if errors:
        raise BadRequest("Some query parameters are not valid", errors=tuple(errors))
    return ListQuery(
        project_ids=_project_ids(query.project),
        filters=_filters(access, query),
        ordering=query.ordering.removeprefix("-"),
        backwards=query.ordering.startswith("-"),
        text=query.q,
    )


def _filters(access: Access, query: TaskQuery) -> Filters:
    zone = access.user.time_zone
    due_after = DueBound(query.due_after, zone) if query.due_after else None
    due_before = DueBound(query.due_before, zone) if query.due_before else None
    if query.due is not None:
        due_after, due_before = filters.upcoming_bounds(query.due, access.now, zone)
    return Filters(
        now=access.now,
        status=query.status,
        priority=query.priority,
        assigned_to=_person(access, query.assigned_to),
        created_by=_person(access, query.created_by),
        label=query.label,
        parent=resolve_reference(access, query.parent),
        due_after=due_after,
        due_before=due_before,
        overdue=query.overdue,
        updated_since=parse_start(query.updated_since, zone) if query.updated_since else None,
    )


def _errors(query: TaskQuery, zone: str | None) -> Any:
    for name in ("due_before", "due_after", "updated_since"):
        text = getattr(query, name)
        if text is not None and not _is_time(text, zone):
            yield FieldError(name, FORMAT_HINT)
    if query.due is not None and (query.due_before or query.due_after):
        yield FieldError("due", "says already what due_before and due_after say; give one of them")
    for name, words in (("assigned_to", {"me", NO_VALUE}), ("created_by", {"me"})):
        who = getattr(query, name)
        if who is not None and who not in words and not is_id(who):
            yield FieldError(name, f"is a person's id, or one of {', '.join(sorted(words))}")
    if query.project is not None and query.project.count(",") >= PROJECTS_MAX:
        yield FieldError("project", f"names at most {PROJECTS_MAX}")


def _is_time(text: str, zone: str | None) -> bool:
    try:
        parse_start(text, zone)
    except ValueError:
        return False
    return True


def _project_ids(text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(text.split(",")))


def _person(access: Access, who: str | None) -> str | None:
    return access.user_id if who == "me" else who


def _cursor_scope(query: TaskQuery) -> str:
    """What a cursor is bound to: all but the page."""
    facts = {
        name: value for name, value in asdict(query).items() if name not in {"limit", "cursor"}
    }
    return f"tasks {facts}"
