"""Asking for a report on a project."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from chalicelib.access.service import ProjectAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.jobs.models import Job
from chalicelib.jobs.service import REPORT, request_job
from chalicelib.reports import report_job

DAYS, DAYS_MAX = 7, 92


def request_report(access: ProjectAccess, *, first_day: date | None, last_day: date | None) -> Job:
    """Ask for a report on some days, as the caller's time zone has them; by default the last seven,
    today too. Raises `Invalid`."""
    zone = access.user.time_zone
    today = access.now.astimezone(ZoneInfo(zone)).date()
    last = last_day or today
    first = first_day or last - timedelta(days=DAYS - 1)
    _require_sensible(first, last, today)
    about = report_job.report_parameters(first, last, zone)
    return request_job(access, REPORT, access.project.id, about)


def _require_sensible(first: date, last: date, today: date) -> None:
    errors = []
    if last > today:
        errors.append(FieldError("last_day", "must not be in the future"))
    if first > last:
        errors.append(FieldError("first_day", "must not be after last_day"))
    if (last - first).days >= DAYS_MAX:
        errors.append(FieldError("first_day", f"makes more than {DAYS_MAX} days"))
    if errors:
        raise Invalid(errors=tuple(errors))
