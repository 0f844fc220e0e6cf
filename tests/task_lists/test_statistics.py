"""Statistics that depend on the time and on the caller's time zone."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.clock import now
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import read_snapshot, refresh_snapshot, write_snapshot
from chalicelib.tasks.due_dates import get_zone
from tests.costs.seeds import fill
from tests.support import Person

SetTime = Callable[..., None]

# The clocks of New York change on 1 November 2026, those of Lord Howe Island by half an hour.
ZONES = (
    "Pacific/Pago_Pago",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "America/New_York",
    "Australia/Lord_Howe",
    "Europe/London",
    "UTC",
)
MOMENTS = (
    "2026-10-08T12:00",
    "2026-10-20T10:59",
    "2026-10-20T11:00",
    "2026-10-31T23:30",
    "2026-11-01T03:59",
    "2026-11-01T04:00",
    "2026-11-01T05:30",
    "2026-11-02T04:30",
    "2026-11-02T05:00",
    "2026-11-05T18:14",
    "2026-11-05T18:15",
    "2026-11-06T09:59",
    "2026-11-06T10:00",
    "2026-11-06T23:59",
    "2026-11-07T00:00",
)
END = "2026-11-07T10:30"


def _completed(person: Person, project: str) -> dict[str, int]:
    answer = person.get(f"/api/tasks/statistics?project={project}")
    days = answer.json_body["completed_per_day"]
    assert len(days) == 30
    return {day["date"]: day["count"] for day in days}


def _expected(person: Person, project: str, zone: str) -> dict[str, int]:
    """Count the tasks of the caller's list by the days of the zone."""
    tasks = person.list_all(f"/api/tasks?project={project}&limit=100")
    times = [datetime.fromisoformat(t["completed_at"]) for t in tasks if t["completed_at"]]
    counts = Counter(time.astimezone(get_zone(zone)).date() for time in times)
    today: date = now().astimezone(get_zone(zone)).date()
    days = [today - timedelta(days=ago) for ago in range(30)]
    return {str(day): counts[day] for day in days}


def _assert_days_of_every_zone(person: Person, project: str) -> None:
    for zone in ZONES:
        person.patch("/api/auth/profile", {"time_zone": zone})
        found = _completed(person, project)
        assert list(found.items()) == list(_expected(person, project, zone).items()), zone
        assert sum(found.values()) >= 10


@pytest.fixture
def project(ann: Person, set_time: SetTime) -> str:
    """A project with tasks that were done around midnight in many time zones."""
    set_time(MOMENTS[0], ann)
    project = ann.create_project()
    for moment in MOMENTS:
        set_time(moment, ann)
        ann.create_task(project, status="done")
    set_time(END, ann)
    return project


def _add_snapshot(ann: Person, project: str, *, without_completion: bool = False) -> None:
    """Give the project a list snapshot, perhaps one without the times of completion."""
    refresh_snapshot(get_projects([project])[project], now(), from_scratch=True)
    snapshot = read_snapshot(project)
    assert snapshot is not None
    if without_completion:
        entries = [msgspec.structs.replace(e, completed_at=None) for e in snapshot.entries]
        write_snapshot(project, snapshot.until, entries)


@pytest.fixture
def large_project(ann: Person, set_time: SetTime) -> str:
    """Such a project with enough tasks for a list snapshot."""
    set_time(MOMENTS[0], ann)
    project = ann.create_project()
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    fill(project, [ann.id], label, 60)
    for moment in MOMENTS:
        set_time(moment, ann)
        ann.create_task(project, status="done")
    set_time(END, ann)
    return project


def test_completed_tasks_are_counted_by_days_of_the_callers_time_zone(
    ann: Person, project: str
) -> None:
    _assert_days_of_every_zone(ann, project)


@pytest.mark.parametrize("without_completion", [False, True])
def test_days_of_the_callers_time_zone_are_counted_from_a_new_and_from_an_earlier_snapshot(
    ann: Person, large_project: str, without_completion: bool
) -> None:
    _add_snapshot(ann, large_project, without_completion=without_completion)
    _assert_days_of_every_zone(ann, large_project)


def test_each_member_gets_days_of_their_own_time_zone(
    ann: Person, bob: Person, set_time: SetTime
) -> None:
    set_time("2026-11-06T08:00", ann, bob)
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    set_time("2026-11-06T10:30", ann, bob)
    ann.create_task(project, status="done")
    found = [next(iter(_completed(person, project).items())) for person in (ann, bob)]
    assert found == [("2026-11-05", 1), ("2026-11-06", 1)]


def test_tasks_deleted_or_reopened_after_the_snapshot_are_not_counted(
    ann: Person, large_project: str, set_time: SetTime
) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    path = f"/api/tasks?project={large_project}&limit=100"
    overdue = ann.list_all(f"{path}&overdue=true")
    done = ann.list_all(f"{path}&status=done")
    _add_snapshot(ann, large_project)
    set_time("2026-11-07T10:40", ann)

    def count() -> tuple[int, int]:
        statistics: Any = ann.get(f"/api/tasks/statistics?project={large_project}").json_body
        return statistics["overdue"], sum(_completed(ann, large_project).values())

    before = count()
    for task in (overdue[0], done[0]):
        assert ann.delete(f"/api/tasks/{task['id']}").status_code == 204
    ann.patch(f"/api/tasks/{done[1]['id']}", {"status": "todo"})
    assert count() == (before[0] - 1, before[1] - 2)
    ann.post(f"/api/tasks/{done[0]['id']}/restore")
    assert count() == (before[0] - 1, before[1] - 1)
