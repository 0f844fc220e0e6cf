"""The job that copies the content of a project: labels, members if wanted, tasks and relations.

The tasks are read once for each level of subtasks, so that a task is copied after its parent. The
ids of the copies are derived from the job and from their sources, and each copy is written by one
transaction that counts it. So a step that runs again writes the same copies, and each once.
"""

from datetime import date, datetime
from functools import partial
from typing import Any

from chalicelib.access.permissions import Action, Role, is_allowed
from chalicelib.accounts.models import get_users
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_service_write
from chalicelib.copies.date_shift import find_earliest_day, shift_dates
from chalicelib.copies.label_mapping import LabelMapping
from chalicelib.copies.rank_mapping import map_ranks
from chalicelib.copies.relation_copies import copy_relations
from chalicelib.copies.task_copies import commit_copy, find_known_ids, plan_copy
from chalicelib.dynamodb.ids import ID_LENGTH, derive_copy_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Unavailable
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Position,
    can_requester_read,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.labels.models import list_all_labels
from chalicelib.members.models import Member, add_member_writes, list_members, new_member
from chalicelib.projects.models import Project, update_live_project_write
from chalicelib.tasks import number_models
from chalicelib.tasks.models import Task, list_project_tasks
from chalicelib.tasks.service import ChangeAuthor

PAGE_SIZE = 50
# A task has up to 25 relations, and each is a transaction.
RELATIONS_PAGE_SIZE = 10
DATES_PAGE_SIZE = 1_000
ATTEMPTS = 5
# A copy of a template begins anew.
NEW_STATUS: dict[str, Any] = {"status": "todo", "completed_at": None}
NO_RULE: dict[str, Any] = {"rrule": None, "repeat_from": None}


def _can_run(job: Job) -> bool:
    """Return whether the requester can read the project and still write tasks in the new one."""
    member_key, project_key = Member.key(job.id, job.asked_by), Project.key(job.id)
    items = batch_get(member_key, project_key)
    member, project = items.get(member_key), items.get(project_key)
    if member is None or project is None or project.deleted_at is not None:
        return False
    return is_allowed(member.role, Action.WRITE_TASKS) and can_requester_read(job)


def _step(job: Job, now: datetime) -> JobStep:
    """Copy labels and members, read a page of dates, or copy a page of tasks or of their relations.

    The position is the `phase` (`dates`, `tasks` or `relations`), the `start` key of the next page,
    the `depth` of the tasks that are copied, the `deepest` one that was seen, whether some
    `has_relations`, and the `earliest` day.
    """
    if job.position == BEGINNING:
        label_ids = [label.id for label in list_all_labels(job.subject)]
        LabelMapping(job.subject, job.id).map_labels(label_ids, now)
        if job.about["members"]:
            _copy_members(job, now)
        phase = "dates" if job.about["start_date"] else "tasks"
        return JobStep({}, _first_page(phase, earliest=None))
    if job.position["phase"] == "dates":
        return JobStep({}, _read_dates(job))
    if job.position["phase"] == "relations":
        return JobStep({}, _copy_relations(job, now))
    return JobStep({}, _copy_page(job, now))


def _first_page(
    phase: str,
    *,
    earliest: str | None,
    depth: int = 1,
    deepest: int = 1,
    has_relations: bool = False,
) -> Position:
    return {
        "phase": phase,
        "start": None,
        "earliest": earliest,
        "depth": depth,
        "deepest": deepest,
        "has_relations": has_relations,
    }


def _copy_members(job: Job, now: datetime) -> None:
    """Add the members of the project to the new one. Its owner becomes an admin there."""
    members = [each for each in list_members(job.subject) if each.user_id != job.asked_by]
    users = get_users(member.user_id for member in members)
    for member in members:
        user = users.get(member.user_id)
        if user is None or not user.is_active or user.is_closing:
            continue
        role = Role.ADMIN if member.role == Role.OWNER else member.role
        count_member = update_live_project_write(job.id, Project.members_count.add(1))
        entry = audit_service_write(
            AuditAction.MEMBER_ADDED,
            job.id,
            now=now,
            actor=job.asked_by,
            target=user.id,
            role=role,
        )
        try:
            transact(
                *add_member_writes(new_member(job.id, user.id, role, now)), count_member, entry
            )
        except ConditionFailed as failed:
            if failed.write is count_member:
                raise
            # An earlier run of this step, or the owner, has added the member.


