"""The rule of a task, and the next task of a series."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import new_task_id
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.errors import Conflict
from chalicelib.projects.counter_models import counter_shard
from chalicelib.recurrence import rules
from chalicelib.reminders.schedule import AT
from chalicelib.tasks import due_dates, references, task_times
from chalicelib.tasks.models import Task
from chalicelib.tasks.number_models import draw_task_numbers
from chalicelib.tasks.references import Reference, invalid_field

COMPLETED_AT = "completed_at"
COPIED_FIELDS = (
    "title",
    "description",
    "priority",
    "assigned_to",
    "labels",
    "parent",
    "repeat_from",
    "created_by",
    "updated_at",
    "changed_by",
    "request_id",
)
NEXT_TASK_CHANGED = "The assignee, a label or the parent was changed at the same moment; try again"


class NextDates(NamedTuple):
    """The dates of the next task, in the forms in which a task stores them."""

    due_date: str
    start_date: str | None
    reminders: list[str] | None


def normalize_rule_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of recurrence among `fields` as they are stored.

    Without a rule nothing repeats, so a removed rule removes `repeat_from`. Raises ValueError when
    the rule is invalid.
    """
    if "rrule" not in fields:
        return {}
    if fields["rrule"] is None:
        return {"repeat_from": fields.get("repeat_from")}
    return {"rrule": rules.normalize_rule(fields["rrule"])}


def require_valid_rule(task: Task, before: Task | None) -> None:
    """Raise `Invalid` when the rule of `task` does not fit its due date.

    A change that leaves both as they are in `before` (None: a new task) is not refused.
    """
    if before and _get_recurrence(task) == _get_recurrence(before):
        return
    if task.rrule is None:
        if task.repeat_from is not None:
            raise invalid_field("repeat_from", "needs rrule")
        return
    if task.due_date is None:
        raise invalid_field("due_date", "is required, because rrule starts at it")
    from chalicelib.recurrence import occurrences

    try:
        rules.check_start(task.rrule, task.due_date)
    except ValueError as error:
        raise invalid_field("rrule", str(error)) from error
    due = datetime.fromisoformat(task.due_date).replace(tzinfo=None)
    if not occurrences.has_next(task.rrule, due):
        message = f"gives no date within {occurrences.YEARS_AHEAD} years of due_date"
        raise invalid_field("rrule", message)


def _get_recurrence(task: Task) -> tuple[str | None, str | None, str | None]:
    return task.rrule, task.repeat_from, task.due_date


def build_next_task(
    task: Task, before: Task, now: datetime
) -> tuple[Task | None, tuple[Reference, ...]]:
    """Return the next task, with a number, and its references; None if there is none.

    There is one when the change from `before` to `task` completes a recurring task, unless the
    series ends. A task that already has a next one gets no other, so it can be reopened and
    completed again. An assignee who left the project, and labels and a parent that no longer exist,
    are not copied. A reference that becomes invalid during the change raises `Conflict`.
    """
    is_completed = before.is_open and not task.is_open
    if task.rrule is None or task.next_task is not None or not is_completed:
        return None, ()
    rule = rules.count_down(task.rrule)
    if rule is None:
        return None, ()
    copied = {name: getattr(task, name) for name in COPIED_FIELDS}
    key = Task.key(_new_id_beside(task, now))
    next_task = Task(key.pk, key.sk, **copied, rrule=rule, created_at=task.updated_at)
    assignee = [User.key(task.assigned_to)] if task.assigned_to else []
    found = references.read_references(next_task, *assignee)
    next_references = references.restore_references(next_task, found)
    zone = task_times.load_zone(next_task, found.get)
    dates = _compute_dates(task, zone, now)
    if dates is None:
        return None, ()
    next_task.due_date, next_task.start_date, next_task.reminders = dates
    next_task.start_at, next_task.due_at = task_times.compute_times(next_task, zone)
    next_task.number = draw_task_numbers(task.project_id)
    conflict = Conflict(NEXT_TASK_CHANGED)
    return next_task, tuple(Reference(each.write, conflict) for each in next_references)


def _new_id_beside(task: Task, now: datetime) -> str:
    """Return a new task id in the counter shard of `task`, so that one write counts both tasks."""
    shard = counter_shard(task.id)
    ids = iter(lambda: new_task_id(task.project_id, now), None)
    return next(task_id for task_id in ids if counter_shard(task_id) == shard)


def _compute_dates(task: Task, zone_name: str | None, now: datetime) -> NextDates | None:
    """Return the dates of the next task; None if the rule gives none.

    They keep the local time of day in the assignee's time zone `zone_name`. Without an assignee the
    zone is the offset of the due date, or UTC if it is a day. Start date and reminders at a time
    move as far as the due date does.
    """
    from chalicelib.recurrence import occurrences

    due_date = str(task.due_date)
    is_day = due_dates.is_date(due_date)
    zone = due_dates.get_zone(zone_name) if zone_name or is_day else _get_offset(due_date)
    try:
        due = start = _to_local(due_date, zone)
        if task.repeat_from == COMPLETED_AT:
            start = datetime.combine(now.astimezone(zone).date(), due.time())
        next_due = occurrences.find_next(str(task.rrule), start, None if is_day else zone)
        if next_due is None:
            return None
        moved = next_due - due
        return NextDates(
            _from_local(next_due, zone, is_day=is_day),
            task.start_date and _shift(task.start_date, moved, next_due.date() - due.date(), zone),
            [_shift_reminder(each, moved, zone) for each in task.reminders or ()] or None,
        )
    except OverflowError:  # at the first or the last day of the calendar
        return None


def _get_offset(text: str) -> tzinfo:
    return datetime.fromisoformat(text).tzinfo or UTC


def _to_local(text: str, zone: tzinfo) -> datetime:
    """Return a start or due date as a local time without a time zone; for a day, its midnight."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is None else moment.astimezone(zone)).replace(tzinfo=None)


def _from_local(local: datetime, zone: tzinfo, *, is_day: bool) -> str:
    """Return a local time in the form of a start or due date.

    Of a time that the zone has twice, it is the first. A time that the zone skips gets the offset
    from before (RFC 5545, section 3.3.5).
    """
    if is_day:
        return local.date().isoformat()
    moment = local.replace(tzinfo=zone, fold=0)
    offset = moment.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):  # before time zones, offsets had seconds
        moment = moment.astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _shift(text: str, moved: timedelta, days: timedelta, zone: tzinfo) -> str:
    """Return a start date that is moved: a day by whole `days`, a time by `moved`."""
    is_day = due_dates.is_date(text)
    return _from_local(_to_local(text, zone) + (days if is_day else moved), zone, is_day=is_day)


def _shift_reminder(reminder: str, moved: timedelta, zone: tzinfo) -> str:
    """Return a stored reminder that is moved if it is at a fixed time."""
    kind, _, value = reminder.partition(":")
    if kind != AT:
        return reminder
    local = _to_local(value, zone) + moved
    return f"{AT}:{format_timestamp(parse_timestamp(_from_local(local, zone, is_day=False)))}"
