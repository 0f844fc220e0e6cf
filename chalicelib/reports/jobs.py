"""Weekly reports: one for each project, on Monday at 07:00 in the owner's time zone.

The job's id is derived from the project and the Monday, so a late, repeated or concurrent run finds
that the job exists already.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.access.permissions import Role
from chalicelib.accounts.models import User, get_user
from chalicelib.accounts.notification_preferences import is_wanted
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import derive_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Put, transact
from chalicelib.jobs.models import new_job
from chalicelib.jobs.service import WEEKLY_REPORT
from chalicelib.members.models import list_memberships
from chalicelib.observability import logger, record_outcome
from chalicelib.projects.models import Project
from chalicelib.reports import models
from chalicelib.reports.report_job import report_parameters

REPORT_TIME = time(7)
WEEK = timedelta(days=7)


def start_due_reports(now: datetime) -> dict[str, int]:
    """Create the report jobs of every owner whose Monday 07:00 has passed.

    Returns how many jobs were `begun` or `known` already, and for how many owners it `failed`; a
    failure does not stop the others.
    """
    outcomes: Counter[str] = Counter()
    for entry in time_index.list_due("weekly", now):
        user_id = entry.PK.removeprefix("USER#")
        try:
            outcomes.update(_start_reports_of_owner(user_id, now))
        except Exception:
            logger.exception("weekly reports could not be started", user_id=user_id)
            outcomes["failed"] += 1
    time_index.advance_watermark("weekly", now)
    return record_outcome("weekly_reports", outcomes)


def _start_reports_of_owner(user_id: str, now: datetime) -> Counter[str]:
    """Create the report jobs that are due for one owner, and schedule the next Monday."""
    outcomes: Counter[str] = Counter()
    schedule, user = models.get_schedule(user_id), get_user(user_id)
    if schedule is None or not time_index.is_due(schedule, now):  # the index lags
        return outcomes
    if user is None or user.erased_at is not None:
        models.delete_schedule(schedule)
        return outcomes

    monday = _find_last_monday(user.time_zone, now)
    # A schedule without a Monday belongs to a new owner, whose first week is not over yet.
    reported = monday if schedule.monday is None else date.fromisoformat(schedule.monday)
    if reported < monday and is_wanted(user, WEEKLY_REPORT):
        for project_id in _list_active_projects(user.id):
            outcomes[_create_job(user, project_id, monday, now)] += 1

    # After a move to the west, `reported` can be later than the last Monday there.
    newest = max(monday, reported)
    next_time = _report_time(newest + WEEK, user.time_zone)
    models.postpone_schedule(schedule, newest.isoformat(), next_time)
    return outcomes


def _find_last_monday(zone: str, now: datetime) -> date:
    """Return the last Monday whose 07:00 has passed in the time zone."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday())
    return monday if _report_time(monday, zone) <= now else monday - WEEK


def _report_time(monday: date, zone: str) -> datetime:
    return datetime.combine(monday, REPORT_TIME, ZoneInfo(zone)).astimezone(UTC)


def _list_active_projects(user_id: str) -> Iterator[str]:
    """Yield the ids of the projects that the user owns, without archived and deleted ones."""
    owned = [
        membership.project_id
        for membership in list_memberships(user_id)
        if membership.role == Role.OWNER
    ]
    projects = batch_get(*(Project.key(project_id) for project_id in owned))
    for project_id in owned:
        project = projects.get(Project.key(project_id))
        if project is not None and project.deleted_at is None and project.archived_at is None:
            yield project_id


def _create_job(user: User, project_id: str, monday: date, now: datetime) -> str:
    """Create the report job of the week before `monday`.

    Returns `begun`, or `known` if the job exists already.
    """
    parameters = report_parameters(monday - WEEK, monday - timedelta(days=1), user.time_zone)
    job_id = derive_id(datetime.combine(monday, time.min, UTC), f"weekly {project_id}")
    try:
        transact(Put(new_job(WEEKLY_REPORT, project_id, user.id, parameters, now, job_id)))
    except ConditionFailed:
        return "known"
    return "begun"
