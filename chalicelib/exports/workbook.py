"""The workbook of an export: `tasks.xlsx` with a sheet each for tasks, comments and attachments.

A workbook cannot grow piece by piece, so the job collects the lines of the sheets in an
intermediate file. After the last step the workbook is written from it, line by line, with the
finished rows in temporary files.
"""

from datetime import date, datetime
from io import BytesIO
from typing import Any, NamedTuple

import msgspec

from chalicelib.exports.columns import ATTACHMENTS, COMMENTS, TASKS, Record
from chalicelib.jobs.handlers import Pieces
from chalicelib.jobs.models import Job
from chalicelib.jobs.results import INTERMEDIATE, read_lines

WORKBOOK, ROWS = "tasks.xlsx", f"{INTERMEDIATE}rows.jsonl"
# Larger exports have no workbook: it would take too long. Its temporary files have up to this size.
ROWS_MAX_BYTES = 150_000_000
# For a workbook of that size on a function with 1024 MB.
BUILD_MILLISECONDS = 90_000
# The limits of spreadsheets.
LINKS_MAX = 65_530
FIRST_YEAR = 1900
DAY_FORMAT, TIME_FORMAT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"


class Column(NamedTuple):
    """A column of a sheet: the field of its lines, its heading, and its width in characters."""

    field: str
    heading: str
    width: int
    is_time: bool = False


SHEETS = {
    TASKS: (
        "Tasks",
        (
            Column("key", "Key", 12),
            Column("title", "Title", 50),
            Column("status", "Status", 12),
            Column("priority", "Priority", 10),
            Column("assigned_to_name", "Assigned to", 20),
            Column("start_date", "Start", 17, is_time=True),
            Column("due_date", "Due", 17, is_time=True),
            Column("label_names", "Labels", 24),
            Column("parent_key", "Parent", 12),
            Column("created_by_name", "Created by", 20),
            Column("created_at", "Created", 17, is_time=True),
            Column("updated_at", "Updated", 17, is_time=True),
            Column("completed_at", "Completed", 17, is_time=True),
            Column("project_name", "Project", 20),
            Column("description", "Description", 60),
            Column("id", "Id", 12),
        ),
    ),
    COMMENTS: (
        "Comments",
        (
            Column("task_key", "Task", 12),
            Column("author_name", "Author", 20),
            Column("created_at", "Created", 17, is_time=True),
            Column("edited_at", "Edited", 17, is_time=True),
            Column("body", "Comment", 80),
            Column("id", "Id", 12),
        ),
    ),
    ATTACHMENTS: (
        "Attachments",
        (
            Column("task_key", "Task", 12),
            Column("filename", "File", 40),
            Column("content_type", "Type", 20),
            Column("size", "Bytes", 12),
            Column("uploaded_by_name", "Uploaded by", 20),
            Column("uploaded_at", "Uploaded", 17, is_time=True),
            Column("id", "Id", 12),
        ),
    ),
}


def build_workbook_file(job: Job) -> Pieces:
    """Return the workbook of a job whose other files are complete; no file if it is too large."""
    if ROWS not in job.files or job.files[ROWS]["size"] > ROWS_MAX_BYTES:
        return {}
    return {WORKBOOK: _build_workbook(job.id)}


def _build_workbook(job_id: str) -> bytes:
    from xlsxwriter import Workbook

    lines = map(msgspec.json.decode, read_lines(job_id, ROWS))
    zone = next(lines)["time_zone"]
    content = BytesIO()
    with Workbook(content, {"constant_memory": True}) as workbook:
        sheets = {name: _Sheet(workbook, *sheet, zone) for name, sheet in SHEETS.items()}
        for page in lines:
            for name, records in page.items():
                for record in records:
                    sheets[name].append(record)
        for sheet in sheets.values():
            sheet.add_filter()
    return content.getvalue()


class _Sheet:
    """A sheet that is written line by line. Its times are in `zone`."""

    def __init__(self, workbook: Any, title: str, columns: tuple[Column, ...], zone: str) -> None:
        self._columns = columns
        self._sheet = workbook.add_worksheet(title)
        self._heading = workbook.add_format({"bold": True})
        self._link = workbook.get_default_url_format()
        self._day = workbook.add_format({"num_format": DAY_FORMAT, "align": "left"})
        self._time = workbook.add_format({"num_format": TIME_FORMAT, "align": "left"})
        self._row = 0
        self._sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            heading = f"{column.heading} ({zone})" if column.is_time else column.heading
            width = max(column.width, len(heading) + 4)
            self._sheet.set_column(index, index, width)
            self._sheet.write_string(0, index, heading, self._heading)

    def append(self, record: Record) -> None:
        """Write one line. Its first cell is a link to the task."""
        self._row += 1
        for index, column in enumerate(self._columns):
            value = record[column.field]
            if index == 0 and value and self._row <= LINKS_MAX:
                self._sheet.write_url(self._row, 0, record["link"], self._link, value)
            elif value is not None and value != []:
                self._write(index, value, is_time=column.is_time)

    def add_filter(self) -> None:
        self._sheet.autofilter(0, 0, self._row, len(self._columns) - 1)

    def _write(self, index: int, value: Any, *, is_time: bool) -> None:
        """Write a cell: a time, a number or a text, which is never a formula."""
        if is_time and int(value[:4]) >= FIRST_YEAR:
            is_day = len(value) == len(DAY_FORMAT)
            moment = date.fromisoformat(value) if is_day else datetime.fromisoformat(value)
            self._sheet.write_datetime(
                self._row, index, moment, self._day if is_day else self._time
            )
        elif isinstance(value, int):
            self._sheet.write_number(self._row, index, value)
        else:
            # No text is as long as a cell may be (32,767 UTF-16 code units).
            text = ", ".join(value) if isinstance(value, list) else value
            self._sheet.write_string(self._row, index, text)
