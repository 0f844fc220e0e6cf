"""The reference: four endpoints written as the manuals of Chalice, PynamoDB and PyJWT show it.

It has the work that every such product has (a token, a membership, one log line) and none of what
this product adds: sessions, versions, idempotency, counters, filters, limits.
"""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
from aws_lambda_powertools import Logger
from chalice import BadRequestError, Chalice, NotFoundError, UnauthorizedError
from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.connection import Connection
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

REGION = os.environ["AWS_DEFAULT_REGION"]
TABLE = os.environ["REFERENCE_TABLE"]
SECRET = "a secret of the reference only, thirty-two bytes"
STATUSES = {"todo", "in_progress", "review", "done"}
CARD = ("title", "priority", "assigned_to", "due_date", "created_by", "created_at", "updated_at")

app = Chalice(app_name="reference")
connection = Connection(region=REGION)
logger = Logger(service="reference")


class ByStatus(GlobalSecondaryIndex["Task"]):
    class Meta:
        index_name = "by_status"
        projection = IncludeProjection([*CARD, "project", "status"])

    status_key = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)


class Member(Model):
    class Meta:
        table_name = TABLE
        region = REGION

    PK = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)
    role = UnicodeAttribute()


class Task(Model):
    class Meta:
        table_name = TABLE
        region = REGION

    PK = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)
    by_status = ByStatus()
    status_key = UnicodeAttribute()
    project = UnicodeAttribute()
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    status = UnicodeAttribute(default="todo")
    priority = UnicodeAttribute(default="medium")
    assigned_to = UnicodeAttribute(null=True)
    due_date = UTCDateTimeAttribute(null=True)
    created_by = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    updated_at = UTCDateTimeAttribute()


def authenticate() -> str:
    """Return the caller's id."""
    _, _, token = app.current_request.headers.get("authorization", "").partition(" ")
    try:
        return str(jwt.decode(token, SECRET, algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError as error:
        raise UnauthorizedError("invalid token") from error


def require_member(project: str, user: str) -> None:
    try:
        Member.get(f"PROJECT#{project}", f"MEMBER#{user}")
    except Member.DoesNotExist as error:
        raise NotFoundError("no such project") from error


def load_task(task_id: str) -> Task:
    project = task_id.partition(".")[0]
    require_member(project, authenticate())
    try:
        return Task.get(f"PROJECT#{project}", f"TASK#{task_id}")
    except Task.DoesNotExist as error:
        raise NotFoundError("no such task") from error


def present(task: Task, *, card: bool = False) -> dict[str, Any]:
    """Return the task as JSON. A card has no description."""
    answer = {"id": task.SK.removeprefix("TASK#"), "project": task.project, "status": task.status}
    for name in (*CARD, *(() if card else ("description",))):
        value = getattr(task, name)
        answer[name] = value.isoformat() if isinstance(value, datetime) else value
    return answer


@app.route("/api/tasks/{task_id}")
def get_task(task_id: str) -> dict[str, Any]:
    task = load_task(task_id)
    logger.info("request completed", extra={"path": "/api/tasks/{task_id}"})
    return present(task)


@app.route("/api/tasks")
def list_tasks() -> dict[str, Any]:
    query = app.current_request.query_params or {}
    project, status = query.get("project", ""), query.get("status", "todo")
    require_member(project, authenticate())
    found = Task.by_status.query(f"{project}#{status}", limit=25, scan_index_forward=False)
    items = [present(task, card=True) for task in found]
    logger.info("request completed", extra={"path": "/api/tasks"})
    return {"items": items}


@app.route("/api/tasks/{task_id}/status", methods=["PATCH"])
def set_status(task_id: str) -> dict[str, Any]:
    status = app.current_request.json_body.get("status")
    if status not in STATUSES:
        raise BadRequestError("invalid status")
    task = load_task(task_id)
    task.update(
        actions=[
            Task.status.set(status),
            Task.status_key.set(f"{task.project}#{status}"),
            Task.updated_at.set(datetime.now(UTC)),
        ],
        condition=Task.PK.exists(),
    )
    logger.info("request completed", extra={"path": "/api/tasks/{task_id}/status"})
    return present(task)


@app.route("/api/tasks", methods=["POST"])
def create_task() -> dict[str, Any]:
    user, body = authenticate(), app.current_request.json_body
    if not body.get("title"):
        raise BadRequestError("title is required")
    project, now = body["project"], datetime.now(UTC)
    require_member(project, user)
    due = body.get("due_date")
    task = Task(
        f"PROJECT#{project}",
        f"TASK#{project}.{uuid4().hex}",
        status_key=f"{project}#todo",
        project=project,
        title=body["title"],
        description=body.get("description", ""),
        priority=body.get("priority", "medium"),
        due_date=datetime.fromisoformat(due) if due else None,
        created_by=user,
        created_at=now,
        updated_at=now,
    )
    with TransactWrite(connection=connection) as transaction:
        transaction.save(task, condition=Task.PK.does_not_exist())
    logger.info("request completed", extra={"path": "/api/tasks"})
    return present(task)