def _read_dates(job: Job) -> Position:
    position = job.position
    page = list_project_tasks(job.subject, limit=DATES_PAGE_SIZE, start=position["start"])
    found = find_earliest_day(task for task in page.items if _is_wanted(task, job))
    earliest = min((day for day in (found, position["earliest"]) if day), default=None)
    if page.last_key is None:
        return _first_page("tasks", earliest=earliest)
    return {**position, "start": page.last_key, "earliest": earliest}


def _copy_page(job: Job, now: datetime) -> Position:
    """Copy the tasks of one level on a page, and return the next position."""
    position = job.position
    page = list_project_tasks(
        job.subject, limit=PAGE_SIZE, start=position["start"], newest_first=False
    )
    wanted = [task for task in page.items if _is_wanted(task, job)]
    depths = [int(task.depth or 1) for task in wanted]
    level = [task for task, depth in zip(wanted, depths, strict=True) if depth == position["depth"]]
    _copy_tasks(level, job, now)
    seen = {
        "deepest": max([position["deepest"], *depths]),
        "has_relations": position["has_relations"] or any(task.relations_count for task in wanted),
    }
    if page.last_key is not None:
        return {**position, "start": page.last_key, **seen}
    if position["depth"] < seen["deepest"]:
        depth = position["depth"] + 1
        return _first_page("tasks", earliest=position["earliest"], depth=depth, **seen)
    return _first_page("relations", earliest=None) if seen["has_relations"] else END


def _copy_relations(job: Job, now: datetime) -> Position:
    """Copy the relations between the copied tasks on a page, and return the next position."""
    position = job.position
    page = list_project_tasks(
        job.subject, limit=RELATIONS_PAGE_SIZE, start=position["start"], newest_first=False
    )
    for task in page.items:
        if task.relations_count and _is_wanted(task, job):
            get_copy_id = partial(_copy_id, job=job)
            copy_relations(task, get_copy_id, user_id=job.asked_by, now=now)
    return END if page.last_key is None else {**position, "start": page.last_key}


def _is_wanted(task: Task, job: Job) -> bool:
    return task.is_open or bool(job.about["done_tasks"])


def _copy_tasks(tasks: list[Task], job: Job, now: datetime) -> None:
    """Copy the tasks that an earlier run of this step has not copied."""
    known = find_known_ids([_copy_id(task.id, job) for task in tasks])
    missing = [task for task in tasks if _copy_id(task.id, job) not in known]
    if not missing:
        return
    first_number = number_models.draw_task_numbers(job.id, len(missing))
    labels = LabelMapping(job.subject, job.id)
    labels.map_labels({label_id for task in missing for label_id in task.labels or ()}, now)
    ranks = map_ranks(missing, partial(_copy_id, job=job))
    for number, task in enumerate(missing, first_number):
        _copy_task(task, number, ranks.get(task.id), labels, job, now)


def _copy_task(
    task: Task, number: int, rank: str | None, labels: LabelMapping, job: Job, now: datetime
) -> None:
    author = ChangeAuthor(job.asked_by, None, now)
    for _ in range(ATTEMPTS):
        fields = {
            "created_at": job.created_at,
            "status": task.status,
            "completed_at": task.completed_at,
            "labels": labels.map_labels(task.labels or (), now) or None,
            "parent": None if task.parent is None else _copy_id(task.parent, job),
            "rank": rank,
            **_shifted_dates(task, job),
            **(NEW_STATUS if job.about["is_template"] else {}),
            # Of a series only the last task repeats, in the copy too.
            **(NO_RULE if task.next_task is not None else {}),
        }
        change = plan_copy(task, _copy_id(task.id, job), number, author, fields)
        if commit_copy(change):
            return
        labels.forget()
    raise Unavailable()


def _shifted_dates(task: Task, job: Job) -> dict[str, Any]:
    earliest, start_date = job.position["earliest"], job.about["start_date"]
    if earliest is None:
        return {}
    distance = date.fromisoformat(start_date) - date.fromisoformat(earliest)
    return shift_dates(task, distance.days)


def _copy_id(task_id: str, job: Job) -> str:
    """Return the id of the copy of a task."""
    created_at = parse_timestamp(job.created_at)
    return derive_copy_id(created_at, task_id[:ID_LENGTH], job.id) + job.id


PROJECT_COPY_HANDLER = JobHandler(is_allowed=_can_run, step=_step, final_writes=no_writes)
