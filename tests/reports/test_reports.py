"""Reports: the figures are those of the tasks, in whatever zone, in files that all can open."""

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.job_results import fetched, sheet, state, swept
from tests.support import Person, locations

At = Callable[..., None]
WEEK = {"first_day": "2026-11-16", "last_day": "2026-11-22"}


@pytest.fixture
def project(at: At, ann: Person, bob: Person) -> str:
    project = ann.starts_project("Launch <1>")
    ann.lets_in(project, bob)
    return project


def _place(project: str) -> str:
    return f"/api/projects/{project}/reports"


def _asked(person: Person, project: str, **days: str) -> str:
    answer = person.post(_place(project), days)
    assert answer.status_code == 202, answer.json_body
    return str(answer.headers["location"].rstrip("/"))


def _report(person: Person, project: str, **days: str) -> dict[str, Any]:
    job = _asked(person, project, **days)
    swept()
    found: dict[str, Any] = json.loads(fetched(person, job, "report.json"))
    return found


def _closes(person: Person, task: dict[str, Any]) -> None:
    person.patch(f"/api/tasks/{task['id']}/status", {"status": "done"})


def _a_week(at: At, ann: Person, bob: Person, project: str) -> None:
    """Two tasks before it, one done; four in it, two done, one overdue; one behind it."""
    at("2026-11-10T09:00", ann)
    old, kept = ann.adds_task(project, "old"), ann.adds_task(project, "kept", assigned_to=bob.id)
    _closes(ann, old)
    at("2026-11-16T09:00", ann)
    ann.adds_task(project, "late", assigned_to=bob.id, due_date="2026-11-18")
    ann.adds_task(project, "not late", due_date="2026-11-30")
    quick = ann.adds_task(project, "quick", assigned_to=ann.id)
    at("2026-11-18T09:00", ann)
    _closes(ann, quick)
    at("2026-11-22T23:00", ann)
    _closes(ann, kept)
    last = ann.adds_task(project, "last")
    at("2026-11-23T09:00", ann)
    ann.adds_task(project, "behind")
    _closes(ann, last)


@pytest.fixture
def report(at: At, ann: Person, bob: Person, project: str) -> str:
    """One on a day with a task done and one overdue."""
    ann.patch("/api/auth/profile", {"display_name": "=Ann"})
    _closes(ann, ann.adds_task(project, assigned_to=ann.id))
    ann.adds_task(project, "Late <1>", assigned_to=bob.id, due_date="2026-10-01")
    job = _asked(ann, project)
    swept()
    return job


def test_the_figures_are_those_of_the_tasks(at: At, ann: Person, bob: Person, project: str) -> None:
    _a_week(at, ann, bob, project)
    report = _report(ann, project, **WEEK)
    assert report["project"] == {"id": project, "name": "Launch <1>"}
    assert report["totals"] == {"opened": 4, "done": 2, "open": 3, "overdue": 1}
    assert [day["day"][-2:] for day in report["days"]] == [f"{day}" for day in range(16, 23)]
    assert [day["opened"] for day in report["days"]] == [3, 0, 0, 0, 0, 0, 1]
    assert [day["done"] for day in report["days"]] == [0, 0, 1, 0, 0, 0, 1]
    assert [day["open"] for day in report["days"]] == [4, 4, 3, 3, 3, 3, 3]
    people = {who["name"]: (who["done"], who["open"], who["overdue"]) for who in report["people"]}
    assert people == {"ann": (1, 0, 0), "bob": (1, 1, 1), None: (0, 2, 0)}
    assert [(task["title"], task["name"]) for task in report["late"]] == [("late", "bob")]


def test_a_day_is_one_of_the_askers_time_zone(
    at: At, ann: Person, bob: Person, project: str
) -> None:
    at("2026-11-20T11:30", ann)
    ann.adds_task(project)
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})  # 14 hours ahead
    days = {day["day"]: day["opened"] for day in _report(ann, project)["days"]}
    assert list(days)[-1] == "2026-11-21" and days["2026-11-21"] == 1
    at("2026-11-20T13:00", bob)
    bob.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})  # 11 hours behind
    days = {day["day"]: day["opened"] for day in _report(bob, project)["days"]}
    assert list(days)[-1] == "2026-11-20" and days["2026-11-20"] == 1


