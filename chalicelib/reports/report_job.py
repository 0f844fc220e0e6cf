"""The job that makes a report on a project, on request or weekly.

The report says how many tasks were opened and done in a period, by whom, which are overdue, and the
burndown. Its files are an HTML page, CSV, JSON and a chart.
"""

from base64 import b64encode
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.accounts.models import get_users
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import Write
from chalicelib.exports.csv_files import csv_file
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Pieces,
    can_requester_read,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.mail.notifications import queue_weekly_report_write
from chalicelib.mail.rendering import render_template
from chalicelib.projects.counter_models import count_tasks
from chalicelib.projects.models import Project
from chalicelib.reports.metrics import (
    UNASSIGNED,
    Metrics,
    ReportPeriod,
    add_task,
    list_days,
    new_counts,
    summarize,
)
from chalicelib.tasks.models import list_project_tasks

# Tasks in one step.
PAGE_SIZE = 1000
CHART_PNG, REPORT_JSON = "chart.png", "report.json"
DAY_COLUMNS = ("day", "opened", "done", "open")
PEOPLE_COLUMNS = ("user_id", "name", "done", "open", "overdue")


def report_parameters(first: date, last: date, zone: str) -> dict[str, str]:
    """Return the parameters of a report job: its first and last day and their time zone."""
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), "zone": zone}


def _step(job: Job, now: datetime) -> JobStep:
    """Count a page of tasks; after the last page write the files.

    The position is the `start` key of the next page and the counts so far (`figures`). How many
    tasks are `read`, and their `total`, show the progress.
    """
    # A report describes the time at which it was requested, however late the job runs.
    first, last = (date.fromisoformat(job.about[name]) for name in ("first_day", "last_day"))
    requested_at = parse_timestamp(job.created_at)
    period = ReportPeriod(first, last, ZoneInfo(job.about["zone"]), requested_at)

    start, counts = None, new_counts(period)
    if job.position != BEGINNING:
        start, counts = job.position["start"], job.position["figures"]
    page = list_project_tasks(job.subject, limit=PAGE_SIZE, start=start)
    for task in page.items:
        add_task(counts, task, period)
    if page.last_key is None:
        return JobStep(_build_files(_build_report(job, counts, period), period), END)
    read = job.position.get("read", 0) + len(page.items)
    total = job.position.get("total") or count_tasks([job.subject])
    position = {"start": page.last_key, "figures": counts, "read": read, "total": total}
    return JobStep({}, position)


def _build_report(job: Job, counts: Metrics, period: ReportPeriod) -> Metrics:
    """Return the content of `report.json`."""
    project = get_item(Project.key(job.subject))
    users = get_users(user_id for user_id in counts["people"] if user_id != UNASSIGNED)
    names = {user_id: user.display_name or user.username for user_id, user in users.items()}
    return {
        "project": {"id": job.subject, "name": project.name if project else ""},
        **job.about,
        "made_at": job.created_at,
        **summarize(counts, names),
        "days": list_days(counts, period),
    }


def _build_files(report: Metrics, period: ReportPeriod) -> Pieces:
    """Return the whole content of each file."""
    # Imported here because only the functions that run jobs have the layer with Pillow.
    from chalicelib.reports.chart import draw_chart

    opened, done, left = ([day[name] for day in report["days"]] for name in DAY_COLUMNS[1:])
    chart = draw_chart(period.days, opened=opened, done=done, left=left)
    chart_url = f"data:image/png;base64,{b64encode(chart).decode()}"
    page = render_template("report.html", {"report": report, "chart": chart_url})
    return {
        REPORT_JSON: msgspec.json.encode(report),
        CHART_PNG: chart,
        "report.html": page.encode(),
        "days.csv": csv_file(DAY_COLUMNS, report["days"]),
        "members.csv": csv_file(PEOPLE_COLUMNS, report["people"]),
    }


def _queue_mail(job: Job, now: datetime) -> tuple[Write, ...]:
    return (queue_weekly_report_write(job.id, job.asked_by, now),)


REPORT_HANDLER = JobHandler(is_allowed=can_requester_read, step=_step, final_writes=no_writes)
WEEKLY_REPORT_HANDLER = JobHandler(
    is_allowed=can_requester_read, step=_step, final_writes=_queue_mail
)
