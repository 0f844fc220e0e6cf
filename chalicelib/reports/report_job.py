"""The report on a project: how many tasks were opened and done in some days, by whom, what is
overdue, and the burndown; as a page, as sheets, as JSON and as a picture."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.accounts.models import get_users
from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import Write
from chalicelib.exports.csv_files import csv_header, csv_lines
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Pieces,
    Position,
    can_requester_read,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.mail.notifications import queue_weekly_report_write
from chalicelib.mail.rendering import render_template
from chalicelib.projects.models import Project
from chalicelib.reports import metrics
from chalicelib.reports.metrics import NOBODY, Metrics, ReportPeriod
from chalicelib.tasks.models import list_project_tasks

PAGE = 1000
CHART_PNG, REPORT_JSON = "chart.png", "report.json"
DAYS = ("day", "opened", "done", "open")
PEOPLE = ("user_id", "name", "done", "open", "overdue")


def report_parameters(first: date, last: date, zone: str) -> dict[str, str]:
    """What a report is asked for with: two days of a time zone."""
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), "zone": zone}


def _step(job: Job, now: datetime) -> JobStep:
    """Count a page of tasks, and write the report behind the last."""
    period = _period(job)
    place: Position = job.position
    if place == BEGINNING:
        place = {"start": None, "figures": metrics.new_metrics(period)}
    page = list_project_tasks(job.subject, limit=PAGE, start=place["start"])
    for task in page.rows:
        metrics.add_task(place["figures"], task, period)
    if page.last_key is None:
        return JobStep(_pieces(job, place["figures"], period), END)
    return JobStep({}, {"start": page.last_key, "figures": place["figures"]})


def _period(job: Job) -> ReportPeriod:
    """The days; whenever the work is done, it is for the moment that it was asked for."""
    first, last = (date.fromisoformat(job.about[name]) for name in ("first_day", "last_day"))
    return ReportPeriod(first, last, ZoneInfo(job.about["zone"]), parse_timestamp(job.created_at))


def _pieces(job: Job, counted: Metrics, period: ReportPeriod) -> Pieces:
    report = _report(job, counted, period)
    picture = _drawn(report["days"], period)
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    page = render_template("report.html", {"report": report, "chart": source})
    return {
        REPORT_JSON: msgspec.json.encode(report),
        CHART_PNG: picture,
        "report.html": page.encode(),
        "days.csv": csv_header(DAYS) + csv_lines(DAYS, report["days"]),
        "members.csv": csv_header(PEOPLE) + csv_lines(PEOPLE, report["people"]),
    }


def _report(job: Job, counted: Metrics, period: ReportPeriod) -> Metrics:
    project = get_item(Project.key(job.subject))
    names = _names(counted["people"])
    return {
        "project": {"id": job.subject, "name": project.name if project else ""},
        **job.about,
        "made_at": job.created_at,
        **metrics.summarize(counted, names),
        "days": metrics.list_days(counted, period),
    }


def _names(user_ids: Iterable[str]) -> dict[str, str]:
    known = get_users(user_id for user_id in user_ids if user_id != NOBODY)
    return {user_id: user.display_name or user.username for user_id, user in known.items()}


def _drawn(days: list[Metrics], period: ReportPeriod) -> bytes:
    # Imported here: what draws is in a layer of the functions that work on jobs, and nowhere else.

    from chalicelib.reports import chart

    opened, done, left = ([day[name] for day in days] for name in ("opened", "done", "open"))
    return chart.draw_chart(period.days, opened=opened, done=done, left=left)


def _mail(job: Job, now: datetime) -> tuple[Write, ...]:
    return (queue_weekly_report_write(job.id, job.asked_by, now),)


REPORT_HANDLER = JobHandler(may=can_requester_read, step=_step, causes=no_writes)
WEEKLY_REPORT_HANDLER = JobHandler(may=can_requester_read, step=_step, causes=_mail)
