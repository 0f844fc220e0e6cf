"""The weekly reports: on Monday at 07:00, in the owner's own time zone, one for each project.

A job's id is made of project and Monday, so whoever comes late, twice or at the same moment finds
it written down already.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.access.permissions import Role
from chalicelib.accounts.models import User, get_user
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import derive_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.transactions import ConditionFailed, Put, transact
from chalicelib.jobs.models import new_job
from chalicelib.jobs.service import WEEKLY_REPORT
from chalicelib.mail.notifications import wants_mail
from chalicelib.members.models import list_memberships
from chalicelib.observability import logger, record_outcome
from chalicelib.projects.models import Project
from chalicelib.reports import models, report_job
from chalicelib.reports.models import WeeklyReportSchedule

REPORT_TIME = time(7)
WEEK = timedelta(days=7)


def start_due_reports(now: datetime) -> dict[str, int]:
    """Write down the jobs of every owner whose Monday morning has come, and count them."""
    outcomes: Counter[str] = Counter()
    for row in time_index.list_due("weekly", now):
        outcomes.update(_guarded(row.PK.removeprefix("USER#"), now))
    time_index.advance_watermark("weekly", now)
    return record_outcome("weekly_reports", outcomes)


def _guarded(user_id: str, now: datetime) -> Counter[str]:
    """What one owner is due; whatever goes wrong with it does not stop the rest."""
    try:
        return _begin(user_id, now)
    except Exception:
        logger.exception("weekly reports could not be begun", user_id=user_id)
        return Counter(failed=1)


def _begin(user_id: str, now: datetime) -> Counter[str]:
    row, user = models.get_schedule(user_id), get_user(user_id)
    if row is None or not time_index.is_due(row, now):  # the index lags
        return Counter()
    if user is None or user.erased_at is not None:
        models.delete_schedule(row)
        return Counter()
    monday = last_monday(user.time_zone, now)
    outcomes = _reports(user, monday, now) if _is_due(row, monday) else Counter[str]()
    newest = max(monday, _reported(row) or monday)
    models.postpone_schedule(row, newest.isoformat(), report_time_of(newest + WEEK, user.time_zone))
    return outcomes


def last_monday(zone: str, now: datetime) -> date:
    """The last Monday of which 07:00 has come there."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday())
    return monday if report_time_of(monday, zone) <= now else monday - WEEK


def report_time_of(monday: date, zone: str) -> datetime:
    return datetime.combine(monday, REPORT_TIME, ZoneInfo(zone)).astimezone(UTC)


def _reported(row: WeeklyReportSchedule) -> date | None:
    return None if row.monday is None else date.fromisoformat(row.monday)


def _is_due(row: WeeklyReportSchedule, monday: date) -> bool:
    """A row without a Monday is of a new owner, whose first week is not over yet."""
    before = _reported(row)
    return before is not None and before < monday


def _reports(user: User, monday: date, now: datetime) -> Counter[str]:
    if not user.is_active or not wants_mail(user, WEEKLY_REPORT):
        return Counter()
    return Counter(_ask(user, project, monday, now) for project in _owned(user.id))


def _owned(user_id: str) -> Iterator[str]:
    """The projects that are worked on: neither archived nor in the trash."""
    owned = [e.project_id for e in list_memberships(user_id) if e.role == Role.OWNER]
    rows = batch_get(*(Project.key(project_id) for project_id in owned))
    for project_id in owned:
        project = rows.get(Project.key(project_id))
        if project is not None and project.deleted_at is None and project.archived_at is None:
            yield project_id


def _ask(user: User, project_id: str, monday: date, now: datetime) -> str:
    about = report_job.report_parameters(monday - WEEK, monday - timedelta(days=1), user.time_zone)
    job_id = derive_id(datetime.combine(monday, time.min, UTC), f"weekly {project_id}")
    try:
        transact(Put(new_job(WEEKLY_REPORT, project_id, user.id, about, now, job_id)))
    except ConditionFailed:
        return "known"
    return "begun"
