"""Routes of attachments: `/api/tasks/{id}/attachments`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import TaskAccess
from chalicelib.attachments import multipart_uploads, schemas, service
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
    location = f"/api/tasks/{attachment.task_id}/attachments/{attachment.id}/"
    return created_response(schemas.present_upload(announced), location)


@route(bp, "GET", ATTACHMENTS, Action.READ_TASKS, returns=Page[Attachment])
def list_attachments(access: TaskAccess) -> Response:
    """List a task's attachments."""
    attachments = service.list_attachments(access)
    return json_response(Page([schemas.present_attachment(item) for item in attachments]))


@route(bp, "GET", ATTACHMENT, Action.READ_TASKS, returns=Attachment)
def get_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Get an attachment."""
    attachment = service.get_attachment(access, attachment_id)
    return conditional_response(schemas.present_attachment(attachment), bp.current_request)


@route(bp, "DELETE", ATTACHMENT, Action.WRITE_TASKS)
def delete_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Delete an attachment."""
    service.delete_attachment(access, attachment_id)
    return no_content_response()


@route(bp, "POST", ATTACHMENT + "/complete", Action.WRITE_TASKS, returns=Attachment)
def complete_attachment(access: TaskAccess, attachment_id: str) -> Response:
    """Complete an upload."""
    attachment = service.complete_attachment(access, attachment_id)
    return json_response(schemas.present_attachment(attachment))


@route(
    bp, "GET", ATTACHMENT + "/download", Action.READ_TASKS, query=DownloadQuery, returns=Download
)
def download_attachment(access: TaskAccess, query: DownloadQuery, attachment_id: str) -> Response:
    """Get an attachment's download URL."""
    return json_response(service.create_download(access, attachment_id, inline=query.inline))


@route(bp, "GET", ATTACHMENT + "/parts", Action.WRITE_TASKS, returns=PartList)
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
)
def create_attachment_part_urls(
    access: TaskAccess, body: PartNumbers, attachment_id: str
) -> Response:
    """Request URLs for an upload's parts."""
    urls = multipart_uploads.sign_part_urls(access, attachment_id, body.numbers)
    return json_response(Page(urls))
