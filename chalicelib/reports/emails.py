"""The mail that a weekly report is: its figures in words, and its chart within."""

from datetime import datetime

import msgspec

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import batch_get
from chalicelib.jobs.models import DONE, Job, get_job
from chalicelib.jobs.results import read_file
from chalicelib.jobs.service import WEEKLY_REPORT
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import report_job_id, wants_mail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.projects.models import Project
from chalicelib.reports.metrics import Metrics
from chalicelib.reports.report_job import CHART_PNG, REPORT_JSON

CHART_CID = "chart"


def build_weekly_report_email(owed: OutboxMail, now: datetime) -> Email | None:
    job = get_job(report_job_id(owed))
    if job is None or job.status != DONE:
        return None
    user = _recipient(owed, job)
    report, chart = (read_file(job.id, name) for name in (REPORT_JSON, CHART_PNG))
    if user is None or report is None or chart is None:
        return None
    return _filled(user, job, msgspec.json.decode(report), chart)


def _recipient(owed: OutboxMail, job: Job) -> User | None:
    """Who owns the project, if that is still whom the mail is owed to, and wants it."""
    account, meta = User.key(owed.recipient), Project.key(job.subject)
    rows = batch_get(account, meta)
    user, project = rows.get(account), rows.get(meta)
    if project is None or project.deleted_at is not None or project.owner_id != owed.recipient:
        return None
    wanted = user is not None and user.is_active and wants_mail(user, WEEKLY_REPORT)
    return user if wanted else None


def _filled(user: User, job: Job, report: Metrics, chart: bytes) -> Email | None:
    totals, name = report["totals"], report["project"]["name"]
    if not any(totals.values()):  # nothing happened, and nothing is left to do
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
