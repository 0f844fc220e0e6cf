"""Many changes of tasks in one request: each by itself, or all or nothing."""

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
from chalicelib.dynamodb.transactions import ConditionFailed, Write, item_key, merge_writes
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
from chalicelib.tasks.service import PlannedChange

# DynamoDB's limit for one transaction, less one for the receipt.
WRITES_MAX = 99
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class BulkOperation:
    """`target` is a project to create in, else a task; `version` is what the caller last read."""

    kind: Literal["create", "update", "delete"]
    target: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class BulkOutcome:
    """The task as it is now, and its project; neither once it is deleted; or why nothing was
    done."""

    task: Task | None = None
    project: Project | None = None
    failure: ApiError | None = None


@dataclass(frozen=True)
class Plan:
    """An operation that was found to be allowed, and what it takes."""

    step: PlannedChange
    project: Project
    deletes: bool


def run_each(access: Access, operations: Sequence[BulkOperation]) -> list[BulkOutcome]:
    """Carry out every operation by itself; one that fails does not stop the others."""
    _charge(access, operations)
    return [_run_one(_part(access.context, index), each) for index, each in enumerate(operations)]


def run_atomically(access: Access, operations: Sequence[BulkOperation]) -> list[BulkOutcome]:
    """Carry out all operations in one transaction.

    Raises what the first one raises that cannot be carried out, saying which it is; `Invalid` when
    two of them change the same task, or when a transaction cannot hold them all.
    """
    _charge(access, operations)
    for _ in range(MAX_ATTEMPTS):
        plans = [_plan(_part(access.context, i), i, each) for i, each in enumerate(operations)]
        try:
            return _commit(access, plans)
        except ConditionFailed:  # a rival was first; build upon what it left
            continue
    raise Unavailable()


def _charge(access: Access, operations: Sequence[BulkOperation]) -> None:
    """Each counts as a request; the gate has counted one. Raises `TooManyRequests`."""
    access.context.bucket.take(access.now, len(operations) - 1)


def _part(context: RequestContext, index: int) -> RequestContext:
    """The visit of one operation; each is a millisecond behind the one before, so that lists keep
    their order."""
    idempotency_key = context.idempotency_key.part(index) if context.idempotency_key else None
    return replace(
        context, idempotency_key=idempotency_key, now=context.now + timedelta(milliseconds=index)
    )


def _run_one(context: RequestContext, operation: BulkOperation) -> BulkOutcome:
    try:
        return _execute(_authorize(context, operation), operation)
    except ApiError as failure:
        return BulkOutcome(failure=failure)


def _execute(access: ProjectAccess, operation: BulkOperation) -> BulkOutcome:
    if not isinstance(access, TaskAccess):
        return BulkOutcome(service.create_task(access, **operation.fields), access.project)
    if operation.kind == "delete":
        service.delete_task(access, version=operation.version)
        return BulkOutcome()
    task = service.update_task(access, operation.fields, version=operation.version)
    return BulkOutcome(task, access.project)


def _authorize(context: RequestContext, operation: BulkOperation) -> ProjectAccess:
    if operation.kind != "create":
        return authorize_task(context, keys.resolve_task_id(context, operation.target))
    if not is_id(operation.target):
        raise NotFound()
    return authorize_project(context, operation.target)


def _plan(context: RequestContext, index: int, operation: BulkOperation) -> Plan:
    with _named(index):
        access = _authorize(context, operation)
        return Plan(_step(access, operation), access.project, operation.kind == "delete")


def _step(access: ProjectAccess, operation: BulkOperation) -> PlannedChange:
    wanted = service.normalize_fields(access, operation.fields)
    if not isinstance(access, TaskAccess):
        return service.plan_creation(
            access, wanted, number=number_models.draw_task_numbers(access.project.id)
        )
    task = access.task
    if operation.version not in (None, task.version):
        raise PreconditionFailed()
    if operation.kind == "delete":
        return service.plan_deletion(task, service.get_author(access))
    differing = {name: value for name, value in wanted.items() if getattr(task, name) != value}
    return (
        service.plan_update(task, differing, service.get_author(access))
        if differing
        else PlannedChange(task)
    )


def _commit(access: Access, plans: Sequence[Plan]) -> list[BulkOutcome]:
    writes = merge_writes(write for plan in plans for write in plan.step.all_writes)
    _require_fit(writes)
    answer = [None if plan.deletes else plan.step.task.id for plan in plans]
    named = [reference for plan in plans for reference in plan.step.references]
    with references.translate_reference_failures(named):
        first = commit_once(
            *writes, answer=answer, idempotency_key=access.idempotency_key, now=access.now
        )
    if first is not None:
        return [_as_it_is(task_id) for task_id in first]
    return [BulkOutcome() if p.deletes else BulkOutcome(p.step.task, p.project) for p in plans]


def _as_it_is(task_id: str | None) -> BulkOutcome:
    task = models.get_task(task_id) if task_id else None
    if task is None:
        return BulkOutcome()
    return BulkOutcome(task, get_project(project_id_of(task.id)))


def _require_fit(writes: Sequence[Write]) -> None:
    touched = Counter(map(item_key, writes))
    if touched and max(touched.values()) > 1:
        raise _bad("two of them change the same task, or a task and its parent; send one by itself")
    if len(writes) > WRITES_MAX:
        detail = f"take {len(writes)} writes, and all or nothing holds {WRITES_MAX}; send fewer"
        raise _bad(detail)


@contextmanager
def _named(index: int) -> Iterator[None]:
    """Say of a failure which operation it is about."""
    place = f"operations[{index}]"
    try:
        yield
    except ApiError as failure:
        errors = [FieldError(f"{place}.{e.location}", e.message) for e in failure.errors]
        raise type(failure)(
            f"{place}: {failure.detail}",
            code=failure.stable_code,
            errors=tuple(errors or [FieldError(place, failure.detail)]),
        ) from failure


def _bad(message: str) -> Invalid:
    return Invalid(errors=(FieldError("operations", message),))
