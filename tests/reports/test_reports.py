"""Reports: correct metrics in every time zone, in files that common programs can open."""

import base64
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.job_results import download_job_file, parse_csv, read_job, run_sweep
from tests.support import Person, error_locations

SetTime = Callable[..., None]
WEEK = {"first_day": "2026-11-16", "last_day": "2026-11-22"}


@pytest.fixture
def project(set_time: SetTime, ann: Person, bob: Person) -> str:
    project = ann.create_project("Launch <1>")
    ann.add_member(project, bob)
    return project


def _path(project: str) -> str:
    return f"/api/projects/{project}/reports"


def _request(person: Person, project: str, **days: str) -> str:
    answer = person.post(_path(project), days)
    assert answer.status_code == 202, answer.json_body
    return str(answer.headers["location"].rstrip("/"))


def _make_report(person: Person, project: str, **days: str) -> dict[str, Any]:
    job = _request(person, project, **days)
    run_sweep()
    report: dict[str, Any] = json.loads(download_job_file(person, job, "report.json"))
    return report


def _complete(person: Person, task: dict[str, Any]) -> None:
    person.patch(f"/api/tasks/{task['id']}/status", {"status": "done"})


def _create_a_week_of_tasks(set_time: SetTime, ann: Person, bob: Person, project: str) -> None:
    """Create tasks around a week.

    Two before it, one of them done; four in it, two done and one overdue; one after it.
    """
    set_time("2026-11-10T09:00", ann)
    old, kept = (
        ann.create_task(project, "old"),
        ann.create_task(project, "kept", assigned_to=bob.id),
    )
    _complete(ann, old)
    set_time("2026-11-16T09:00", ann)
    ann.create_task(project, "late", assigned_to=bob.id, due_date="2026-11-18")
    ann.create_task(project, "not late", due_date="2026-11-30")
    quick = ann.create_task(project, "quick", assigned_to=ann.id)
    set_time("2026-11-18T09:00", ann)
    _complete(ann, quick)
    set_time("2026-11-22T23:00", ann)
    _complete(ann, kept)
    last = ann.create_task(project, "last")
    set_time("2026-11-23T09:00", ann)
    ann.create_task(project, "after")
    _complete(ann, last)


@pytest.fixture
def report(set_time: SetTime, ann: Person, bob: Person, project: str) -> str:
    """Return the path of a report on a project with one task done and one overdue."""
    ann.patch("/api/auth/profile", {"display_name": "=Ann"})
    _complete(ann, ann.create_task(project, assigned_to=ann.id))
    ann.create_task(project, "Late <1>", assigned_to=bob.id, due_date="2026-10-01")
    job = _request(ann, project)
    run_sweep()
    return job


def test_the_metrics_agree_with_the_tasks(
    set_time: SetTime, ann: Person, bob: Person, project: str
) -> None:
    _create_a_week_of_tasks(set_time, ann, bob, project)
    report = _make_report(ann, project, **WEEK)
    assert report["project"] == {"id": project, "name": "Launch <1>"}
    assert report["totals"] == {"opened": 4, "done": 2, "open": 3, "overdue": 1}
    assert [day["day"][-2:] for day in report["days"]] == [f"{day}" for day in range(16, 23)]
    assert [day["opened"] for day in report["days"]] == [3, 0, 0, 0, 0, 0, 1]
    assert [day["done"] for day in report["days"]] == [0, 0, 1, 0, 0, 0, 1]
    assert [day["open"] for day in report["days"]] == [4, 4, 3, 3, 3, 3, 3]
    people = {
        person["name"]: (person["done"], person["open"], person["overdue"])
        for person in report["people"]
    }
    assert people == {"ann": (1, 0, 0), "bob": (1, 1, 1), None: (0, 2, 0)}
    assert [(task["title"], task["name"]) for task in report["late"]] == [("late", "bob")]


def test_days_are_in_the_requesters_time_zone(
    set_time: SetTime, ann: Person, bob: Person, project: str
) -> None:
    set_time("2026-11-20T11:30", ann)
    ann.create_task(project)
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})  # 14 hours ahead
    days = {day["day"]: day["opened"] for day in _make_report(ann, project)["days"]}
    assert list(days)[-1] == "2026-11-21" and days["2026-11-21"] == 1
    set_time("2026-11-20T13:00", bob)
    bob.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})  # 11 hours behind
    days = {day["day"]: day["opened"] for day in _make_report(bob, project)["days"]}
    assert list(days)[-1] == "2026-11-20" and days["2026-11-20"] == 1


