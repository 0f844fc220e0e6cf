"""Routes of reports: `/api/projects/{id}/reports`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import prefetch_item
from chalicelib.access.service import ProjectAccess
from chalicelib.aws.s3 import Download
from chalicelib.http.gate import route
from chalicelib.http.responses import accepted_response, conditional_response, json_response
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import DownloadQuery, JobState, present_job
from chalicelib.jobs.service import REPORT, WEEKLY_REPORT, create_download, get_job
from chalicelib.reports import service
from chalicelib.reports.schemas import NewReport

bp = Blueprint(__name__)

REPORTS = "/api/projects/{project_id}/reports"
REPORT_KINDS = (REPORT, WEEKLY_REPORT)


@route(bp, "POST", REPORTS, Action.REPORT_ON_PROJECT, body=NewReport, returns=JobState, status=202)
def create_report(access: ProjectAccess, body: NewReport) -> Response:
    """Request a project report."""
    job = service.request_report(access, first_day=body.first_day, last_day=body.last_day)
    location = f"/api/projects/{access.project.id}/reports/{job.id}/"
    return accepted_response(present_job(job), location)


@route(
    bp,
    "GET",
    REPORTS + "/{report_id}",
    Action.REPORT_ON_PROJECT,
    returns=JobState,
    prefetch=prefetch_item(Job.key, "report_id"),
)
def get_report(access: ProjectAccess, report_id: str) -> Response:
    """Get a report's status."""
    job = get_job(access, REPORT_KINDS, access.project.id, report_id)
    return conditional_response(present_job(job), bp.current_request)


@route(
    bp,
    "GET",
    REPORTS + "/{report_id}/download",
    Action.REPORT_ON_PROJECT,
    query=DownloadQuery,
    returns=Download,
    prefetch=prefetch_item(Job.key, "report_id"),
)
def download_report(access: ProjectAccess, query: DownloadQuery, report_id: str) -> Response:
    """Get a report's download URL."""
    job = get_job(access, REPORT_KINDS, access.project.id, report_id)
    return json_response(create_download(job, query.file))
