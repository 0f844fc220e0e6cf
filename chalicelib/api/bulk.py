"""`POST /api/tasks/bulk`: many tasks in one request."""

from typing import Annotated, Any

from chalice.app import Blueprint, Response
from msgspec import Meta, Struct, convert

from chalicelib.api import problems
from chalicelib.api.answers import answer
from chalicelib.api.bodies import given
from chalicelib.api.gate import route
from chalicelib.api.problems import Problem
from chalicelib.api.tasks import NewTask, Task, TaskPatch, shown
from chalicelib.domain import bulk
from chalicelib.domain.access import Access, Action
from chalicelib.domain.bulk import Operation, Outcome

bp = Blueprint(__name__)


class CreateTask(NewTask, tag_field="op", tag="create", forbid_unknown_fields=True, kw_only=True):
    """A new task."""


class UpdateTask(TaskPatch, tag_field="op", tag="update", forbid_unknown_fields=True, kw_only=True):
    """New values for a task, by id or key; with `version`, only if it is still that one."""

    id: str
    version: int | None = None


class DeleteTask(Struct, tag_field="op", tag="delete", forbid_unknown_fields=True, kw_only=True):
    """A task for the trash."""

    id: str
    version: int | None = None


class BulkOperations(Struct, forbid_unknown_fields=True):
    """With `atomic`, all are carried out or none."""

    operations: Annotated[
        list[CreateTask | UpdateTask | DeleteTask], Meta(min_length=1, max_length=100)
    ]
    atomic: bool = False


class BulkResult(Struct):
    """What came of one operation: the status that it would have had by itself."""

    index: int
    status: int
    task: Task | None = None
    problem: Problem | None = None


class BulkResults(Struct):
    results: list[BulkResult]


STATUSES = {CreateTask: 201, UpdateTask: 200, DeleteTask: 204}


@route(bp, "POST", "/api/tasks/bulk", Action.WRITE_TASKS, body=BulkOperations, gives=BulkResults)
def run(access: Access, body: BulkOperations) -> Response:
    operations = [_operation(each) for each in body.operations]
    carry_out = bulk.all_or_nothing if body.atomic else bulk.each
    outcomes = carry_out(access, operations)
    statuses = [STATUSES[type(each)] for each in body.operations]
    results = [_result(i, *each) for i, each in enumerate(zip(statuses, outcomes, strict=True))]
    return answer(BulkResults(results))


def _operation(each: CreateTask | UpdateTask | DeleteTask) -> Operation:
    fields: dict[str, Any] = given(each)
    if isinstance(each, CreateTask):
        return Operation("create", fields.pop("project"), fields)
    target, version = fields.pop("id"), fields.pop("version")
    return Operation(
        "delete" if isinstance(each, DeleteTask) else "update", target, fields, version
    )


def _result(index: int, status: int, outcome: Outcome) -> BulkResult:
    if outcome.failure is not None:
        problem = convert(problems.of_error(outcome.failure), Problem)
        return BulkResult(index, outcome.failure.status, problem=problem)
    if outcome.task is None or outcome.project is None:
        return BulkResult(index, status)
    return BulkResult(index, status, task=shown(outcome.task, outcome.project))
