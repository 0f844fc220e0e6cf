"""The job handler: what a kind of job provides so that the job runner can run it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.access.permissions import PERMISSIONS, Action, is_allowed
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import Write
from chalicelib.jobs.models import Job
from chalicelib.members.models import Member
from chalicelib.projects.models import Project

Position = dict[str, Any]
Pieces = dict[str, bytes]
BEGINNING: Position = {}
END: Position = {"end": True}
# The member of a position that holds the reason why a step ended the job.
FAILED = "failed"


class JobStep(NamedTuple):
    """The result of one step: the bytes to append to each file, by file name, and the position of
    the next step, which is `END` after the last one. With `BEGINNING` the job starts again."""

    pieces: Pieces
    position: Position


def _build_no_files(job: Job) -> Pieces:
    return {}


class JobHandler(NamedTuple):
    """The functions of a kind of job.

    `is_allowed` returns whether the job may still run, `step` runs one step from the job's
    position, and `final_writes` returns writes for the transaction that ends the job.
    `build_files` returns further files, whole, made from the completed ones; it takes at most
    `build_milliseconds`.
    """

    is_allowed: Callable[[Job], bool]
    step: Callable[[Job, datetime], JobStep]
    final_writes: Callable[[Job, datetime], tuple[Write, ...]]
    build_files: Callable[[Job], Pieces] = _build_no_files
    build_milliseconds: int = 0


def fail_job(reason: str, **details: Any) -> JobStep:
    """Return the result of a step that ends the job as failed.

    `reason` is a code. `details` stay in the position of the job, so they must be small.
    """
    return JobStep({}, {FAILED: reason, **details})


def no_writes(job: Job, now: datetime) -> tuple[Write, ...]:
    """Return no writes: the end of the job changes nothing else."""
    return ()


def can_requester_read(job: Job) -> bool:
    """Return whether the person who requested the job can still read its project."""
    return can_read_project(job.asked_by, job.subject)


def can_read_project(user_id: str, project_id: str) -> bool:
    """Return whether the person can read the project now."""
    return can_act_in_project(user_id, project_id, Action.READ_TASKS)


def can_act_in_project(user_id: str, project_id: str, action: Action) -> bool:
    """Return whether the person may perform `action` in the project now."""
    user_key = User.key(user_id)
    member_key, project_key = Member.key(project_id, user_id), Project.key(project_id)
    items = batch_get(user_key, member_key, project_key)
    user, member, project = items.get(user_key), items.get(member_key), items.get(project_key)
    if user is None or not user.is_active or project is None or project.deleted_at is not None:
        return False
    if project.archived_at is not None and not PERMISSIONS[action].archived:
        return False
    return member is not None and is_allowed(member.role, action)
