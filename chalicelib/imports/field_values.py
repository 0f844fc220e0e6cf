"""Values of import files, as a task stores them. What cannot be stored is reported and left out."""

from datetime import datetime

from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.errors import Invalid
from chalicelib.imports.formats.records import ParsedFile, TaskRecord
from chalicelib.recurrence import rules
from chalicelib.recurrence.service import COMPLETED_AT, require_valid_rule
from chalicelib.tasks import due_dates
from chalicelib.tasks.models import TITLE_MAX, Task
from chalicelib.tasks.service import DATE_FIELDS, DESCRIPTION_MAX_BYTES
from chalicelib.text import (
    has_visible_character,
    remove_unstorable,
    to_line,
    to_nfc,
)

RULE_MAX = 200
REPEAT_FROM = frozenset({None, "due_date", COMPLETED_AT})


def read_text(record: TaskRecord, field: str, text: str, parsed: ParsedFile) -> str:
    """Return a text of several lines, without control characters and not longer than allowed."""
    storable = to_nfc(remove_unstorable(text))
    if len(storable) < len(to_nfc(text)):
        parsed.report(record.line, field, "text_cleaned")
    encoded = storable.encode()
    if len(encoded) > DESCRIPTION_MAX_BYTES:
        parsed.report(record.line, field, "text_cut")
        storable = encoded[:DESCRIPTION_MAX_BYTES].decode(errors="ignore")
    return storable if has_visible_character(storable) else ""


def read_title_and_description(record: TaskRecord, parsed: ParsedFile) -> tuple[str, str]:
    """Return both texts. The title is empty if there is none, which is reported.

    If the title is too long, the description begins with all of it.
    """
    title, description = to_line(record.title), record.description
    if not title:
        parsed.report(record.line, "title", "title_missing")
    if len(title) > TITLE_MAX:
        parsed.report(record.line, "title", "title_cut")
        description = f"{title}\n\n{description}".rstrip()
        title = title[: TITLE_MAX - 1].rstrip() + "…"
    return title, read_text(record, "description", description, parsed)


def read_description(text: str) -> str:
    """Return the description of a project; empty if it cannot be stored."""
    storable = to_nfc(remove_unstorable(text))
    is_short = len(storable.encode()) <= DESCRIPTION_MAX_BYTES
    return storable if is_short and has_visible_character(storable) else ""


def read_dates(
    record: TaskRecord, zone: str | None, parsed: ParsedFile
) -> tuple[str | None, str | None]:
    """Return start and due date, without those that are invalid. `zone` is the assignee's."""
    found = {}
    for name, compute in DATE_FIELDS.items():
        text = getattr(record, name)
        try:
            found[name] = text and compute(text, zone)
        except ValueError:
            parsed.report(record.line, name, "date_invalid", text)
            setattr(record, name, None)
    start_at, due_at = found.get("start_date"), found.get("due_date")
    if start_at and due_at and start_at > due_at:
        parsed.report(record.line, "start_date", "start_after_due", record.start_date)
        record.start_date = None
    return record.start_date, record.due_date


def read_rule(record: TaskRecord, parsed: ParsedFile) -> tuple[str | None, str | None]:
    """Return rule and `repeat_from`; neither if the rule is invalid or has no due date."""
    if record.rrule is None:
        return None, None
    try:
        if len(record.rrule) > RULE_MAX or record.repeat_from not in REPEAT_FROM:
            raise ValueError
        rule = rules.normalize_rule(record.rrule)
        require_valid_rule(
            Task(rrule=rule, repeat_from=record.repeat_from, due_date=record.due_date), None
        )
    except (ValueError, Invalid):
        parsed.report(record.line, "rrule", "rule_invalid", record.rrule)
        return None, None
    return rule, record.repeat_from


def read_completion(record: TaskRecord, zone: str, now: datetime) -> str | None:
    """Return when a task was done: the time in the file if it is in the past, else now."""
    if record.status != "done":
        return None
    return read_past(record.completed_at, zone, now) or format_timestamp(now)


def read_past(text: str | None, zone: str, now: datetime) -> str | None:
    """Return a day or time as a timestamp; None if it is invalid or after `now`."""
    try:
        at = due_dates.compute_start_at(text, zone)
    except ValueError:
        return None
    return at if at is not None and at <= format_timestamp(now) else None
