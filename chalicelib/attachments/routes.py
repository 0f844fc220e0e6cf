"""Routes of attachments: `/api/tasks/{id}/attachments`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_item, prefetch_list
from chalicelib.access.service import RequestContext, TaskAccess
from chalicelib.attachments import models, multipart_uploads, schemas, service
from chalicelib.attachments.multipart_uploads import PartUrl
from chalicelib.attachments.schemas import (
    Attachment,
    DownloadQuery,
    FormUpload,
    MultipartUpload,
    NewAttachment,
    PartList,
    PartNumbers,
)
from chalicelib.aws.s3 import Download
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
)

bp = Blueprint(__name__)

ATTACHMENTS = "/api/tasks/{task_id}/attachments"
ATTACHMENT = ATTACHMENTS + "/{attachment_id}"

_prefetch_attachment = prefetch_item(models.Attachment.key, "task_id", "attachment_id")


def _prefetch_attachments(_: RequestContext, task_id: str) -> Prefetch:
    return prefetch_list(models.list_attachments, task_id)


@route(
    bp,
    "POST",
    ATTACHMENTS,
    Action.WRITE_TASKS,
    body=NewAttachment,
    returns=FormUpload | MultipartUpload,
    status=201,
)
def create_attachment(access: TaskAccess, body: NewAttachment) -> Response:
    """Create an attachment and start its upload."""
    announced = service.announce_attachment(
        access,
        filename=body.filename,
        content_type=body.content_type,
        size=body.size,
        sha256=body.sha256,
    )
    attachment = announced.attachment
    task_id = access.task.id
    location = f"/api/tasks/{task_id}/attachments/{attachment.id}/"
    return created_response(schemas.present_upload(announced, task_id), location)


@route(
    bp,
    "GET",
    ATTACHMENTS,
    Action.READ_TASKS,
    returns=Page[Attachment],
    prefetch=_prefetch_attachments,
)
def list_attachments(access: TaskAccess) -> Response:
    """List a task's attachments."""
    attachments = service.list_attachments(access)
    items = [schemas.present_attachment(item, access.task.id) for item in attachments]
    return json_response(Page(items))


@route(
    bp,
    "GET",
    ATTACHMENT,
    Action.READ_TASKS,
    returns=Attachment,
    prefetch=_prefetch_attachment,
)
def get_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Get an attachment."""
    attachment = service.get_attachment(access, attachment_id)
    return conditional_response(
        schemas.present_attachment(attachment, access.task.id), bp.current_request
    )


@route(
    bp,
    "DELETE",
    ATTACHMENT,
    Action.WRITE_TASKS,
    prefetch=_prefetch_attachment,
)
def delete_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Delete an attachment."""
    service.delete_attachment(access, attachment_id)
    return no_content_response()


@route(
    bp,
    "POST",
    ATTACHMENT + "/complete",
    Action.WRITE_TASKS,
    returns=Attachment,
    prefetch=_prefetch_attachment,
)
def complete_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Complete an upload."""
    attachment = service.complete_attachment(access, attachment_id)
    return json_response(schemas.present_attachment(attachment, access.task.id))


@route(
    bp,
    "GET",
    ATTACHMENT + "/download",
    Action.READ_TASKS,
    query=DownloadQuery,
    returns=Download,
    prefetch=_prefetch_attachment,
)
def download_attachment(access: TaskAccess, query: DownloadQuery, attachment_id: str) -> Response:
    """Get an attachment's download URL."""
    return json_response(service.create_download(access, attachment_id, inline=query.inline))


@route(
    bp,
    "GET",
    ATTACHMENT + "/parts",
    Action.WRITE_TASKS,
    returns=PartList,
    prefetch=_prefetch_attachment,
)
def list_attachment_parts(access: TaskAccess, attachment_id: str) -> Response:
    """List an upload's parts."""
    uploaded = multipart_uploads.list_uploaded_parts(access, attachment_id)
    return conditional_response(schemas.present_parts(uploaded), bp.current_request)


@route(
    bp,
    "POST",
    ATTACHMENT + "/parts",
    Action.WRITE_TASKS,
    body=PartNumbers,
    returns=Page[PartUrl],
    prefetch=_prefetch_attachment,
)
def create_attachment_part_urls(
    access: TaskAccess, body: PartNumbers, attachment_id: str
) -> Response:
    """Request URLs for an upload's parts."""
    urls = multipart_uploads.sign_part_urls(access, attachment_id, body.numbers)
    return json_response(Page(urls))
