"""What a kind of job is: whether it may still be done, one step of it, and what its end causes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.access.permissions import Action, is_allowed
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


class JobStep(NamedTuple):
    """A piece for each file that grows, and where to go on; `END` when all is written."""

    pieces: Pieces
    position: Position


class JobHandler(NamedTuple):
    may: Callable[[Job], bool]
    step: Callable[[Job, datetime], JobStep]
    causes: Callable[[Job, datetime], tuple[Write, ...]]


def no_writes(job: Job, now: datetime) -> tuple[Write, ...]:
    """Nothing follows from the end of the job."""
    return ()


def can_requester_read(job: Job) -> bool:
    """Whether who asked may still read the project that the job is about."""
    return can_read_project(job.asked_by, job.subject)


def can_read_project(user_id: str, project_id: str) -> bool:
    """Whether the person may read the project, now."""
    account, edge, meta = (
        User.key(user_id),
        Member.key(project_id, user_id),
        Project.key(project_id),
    )
    rows = batch_get(account, edge, meta)
    user, member, project = rows.get(account), rows.get(edge), rows.get(meta)
    if user is None or not user.is_active or project is None or project.deleted_at is not None:
        return False
    return member is not None and is_allowed(member.role, Action.READ_TASKS)
