"""The types of `/api/tasks` for one task and for bulk operations."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.dynamodb.ids import project_id_of
from chalicelib.errors import FieldError, Invalid
from chalicelib.http.bodies import convert_body, decode_body
from chalicelib.http.fields import DayOrTime, Id, Time
from chalicelib.http.problems import Problem
from chalicelib.http.text_fields import line, paragraphs
from chalicelib.markdown.service import render_html
from chalicelib.newer_releases import as_stored
from chalicelib.projects.models import Project
from chalicelib.tasks import models
from chalicelib.tasks.cards import get_rank

Title = Annotated[str, line(max_length=models.TITLE_MAX)]
Description = Annotated[str, paragraphs(max_length=20_000, required=False)]
Labels = list[str]
VALID_OPERATION = {"op": "delete", "id": ""}
Rrule = Annotated[
    str,
    Meta(
        max_length=200,
        description="A recurrence rule, the value of RRULE in RFC 5545.",
        examples=["FREQ=WEEKLY;BYDAY=MO"],
    ),
]
TaskKey = Annotated[str, Meta(examples=["LAUNCH-12"])]
Rank = Annotated[str, Meta(examples=["01m81fwkz2f3v7c9qe0xj4n5tdg"])]


class TaskStatus(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    DONE = "done"


class TaskPriority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class RepeatFrom(StrEnum):
    DUE_DATE = "due_date"
    COMPLETED_AT = "completed_at"


class NewTask(Struct, forbid_unknown_fields=True):
    project: str
    title: Title
    description: Description = ""
    status: TaskStatus = TaskStatus.TODO
    priority: TaskPriority = TaskPriority.MEDIUM
    assigned_to: str | None = None
    start_date: DayOrTime | None = None
    due_date: DayOrTime | None = None
    labels: Labels = []
    parent: str | None = None
    rrule: Rrule | None = None
    repeat_from: RepeatFrom | None = None


class TaskPatch(Struct, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    status: TaskStatus | UnsetType = UNSET
    priority: TaskPriority | UnsetType = UNSET
    assigned_to: str | None | UnsetType = UNSET
    start_date: DayOrTime | None | UnsetType = UNSET
    due_date: DayOrTime | None | UnsetType = UNSET
    labels: Labels | None | UnsetType = UNSET
    parent: str | None | UnsetType = UNSET
    rrule: Rrule | None | UnsetType = UNSET
    repeat_from: RepeatFrom | None | UnsetType = UNSET


class WholeTask(Struct, forbid_unknown_fields=True):
    title: Title
    description: Description
    status: TaskStatus
    priority: TaskPriority
    assigned_to: str | None
    start_date: DayOrTime | None
    due_date: DayOrTime | None
    labels: Labels
    parent: str | None
    rrule: Rrule | None = None
    repeat_from: RepeatFrom | None = None


class NewStatus(Struct, forbid_unknown_fields=True):
    status: TaskStatus


class Assignment(Struct, forbid_unknown_fields=True):
    assigned_to: str | None


class ChangeQuery(Struct, forbid_unknown_fields=True):
    """With `force`, a task can be finished although open tasks block it."""

    force: bool = False


class PatchQuery(ChangeQuery):
    """`render=html` adds the description as HTML to the answer."""

    render: Literal["html"] | None = None


class TaskCard(Struct):
    """A task as lists show it."""

    id: Id
    key: TaskKey
    project: Id
    title: str
    status: TaskStatus
    priority: TaskPriority
    assigned_to: Id | None
    due_date: DayOrTime | None
    labels: list[Id]
    parent: Id | None
    comments_count: int
    attachments_count: int
    subtasks_count: int
    created_by: Id
    created_at: Time
    updated_at: Time
    completed_at: Time | None
    version: int


class Task(TaskCard):
    """A whole task: also what indexes do not project, such as its description.

    With `render=html`, `description_html` is the description as HTML.
    """

    description: str
    start_date: DayOrTime | None
    rrule: Rrule | None
    repeat_from: RepeatFrom | None
    next_task: Id | None
    rank: Rank
    relations_count: int
    open_blockers_count: int
    description_html: str | UnsetType = UNSET


# The fields of a card with the values of attributes of the same name: all after the first three.
# A task's number is part of its key.
_CARD_ATTRIBUTES = ("number", *TaskCard.__struct_fields__[3:])


def present_card(task: models.Task, project: Project) -> TaskCard:
    """Return the task without what indexes do not project, as lists show it."""
    card = TaskCard(*_card_values(task, project))
    card.labels = card.labels or []
    return card


def present_task(task: models.Task, project: Project, render: str | None = None) -> Task:
    """Return the whole task; with `render` "html", also its description as HTML."""
    start = task.repeat_from or RepeatFrom.DUE_DATE
    repeat_from = as_stored(RepeatFrom, start) if task.rrule else None
    shown = Task(  # type: ignore[misc]  # mypy does not know how many values there are
        *_card_values(task, project),
        description=task.description,
        start_date=task.start_date,
        rrule=task.rrule,
        repeat_from=repeat_from,
        next_task=task.next_task,
        rank=get_rank(task),
        relations_count=int(task.relations_count or 0),
        open_blockers_count=int(task.open_blockers_count or 0),
        description_html=render_html(task.description) if render else UNSET,
    )
    shown.labels = shown.labels or []
    return shown


def _card_values(task: models.Task, project: Project) -> list[Any]:
    """Return the values of a card's fields, in their order."""
    task_id = task.id
    number, *values = task.get_values(_CARD_ATTRIBUTES)
    return [task_id, f"{project.prefix}-{number or 0}", project_id_of(task_id), *values]


