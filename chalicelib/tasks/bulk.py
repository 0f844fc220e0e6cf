"""Many task operations in one request: each by itself, or all in one transaction."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from chalicelib.access.service import (
    Access,
    ProjectAccess,
    RequestContext,
    TaskAccess,
    authorize_project,
    authorize_task,
)
from chalicelib.dynamodb.idempotency import commit_once
from chalicelib.dynamodb.ids import is_id, project_id_of
from chalicelib.dynamodb.transactions import ConditionFailed, item_key, merge_writes
from chalicelib.errors import (
    ApiError,
    FieldError,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from chalicelib.projects.models import Project, get_project
from chalicelib.tasks import keys, models, number_models, references, service
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import invalid_field
from chalicelib.tasks.service import PlannedChange

# DynamoDB's limit for one transaction, less one write for the idempotency record.
WRITES_MAX = 99
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class BulkOperation:
    """One operation. `target` is the project of a new task, otherwise a task's id or key;
    `version` is the version that the caller last read."""

    kind: Literal["create", "update", "delete"]
    target: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class BulkOutcome:
    """The result of one operation: the task and its project, neither for a deleted task, or the
    failure."""

    task: Task | None = None
    project: Project | None = None
    failure: ApiError | None = None


@dataclass(frozen=True)
class Plan:
    """The change of an authorized operation, and its outcome if the change is committed."""

    change: PlannedChange
    outcome: BulkOutcome


def run_independently(
    access: Access, operations: Sequence[BulkOperation | Invalid]
) -> list[BulkOutcome]:
    """Run each operation by itself and return the outcomes in order.

    The failure of an operation is its outcome, and so is an `Invalid` in its place. Each operation
    counts as a request. Raises `TooManyRequests` when they exceed the rate limit.
    """
    _take_requests(access, operations)
    outcomes = []
    for index, operation in enumerate(operations):
        try:
            if isinstance(operation, Invalid):
                raise operation
            outcomes.append(_run_one(_operation_context(access.context, index), operation))
        except ApiError as failure:
            outcomes.append(BulkOutcome(failure=failure))
    return outcomes


def _run_one(context: RequestContext, operation: BulkOperation) -> BulkOutcome:
    access = _authorize(context, operation)
    if not isinstance(access, TaskAccess):
        task = service.create_task(access, **operation.fields)
        return BulkOutcome(task, access.project)
    if operation.kind == "delete":
        service.delete_task(access, version=operation.version)
        return BulkOutcome()
    task = service.update_task(access, operation.fields, version=operation.version)
    return BulkOutcome(task, access.project)


def run_atomically(access: Access, operations: Sequence[BulkOperation]) -> list[BulkOutcome]:
    """Run all operations in one transaction, or none, and return the outcomes in order.

    Raises the error of the first operation that fails, with its index, and `Invalid` when two
    operations change the same task or when one transaction cannot hold all writes. Each operation
    counts as a request. Raises `TooManyRequests` when they exceed the rate limit.
    """
    _take_requests(access, operations)
    for _ in range(MAX_ATTEMPTS):
        plans = []
        for index, operation in enumerate(operations):
            with _locate_failures(index):
                plans.append(_plan(_operation_context(access.context, index), operation))
        try:
            return _commit(access, plans)
        except ConditionFailed:  # a concurrent request changed a task; plan again from its result
            continue
    raise Unavailable()


def _take_requests(access: Access, operations: Sequence[object]) -> None:
    # The gate has already counted the request itself.
    access.context.bucket.take(access.now, len(operations) - 1)


def _plan(context: RequestContext, operation: BulkOperation) -> Plan:
    access = _authorize(context, operation)
    wanted = service.normalize_fields(access, operation.fields)
    if not isinstance(access, TaskAccess):
        number = number_models.draw_task_numbers(access.project.id)
        change = service.plan_creation(access, wanted, number=number)
        return Plan(change, BulkOutcome(change.task, access.project))

    task, author = access.task, service.get_author(access)
    if operation.version not in (None, task.version):
        raise PreconditionFailed()
    if operation.kind == "delete":
        return Plan(service.plan_deletion(task, author), BulkOutcome())
    differing = {name: value for name, value in wanted.items() if getattr(task, name) != value}
    change = service.plan_update(task, differing, author) if differing else PlannedChange(task)
    return Plan(change, BulkOutcome(change.task, access.project))


def _commit(access: Access, plans: Sequence[Plan]) -> list[BulkOutcome]:
    """Commit all plans in one transaction and return their outcomes.

    A repeated idempotency key commits nothing and returns the first request's tasks as they are
    now. Raises `ConditionFailed` when a task was changed since it was read.
    """
    writes = merge_writes(write for plan in plans for write in plan.change.all_writes)
    writes_per_item = Counter(map(item_key, writes))
    if writes_per_item and max(writes_per_item.values()) > 1:
        raise invalid_field(
            "operations",
            "two of them change the same task, or a task and its parent; send one by itself",
        )
    if len(writes) > WRITES_MAX:
        raise invalid_field(
            "operations",
            f"need {len(writes)} writes, and one transaction holds {WRITES_MAX}; send fewer",
        )

    all_references = [reference for plan in plans for reference in plan.change.references]
    answer = [plan.outcome.task.id if plan.outcome.task else None for plan in plans]
    with references.translate_reference_failures(all_references):
        first_answer = commit_once(
            *writes, answer=answer, idempotency_key=access.idempotency_key, now=access.now
        )
    if first_answer is None:
        return [plan.outcome for plan in plans]
    return [_load_outcome(task_id) for task_id in first_answer]


def _load_outcome(task_id: str | None) -> BulkOutcome:
    task = models.get_task(task_id) if task_id else None
    if task is None:
        return BulkOutcome()
    return BulkOutcome(task, get_project(project_id_of(task.id)))


def _operation_context(context: RequestContext, index: int) -> RequestContext:
    """Return the request context of one operation.

    Each operation is one millisecond later than the previous one, so that new tasks keep their
    order in lists, and has an idempotency key of its own.
    """
    idempotency_key = context.idempotency_key.part(index) if context.idempotency_key else None
    return replace(
        context, idempotency_key=idempotency_key, now=context.now + timedelta(milliseconds=index)
    )


def _authorize(context: RequestContext, operation: BulkOperation) -> ProjectAccess:
    """Return the access to the task, or to the project of a new task."""
    if operation.kind != "create":
        return authorize_task(context, keys.resolve_task_id(context, operation.target))
    if not is_id(operation.target):
        raise NotFound()
    return authorize_project(context, operation.target)


@contextmanager
def _locate_failures(index: int) -> Iterator[None]:
    """Add the index of the operation to the error that it raises."""
    location = f"operations[{index}]"
    try:
        yield
    except ApiError as failure:
        errors = [FieldError(f"{location}.{e.location}", e.message) for e in failure.errors]
        raise type(failure)(
            f"{location}: {failure.detail}",
            code=failure.stable_code,
            errors=tuple(errors or [FieldError(location, failure.detail)]),
        ) from failure
