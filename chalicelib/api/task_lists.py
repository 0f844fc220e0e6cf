"""`GET /api/tasks`: lists of tasks, and `/api/tasks/statistics`."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct
from msgspec.structs import asdict

from chalicelib.api.answers import conditional
from chalicelib.api.fields import DayOrTime, Page
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.api.tasks import Priority, Status, TaskCard, card
from chalicelib.domain import keys, statistics, task_lists
from chalicelib.domain.access import Access, Action
from chalicelib.domain.due_dates import FORM, start_of
from chalicelib.domain.task_filters import NONE, Bound, Filters, coming
from chalicelib.domain.task_lists import Query
from chalicelib.errors import BadRequest, FieldError
from chalicelib.store.ids import is_id

bp = Blueprint(__name__)

PROJECTS_MAX = 50
Ordering = Literal[
    "created_at",
    "-created_at",
    "due_date",
    "-due_date",
    "updated_at",
    "-updated_at",
    "priority",
    "-priority",
]


class TaskQuery(PageQuery):
    """`project`: one id or several with commas between; `ordering`: with `-` for the reverse."""

    project: str | None = None
    status: Status | None = None
    priority: Priority | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    label: str | None = None
    parent: str | None = None
    due: Literal["today", "next_7_days"] | None = None
    due_before: DayOrTime | None = None
    due_after: DayOrTime | None = None
    overdue: bool | None = None
    updated_since: DayOrTime | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    ordering: Ordering = "-created_at"


class StatisticsQuery(Struct, forbid_unknown_fields=True):
    project: str | None = None


class AssignedCount(Struct):
    """How many tasks somebody is assigned to; null stands for nobody."""

    user_id: str | None
    count: int


class CompletedCount(Struct):
    date: date
    count: int


class Statistics(Struct):
    total: int
    by_status: dict[str, int]
    by_priority: dict[str, int]
    by_assignee: list[AssignedCount]
    overdue: int
    due_in_7_days: int
    completed_per_day: list[CompletedCount]


@route(bp, "GET", "/api/tasks", Action.READ_TASKS, query=TaskQuery, gives=Page[TaskCard])
def listed(access: Access, query: TaskQuery) -> Response:
    find = partial(task_lists.page, access, _query(access, query))
    return page(access, query, _identity(query), find, lambda each: card(*each))


@route(
    bp,
    "GET",
    "/api/tasks/statistics",
    Action.READ_TASKS,
    query=StatisticsQuery,
    gives=Statistics,
)
def counted(access: Access, query: StatisticsQuery) -> Response:
    found = statistics.collect(access, _project_ids(query.project))
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
    return conditional(shown, bp.current_request)


def _query(access: Access, query: TaskQuery) -> Query:
    """What is asked for. Raises `BadRequest` naming every parameter that cannot be read."""
    errors = list(_errors(query, access.user.time_zone))
    if errors:
        raise BadRequest("Some query parameters are not valid", errors=tuple(errors))
    return Query(
        project_ids=_project_ids(query.project),
        filters=_filters(access, query),
        ordering=query.ordering.removeprefix("-"),
        backwards=query.ordering.startswith("-"),
        text=query.q,
    )


def _filters(access: Access, query: TaskQuery) -> Filters:
    zone = access.user.time_zone
    due_after = Bound(query.due_after, zone) if query.due_after else None
    due_before = Bound(query.due_before, zone) if query.due_before else None
    if query.due is not None:
        due_after, due_before = coming(query.due, access.now, zone)
    return Filters(
        now=access.now,
        status=query.status,
        priority=query.priority,
        assigned_to=_person(access, query.assigned_to),
        created_by=_person(access, query.created_by),
        label=query.label,
        parent=keys.resolved(access, query.parent),
        due_after=due_after,
        due_before=due_before,
        overdue=query.overdue,
        updated_since=start_of(query.updated_since, zone) if query.updated_since else None,
    )


def _errors(query: TaskQuery, zone: str | None) -> Any:
    for name in ("due_before", "due_after", "updated_since"):
        text = getattr(query, name)
        if text is not None and not _is_time(text, zone):
            yield FieldError(name, FORM)
    if query.due is not None and (query.due_before or query.due_after):
        yield FieldError("due", "says already what due_before and due_after say; give one of them")
    for name, words in (("assigned_to", {"me", NONE}), ("created_by", {"me"})):
        who = getattr(query, name)
        if who is not None and who not in words and not is_id(who):
            yield FieldError(name, f"is a person's id, or one of {', '.join(sorted(words))}")
    if query.project is not None and query.project.count(",") >= PROJECTS_MAX:
        yield FieldError("project", f"names at most {PROJECTS_MAX}")


def _is_time(text: str, zone: str | None) -> bool:
    try:
        start_of(text, zone)
    except ValueError:
        return False
    return True


def _project_ids(text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(text.split(",")))


def _person(access: Access, who: str | None) -> str | None:
    return access.user_id if who == "me" else who


def _identity(query: TaskQuery) -> str:
    """What a cursor is bound to: all but the page."""
    facts = {
        name: value for name, value in asdict(query).items() if name not in {"limit", "cursor"}
    }
    return f"tasks {facts}"
