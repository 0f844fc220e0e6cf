"""Many changes of tasks in one request: each by itself, or all or nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from chalicelib.domain import access as doors
from chalicelib.domain import keys, references, task_fields, tasks
from chalicelib.domain.access import Access, ProjectAccess, TaskAccess, Visit
from chalicelib.domain.tasks import Step
from chalicelib.errors import (
    ApiError,
    FieldError,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from chalicelib.store import numbers, projects, receipts
from chalicelib.store import tasks as rows
from chalicelib.store.ids import is_id, project_of
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import ConditionFailed, Write, place_of, together

# DynamoDB's limit for one transaction, less one for the receipt.
WRITES_MAX = 99
RACES = 5


@dataclass(frozen=True)
class Operation:
    """`target` is a project to create in, else a task; `version` is what the caller last read."""

    kind: Literal["create", "update", "delete"]
    target: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The task as it is now, and its project; neither once it is deleted; or why nothing was
    done."""

    task: Task | None = None
    project: Project | None = None
    failure: ApiError | None = None


@dataclass(frozen=True)
class Plan:
    """An operation that was found to be allowed, and what it takes."""

    step: Step
    project: Project
    deletes: bool


def each(access: Access, operations: Sequence[Operation]) -> list[Outcome]:
    """Carry out every operation by itself; one that fails does not stop the others."""
    _charge(access, operations)
    return [_alone(_part(access.visit, index), each) for index, each in enumerate(operations)]


def all_or_nothing(access: Access, operations: Sequence[Operation]) -> list[Outcome]:
    """Carry out all operations in one transaction.

    Raises what the first one raises that cannot be carried out, saying which it is; `Invalid` when
    two of them change the same task, or when a transaction cannot hold them all.
    """
    _charge(access, operations)
    for _ in range(RACES):
        plans = [_planned(_part(access.visit, i), i, each) for i, each in enumerate(operations)]
        try:
            return _committed(access, plans)
        except ConditionFailed:  # a rival was first; build upon what it left
            continue
    raise Unavailable()


def _charge(access: Access, operations: Sequence[Operation]) -> None:
    """Each counts as a request; the gate has counted one. Raises `TooManyRequests`."""
    access.visit.bucket.take(access.now, len(operations) - 1)


def _part(visit: Visit, index: int) -> Visit:
    """The visit of one operation; each is a millisecond behind the one before, so that lists keep
    their order."""
    once = visit.once.part(index) if visit.once else None
    return replace(visit, once=once, now=visit.now + timedelta(milliseconds=index))


def _alone(visit: Visit, operation: Operation) -> Outcome:
    try:
        return _carried_out(_entered(visit, operation), operation)
    except ApiError as failure:
        return Outcome(failure=failure)


def _carried_out(access: ProjectAccess, operation: Operation) -> Outcome:
    if not isinstance(access, TaskAccess):
        return Outcome(tasks.create(access, **operation.fields), access.project)
    if operation.kind == "delete":
        tasks.delete(access, version=operation.version)
        return Outcome()
    task = tasks.change(access, operation.fields, version=operation.version)
    return Outcome(task, access.project)


def _entered(visit: Visit, operation: Operation) -> ProjectAccess:
    if operation.kind != "create":
        return doors.enter_task(visit, keys.named(visit, operation.target))
    if not is_id(operation.target):
        raise NotFound()
    return doors.enter_project(visit, operation.target)


def _planned(visit: Visit, index: int, operation: Operation) -> Plan:
    with _named(index):
        access = _entered(visit, operation)
        return Plan(_step(access, operation), access.project, operation.kind == "delete")


def _step(access: ProjectAccess, operation: Operation) -> Step:
    wanted = task_fields.read(access, operation.fields)
    if not isinstance(access, TaskAccess):
        return tasks.creation(access, wanted, number=numbers.draw(access.project.id))
    task = access.task
    if operation.version not in (None, task.version):
        raise PreconditionFailed()
    if operation.kind == "delete":
        return tasks.removal(task, tasks.author_of(access))
    differing = {name: value for name, value in wanted.items() if getattr(task, name) != value}
    return tasks.alteration(task, differing, tasks.author_of(access)) if differing else Step(task)


def _committed(access: Access, plans: Sequence[Plan]) -> list[Outcome]:
    writes = together(write for plan in plans for write in plan.step.all_writes)
    _require_fit(writes)
    answer = [None if plan.deletes else plan.step.task.id for plan in plans]
    named = [reference for plan in plans for reference in plan.step.references]
    with references.held(named):
        first = receipts.commit(*writes, answer=answer, once=access.once, now=access.now)
    if first is not None:
        return [_as_it_is(task_id) for task_id in first]
    return [Outcome() if p.deletes else Outcome(p.step.task, p.project) for p in plans]


def _as_it_is(task_id: str | None) -> Outcome:
    task = rows.by_id(task_id) if task_id else None
    if task is None:
        return Outcome()
    return Outcome(task, projects.by_id(project_of(task.id)))


def _require_fit(writes: Sequence[Write]) -> None:
    touched = Counter(map(place_of, writes))
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
