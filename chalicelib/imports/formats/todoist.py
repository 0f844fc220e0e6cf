"""Todoist's CSV files: templates and backups.

The columns are those of
https://todoist.com/help/articles/format-a-csv-file-to-import-into-todoist-UVUXTmm6: each line is a
task, a section, or a note, which is a comment on the task above it. Backups hold no done tasks.
"""

import re

from chalicelib.accounts.time_zones import is_time_zone
from chalicelib.imports.formats.columns import find_status
from chalicelib.imports.formats.dates import read_date
from chalicelib.imports.formats.files import Row, read_csv
from chalicelib.imports.formats.records import (
    CommentRecord,
    ParsedFile,
    ReadingContext,
    TaskRecord,
)
from chalicelib.imports.formats.repetitions import is_repetition, read_repetition

# 1 is the highest priority.
PRIORITIES = {"1": "high", "2": "medium", "3": "medium", "4": "low", "": "medium"}
_LABEL = re.compile(r"(?<!\S)@(\S+)")
# It ends before the next one begins, so the search takes linear time in any text.
_FILE = re.compile(r"\[\[file \{((?!\[\[file ).)*?\}\]\]", re.DOTALL)
_INDENT = re.compile(r"\d{1,4}")
_PERSON = re.compile(r"(.*?) ?\(\d+\)")
_ENGLISH = {"", "en"}


def parse_todoist(raw: bytes, context: ReadingContext) -> ParsedFile:
    """Return the tasks of a Todoist CSV file. Sections become statuses or labels."""
    parsed = ParsedFile()
    section, above = "", list[TaskRecord]()
    for row in read_csv(raw, parsed, required=("type", "content")):
        kind = row["type"].lower()
        if kind == "section":
            section, above = row["content"], []
        elif kind == "task":
            task = _read_task(row, section, context, parsed)
            indent = int(row["indent"]) if _INDENT.fullmatch(row["indent"]) else 1
            above = above[: max(indent - 1, 0)]
            task.parent = above[-1].ref if above else None
            above.append(task)
            parsed.tasks.append(task)
        elif kind == "note" and above:
            _add_comment(row, parsed.tasks[-1], context, parsed)
        elif kind == "note":
            parsed.report(row.line, "comments", "comment_without_task")
        elif kind not in {"", "meta"}:
            parsed.report(row.line, "file", "type_unknown", row["type"])
    return parsed


def _read_task(row: Row, section: str, context: ReadingContext, parsed: ParsedFile) -> TaskRecord:
    labels = _LABEL.findall(row["content"])
    status = find_status(section) or "todo"
    if section and find_status(section) is None:
        labels.append(section)
    if row["priority"] not in PRIORITIES:
        parsed.report(row.line, "priority", "priority_unknown", row["priority"])
    task = TaskRecord(
        row.line,
        str(row.line),
        " ".join(_LABEL.sub("", row["content"]).split()),
        description=row["description"],
        status=status,
        priority=PRIORITIES.get(row["priority"], "medium"),
        assignees=[_read_person(row["responsible"])] if row["responsible"] else [],
        labels=labels,
        comments=[],
    )
    _read_due_date(row, task, context, parsed)
    for name in ("duration", "deadline"):
        is_used = name == "deadline" and task.due_date == row[name]
        if row[name] and row[name] != "None" and not is_used:
            parsed.report(row.line, "due_date", "value_left_out", f"{name} {row[name]}")
    return task


def _read_due_date(row: Row, task: TaskRecord, context: ReadingContext, parsed: ParsedFile) -> None:
    """Set the due date and the rule. Without a date, the deadline is the due date."""
    text = row["date"] or row["deadline"]
    zone = row["timezone"] if is_time_zone(row["timezone"]) else context.zone
    task.due_date = read_date(text, zone) if text else None
    if not text or task.due_date is not None:
        return
    if not is_repetition(text) and row["date_lang"].lower() in _ENGLISH:
        parsed.report(row.line, "due_date", "date_invalid", text)
        return
    found = None
    if row["date_lang"].lower() in _ENGLISH:
        found = read_repetition(text, today=context.today, zone=zone)
    if found is None:
        parsed.report(row.line, "rrule", "rule_invalid", text)
        return
    task.due_date, task.rrule, task.repeat_from = found.due_date, found.rrule, found.repeat_from


def _add_comment(row: Row, task: TaskRecord, context: ReadingContext, parsed: ParsedFile) -> None:
    body = _FILE.sub("", row["content"]).strip()
    if body != row["content"]:
        parsed.report(row.line, "comments", "attachments_left_out", "the file of a comment")
        if not body:
            return
    created_at = read_date(row["date"], context.zone) if row["date"] else None
    author = _read_person(row["author"]) if row["author"] else ()
    task.comments.append(CommentRecord(body, author, created_at))


def _read_person(text: str) -> tuple[str, ...]:
    """Return the name in `Ann (14781400)`."""
    found = _PERSON.fullmatch(text)
    return (found[1] if found else text,)
