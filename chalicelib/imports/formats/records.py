"""The content of an import file in one form for all formats, and the problems of its lines."""

from typing import Any

from msgspec import Struct, field

# What happens because of a problem: the file or the line is not imported, or a value of the line is
# left out or changed.
FAILED, SKIPPED, LEFT_OUT, CHANGED = "failed", "skipped", "left_out", "changed"
# Code -> effect and message; `{value}` stands for the value in the file.
PROBLEMS = {
    "not_utf8": (FAILED, "The file is not UTF-8 text at byte {value}; save it as UTF-8"),
    "not_csv": (FAILED, "The file is not CSV from here on: {value}"),
    "not_json": (FAILED, "The file is not JSON: {value}"),
    "other_format": (FAILED, "The file does not have the chosen format: {value}"),
    "columns_missing": (FAILED, "The first line lacks the columns {value}"),
    "empty_file": (FAILED, "The file has no tasks"),
    "too_many_lines": (FAILED, "The file has more than {value} lines; split it"),
    "too_many_tasks": (FAILED, "The file has more than {value} tasks; split it"),
    "too_many_comments": (FAILED, "The file has more than {value} comments; split it"),
    "type_unknown": (SKIPPED, "The type {value} is unknown"),
    "line_invalid": (SKIPPED, "The line has an unexpected form: {value}"),
    "title_missing": (SKIPPED, "The task has no title"),
    "comment_without_task": (SKIPPED, "The comment follows no task"),
    "too_many_cells": (LEFT_OUT, "The line has more cells than the first line"),
    "title_cut": (CHANGED, "The title is too long; the description begins with all of it"),
    "text_cleaned": (CHANGED, "Control characters were removed"),
    "text_cut": (CHANGED, "The text is too long; it was cut"),
    "status_unknown": (CHANGED, "{value} is no status; the task is open"),
    "priority_unknown": (CHANGED, "{value} is no priority; the task has the priority medium"),
    "person_unknown": (
        LEFT_OUT,
        "{value} is not the username or email address of a member of the project",
    ),
    "more_assignees": (LEFT_OUT, "A task has one assignee; {value} was left out"),
    "date_invalid": (LEFT_OUT, "{value} is not a date that is understood"),
    "rule_invalid": (LEFT_OUT, "{value} is not a repetition that is understood"),
    "start_after_due": (LEFT_OUT, "The start {value} is after the due date"),
    "label_too_long": (LEFT_OUT, "The label {value} is longer than 50 characters"),
    "too_many_labels": (LEFT_OUT, "The label {value} is one too many"),
    "parent_unknown": (LEFT_OUT, "The parent {value} is not in the file"),
    "parent_ambiguous": (CHANGED, "Several tasks are called {value}; the nearest above was taken"),
    "too_deep": (CHANGED, "Tasks nest in three levels; the task moved up"),
    "relation_left_out": (
        LEFT_OUT,
        "The related task {value} is not in the file, ambiguous, or one too many",
    ),
    "comment_empty": (LEFT_OUT, "A comment has no text"),
    "attachments_left_out": (LEFT_OUT, "Files are not in the import: {value}"),
    "value_left_out": (LEFT_OUT, "There is no place for {value}"),
    "older_comments_missing": (LEFT_OUT, "The file holds only the last {value} actions"),
}
VALUE_MAX = 100
# A hostile file has millions of problems; more than these are counted, but not kept.
PROBLEMS_MAX = 100_000


class Problem(Struct, frozen=True):
    """A problem of one line. `field` is the field of a task, or `file`; `value` is shortened."""

    line: int
    field: str
    code: str
    value: str = ""

    @property
    def effect(self) -> str:
        return PROBLEMS[self.code][0]

    @property
    def message(self) -> str:
        return PROBLEMS[self.code][1].replace("{value}", self.value)


def new_problem(line: int, field: str, code: str, value: Any = "") -> Problem:
    """Return a problem; `code` is a key of `PROBLEMS`."""
    text = " ".join(str(value).split())
    return Problem(line, field, code, text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}…")


class UnreadableFile(Exception):
    """Nothing of the file can be imported."""

    def __init__(self, code: str, value: Any = "", line: int = 1) -> None:
        super().__init__(code)
        self.problem = new_problem(line, "file", code, value)


class CommentRecord(Struct):
    """A comment: the names of its author, and its time in RFC 3339 if the file has one."""

    body: str
    author: tuple[str, ...] = ()
    created_at: str | None = None
    edited_at: str | None = None


class UnchangedFields(Struct, kw_only=True):
    """The fields of a task that a record has exactly as a project export has them."""

    start_date: str | None = None
    due_date: str | None = None
    parent: str | None = None
    completed_at: str | None = None
    rrule: str | None = None
    repeat_from: str | None = None
    next_task: str | None = None
    rank: str | None = None


class TaskRecord(UnchangedFields):
    """A task as the file describes it, with the field names of the API.

    `line` is the line of a CSV file at which it begins; in JSON, tasks are counted from 1. `ref`
    identifies the task in the file; `parent`, `next_task` and `relations` (kind and other task) are
    such references. Each assignee is given by all names that the file has: address or username.
    `rank` is its place in the manual order, compared as text.
    """

    line: int
    ref: str
    title: str
    description: str = ""
    status: str = "todo"
    priority: str = "medium"
    assignees: list[tuple[str, ...]] = []
    labels: list[str] = []
    comments: list[CommentRecord] = []
    relations: list[tuple[str, str]] = []


class ParsedFile(Struct):
    """The tasks of a file in the order of creation, the colors of labels by name, the project's
    description, and the problems so far: the first `PROBLEMS_MAX`, the number of all, and that of
    skipped lines."""

    tasks: list[TaskRecord] = field(default_factory=list)
    colors: dict[str, str] = field(default_factory=dict)
    description: str = ""
    problems: list[Problem] = field(default_factory=list)
    problems_count: int = 0
    skipped: int = 0

    def report(self, line: int, field: str, code: str, value: Any = "") -> None:
        """Add a problem."""
        self.problems_count += 1
        self.skipped += PROBLEMS[code][0] == SKIPPED
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(new_problem(line, field, code, value))


class ReadingContext(Struct, frozen=True):
    """The time zone of times without one, and the day of the import there, as `2026-12-01`."""

    zone: str
    today: str
