"""Queries and responses of `GET /api/tasks` and `GET /api/tasks/statistics`."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple, TypeVar

from msgspec import Meta, Struct, field

from chalicelib.access.prefetch import RecentValues
from chalicelib.access.service import Access, RequestContext
from chalicelib.dynamodb.ids import is_id, is_task_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.fields import DayOrTime, Limit
from chalicelib.representations.schemas import CardFields, Include, choose_representation
from chalicelib.representations.service import Target
from chalicelib.task_lists import search
from chalicelib.task_lists.filters import NO_VALUE, DateBound, DueFilter, Filters, build_due_filter
from chalicelib.task_lists.service import ListQuery
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.due_dates import FORMAT_HINT, parse_start
from chalicelib.tasks.keys import resolve_reference
from chalicelib.tasks.schemas import TaskPriority

OPEN, ME = "open", "me"
SEARCH_TEXT = "One to eight words, such as `meeting notes`; `c++` is `c%2B%2B` in a URL."

T = TypeVar("T")

# A parameter with several values; duplicates change nothing.
Values = Annotated[list[T], Meta(min_length=1, max_length=20)]
ProjectIds = Annotated[list[str], Meta(min_length=1, max_length=50)]
Reference = Annotated[str, Meta(max_length=100)]


# Filters whose meaning depends on the caller's time zone.
ZONED_FILTERS = ("start_before", "start_after", "due", "due_before", "due_after", "updated_since")


# The time zones of the users who used such filters last.
_last_zones: RecentValues[str, str] = RecentValues(1_000)


class Reader(NamedTuple):
    """The user who reads a list, and the time of the request."""

    user_id: str
    now: datetime
    time_zone: str


class TaskStatusFilter(StrEnum):
    """A status, or `open` for all but `done`."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    DONE = "done"
    OPEN = "open"


class DueDateFilter(StrEnum):
    """Days in the caller's time zone; `none` for tasks without a due date."""

    TODAY = "today"
    NEXT_7_DAYS = "next_7_days"
    OVERDUE = "overdue"
    NONE = "none"


class TaskOrdering(StrEnum):
    """An order of tasks; `-` reverses it."""

    CREATED_AT = "created_at"
    CREATED_AT_REVERSED = "-created_at"
    DUE_DATE = "due_date"
    DUE_DATE_REVERSED = "-due_date"
    UPDATED_AT = "updated_at"
    UPDATED_AT_REVERSED = "-updated_at"
    PRIORITY = "priority"
    PRIORITY_REVERSED = "-priority"
    RANK = "rank"
    RANK_REVERSED = "-rank"


