"""Duplicate a project: create the new one at once and let a job copy its content."""

from datetime import date

from chalicelib.access.service import ProjectAccess
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.transactions import ConditionFailed
from chalicelib.errors import Conflict, require_found
from chalicelib.jobs import models as job_models
from chalicelib.jobs.models import Job
from chalicelib.jobs.service import PROJECT_COPY
from chalicelib.projects.service import create_project
from chalicelib.sessions.throttling import count_attempt
from chalicelib.tasks.references import invalid_field


def duplicate_project(
    access: ProjectAccess,
    *,
    name: str,
    prefix: str | None,
    done_tasks: bool,
    members: bool,
    start_date: str | None,
) -> Job:
    """Create a project that the caller owns, and the job that copies the project's content into it.

    The job has the id of the new project. `done_tasks` and `members` say whether these are copied
    too. With `start_date`, a day, all dates are shifted so that the earliest one is on that day.
    While the caller's last job for this project is not over, returns that job if it has the same
    parameters. Raises `Conflict` when it has others, `Invalid` and `TooManyRequests`.
    """
    _require_day(start_date)
    count_attempt("order", account=access.user_id, source=None, now=access.now)
    about = {
        "name": name,
        "key": prefix,
        "done_tasks": done_tasks,
        "members": members,
        "start_date": start_date,
        "is_template": bool(access.project.is_template),
    }
    job = job_models.new_job(
        PROJECT_COPY, access.project.id, access.user_id, about, access.now, new_id(access.now)
    )
    entry = audit_write(access, AuditAction.PROJECT_COPIED, access.project.id, target=job.id)
    try:
        project = create_project(
            access,
            name=name,
            description=access.project.description,
            prefix=prefix,
            project_id=job.id,
            writes=(*job_models.create_job_writes(job), entry),
        )
    except ConditionFailed as failed:
        running = job_models.find_slot_holder(failed)
        if running is None or running.about != about:
            detail = "Another copy of this project is still being made; wait until it ends"
            raise Conflict(detail, code="busy") from failed
        return running
    return require_found(job_models.get_job(project.id))


def _require_day(start_date: str | None) -> None:
    """Raise `Invalid` when `start_date` has the form of a day but names none."""
    try:
        date.fromisoformat(start_date or "2026-12-01")
    except ValueError as error:
        raise invalid_field("start_date", "is not a day of the calendar") from error
