"""Queries and responses of `GET /api/tasks` and `GET /api/tasks/statistics`."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib.http.fields import DayOrTime
from chalicelib.http.pagination import PageQuery
from chalicelib.tasks.schemas import TaskPriority, TaskStatus

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

SEARCH_TEXT = "One to eight words, such as `meeting notes`; `c++` is `c%2B%2B` in a URL."


class TaskQuery(PageQuery):
    """`project` is one id or several, separated by commas; `-` reverses an `ordering`."""

    project: str | None = None
    status: TaskStatus | None = None
    priority: TaskPriority | None = None
    assigned_to: str | None = None
    created_by: str | None = None
    label: str | None = None
    parent: str | None = None
    start_before: DayOrTime | None = None
    start_after: DayOrTime | None = None
    due: Literal["today", "next_7_days", "none"] | None = None
    due_before: DayOrTime | None = None
    due_after: DayOrTime | None = None
    overdue: bool | None = None
    updated_since: DayOrTime | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200, description=SEARCH_TEXT)] | None = None
    ordering: Ordering = "-created_at"


class StatisticsQuery(Struct, forbid_unknown_fields=True):
    project: str | None = None


class AssignedCount(Struct):
    """How many tasks are assigned to a user; null stands for unassigned tasks."""

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
