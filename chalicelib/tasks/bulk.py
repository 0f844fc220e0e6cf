"""Many task operations in one request: each by itself, or all in one transaction."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.access.prefetch import Prefetch, PrefetchResult
from chalicelib.access.service import (
    Access,
    ProjectAccess,
    RequestContext,
    TaskAccess,
    authorize_named_task,
    authorize_project,
    enter_project,
    enter_task,
)
from chalicelib.dynamodb.idempotency import commit_once
from chalicelib.dynamodb.ids import is_id, is_task_id, project_id_of
from chalicelib.dynamodb.table import Key, batch_get
from chalicelib.dynamodb.transactions import (
    TRANSACTION_MAX,
    ConditionFailed,
    item_key,
    merge_writes,
)
from chalicelib.errors import (
    ApiError,
    FieldError,
    Invalid,
    NotFound,
    PreconditionFailed,
    Unavailable,
)
from chalicelib.members.models import Member
from chalicelib.projects.models import Project, get_project
from chalicelib.relations.blockers import require_no_open_blockers
from chalicelib.tasks import keys, models, number_models, references, service
from chalicelib.tasks.models import Task
from chalicelib.tasks.references import PlannedChange, invalid_field

# One write is for the idempotency record.
WRITES_MAX = TRANSACTION_MAX - 1
MAX_ATTEMPTS = 5
# No operation starts later; API Gateway waits for 29 seconds.
SECONDS_MAX = 15


class BulkOperation(Struct, frozen=True):
    """One operation. `target` is the project of a new task, otherwise a task's id or key;
    `version` is the version that the caller last read. `force` finishes a blocked task."""

    kind: Literal["create", "update", "delete"]
    target: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    force: bool = False


class BulkOutcome(Struct, frozen=True):
    """The result of one operation: the task and its project, neither for a deleted task, or the
    failure."""

    task: Task | None = None
    project: Project | None = None
    failure: ApiError | None = None


class Plan(Struct, frozen=True):
    """The change of an authorized operation, and its outcome if the change is committed."""

    change: PlannedChange
    outcome: BulkOutcome


def run_independently(
    access: Access, operations: Sequence[BulkOperation | Invalid]
) -> list[BulkOutcome]:
    """Run each operation by itself and return the outcomes in order.

    The failure of an operation is its outcome, and so is an `Invalid` in its place. After an
    operation found an outage, or when the time is used up, the others fail at once with
    `Unavailable`. Each operation counts as a request. Raises `TooManyRequests` when they exceed the
    rate limit.
    """
    _take_requests(access, operations)
    outcomes: list[BulkOutcome] = []
    stop_at = time.monotonic() + SECONDS_MAX
    for index, operation in enumerate(operations):
        try:
            if isinstance(operation, Invalid):
                raise operation
            if time.monotonic() > stop_at:
                raise Unavailable()
            outcomes.append(_run_one(_operation_context(access.context, index), operation))
        except Unavailable as outage:
            return outcomes + [BulkOutcome(failure=outage)] * (len(operations) - index)
        except ApiError as failure:
            outcomes.append(BulkOutcome(failure=failure))
    return outcomes


def _run_one(context: RequestContext, operation: BulkOperation) -> BulkOutcome:
    if operation.kind == "create" and is_id(operation.target):
        prefetch = service.prefetch_creation(operation.target, operation.fields)
        context = context.for_further_check(prefetch=prefetch)
    access = _authorize(context, operation)
    if not isinstance(access, TaskAccess):
        task = service.create_task(access, **operation.fields)
        return BulkOutcome(task, access.project)
    if operation.kind == "delete":
        service.delete_task(access, version=operation.version)
        return BulkOutcome()
    task = service.update_task(
        access, operation.fields, version=operation.version, force=operation.force
    )
    return BulkOutcome(task, access.project)


def run_atomically(access: Access, operations: Sequence[BulkOperation]) -> list[BulkOutcome]:
    """Run all operations in one transaction, or none, and return the outcomes in order.

    Raises the error of the first operation that fails, with its index, and `Invalid` when two
    operations change the same task or when one transaction cannot hold all writes. Each operation
    counts as a request. Raises `TooManyRequests` when they exceed the rate limit.
    """
    _take_requests(access, operations)
    keys, numbers = prefetch_operations(access.context, operations).keys, _Numbers(operations)
    for attempt in range(MAX_ATTEMPTS):
        items = batch_get(*keys) if attempt else access.get_items(keys)
        numbers.restart()
        plans = []
        for index, operation in enumerate(operations):
            context = _operation_context(access.context, index)
            known = replace(access, context=context, prefetched=PrefetchResult(items))
            with _locate_failures(index):
                plans.append(_plan(_authorize_known(known, operation), operation, numbers))
        try:
            return _commit(access, plans)
        except ConditionFailed:  # a concurrent request changed a task; plan again from its result
            continue
    raise Unavailable()


def _take_requests(access: Access, operations: Sequence[object]) -> None:
    # The gate has already counted the request itself.
    access.context.bucket.take(access.now, len(operations) - 1)


class _Numbers:
    """The numbers of the new tasks of a request; those of a project are drawn with one call."""

    def __init__(self, operations: Iterable[BulkOperation]) -> None:
        self._creates = Counter(each.target for each in operations if each.kind == "create")
        self._first: dict[str, int] = {}
        self.restart()

    def restart(self) -> None:
        """Give the same numbers again: the transaction with them was not committed."""
        self._taken: Counter[str] = Counter()

    def take(self, project_id: str) -> int:
        """Return the next number in the project."""
        if project_id not in self._first:
            count = self._creates[project_id]
            self._first[project_id] = number_models.draw_task_numbers(project_id, count)
        self._taken[project_id] += 1
        return self._first[project_id] + self._taken[project_id] - 1


def prefetch_operations(context: RequestContext, operations: Iterable[BulkOperation]) -> Prefetch:
    """Return what `run_atomically` will read first, without the tasks that are named by a key."""
    keys: list[Key[Any]] = []
    for operation in operations:
        target = operation.target
        project_id = target if is_id(target) else project_id_of(target)
        if is_task_id(target):
            keys.append(Task.key(target))
        if project_id and is_id(project_id):
            keys += (Member.key(project_id, context.caller.user_id), Project.key(project_id))
            keys += references.prefetch_references(project_id, operation.fields).keys
    return Prefetch(tuple(dict.fromkeys(keys)))


def _plan(access: ProjectAccess, operation: BulkOperation, numbers: _Numbers) -> Plan:
    wanted = service.normalize_fields(access, operation.fields)
    if not isinstance(access, TaskAccess):
        number = numbers.take(access.project.id)
        change = service.plan_creation(access, wanted, number=number)
        return Plan(change, BulkOutcome(change.task, access.project))

    task, author = access.task, service.get_author(access)
    if operation.version not in (None, task.version):
        raise PreconditionFailed()
    if operation.kind == "delete":
        return Plan(service.plan_deletion(task, author), BulkOutcome())
    differing = {name: value for name, value in wanted.items() if getattr(task, name) != value}
    if not operation.force:
        require_no_open_blockers(access, task, differing)
    change = PlannedChange(task)
    if differing:
        change = service.plan_update(task, differing, author, access.get_item)
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
            "two of them change the same task, or a task and its parent or a task that it blocks; "
            "send one by itself",
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
    return context.for_further_check(
        idempotency_key=idempotency_key, now=context.now + timedelta(milliseconds=index)
    )


def _authorize_known(access: Access, operation: BulkOperation) -> ProjectAccess:
    """Return what `_authorize` does; `access` has the items of most operations."""
    if operation.kind == "create" and is_id(operation.target):
        return enter_project(access, operation.target)
    if is_task_id(operation.target):
        with suppress(NotFound):  # the task may have moved
            return enter_task(access, operation.target)
    return _authorize(access.context, operation)


def _authorize(context: RequestContext, operation: BulkOperation) -> ProjectAccess:
    """Return the access to the task, or to the project of a new task."""
    if operation.kind != "create":
        task_id = keys.resolve_task_id(context, operation.target)
        return authorize_named_task(context, task_id)
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