class TaskFilter(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Which tasks a list has: those that match all fields."""

    project: ProjectIds | None = None
    status: Values[TaskStatusFilter] | None = None
    priority: Values[TaskPriority] | None = None
    assigned_to: Values[Reference] | None = None
    created_by: Values[Reference] | None = None
    label: Values[Reference] | None = None
    label_all: Values[Reference] | None = None
    parent: Reference | None = None
    start_before: DayOrTime | None = None
    start_after: DayOrTime | None = None
    due: Values[DueDateFilter] | None = None
    due_before: DayOrTime | None = None
    due_after: DayOrTime | None = None
    overdue: bool | None = None
    updated_since: DayOrTime | None = None
    blocked: bool | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200, description=SEARCH_TEXT)] | None = None


class TaskQuery(TaskFilter, omit_defaults=False):
    """The page of a list, its filters, its order, its view, and how to show its tasks."""

    # As in `PageQuery`: a struct has only one base with fields.
    limit: Limit = 25
    cursor: str | None = None
    ordering: TaskOrdering = TaskOrdering.CREATED_AT_REVERSED
    view: str | None = None
    include: Include = field(default_factory=list)
    fields: CardFields = field(default_factory=list)

    @property
    def target(self) -> Target:
        """The objects to include in a page, and the project of the list, if it is one."""
        include = choose_representation(self.include, self.fields).include
        return Target(self.project[0] if self.project and len(self.project) == 1 else "", include)


class StatisticsQuery(Struct, forbid_unknown_fields=True):
    project: ProjectIds | None = None


class AssignedCount(Struct):
    """The number of tasks that are assigned to a user; a null user stands for unassigned tasks."""

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


def find_filter_errors(filters: TaskFilter, zone: str) -> Iterator[FieldError]:
    """Yield an error for each filter that the types of `TaskFilter` cannot check.

    `zone` is the caller's time zone.
    """
    for name in (each for each in ZONED_FILTERS if each != "due"):
        if not _is_time(getattr(filters, name), zone):
            yield FieldError(name, FORMAT_HINT)
    if filters.due is not None and (filters.due_before or filters.due_after):
        yield FieldError("due", "cannot be combined with due_before or due_after")
    for name, words in (("assigned_to", {"me", NO_VALUE}), ("created_by", {"me"})):
        user_ids = set(getattr(filters, name) or ()) - words
        if not all(map(is_id, user_ids)):
            yield FieldError(name, f"takes users' ids and {', '.join(sorted(words))}")
    if NO_VALUE in (filters.label_all or ()):
        yield FieldError("label_all", f"takes labels' ids; use label={NO_VALUE}")
    if filters.q is not None:
        yield from search.find_text_errors(filters.q)


def require_valid_filter(filters: TaskFilter, zone: str, *, has_project: bool) -> None:
    """Validate the `filter` of a request body. Raises `Invalid` with all invalid fields.

    With `has_project`, the project is known from elsewhere, and `filter.project` is refused.
    """
    errors = [*find_filter_errors(filters, zone)]
    if has_project and filters.project is not None:
        errors.append(FieldError("project", "must be absent: the project is known"))
    if errors:
        located = (FieldError(f"filter.{each.location}", each.message) for each in errors)
        raise Invalid(errors=tuple(located))


def _is_time(text: str | None, zone: str) -> bool:
    """Return whether `text` is None, a day or a time."""
    try:
        return text is None or bool(parse_start(text, zone))
    except ValueError:
        return False


def parse_query(
    access: Access, query: TaskFilter, ordering: str, project_ids: list[str] | None
) -> ListQuery:
    """Return the query for the service. `query` has no errors of `find_filter_errors`."""
    reader = Reader(access.user_id, access.now, access.user.time_zone)
    if _depends_on_zone(query):
        _last_zones.put(reader.user_id, reader.time_zone)
    parent = resolve_reference(access, query.parent)
    return _build_query(reader, query, ordering, project_ids, parent)


def predict_query(context: RequestContext, query: TaskQuery) -> ListQuery | None:
    """Return what `parse_query` will return, as far as this process knows the caller.

    Returns None if that depends on another task, or on a time zone that is not known yet.
    """
    zone = _last_zones.get(context.caller.user_id, "")
    depends_on_task = query.parent is not None and not is_task_id(query.parent)
    if depends_on_task or (not zone and _depends_on_zone(query)):
        return None
    reader = Reader(context.caller.user_id, context.now, zone)
    return _build_query(reader, query, query.ordering, query.project, query.parent)


def _depends_on_zone(query: TaskFilter) -> bool:
    return any(getattr(query, name) is not None for name in ZONED_FILTERS)


def _build_query(
    reader: Reader,
    query: TaskFilter,
    ordering: str,
    project_ids: list[str] | None,
    parent: str | None,
) -> ListQuery:
    zone = reader.time_zone
    updated_since = None
    if query.updated_since:
        updated_since = format_timestamp(parse_start(query.updated_since, zone))
    return ListQuery(
        project_ids=project_ids,
        filters=Filters(
            now=format_timestamp(reader.now),
            status=_parse_status(query.status),
            priority=_parse_values(query.priority),
            assigned_to=_parse_user_ids(reader, query.assigned_to),
            created_by=_parse_user_ids(reader, query.created_by),
            label=_parse_values(query.label),
            label_all=_parse_values(query.label_all),
            parent=parent,
            start_after=_parse_bound(query.start_after, zone),
            start_before=_parse_bound(query.start_before, zone),
            due=_parse_due(reader, query),
            overdue=query.overdue,
            updated_since=updated_since,
            blocked=query.blocked,
        ),
        ordering=ordering.removeprefix("-"),
        descending=ordering.startswith("-"),
        text=query.q,
    )


def _parse_values(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(map(str, values))


def _parse_status(words: Sequence[str] | None) -> frozenset[str] | None:
    """Return the statuses for which `words` stand."""
    statuses = _parse_values(words)
    if statuses is None or OPEN not in statuses:
        return statuses
    return statuses - {OPEN} | OPEN_STATUSES


def _parse_user_ids(reader: Reader, words: Sequence[str] | None) -> frozenset[str] | None:
    """Return the users for which `words` stand, with `none` as it is."""
    users = _parse_values(words)
    if users is None or ME not in users:
        return users
    return users - {ME} | {reader.user_id}


def _parse_due(reader: Reader, query: TaskFilter) -> frozenset[DueFilter] | None:
    zone = reader.time_zone
    if query.due is not None:
        return frozenset(build_due_filter(word, reader.now, zone) for word in query.due)
    if query.due_after is None and query.due_before is None:
        return None
    after, before = _parse_bound(query.due_after, zone), _parse_bound(query.due_before, zone)
    return frozenset({DueFilter(after, before)})


def _parse_bound(text: str | None, zone: str) -> DateBound | None:
    return None if text is None else DateBound(text, zone)
