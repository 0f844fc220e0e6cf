"""Statistics equal a recount of the tasks, whatever changed since their times were last read."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import refresh_snapshot
from chalicelib.tasks.due_dates import get_zone
from tests.costs.meter import metered
from tests.costs.seeds import fill
from tests.faults import build_response, event_hook
from tests.support import Person
from tests.table_items import dynamodb_client

START = datetime(2026, 11, 10, 9, tzinfo=UTC)
STATUSES = ("todo", "in_progress", "review", "done")
ZONE = "Asia/Kathmandu"
Clock = Any


@pytest.fixture
def clock(cloud: None) -> Iterator[Clock]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def _count(person: Person, project: str) -> dict[str, Any]:
    answer = person.get(f"/api/tasks/statistics?project={project}")
    assert answer.status_code == 200, answer.json_body
    found: dict[str, Any] = answer.json_body
    return found


def _recount(person: Person, project: str, zone: str) -> dict[str, Any]:
    """Count the tasks of the whole list."""
    tasks = person.list_all(f"/api/tasks?project={project}&limit=100")
    now, tz = datetime.now(UTC), get_zone(zone)
    due = [_due_at(task, zone) for task in tasks if task["status"] != "done" and task["due_date"]]
    done = Counter(
        datetime.fromisoformat(task["completed_at"]).astimezone(tz).date().isoformat()
        for task in tasks
        if task["completed_at"]
    )
    today = now.astimezone(tz).date()
    days = [str(today - timedelta(days=ago)) for ago in range(30)]
    return {
        "total": len(tasks),
        "by_status": {each: sum(t["status"] == each for t in tasks) for each in STATUSES},
        "overdue": sum(at < now for at in due),
        "due_in_7_days": sum(now <= at < now + timedelta(days=7) for at in due),
        "completed_per_day": [{"date": day, "count": done[day]} for day in days],
    }


def _due_at(task: dict[str, Any], zone: str) -> datetime:
    """Return when a task is due; a day ends in the zone of the assignee, without one in UTC."""
    text = task["due_date"]
    if "T" in text:
        return datetime.fromisoformat(text)
    end = datetime.fromisoformat(text) + timedelta(days=1)
    return end.replace(tzinfo=get_zone(zone if task["assigned_to"] else "UTC"))


def _assert_counts_are_right(person: Person, project: str, zone: str) -> None:
    expected = _recount(person, project, zone)
    found = _count(person, project)
    assert {name: found[name] for name in expected} == expected


class Edits:
    """Random changes of the tasks of a project."""

    def __init__(self, seed: int, person: Person, project: str, other: str) -> None:
        self._random, self._person = random.Random(seed), person
        self._project, self._other = project, other
        self._trashed: list[str] = []

    def make_one(self) -> None:
        tasks = self._person.list_all(f"/api/tasks?project={self._project}&limit=100")
        if not tasks:
            tasks = [self._person.create_task(self._project, **self._fields())]
        task = f"/api/tasks/{self._random.choice(tasks)['id']}"
        actions: dict[str, Callable[[], Any]] = {
            "create": lambda: self._person.create_task(self._project, **self._fields()),
            "change": lambda: self._person.patch(task, self._fields()),
            "due": lambda: self._person.patch(task, {"due_date": self._due_date()}),
            "title": lambda: self._person.patch(task, {"title": "New"}),
            "delete": lambda: self._delete(task),
            "restore": self._restore,
            "move": lambda: self._person.post(task + "/move", {"project": self._other}),
        }
        actions[self._random.choice([*actions, "create", "due", "change"])]()

    def _fields(self) -> dict[str, Any]:
        return {
            "status": self._random.choice(STATUSES),
            "due_date": self._due_date(),
            "assigned_to": self._random.choice([None, self._person.id]),
        }

    def _due_date(self) -> str | None:
        hours = self._random.choice([None, -60, -1, 1, 30, 160, 170, 400])
        if hours is None:
            return None
        at = datetime.now(UTC) + timedelta(hours=hours, minutes=self._random.randrange(60))
        return self._random.choice([at.date().isoformat(), at.strftime("%Y-%m-%dT%H:%M:%SZ")])

    def _delete(self, task: str) -> None:
        if self._person.delete(task).status_code == 204:
            self._trashed.append(task)

    def _restore(self) -> None:
        if self._trashed:
            assert self._person.post(self._trashed.pop() + "/restore").status_code == 200


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tasks", [1, 60])
def test_statistics_equal_a_recount_after_random_changes(
    ann: Person, clock: Clock, seed: int, tasks: int
) -> None:
    """With 60 tasks the project has a list snapshot."""
    ann.log_in()
    zone = (ZONE, "UTC")[seed % 2]
    ann.patch("/api/auth/profile", {"time_zone": zone})
    project, other = ann.create_project(), ann.create_project()
    fill(project, [ann.id], "0" * 26, tasks)
    refresh_snapshot(get_projects([project])[project], datetime.now(UTC))
    edits, steps = Edits(seed, ann, project, other), random.Random(seed)
    for _ in range(40):
        clock.shift(timedelta(seconds=steps.choice([0.01, 1, 20, 70, 400])))
        ann.log_in()
        for _ in range(steps.choice([0, 1, 1, 3])):
            clock.shift(timedelta(milliseconds=5))
            edits.make_one()
        _assert_counts_are_right(ann, project, zone)


def test_a_task_becomes_overdue_without_a_change(ann: Person, clock: Clock) -> None:
    ann.log_in()
    project = ann.create_project()
    ann.create_task(project, due_date="2026-11-10T09:08:00Z")
    for minutes, overdue in ((0, 0), (2, 0), (8, 0), (9, 1)):
        clock.move_to(START + timedelta(minutes=minutes))
        assert _count(ann, project)["overdue"] == overdue


def test_without_a_change_only_the_counters_are_read(ann: Person, clock: Clock) -> None:
    ann.log_in()
    project = ann.create_project()
    task = ann.create_task(project, due_date="2026-11-12")
    for minutes in (1, 3):
        clock.move_to(START + timedelta(minutes=minutes))
        _count(ann, project)
    with metered() as unchanged:
        _count(ann, project)
    assert sorted(unchanged.operations) == ["BatchGetItem", "Query"]
    ann.patch(f"/api/tasks/{task['id']}", {"title": "New"})
    with metered() as renamed:
        _count(ann, project)
    assert sorted(renamed.operations) == ["BatchGetItem", "Query"]
    ann.patch(f"/api/tasks/{task['id']}", {"due_date": "2026-11-09"})
    with metered() as due_earlier:
        assert _count(ann, project)["overdue"] == 1
    assert sorted(due_earlier.operations) == ["BatchGetItem", *["Query"] * 3]


def test_a_change_that_the_index_shows_late_is_counted(ann: Person, clock: Clock) -> None:
    ann.log_in()
    project = ann.create_project()
    ann.create_task(project, due_date="2026-11-09")
    assert _count(ann, project)["overdue"] == 1
    clock.shift(timedelta(minutes=3))
    assert _count(ann, project)["overdue"] == 1
    ann.create_task(project, due_date="2026-11-09")
    with event_hook(dynamodb_client(), "before-send.dynamodb.Query", _answer_without_items):
        for _ in range(3):
            clock.shift(timedelta(seconds=15))
            assert _count(ann, project)["overdue"] == 1
    clock.shift(timedelta(seconds=30))
    assert _count(ann, project)["overdue"] == 2
    assert _count(ann, project)["overdue"] == 2


def _answer_without_items(request: Any, **_: Any) -> Any:
    """Answer as an index that does not show the latest change yet."""
    if b"by_updated" not in request.body:
        return None
    return build_response(request, json.dumps({"Items": [], "Count": 0}).encode())
