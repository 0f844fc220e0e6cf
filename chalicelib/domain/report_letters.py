"""The mail that a weekly report is: its figures in words, and its chart within."""

from datetime import datetime

import msgspec

from chalicelib import settings
from chalicelib.domain import notices, reporting, unsubscribing
from chalicelib.domain.figures import Figures
from chalicelib.domain.jobs import WEEKLY_REPORT
from chalicelib.domain.stationery import Letter, filled
from chalicelib.store import jobs, results, table
from chalicelib.store.jobs import DONE, Job
from chalicelib.store.outbox import Mail
from chalicelib.store.projects import Project
from chalicelib.store.users import User

CHART = "chart"


def weekly(owed: Mail, now: datetime) -> Letter | None:
    job = jobs.by_id(notices.job_of(owed))
    if job is None or job.status != DONE:
        return None
    user = _recipient(owed, job)
    report, chart = (results.read(job.id, name) for name in (reporting.JSON, reporting.PICTURE))
    if user is None or report is None or chart is None:
        return None
    return _filled(user, job, msgspec.json.decode(report), chart)


def _recipient(owed: Mail, job: Job) -> User | None:
    """Who owns the project, if that is still whom the mail is owed to, and wants it."""
    account, meta = User.key(owed.recipient), Project.key(job.subject)
    rows = table.read(account, meta)
    user, project = rows.get(account), rows.get(meta)
    if project is None or project.deleted_at is not None or project.owner_id != owed.recipient:
        return None
    wanted = user is not None and user.may_enter and notices.wants(user, WEEKLY_REPORT)
    return user if wanted else None


def _filled(user: User, job: Job, report: Figures, chart: bytes) -> Letter | None:
    totals, name = report["totals"], report["project"]["name"]
    if not any(totals.values()):  # nothing happened, and nothing is left to do
        return None
    return filled(
        "weekly_report",
        f"{name}: {totals['done']} done, {totals['opened']} opened",
        to=user.email,
        link=f"{settings.APP_URL}/projects/{job.subject}/reports/{job.id}",
        unsubscribe=unsubscribing.link(user.id, WEEKLY_REPORT),
        pictures={CHART: chart},
        user=user,
        report=report,
        chart=f"cid:{CHART}",
    )
