"""Routes of the audit log: of a project, of the caller's account, and of the whole service."""

from functools import partial

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access, ProjectAccess
from chalicelib.audit import schemas, service
from chalicelib.audit.schemas import AuditEntry, AuditQuery, ProjectAuditQuery, StaffAuditQuery
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/api/projects/{project_id}/audit",
    Action.READ_AUDIT,
    query=ProjectAuditQuery,
    returns=Page[AuditEntry],
)
def list_project_audit(access: ProjectAccess, query: ProjectAuditQuery) -> Response:
    """List a project's audit entries."""
    return _respond(access, query, access.project.id)


@route(
    bp,
    "GET",
    "/api/auth/audit",
    Action.USE_ACCOUNT,
    query=AuditQuery,
    returns=Page[AuditEntry],
)
def list_own_audit(access: Access, query: AuditQuery) -> Response:
    """List the security events of your account."""
    return _respond(access, query, access.user_id, is_own=True)


@route(
    bp,
    "GET",
    "/api/admin/audit",
    Action.MANAGE_USERS,
    query=StaffAuditQuery,
    returns=Page[AuditEntry],
)
def list_audit(access: Access, query: StaffAuditQuery) -> Response:
    """List the audit entries of all accounts and projects."""
    schemas.require_narrow(query)
    return _respond(access, query, query.subject)


def _respond(
    access: Access, query: AuditQuery, subject: str | None, *, is_own: bool = False
) -> Response:
    """Respond with the entries about `subject`, or about all accounts and projects."""
    wanted = schemas.parse_filter(query, access.now)
    find = (
        partial(service.list_service_entries, wanted)
        if subject is None
        else partial(service.list_entries, subject, wanted)
    )
    present = schemas.present_own_entry if is_own else schemas.present_entry
    list_name = f"audit {subject!r} {schemas.name_filter(query)}"
    return page_response(access, query, list_name, find, present)
