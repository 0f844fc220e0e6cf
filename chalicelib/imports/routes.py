"""Routes of imports: `/api/imports`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import prefetch_item
from chalicelib.access.service import Access
from chalicelib.aws.s3 import Download
from chalicelib.http.gate import route
from chalicelib.http.responses import (
    accepted_response,
    conditional_response,
    created_response,
    json_response,
)
from chalicelib.imports import schemas, service
from chalicelib.imports.schemas import Import, ImportUpload, NewImport
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import DownloadQuery
from chalicelib.jobs.service import create_download

bp = Blueprint(__name__)

IMPORTS = "/api/imports"
IMPORT = IMPORTS + "/{import_id}"

_prefetch_import = prefetch_item(Job.key, "import_id")


@route(bp, "POST", IMPORTS, Action.IMPORT_TASKS, body=NewImport, returns=ImportUpload, status=201)
def create_import(access: Access, body: NewImport) -> Response:
    """Create an import and start its upload."""
    announced = service.announce_import(
        access,
        file_format=body.format,
        size=body.size,
        name=body.name,
        prefix=body.key,
        zone=body.time_zone,
        dry_run=body.dry_run,
    )
    location = f"/api/imports/{announced.job.id}/"
    return created_response(schemas.present_upload(announced), location)


@route(
    bp,
    "POST",
    IMPORT + "/start",
    Action.IMPORT_TASKS,
    returns=Import,
    status=202,
    prefetch=_prefetch_import,
)
def start_import(access: Access, import_id: str) -> Response:
    """Start an import when its file is uploaded."""
    job = service.start_import(access, import_id)
    return accepted_response(schemas.present_import(job), f"/api/imports/{job.id}/")


@route(bp, "GET", IMPORT, Action.IMPORT_TASKS, returns=Import, prefetch=_prefetch_import)
def get_import(access: Access, import_id: str) -> Response:
    """Get an import's progress and report."""
    job = service.get_import(access, import_id)
    return conditional_response(schemas.present_import(job), bp.current_request)


@route(
    bp,
    "GET",
    IMPORT + "/download",
    Action.IMPORT_TASKS,
    query=DownloadQuery,
    returns=Download,
    prefetch=_prefetch_import,
)
def download_import_file(access: Access, query: DownloadQuery, import_id: str) -> Response:
    """Get the download URL of an import's problems."""
    job = service.get_import(access, import_id)
    return json_response(create_download(job, query.file))
