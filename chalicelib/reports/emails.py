"""The email with a weekly report: its metrics in words, and its chart inline."""

from datetime import datetime

import msgspec

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.accounts.notification_preferences import is_wanted
from chalicelib.dynamodb.table import batch_get
from chalicelib.jobs.models import DONE, get_job
from chalicelib.jobs.results import read_file
from chalicelib.jobs.service import WEEKLY_REPORT
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import report_job_id
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.projects.models import Project
from chalicelib.reports.report_job import CHART_PNG, REPORT_JSON

CHART_CID = "chart"


def build_weekly_report_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email with a weekly report.

    Returns None when the report is not available, the recipient no longer owns the project or does
    not want the email, or the project has no activity and no open task.
    """
    job = get_job(report_job_id(mail))
    if job is None or job.status != DONE:
        return None
    user = _get_recipient(mail.recipient, job.subject)
    content, chart = read_file(job.id, REPORT_JSON), read_file(job.id, CHART_PNG)
    if user is None or content is None or chart is None:
        return None
    report = msgspec.json.decode(content)
    totals, name = report["totals"], report["project"]["name"]
    if not any(totals.values()):
        return None
    return render_email(
        "weekly_report",
        f"{name}: {totals['done']} done, {totals['opened']} opened",
        to=user.email,
        link=f"{settings.APP_URL}/projects/{job.subject}/reports/{job.id}",
        unsubscribe=build_unsubscribe_link(user.id, WEEKLY_REPORT),
        pictures={CHART_CID: chart},
        user=user,
        report=report,
        chart=f"cid:{CHART_CID}",
    )


def _get_recipient(user_id: str, project_id: str) -> User | None:
    """Return the user if they still own the project and want its weekly report, else None."""
    items = batch_get(User.key(user_id), Project.key(project_id))
    user, project = items.get(User.key(user_id)), items.get(Project.key(project_id))
    if project is None or project.deleted_at is not None or project.owner_id != user_id:
        return None
    if user is None or not is_wanted(user, WEEKLY_REPORT):
        return None
    return user