def test_a_day_of_23_hours_counts_as_one_day(set_time: SetTime, ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Europe/Berlin"})
    for moment in ("2027-03-27T23:30", "2027-03-28T21:30", "2027-03-28T22:30"):
        set_time(moment, ann)
        ann.create_task(project)
    days = {day["day"]: day["opened"] for day in _make_report(ann, project)["days"]}
    assert (days["2027-03-28"], days["2027-03-29"]) == (2, 1)


def test_the_chart_is_a_valid_png_in_the_expected_colors(
    set_time: SetTime, ann: Person, report: str
) -> None:
    raw = download_job_file(ann, report, "chart.png")
    Image.open(io.BytesIO(raw)).verify()
    image = Image.open(io.BytesIO(raw))
    assert (image.format, image.size) == ("PNG", (1120, 560)) and len(raw) < 50_000
    colors = {color for _, color in image.convert("RGB").getcolors(1_000_000) or []}
    assert {(0x82, 0x50, 0xDF), (0x1F, 0x6F, 0xEB), (0x2D, 0xA4, 0x4E)} <= colors


def test_the_html_page_contains_the_chart_and_describes_it_in_words(
    set_time: SetTime, ann: Person, report: str
) -> None:
    page = download_job_file(ann, report, "report.html").decode()
    (source,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert base64.b64decode(source) == download_job_file(ann, report, "chart.png")
    days = "0 on Monday, October 26, 2026, 1 on Sunday, November 1, 2026"
    assert f'alt="Open tasks: {days}. Opened 2, done 1."' in page
    assert "Launch &lt;1&gt;" in page and "Late &lt;1&gt;" in page and "<1>" not in page


def test_the_csv_files_have_the_same_metrics(set_time: SetTime, ann: Person, report: str) -> None:
    days = parse_csv(download_job_file(ann, report, "days.csv"))
    assert days[-1] == {"day": "2026-11-01", "opened": "2", "done": "1", "open": "1"}
    people = {
        line["name"]: line for line in parse_csv(download_job_file(ann, report, "members.csv"))
    }
    assert people["'=Ann"]["done"] == "1" and people["bob"]["overdue"] == "1"


def test_an_empty_project_has_a_report(set_time: SetTime, ann: Person, project: str) -> None:
    report = _make_report(ann, project)
    assert report["totals"] == {"opened": 0, "done": 0, "open": 0, "overdue": 0}
    assert (report["people"], report["late"]) == ([], [])


def test_only_the_ten_tasks_overdue_for_longest_are_listed(
    set_time: SetTime, ann: Person, project: str
) -> None:
    for day in range(12):
        ann.create_task(project, f"T{day}", due_date=f"2026-10-{day + 10}")
    report = _make_report(ann, project)
    assert report["totals"]["overdue"] == 12
    assert [task["title"] for task in report["late"]] == [f"T{day}" for day in range(10)]


def test_invalid_days_are_rejected_with_the_name_of_the_field(
    set_time: SetTime, ann: Person, project: str
) -> None:
    def rejected_fields(**days: str) -> list[str]:
        answer = ann.post(_path(project), days)
        assert answer.status_code == 422, answer.json_body
        return error_locations(answer)

    assert rejected_fields(last_day="2026-11-02") == ["last_day"]
    assert rejected_fields(first_day="2026-10-31", last_day="2026-10-30") == ["first_day"]
    assert rejected_fields(first_day="2026-07-01", last_day="2026-10-01") == ["first_day"]
    assert rejected_fields(first_day="yesterday", last_day="2026-02-30") == [
        "first_day",
        "last_day",
    ]
    assert _request(ann, project, first_day="2026-07-02", last_day="2026-10-01")


def test_a_report_on_other_days_must_wait_for_the_unfinished_one(
    set_time: SetTime, ann: Person, project: str
) -> None:
    first = _request(ann, project)
    assert _request(ann, project) == first
    answer = ann.post(_path(project), {"last_day": "2026-10-20"})
    assert (answer.status_code, answer.json_body["code"]) == (409, "busy")
    run_sweep()
    assert _request(ann, project, last_day="2026-10-20") != first


def test_a_report_is_visible_to_its_requester_while_they_can_read_the_project(
    set_time: SetTime, ann: Person, bob: Person, project: str
) -> None:
    job = _request(bob, project)
    run_sweep()
    assert [file["name"] for file in read_job(bob, job)["files"]] == [
        "chart.png",
        "days.csv",
        "members.csv",
        "report.html",
        "report.json",
    ]
    assert ann.get(job).status_code == 404
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(f"{job}/download?file=chart.png").status_code == 404


def test_the_app_does_not_import_pillow() -> None:
    """Only the functions that run jobs have Pillow; all others must start without it."""
    code = "import sys, app; sys.exit('PIL' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
