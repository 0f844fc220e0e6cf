"""The job that imports a file: the first step reads the file and plans it, the others write a page.

A dry run ends after the first step. The pages are objects beside the results, so the file is read
once. Each step may run again: see `planning` and `page_writes`.
"""

from contextlib import suppress
from datetime import datetime

import msgspec

from chalicelib.access.permissions import Action
from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.ids import derive_id
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.imports.field_values import read_description
from chalicelib.imports.formats import PARSERS
from chalicelib.imports.formats.records import ReadingContext, UnreadableFile
from chalicelib.imports.member_lookup import load_people
from chalicelib.imports.page_writes import write_page
from chalicelib.imports.plan import Page, Plan
from chalicelib.imports.planning import Target, plan_import
from chalicelib.imports.report import build_report_files
from chalicelib.jobs import results
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    can_act_in_project,
    fail_job,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.labels.missing_labels import create_missing_labels, find_labels
from chalicelib.labels.models import DEFAULT_COLOR
from chalicelib.projects.models import get_project, update_project_write
from chalicelib.tasks.due_dates import local_date
from chalicelib.tasks.number_models import draw_task_numbers


def _can_run(job: Job) -> bool:
    """Return whether the requester may still write tasks in the project.

    A dry run for a new project needs none.
    """
    if job.about["name"] is not None and job.about["dry_run"]:
        user = get_user(job.asked_by)
        return user is not None and user.is_active
    return can_act_in_project(job.asked_by, job.subject, Action.IMPORT_TASKS)


def _step(job: Job, now: datetime) -> JobStep:
    """Plan the import, or write the next page.

    The position is the number of the next `page` and of all `pages`, the `turn` whose pages they
    are, and the numbers of tasks that show the progress: `read` and `total`.
    """
    if job.position == BEGINNING:
        try:
            return _plan(job, now)
        except UnreadableFile as failure:
            return fail_job("unreadable_file", problem=msgspec.to_builtins(failure.problem))
    position = job.position
    content = results.read_file(job.id, _page_name(position["turn"], position["page"]))
    if content is None:
        raise LookupError(f"the page {position['page']} is gone")
    page = msgspec.json.decode(content, type=Page)
    write_page(page, job.subject, job.asked_by, now)
    if position["page"] + 1 == position["pages"]:
        return JobStep({}, END)
    read = position["read"] + len(page.tasks)
    return JobStep({}, {**position, "page": position["page"] + 1, "read": read})


def _plan(job: Job, now: datetime) -> JobStep:
    """Read the file, write its report, and unless it is a dry run prepare the pages."""
    raw = results.read_file(job.id, results.UPLOAD)
    if raw is None:
        return fail_job("upload_missing")
    created_at, zone = parse_timestamp(job.created_at), job.about["zone"]
    is_dry, is_new = job.about["dry_run"], job.about["name"] is not None
    context = ReadingContext(zone, local_date(created_at, zone).isoformat())
    parsed = PARSERS[job.about["format"]](raw, context)
    people = load_people(None if is_new and is_dry else job.subject, job.asked_by)
    plan = plan_import(
        parsed, Target(job.id, job.subject, job.asked_by, people, created_at, now, zone)
    )
    existing = {} if is_new and is_dry else find_labels(job.subject)
    # After a part of the labels was created, the step counts the same ones as new again.
    new_labels = [
        folded
        for folded in plan.label_names
        if existing.get(folded) in {None, _derive_label_id(job, folded)}
    ]
    pieces = build_report_files(parsed, plan, len(new_labels))
    if is_dry:
        return JobStep(pieces, END)
    _prepare_tasks(plan, job, now)
    if is_new and (description := read_description(parsed.description)):
        _set_description(job.subject, description, now)
    pages = _store_pages(plan, job)
    position = {"page": 0, "pages": pages, "turn": int(job.turn), "read": 0}
    return JobStep(pieces, {**position, "total": len(plan.tasks)} if pages else END)


def _prepare_tasks(plan: Plan, job: Job, now: datetime) -> None:
    """Create the labels that the project lacks, and set numbers and label ids of the tasks.

    A step that runs again leaves a gap in the numbers.
    """
    wanted = {
        folded: (name, plan.colors.get(folded, DEFAULT_COLOR))
        for folded, name in plan.label_names.items()
    }
    label_ids, _ = create_missing_labels(
        job.subject, wanted, lambda folded: _derive_label_id(job, folded), now
    )
    first = draw_task_numbers(job.subject, len(plan.tasks)) if plan.tasks else 1
    for number, task in enumerate(plan.tasks, first):
        task.number = number
        task.labels = [label_ids[folded] for folded in task.labels]


def _derive_label_id(job: Job, folded_name: str) -> str:
    return derive_id(parse_timestamp(job.created_at), f"{job.id} {folded_name}")


def _set_description(project_id: str, description: str, now: datetime) -> None:
    """Set the description of the new project, unless somebody has changed the project."""
    project = get_project(project_id)
    if project is None or project.version != 1:
        return
    fields = {"description": description, "updated_at": format_timestamp(now)}
    with suppress(ConditionFailed):
        transact(update_project_write(project, fields))


def _store_pages(plan: Plan, job: Job) -> int:
    """Store the pages and return how many there are.

    A runner has pages of its own in each turn, so one that lost its lease cannot replace those of
    another.
    """
    number = 0
    for page in plan.list_pages():
        results.put_file(job.id, _page_name(int(job.turn), number), msgspec.json.encode(page))
        number += 1
    return number


def _page_name(turn: int, number: int) -> str:
    return f"pages/{turn}/{number}"


IMPORT_HANDLER = JobHandler(is_allowed=_can_run, step=_step, final_writes=no_writes)
