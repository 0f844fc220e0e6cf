"""A project of Asana, exported as CSV.

https://help.asana.com/s/article/csv-json-exporting describes the export. Sections become statuses
by their name, or labels. A subtask names its parent by title.
"""

from chalicelib.imports.formats.columns import find_status
from chalicelib.imports.formats.dates import read_date
from chalicelib.imports.formats.files import Row, read_csv
from chalicelib.imports.formats.records import ParsedFile, ReadingContext, TaskRecord

PRIORITIES = {"high": "high", "medium": "medium", "low": "low", "": "medium"}
# Column -> the kind of relation.
RELATIONS = {
    "blocked by (dependencies)": "blocked_by",
    "blocking (dependencies)": "blocks",
}


def parse_asana(raw: bytes, context: ReadingContext) -> ParsedFile:
    """Return the tasks of an Asana CSV file."""
    parsed = ParsedFile()
    rows = []
    for row in read_csv(raw, parsed, required=("task id", "name")):
        rows.append(row)
        parsed.tasks.append(_read_task(row, context, parsed))
    titles: dict[str, list[TaskRecord]] = {}
    for task in parsed.tasks:
        titles.setdefault(task.title, []).append(task)
    _set_parents(rows, titles, parsed)
    for row, task in zip(rows, parsed.tasks, strict=True):
        task.relations = _read_relations(row, titles, parsed)
    return parsed


def _set_parents(rows: list[Row], titles: dict[str, list[TaskRecord]], parsed: ParsedFile) -> None:
    """Set the parent of each subtask: of the tasks with its title the nearest above, else the last
    one below."""
    above: dict[str, tuple[int, TaskRecord]] = {}  # by title: how many, and the nearest
    for row, task in zip(rows, parsed.tasks, strict=True):
        if title := row["parent task"]:
            count, parent = above.get(title, (0, None))
            if parent is None:
                below = titles.get(title, [])
                parent = below[-1] if below and below[-1] is not task else None
                count = len(below) - (task.title == title)
            task.parent = title if parent is None else parent.ref
            if count > 1:
                parsed.report(row.line, "parent", "parent_ambiguous", title)
        above[task.title] = (above.get(task.title, (0, task))[0] + 1, task)


def _read_task(row: Row, context: ReadingContext, parsed: ParsedFile) -> TaskRecord:
    section, labels = row["section/column"], _split(row["tags"])
    status = find_status(section)
    if section and status is None:
        labels.append(section)
    priority = row["priority"].lower()
    if priority not in PRIORITIES:
        parsed.report(row.line, "priority", "priority_unknown", row["priority"])
    names = tuple(filter(None, (row["assignee email"], row["assignee"])))
    task = TaskRecord(
        row.line,
        row["task id"],
        row["name"],
        description=row["notes"],
        status="done" if row["completed at"] else status or "todo",
        priority=PRIORITIES.get(priority, "medium"),
        assignees=[names] if names else [],
        labels=labels,
        completed_at=read_date(row["completed at"], context.zone) if row["completed at"] else None,
    )
    for field, column in (("start_date", "start date"), ("due_date", "due date")):
        if row[column]:
            setattr(task, field, read_date(row[column], context.zone))
            if getattr(task, field) is None:
                parsed.report(row.line, field, "date_invalid", row[column])
    return task


def _read_relations(
    row: Row, titles: dict[str, list[TaskRecord]], parsed: ParsedFile
) -> list[tuple[str, str]]:
    """Return the relations to tasks that the file names by a title, which must be the only one."""
    relations = []
    for column, kind in RELATIONS.items():
        for title in _split(row[column]):
            named = titles.get(title, [])
            if len(named) == 1:
                relations.append((kind, named[0].ref))
            else:
                parsed.report(row.line, "relations", "relation_left_out", title)
    return relations


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
