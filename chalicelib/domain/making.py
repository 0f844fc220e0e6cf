"""What a kind of job is: whether it may still be done, one step of it, and what its end causes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.domain.access import Action, may
from chalicelib.store import table
from chalicelib.store.jobs import Job
from chalicelib.store.members import Member
from chalicelib.store.projects import Project
from chalicelib.store.transaction import Write
from chalicelib.store.users import User

Position = dict[str, Any]
Pieces = dict[str, bytes]
BEGINNING: Position = {}
END: Position = {"end": True}


class Step(NamedTuple):
    """A piece for each file that grows, and where to go on; `END` when all is written."""

    pieces: Pieces
    position: Position


class Maker(NamedTuple):
    may: Callable[[Job], bool]
    step: Callable[[Job, datetime], Step]
    causes: Callable[[Job, datetime], tuple[Write, ...]]


def nothing_more(job: Job, now: datetime) -> tuple[Write, ...]:
    """Nothing follows from the end of the job."""
    return ()


def may_read(job: Job) -> bool:
    """Whether who asked may still read the project that the job is about."""
    return reads(job.asked_by, job.subject)


def reads(user_id: str, project_id: str) -> bool:
    """Whether the person may read the project, now."""
    account, edge, meta = (
        User.key(user_id),
        Member.key(project_id, user_id),
        Project.key(project_id),
    )
    rows = table.read(account, edge, meta)
    user, member, project = rows.get(account), rows.get(edge), rows.get(meta)
    if user is None or not user.may_enter or project is None or project.deleted_at is not None:
        return False
    return member is not None and may(member.role, Action.READ_TASKS)