def test_days_of_23_and_25_hours_are_days_too(at: At, ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    for moment in ("2027-03-27T23:30", "2027-03-28T21:30", "2027-03-28T22:30"):
        at(moment, ann)
        ann.adds_task(project)
    days = {day["day"]: day["opened"] for day in _report(ann, project)["days"]}
    assert (days["2027-03-28"], days["2027-03-29"]) == (2, 1)


def test_the_picture_opens(at: At, ann: Person, report: str) -> None:
    raw = fetched(ann, report, "chart.png")
    Image.open(io.BytesIO(raw)).verify()
    picture = Image.open(io.BytesIO(raw))
    assert (picture.format, picture.size) == ("PNG", (1120, 560)) and len(raw) < 50_000
    colors = {color for _, color in picture.convert("RGB").getcolors(1_000_000) or []}
    assert {(0x82, 0x50, 0xDF), (0x1F, 0x6F, 0xEB), (0x2D, 0xA4, 0x4E)} <= colors


def test_the_page_carries_its_picture_and_says_it_in_words(
    at: At, ann: Person, report: str
) -> None:
    page = fetched(ann, report, "report.html").decode()
    (source,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert base64.b64decode(source) == fetched(ann, report, "chart.png")
    assert 'alt="Open tasks: 0 on 2026-10-26, 1 on 2026-11-01. Opened 2, done 1."' in page
    assert "Launch &lt;1&gt;" in page and "Late &lt;1&gt;" in page and "<1>" not in page


def test_the_sheets_say_the_same(at: At, ann: Person, report: str) -> None:
    days = sheet(fetched(ann, report, "days.csv"))
    assert days[-1] == {"day": "2026-11-01", "opened": "2", "done": "1", "open": "1"}
    people = {line["name"]: line for line in sheet(fetched(ann, report, "members.csv"))}
    assert people["'=Ann"]["done"] == "1" and people["bob"]["overdue"] == "1"


def test_an_empty_project_has_a_report(at: At, ann: Person, project: str) -> None:
    report = _report(ann, project)
    assert report["totals"] == {"opened": 0, "done": 0, "open": 0, "overdue": 0}
    assert (report["people"], report["late"]) == ([], [])


def test_only_the_longest_overdue_are_named(at: At, ann: Person, project: str) -> None:
    for day in range(12):
        ann.adds_task(project, f"T{day}", due_date=f"2026-10-{day + 10}")
    report = _report(ann, project)
    assert report["totals"]["overdue"] == 12
    assert [task["title"] for task in report["late"]] == [f"T{day}" for day in range(10)]


def test_days_that_make_no_sense_are_refused_by_name(at: At, ann: Person, project: str) -> None:
    def refused(**days: str) -> list[str]:
        answer = ann.post(_place(project), days)
        assert answer.status_code == 422, answer.json_body
        return locations(answer)

    assert refused(last_day="2026-11-02") == ["last_day"]
    assert refused(first_day="2026-10-31", last_day="2026-10-30") == ["first_day"]
    assert refused(first_day="2026-07-01", last_day="2026-10-01") == ["first_day"]
    assert refused(first_day="yesterday", last_day="2026-02-30") == ["first_day", "last_day"]
    assert _asked(ann, project, first_day="2026-07-02", last_day="2026-10-01")


def test_other_days_wait_for_the_report_under_way(at: At, ann: Person, project: str) -> None:
    first = _asked(ann, project)
    assert _asked(ann, project) == first
    answer = ann.post(_place(project), {"last_day": "2026-10-20"})
    assert (answer.status_code, answer.json_body["code"]) == (409, "busy")
    swept()
    assert _asked(ann, project, last_day="2026-10-20") != first


def test_a_report_is_seen_by_who_asked_and_may_still_read(
    at: At, ann: Person, bob: Person, project: str
) -> None:
    job = _asked(bob, project)
    swept()
    assert [file["name"] for file in state(bob, job)["files"]] == [
        "chart.png",
        "days.csv",
        "members.csv",
        "report.html",
        "report.json",
    ]
    assert ann.get(job).status_code == 404
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(f"{job}/download?file=chart.png").status_code == 404
