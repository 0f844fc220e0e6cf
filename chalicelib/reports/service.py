"""Requests for reports on a project."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from chalicelib.access.service import ProjectAccess
from chalicelib.errors import FieldError, Invalid
from chalicelib.jobs.models import Job
from chalicelib.jobs.service import REPORT, request_job
from chalicelib.reports.report_job import report_parameters

DEFAULT_DAYS, MAX_DAYS = 7, 92


def request_report(access: ProjectAccess, *, first_day: date | None, last_day: date | None) -> Job:
    """Create the job for a report on the days from `first_day` to `last_day`.

    Days are in the caller's time zone; the default is the last seven days including today. Raises
    `Invalid` when the days are in the future, in the wrong order or more than 92.
    """
    zone = access.user.time_zone
    today = access.now.astimezone(ZoneInfo(zone)).date()
    last = last_day or today
    first = first_day or last - timedelta(days=DEFAULT_DAYS - 1)

    errors = []
    if last > today:
        errors.append(FieldError("last_day", "must not be in the future"))
    if first > last:
        errors.append(FieldError("first_day", "must not be after last_day"))
    if (last - first).days >= MAX_DAYS:
        errors.append(FieldError("first_day", f"must be less than {MAX_DAYS} days before last_day"))
    if errors:
        raise Invalid(errors=tuple(errors))

    return request_job(access, REPORT, access.project.id, report_parameters(first, last, zone))
