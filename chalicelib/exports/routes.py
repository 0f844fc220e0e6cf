"""Routes of exports: `/api/projects/{id}/exports` and `/api/auth/profile/exports`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import prefetch_item
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.aws.s3 import Download
from chalicelib.exports import schemas, service
from chalicelib.exports.schemas import ExportState, NewExport
from chalicelib.http.bodies import parse_optional_body
from chalicelib.http.gate import route
from chalicelib.http.responses import accepted_response, conditional_response, json_response
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import DownloadQuery, JobState, present_job
from chalicelib.jobs.service import (
    ACCOUNT_EXPORT,
    PROJECT_EXPORT,
    create_download,
    get_job,
    request_job,
)

bp = Blueprint(__name__)

PROJECT_EXPORTS = "/api/projects/{project_id}/exports"
ACCOUNT_EXPORTS = "/api/auth/profile/exports"


@route(
    bp,
    "POST",
    PROJECT_EXPORTS,
    Action.EXPORT_PROJECT,
    body=NewExport,
    parse=parse_optional_body,
    returns=ExportState,
    status=202,
)
def create_project_export(access: ProjectAccess, body: NewExport) -> Response:
    """Request a project export."""
    query = schemas.parse_export(access, body)
    job = service.request_project_export(access, schemas.store_filter(body), query)
    location = f"/api/projects/{access.project.id}/exports/{job.id}/"
    return accepted_response(schemas.present_export(job), location)


@route(
    bp,
    "GET",
    PROJECT_EXPORTS + "/{export_id}",
    Action.EXPORT_PROJECT,
    returns=ExportState,
    prefetch=prefetch_item(Job.key, "export_id"),
)
def get_project_export(access: ProjectAccess, export_id: str) -> Response:
    """Get a project export's status."""
    job = get_job(access, (PROJECT_EXPORT,), access.project.id, export_id)
    return conditional_response(schemas.present_export(job), bp.current_request)


@route(
    bp,
    "GET",
    PROJECT_EXPORTS + "/{export_id}/download",
    Action.EXPORT_PROJECT,
    query=DownloadQuery,
    returns=Download,
    prefetch=prefetch_item(Job.key, "export_id"),
)
def download_project_export(
    access: ProjectAccess, query: DownloadQuery, export_id: str
) -> Response:
    """Get a project export's download URL."""
    job = get_job(access, (PROJECT_EXPORT,), access.project.id, export_id)
    return json_response(create_download(job, query.file))


@route(bp, "POST", ACCOUNT_EXPORTS, Action.USE_ACCOUNT, returns=JobState, status=202)
def create_account_export(access: Access) -> Response:
    """Request an export of your data."""
    job = request_job(access, ACCOUNT_EXPORT, access.user_id)
    return accepted_response(present_job(job), f"{ACCOUNT_EXPORTS}/{job.id}/")


@route(
    bp,
    "GET",
    ACCOUNT_EXPORTS + "/{export_id}",
    Action.USE_ACCOUNT,
    returns=JobState,
    prefetch=prefetch_item(Job.key, "export_id"),
)
def get_account_export(access: Access, export_id: str) -> Response:
    """Get your data export's status."""
    job = get_job(access, (ACCOUNT_EXPORT,), access.user_id, export_id)
    return conditional_response(present_job(job), bp.current_request)


@route(
    bp,
    "GET",
    ACCOUNT_EXPORTS + "/{export_id}/download",
    Action.USE_ACCOUNT,
    query=DownloadQuery,
    returns=Download,
    prefetch=prefetch_item(Job.key, "export_id"),
)
def download_account_export(access: Access, query: DownloadQuery, export_id: str) -> Response:
    """Get your data export's download URL."""
    job = get_job(access, (ACCOUNT_EXPORT,), access.user_id, export_id)
    return json_response(create_download(job, query.file))
