"""Issues as CSV, with the field names of GitHub's API.

GitHub itself exports no CSV; scripts, `gh issue list --json` with a converter, and other trackers
write such files. https://docs.github.com/en/rest/issues/issues describes the fields.
"""

from chalicelib.imports.formats.dates import read_date
from chalicelib.imports.formats.files import Row, read_csv
from chalicelib.imports.formats.records import ParsedFile, ReadingContext, TaskRecord

STATUSES = {"": "todo", "open": "todo", "reopened": "todo", "closed": "done"}


def parse_github(raw: bytes, context: ReadingContext) -> ParsedFile:
    """Return the tasks of a CSV file of issues. A milestone becomes a label."""
    parsed = ParsedFile()
    for row in read_csv(raw, parsed, required=("title",)):
        parsed.tasks.append(_read_issue(row, context, parsed))
    return parsed


def _read_issue(row: Row, context: ReadingContext, parsed: ParsedFile) -> TaskRecord:
    state = row["state"].lower()
    if state not in STATUSES:
        parsed.report(row.line, "status", "status_unknown", row["state"])
    logins = _split(row["assignees"]) or _split(row["assignee"])
    closed_at = row["closed_at"] or row["closedat"]
    return TaskRecord(
        row.line,
        str(row.line),
        row["title"],
        description=row["body"],
        status=STATUSES.get(state, "todo"),
        assignees=[(login.removeprefix("@"),) for login in logins],
        labels=[*_split(row["labels"]), *filter(None, [row["milestone"]])],
        completed_at=read_date(closed_at, context.zone) if closed_at else None,
    )


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
