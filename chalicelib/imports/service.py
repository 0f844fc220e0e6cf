"""Imports: announce one, start it when its file is uploaded, and read its state.

The import is the job itself. Its id is the id of the new project too, if it creates one.
"""

from typing import Any

from msgspec import Struct

from chalicelib.access.permissions import Scope
from chalicelib.access.service import Access, ProjectAccess, authorize_project
from chalicelib.accounts.time_zones import is_time_zone
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_write
from chalicelib.aws import s3
from chalicelib.aws.s3 import OCTET_STREAM, UploadForm
from chalicelib.dynamodb.idempotency import create_once
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, require_found
from chalicelib.jobs import models, results
from chalicelib.jobs.models import UPLOADING, Job
from chalicelib.jobs.results import UPLOAD
from chalicelib.jobs.service import IMPORT
from chalicelib.projects.service import create_project
from chalicelib.sessions.throttling import count_attempt

FILE_MAX_BYTES = 25_000_000


class AnnouncedImport(Struct, frozen=True):
    """An import that waits for its file, and the form that uploads it."""

    job: Job
    form: UploadForm


def announce_import(
    access: Access,
    *,
    file_format: str,
    size: int,
    name: str | None,
    prefix: str | None,
    zone: str | None,
    dry_run: bool,
) -> AnnouncedImport:
    """Create an import that waits for a file of `size` bytes, and sign the form that uploads it.

    With `access` to a project the tasks come into it; otherwise into a new one that is called
    `name` and has the key `prefix` (None: derived from the name). `zone` is the time zone of times
    without one (None: that of the caller). Raises `Invalid`, `Forbidden` (`scope_missing`) when the
    API token may not create projects, and `TooManyRequests`.
    """
    project_id = access.project.id if isinstance(access, ProjectAccess) else None
    _validate(access, project_id, name, prefix, zone)
    count_attempt("order", account=access.user_id, source=None, now=access.now)
    about: dict[str, Any] = {
        "format": file_format,
        "size": size,
        "name": name,
        "key": prefix,
        "zone": zone or access.user.time_zone,
        "dry_run": dry_run,
    }
    job_id = new_id(access.now)
    job = models.new_job(IMPORT, project_id or job_id, access.user_id, about, access.now, job_id)
    write = models.await_upload_write(job, access.now)
    created = create_once(job, write, idempotency_key=access.idempotency_key, now=access.now)
    if created is not job and get_import(access, created.id).status != UPLOADING:
        # A form for a file that was read would let in another one.
        raise Conflict("This import was announced before and has started", code="upload_over")
    form = s3.sign_upload_form(
        results.result_key(created.id, UPLOAD), content_type=OCTET_STREAM, size=size
    )
    return AnnouncedImport(created, form)


def _validate(
    access: Access,
    project_id: str | None,
    name: str | None,
    prefix: str | None,
    zone: str | None,
) -> None:
    errors = []
    if (project_id is None) == (name is None):
        errors.append(FieldError("project", "give either project or name, of a new project"))
    if prefix is not None and name is None:
        errors.append(FieldError("key", "is for a new project; it needs name"))
    if zone is not None and not is_time_zone(zone):
        errors.append(FieldError("time_zone", "must be a time zone, such as Europe/Berlin"))
    if errors:
        raise Invalid(errors=tuple(errors))
    if project_id is None:
        _require_project_scope(access)


def _require_project_scope(access: Access) -> None:
    """Raise `Forbidden` when the caller uses an API token that cannot create projects."""
    token = access.token
    if token is not None and (token.projects or Scope.WRITE_PROJECTS not in token.scopes):
        detail = f"A new project needs the scope {Scope.WRITE_PROJECTS} for all projects"
        raise Forbidden(detail, code="scope_missing")


def start_import(access: Access, import_id: str) -> Job:
    """Start an import whose file is uploaded, and return it; a job runner continues it.

    Creates the new project, unless it is a dry run. An import that was started before is returned
    as it is. Raises `NotFound`, `Conflict` (`upload_missing`) while the file is not there as it
    was announced, and `Conflict` (`busy`) while another import of the caller into this project
    runs.
    """
    job = get_import(access, import_id)
    if job.status != UPLOADING:
        return job
    stored = s3.head_object(results.result_key(job.id, UPLOAD))
    if stored is None or stored.size != job.about["size"]:
        detail = "The file has not arrived as announced; upload it first"
        raise Conflict(detail, code="upload_missing")
    is_new_project = job.about["name"] is not None
    writes: tuple[Write, ...] = models.start_job_writes(job, access.now)
    if not (is_new_project and job.about["dry_run"]):  # else there is no project
        entry = audit_write(access, AuditAction.PROJECT_IMPORTED, job.subject, target=job.id)
        writes += (entry,)
    try:
        if not is_new_project or job.about["dry_run"]:
            transact(*writes)
        else:
            _require_project_scope(access)
            create_project(
                access,
                name=job.about["name"],
                description="",
                prefix=job.about["key"],
                project_id=job.id,
                writes=writes,
            )
    except ConditionFailed as failed:
        # Otherwise a concurrent request has started it.
        if failed.write is writes[0] and _holds_slot(job, failed):
            detail = "Another import into this project is still running; wait until it ends"
            raise Conflict(detail, code="busy") from failed
    return require_found(models.get_job(job.id))


def _holds_slot(job: Job, failed: ConditionFailed) -> bool:
    """Return whether the slot that `job` needs is held by another job."""
    holder = models.find_slot_holder(failed)
    return holder is not None and holder.id != job.id


def get_import(access: Access, import_id: str) -> Job:
    """Return an import of the caller.

    Raises `NotFound`, also when its results are no longer kept or the caller has left the project,
    and `Forbidden` when the caller's role does not allow imports any more.
    """
    job = access.get_item(Job.key(import_id))
    if job is None or job.kind != IMPORT or job.asked_by != access.user_id:
        raise NotFound()
    if models.is_result_expired(job, access.now):
        raise NotFound()
    if job.about["name"] is None:
        authorize_project(access.context.for_further_check(), job.subject)
    elif not access.can_access(job.subject):
        raise NotFound()
    return job
