"""`/api/projects/{id}/exports` and `/api/auth/profile/exports`: data to take along."""

from chalice.app import Blueprint, Response

from chalicelib.api.answers import answer, conditional
from chalicelib.api.gate import route
from chalicelib.api.job_answers import DownloadQuery, JobState, accepted, shown
from chalicelib.domain import jobs
from chalicelib.domain.access import Access, Action, ProjectAccess
from chalicelib.domain.attachments import Download
from chalicelib.domain.jobs import ACCOUNT_EXPORT, PROJECT_EXPORT
from chalicelib.store.jobs import Job

bp = Blueprint(__name__)

PROJECT = "/api/projects/{project_id}/exports"
ACCOUNT = "/api/auth/profile/exports"


@route(bp, "POST", PROJECT, Action.EXPORT_PROJECT, gives=JobState, status=202)
def ask(access: ProjectAccess) -> Response:
    job = jobs.ask(access, PROJECT_EXPORT, access.project.id)
    return accepted(job, f"/api/projects/{access.project.id}/exports")


@route(bp, "GET", PROJECT + "/{export_id}", Action.EXPORT_PROJECT, gives=JobState)
def read(access: ProjectAccess, export_id: str) -> Response:
    return conditional(shown(_of_project(access, export_id)), bp.current_request)


@route(
    bp,
    "GET",
    PROJECT + "/{export_id}/download",
    Action.EXPORT_PROJECT,
    query=DownloadQuery,
    gives=Download,
)
def download(access: ProjectAccess, query: DownloadQuery, export_id: str) -> Response:
    return answer(jobs.download(_of_project(access, export_id), query.file))


@route(bp, "POST", ACCOUNT, Action.USE_ACCOUNT, gives=JobState, status=202)
def ask_for_own(access: Access) -> Response:
    return accepted(jobs.ask(access, ACCOUNT_EXPORT, access.user_id), ACCOUNT)


@route(bp, "GET", ACCOUNT + "/{export_id}", Action.USE_ACCOUNT, gives=JobState)
def read_own(access: Access, export_id: str) -> Response:
    return conditional(shown(_of_account(access, export_id)), bp.current_request)


@route(
    bp,
    "GET",
    ACCOUNT + "/{export_id}/download",
    Action.USE_ACCOUNT,
    query=DownloadQuery,
    gives=Download,
)
def download_own(access: Access, query: DownloadQuery, export_id: str) -> Response:
    return answer(jobs.download(_of_account(access, export_id), query.file))


def _of_project(access: ProjectAccess, export_id: str) -> Job:
    return jobs.one(access, (PROJECT_EXPORT,), access.project.id, export_id)


def _of_account(access: Access, export_id: str) -> Job:
    return jobs.one(access, (ACCOUNT_EXPORT,), access.user_id, export_id)
