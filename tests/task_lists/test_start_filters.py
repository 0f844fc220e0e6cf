"""The filters `start_before` and `start_after`, compared with a plain filter of all tasks."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.task_lists.models import replace_search_terms
from chalicelib.tasks.due_dates import get_zone
from tests.support import Person, error_locations

Task = dict[str, Any]
ORDERINGS = ("created_at", "due_date", "updated_at", "priority")
SIGNED = [f"{sign}{name}" for name in ORDERINGS for sign in ("", "-")]
# Days, and times at and around the midnights of the three time zones.
STARTS = (
    None,
    "2026-11-20",
    "2026-11-21",
    "2026-11-22",
    "2026-11-23",
    "2026-11-24",
    "2026-11-21T14:59:59.999Z",
    "2026-11-21T15:00:00Z",
    "2026-11-22T00:00:00+09:00",
    "2026-11-22T00:00:00Z",
    "2026-11-22T14:59:59Z",
    "2026-11-23T00:00:00+09:00",
    "2026-11-23T10:59:59Z",
    "2026-11-23T11:00:00Z",
)
BOUNDS = (
    "2026-11-19",
    "2026-11-21",
    "2026-11-22",
    "2026-11-23",
    "2026-11-25",
    "2026-11-21T15:00:00Z",
    "2026-11-22T11:00:00Z",
    "2026-11-23T00:00:00+09:00",
)
ZONES = {"ann": "Asia/Tokyo", "bob": "Pacific/Pago_Pago"}


class World:
    """Tasks with all kinds of start dates in two projects, of people in three time zones."""

    def __init__(self, ann: Person, bob: Person) -> None:
        self.ann, self.bob = ann, bob
        self.zones: dict[str | None, str] = {None: "UTC"}
        for person, zone in zip((ann, bob), ZONES.values(), strict=True):
            person.patch("/api/auth/profile", {"time_zone": zone})
            self.zones[person.id] = zone
        self.project, self.other = ann.create_project("one"), ann.create_project("two")
        ann.add_member(self.project, bob)
        ann.add_member(self.other, bob)
        projects = itertools.cycle((self.project, self.project, self.other))
        kinds = itertools.cycle(itertools.product(("todo", "done"), ("low", "high", "medium")))
        dues = itertools.cycle((None, "2099-12-24", "2026-12-01T10:00:00Z"))
        self.tasks = [
            ann.create_task(
                next(projects),
                start_date=start,
                assigned_to=assignee,
                due_date=next(dues),
                **dict(zip(("status", "priority"), next(kinds), strict=True)),
            )
            for start, assignee in itertools.product(STARTS, (None, ann.id, bob.id))
        ]

    def starts(self, task: Task) -> datetime:
        return _midnight_or_time(task["start_date"], self.zones[task["assigned_to"]])

    def is_before(self, task: Task, bound: str, zone: str) -> bool:
        if task["start_date"] is None:
            return False
        if len(bound) == len(task["start_date"]) == 10:
            return bool(task["start_date"] < bound)
        return self.starts(task) < _midnight_or_time(bound, zone)

    def is_after(self, task: Task, bound: str, zone: str) -> bool:
        if task["start_date"] is None:
            return False
        if len(bound) == len(task["start_date"]) == 10:
            return bool(task["start_date"] > bound)
        if len(bound) == 10:
            next_day = date.fromisoformat(bound) + timedelta(days=1)
            return self.starts(task) >= _midnight_or_time(next_day.isoformat(), zone)
        return self.starts(task) > parse_timestamp(bound)

    def expected(
        self, zone: str, before: str | None, after: str | None, keep: Callable[[Task], bool]
    ) -> set[str]:
        return {
            task["id"]
            for task in self.tasks
            if (before is None or self.is_before(task, before, zone))
            and (after is None or self.is_after(task, after, zone))
            and keep(task)
        }


def _midnight_or_time(text: str, zone: str) -> datetime:
    if len(text) > 10:
        return datetime.fromisoformat(text)
    return datetime.combine(date.fromisoformat(text), time.min, get_zone(zone)).astimezone(UTC)


def _parameters(before: str | None, after: str | None) -> str:
    named = {"start_before": before, "start_after": after}
    return "&".join(f"{name}={quote(text)}" for name, text in named.items() if text)


def _ids(person: Person, parameters: str) -> list[str]:
    return [task["id"] for task in person.list_all(f"/api/tasks?limit=100&{parameters}")]


@pytest.fixture
def world(ann: Person, bob: Person) -> World:
    return World(ann, bob)


def test_both_filters_equal_a_plain_filter_in_the_callers_time_zone(world: World) -> None:
    single = [(bound, None) for bound in BOUNDS] + [(None, bound) for bound in BOUNDS]
    pairs = [("2026-11-23", "2026-11-21"), ("2026-11-23T11:00:00Z", "2026-11-21")]
    for person, zone in ((world.ann, ZONES["ann"]), (world.bob, ZONES["bob"])):
        for before, after in [*single, *pairs]:
            expected = world.expected(zone, before, after, lambda task: True)
            found = _ids(person, _parameters(before, after))
            assert len(found) == len(set(found))
            assert set(found) == expected, (zone, before, after)


def test_a_task_without_a_start_date_matches_neither_filter(ann: Person) -> None:
    project = ann.create_project()
    ann.create_task(project, due_date="2026-12-01")
    assert _ids(ann, "start_before=9999-12-30") == _ids(ann, "start_after=0001-01-02") == []


def test_an_interval_that_ends_before_it_begins_is_empty(world: World) -> None:
    assert _ids(world.ann, "start_after=2026-11-24&start_before=2026-11-20") == []


def test_the_filters_can_be_combined_with_every_other_filter(world: World) -> None:
    before, after = "2026-11-24", "2026-11-20"
    ann, zone = world.ann, ZONES["ann"]
    filters: dict[str, Callable[[Task], bool]] = {
        f"project={world.other}": lambda task: task["project"] == world.other,
        f"project={world.other},{world.project}": lambda task: True,
        "status=done": lambda task: task["status"] == "done",
        "priority=high": lambda task: task["priority"] == "high",
        "assigned_to=me": lambda task: task["assigned_to"] == ann.id,
        "assigned_to=none&status=todo": lambda task: (
            (task["assigned_to"], task["status"]) == (None, "todo")
        ),
        "created_by=me": lambda task: True,
        "parent=none": lambda task: True,
        "label=none": lambda task: not task["labels"],
        "due=none": lambda task: task["due_date"] is None,
        "due_before=2026-12-10": lambda task: (task["due_date"] or "9") < "2026-12-10",
        "overdue=false&due_after=2026-12-10": lambda task: task["due_date"] == "2099-12-24",
        "updated_since=2020-01-01": lambda task: True,
    }
    for parameters, keep in filters.items():
        expected = world.expected(zone, before, after, keep)
        found = _ids(ann, f"{_parameters(before, after)}&{parameters}")
        assert set(found) == expected != set(), parameters


@pytest.mark.parametrize("ordering", SIGNED)
def test_pages_of_a_filtered_list_continue_each_other_in_every_ordering(
    world: World, ordering: str
) -> None:
    path = f"/api/tasks?ordering={ordering}"
    matching = world.expected(ZONES["ann"], "2026-11-23", None, lambda task: True)
    expected = [task for task in world.ann.list_all(f"{path}&limit=100") if task["id"] in matching]
    *full, last = world.ann.list_pages(f"{path}&limit=4&start_before=2026-11-23")
    assert {len(page) for page in full} == {4} and last
    assert [*itertools.chain.from_iterable(full), *last] == expected


def test_a_search_finds_only_tasks_that_start_in_the_interval(ann: Person) -> None:
    project = ann.create_project()
    tasks = [
        ann.create_task(project, title, start_date=start)["id"]
        for title, start in (("Plan", "2026-11-22"), ("Plan", "2027-01-01"), ("x", "2026-11-22"))
    ]
    for task, word in zip(tasks, ("plan", "plan", "x"), strict=True):
        replace_search_terms(project, task, removed=(), added=[word])
    assert _ids(ann, "q=plan&start_before=2026-12-01") == [tasks[0]]
    assert _ids(ann, "q=plan&start_before=2026-12-01&status=done") == []


def test_a_list_follows_every_change_of_a_start(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), start_date="2026-11-22")["id"]
    early, late = "start_before=2026-11-30", "start_after=2026-11-30"
    assert (_ids(ann, early), _ids(ann, late)) == ([task], [])
    ann.patch(f"/api/tasks/{task}", {"start_date": "2026-12-24"})
    assert (_ids(ann, early), _ids(ann, late)) == ([], [task])
    ann.delete(f"/api/tasks/{task}")
    assert (_ids(ann, early), _ids(ann, late)) == ([], [])
    ann.post(f"/api/tasks/{task}/restore")
    assert (_ids(ann, early), _ids(ann, late)) == ([], [task])
    ann.patch(f"/api/tasks/{task}", {"start_date": None})
    assert (_ids(ann, early), _ids(ann, late)) == ([], [])


def test_tasks_of_a_foreign_project_are_not_found(ann: Person, bob: Person) -> None:
    foreign = bob.create_project()
    bob.create_task(foreign, start_date="2026-11-22")
    assert _ids(ann, "start_after=2020-01-01") == []
    assert ann.get(f"/api/tasks?project={foreign}&start_after=2020-01-01").status_code == 404


@pytest.mark.parametrize("name", ["start_before", "start_after"])
@pytest.mark.parametrize("text", ["tomorrow", "", "2026-02-30", "2026-11-22T09:00:00"])
def test_an_invalid_bound_is_named(ann: Person, name: str, text: str) -> None:
    answer = ann.get(f"/api/tasks?{name}={text}")
    assert (answer.status_code, error_locations(answer)) == (400, [name])


def test_a_cursor_is_valid_for_its_own_bounds_only(world: World) -> None:
    path = "/api/tasks?limit=1&start_after="
    cursor = world.ann.get(f"{path}2026-11-20").json_body["next_cursor"]
    assert world.ann.get(f"{path}2026-11-20&cursor={cursor}").status_code == 200
    answer = world.ann.get(f"{path}2026-11-21&cursor={cursor}")
    assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")