class CreateTask(NewTask, tag_field="op", tag="create", forbid_unknown_fields=True, kw_only=True):
    """A new task."""


class UpdateTask(TaskPatch, tag_field="op", tag="update", forbid_unknown_fields=True, kw_only=True):
    """New values for a task, by id or key; with `version`, only if that is its version."""

    id: str
    version: int | None = None


class DeleteTask(Struct, tag_field="op", tag="delete", forbid_unknown_fields=True, kw_only=True):
    """A task to move to the trash."""

    id: str
    version: int | None = None


Operation = CreateTask | UpdateTask | DeleteTask


class BulkOperations(Struct, forbid_unknown_fields=True):
    """With `atomic`, all operations are applied or none."""

    operations: Annotated[list[Operation], Meta(min_length=1, max_length=100)]
    atomic: bool = False


class IndependentOperations(Struct, frozen=True):
    """The operations of a body that is not atomic. `Invalid` stands in place of an invalid one."""

    operations: list[Operation | Invalid]


def parse_operations(
    raw: bytes, content_type: str, model: type[BulkOperations]
) -> BulkOperations | IndependentOperations:
    """Parse a body with operations: a `BulkOperations` only if it is atomic.

    Raises as `decode_body` does. Raises `Invalid`, with all errors of the body and its operations,
    for invalid operations that are atomic and for a body that is invalid in itself.
    """
    document = decode_body(raw, content_type)
    if not _is_independent(document, model):
        return convert_body(document, model)
    sent = enumerate(document["operations"])
    return IndependentOperations([_parse_operation(value, index, model) for index, value in sent])


def _is_independent(document: dict[str, Any], model: type[BulkOperations]) -> bool:
    """Return whether the body is valid and not atomic, apart from what its operations contain."""
    sent = document.get("operations")
    if not isinstance(sent, list):
        return False
    try:
        body = convert_body({**document, "operations": [VALID_OPERATION] * len(sent)}, model)
    except Invalid:
        return False
    return not body.atomic


def _parse_operation(value: Any, index: int, model: type[BulkOperations]) -> Operation | Invalid:
    """Return the operation, or the error that names its fields as for a single request.

    An error about the operation as a whole is located at `operations[<index>]`.
    """
    try:
        return convert_body({"operations": [value]}, model).operations[0]
    except Invalid as failure:
        located = (
            (error.location.removeprefix("operations[0]").removeprefix("."), error.message)
            for error in failure.errors
        )
        errors = (FieldError(field or f"operations[{index}]", text) for field, text in located)
        return Invalid(errors=tuple(errors))


class BulkResult(Struct):
    """The result of one operation: the status that it would have as a single request."""

    index: int
    status: int
    task: Task | None = None
    problem: Problem | None = None


class BulkResults(Struct):
    results: list[BulkResult]
