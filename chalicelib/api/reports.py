"""`/api/projects/{id}/reports`: figures on a project."""

from datetime import date

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import answer, conditional
from chalicelib.api.gate import route
from chalicelib.api.job_answers import DownloadQuery, JobState, accepted, shown
from chalicelib.domain import jobs, reports
from chalicelib.domain.access import Action, ProjectAccess
from chalicelib.domain.attachments import Download
from chalicelib.domain.jobs import REPORT, WEEKLY_REPORT
from chalicelib.store.jobs import Job

bp = Blueprint(__name__)

REPORTS = "/api/projects/{project_id}/reports"


class NewReport(Struct, forbid_unknown_fields=True):
    first_day: date | None = None
    last_day: date | None = None


@route(bp, "POST", REPORTS, Action.REPORT_ON_PROJECT, body=NewReport, gives=JobState, status=202)
def ask(access: ProjectAccess, body: NewReport) -> Response:
    job = reports.ask(access, first_day=body.first_day, last_day=body.last_day)
    return accepted(job, f"/api/projects/{access.project.id}/reports")


@route(bp, "GET", REPORTS + "/{report_id}", Action.REPORT_ON_PROJECT, gives=JobState)
def read(access: ProjectAccess, report_id: str) -> Response:
    return conditional(shown(_one(access, report_id)), bp.current_request)


@route(
    bp,
    "GET",
    REPORTS + "/{report_id}/download",
    Action.REPORT_ON_PROJECT,
    query=DownloadQuery,
    gives=Download,
)
def download(access: ProjectAccess, query: DownloadQuery, report_id: str) -> Response:
    return answer(jobs.download(_one(access, report_id), query.file))


def _one(access: ProjectAccess, report_id: str) -> Job:
    return jobs.one(access, (REPORT, WEEKLY_REPORT), access.project.id, report_id)
