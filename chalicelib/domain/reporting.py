"""The report on a project: how many tasks were opened and done in some days, by whom, what is
overdue, and the burndown; as a page, as sheets, as JSON and as a picture."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.domain import figures, notices, sheets, stationery
from chalicelib.domain.figures import Figures, Period
from chalicelib.domain.making import (
    BEGINNING,
    END,
    Maker,
    Pieces,
    Position,
    Step,
    may_read,
    nothing_more,
)
from chalicelib.store import table, tasks, users
from chalicelib.store.jobs import Job
from chalicelib.store.projects import Project
from chalicelib.store.times import moment
from chalicelib.store.transaction import Write

PAGE = 1000
PICTURE, JSON = "chart.png", "report.json"
DAYS = ("day", "opened", "done", "open")
PEOPLE = ("user_id", "name", "done", "open", "overdue")


def about(first: date, last: date, zone: str) -> dict[str, str]:
    """What a report is asked for with: two days of a time zone."""
    return {"first_day": first.isoformat(), "last_day": last.isoformat(), "zone": zone}


def _step(job: Job, now: datetime) -> Step:
    """Count a page of tasks, and write the report behind the last."""
    period = _period(job)
    place: Position = job.position
    if place == BEGINNING:
        place = {"start": None, "figures": figures.none_yet(period)}
    page = tasks.in_project(job.subject, limit=PAGE, start=place["start"])
    for task in page.rows:
        figures.add(place["figures"], task, period)
    if page.last_key is None:
        return Step(_pieces(job, place["figures"], period), END)
    return Step({}, {"start": page.last_key, "figures": place["figures"]})


def _period(job: Job) -> Period:
    """The days; whenever the work is done, it is for the moment that it was asked for."""
    first, last = (date.fromisoformat(job.about[name]) for name in ("first_day", "last_day"))
    return Period(first, last, ZoneInfo(job.about["zone"]), moment(job.created_at))


def _pieces(job: Job, counted: Figures, period: Period) -> Pieces:
    report = _report(job, counted, period)
    picture = _drawn(report["days"], period)
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    page = stationery.rendered("report.html", {"report": report, "chart": source})
    return {
        JSON: msgspec.json.encode(report),
        PICTURE: picture,
        "report.html": page.encode(),
        "days.csv": sheets.head(DAYS) + sheets.body(DAYS, report["days"]),
        "members.csv": sheets.head(PEOPLE) + sheets.body(PEOPLE, report["people"]),
    }


def _report(job: Job, counted: Figures, period: Period) -> Figures:
    project = table.get(Project.key(job.subject))
    names = _names(counted["people"])
    return {
        "project": {"id": job.subject, "name": project.name if project else ""},
        **job.about,
        "made_at": job.created_at,
        **figures.summed(counted, names),
        "days": figures.by_day(counted, period),
    }


def _names(user_ids: Iterable[str]) -> dict[str, str]:
    known = users.by_ids(user_id for user_id in user_ids if user_id != figures.NOBODY)
    return {user_id: user.display_name or user.username for user_id, user in known.items()}


def _drawn(days: list[Figures], period: Period) -> bytes:
    # Imported here: what draws is in a layer of the functions that work on jobs, and nowhere else.
    from chalicelib.domain import charts

    opened, done, left = ([day[name] for day in days] for name in ("opened", "done", "open"))
    return charts.draw(period.days, opened=opened, done=done, left=left)


def _mail(job: Job, now: datetime) -> tuple[Write, ...]:
    return (notices.weekly_report(job.id, job.asked_by, now),)


MAKER = Maker(may=may_read, step=_step, causes=nothing_more)
WEEKLY_MAKER = Maker(may=may_read, step=_step, causes=_mail)
