"""The report of an import: what it creates, and the problems of the lines.

`problems.csv` has the problems and is a file of the job. The first ones are in an intermediate file
too, from which the API answers.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from chalicelib.exports.csv_files import csv_file
from chalicelib.imports.formats.records import ParsedFile, Problem
from chalicelib.imports.plan import Plan
from chalicelib.jobs import results
from chalicelib.jobs.handlers import Pieces
from chalicelib.jobs.models import DONE, Job
from chalicelib.jobs.results import INTERMEDIATE

PROBLEMS, SUMMARY = "problems.csv", f"{INTERMEDIATE}summary.json"
SHOWN_MAX = 100
COLUMNS = ("line", "field", "code", "effect", "value", "message")


class Report(Struct):
    """The number of objects imported, the number of lines skipped, and the first problems."""

    tasks: int = 0
    comments: int = 0
    relations: int = 0
    new_labels: int = 0
    skipped: int = 0
    problems_count: int = 0
    problems: Sequence[Problem] = ()


def build_report_files(parsed: ParsedFile, plan: Plan, new_labels: int) -> Pieces:
    """Return both files. `new_labels` is the number of labels that the project lacks."""
    problems = sorted(parsed.problems, key=lambda each: each.line)
    report = Report(
        tasks=len(plan.tasks),
        comments=plan.comments_count,
        relations=len(plan.relations),
        new_labels=new_labels,
        skipped=parsed.skipped,
        problems_count=parsed.problems_count,
        problems=problems[:SHOWN_MAX],
    )
    lines = ({name: getattr(each, name) for name in COLUMNS} for each in problems)
    return {PROBLEMS: csv_file(COLUMNS, lines), SUMMARY: msgspec.json.encode(report)}


def read_report(job: Job) -> Report | None:
    """Return the report of an import that is over; None if it ended for another reason."""
    if "problem" in job.position:
        problem = msgspec.convert(job.position["problem"], Problem)
        return Report(problems_count=1, problems=[problem])
    content = results.read_file(job.id, SUMMARY) if job.status == DONE else None
    return None if content is None else msgspec.json.decode(content, type=Report)
