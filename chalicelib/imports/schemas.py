"""Bodies and answers of imports."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, structs

from chalicelib.aws.s3 import UploadForm
from chalicelib.http.fields import Id, Time
from chalicelib.imports.report import read_report
from chalicelib.imports.service import FILE_MAX_BYTES, AnnouncedImport
from chalicelib.jobs.models import Job
from chalicelib.jobs.schemas import Percent, ReadyFile, present_job
from chalicelib.newer_releases import as_stored
from chalicelib.projects.schemas import Key, Name


class ImportFormat(StrEnum):
    TODOIST_CSV = "todoist_csv"
    TRELLO_JSON = "trello_json"
    ASANA_CSV = "asana_csv"
    GITHUB_CSV = "github_csv"
    PROJECT_JSON = "project_json"


class ImportStatus(StrEnum):
    UPLOADING = "uploading"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ProblemEffect(StrEnum):
    FAILED = "failed"
    SKIPPED = "skipped"
    LEFT_OUT = "left_out"
    CHANGED = "changed"


class NewImport(Struct, forbid_unknown_fields=True):
    """`project` is an existing project; `name` and `key` are those of a new one. `size` is the
    number of bytes of the file."""

    format: ImportFormat
    size: Annotated[int, Meta(ge=1, le=FILE_MAX_BYTES)]
    project: str | None = None
    name: Name | None = None
    key: Key | None = None
    time_zone: Annotated[str, Meta(max_length=64)] | None = None
    dry_run: bool = False


class ImportProblem(Struct):
    """`line` is a line of a CSV file; in JSON, tasks are counted from 1. `effect` says what
    happens to the file, the line or the value."""

    line: int
    field: str
    code: str
    effect: ProblemEffect
    value: str
    message: str


class ImportReport(Struct):
    """The number of objects imported, the number of lines skipped, and the first 100 problems."""

    tasks: int
    comments: int
    relations: int
    new_labels: int
    skipped: int
    problems_count: int
    problems: list[ImportProblem]


class Import(Struct):
    """A job that imports a file. `project` is null for a dry run of a new project. `reason` says
    why it failed, and `report` is there once it is over."""

    id: Id
    format: ImportFormat
    dry_run: bool
    project: Id | None
    status: ImportStatus
    progress: Percent | None
    reason: str | None
    created_at: Time
    finished_at: Time | None
    kept_until: Time | None
    files: list[ReadyFile]
    report: ImportReport | None


class ImportUpload(Import):
    """An import that waits for its file, and the form that uploads it."""

    upload: UploadForm


def present_import(job: Job) -> Import:
    """Return an import as clients see it."""
    state = structs.asdict(present_job(job))
    has_project = job.about["name"] is None or not job.about["dry_run"]
    return Import(
        **{**state, "status": as_stored(ImportStatus, job.status)},
        format=as_stored(ImportFormat, job.about["format"]),
        dry_run=job.about["dry_run"],
        project=job.subject if has_project else None,
        report=_present_report(job),
    )


def _present_report(job: Job) -> ImportReport | None:
    report = read_report(job)
    if report is None:
        return None
    problems = [
        ImportProblem(
            line=each.line,
            field=each.field,
            code=each.code,
            effect=as_stored(ProblemEffect, each.effect),
            value=each.value,
            message=each.message,
        )
        for each in report.problems
    ]
    return ImportReport(**{**structs.asdict(report), "problems": problems})


def present_upload(announced: AnnouncedImport) -> ImportUpload:
    return ImportUpload(**structs.asdict(present_import(announced.job)), upload=announced.form)
