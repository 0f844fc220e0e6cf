"""Lists of tasks, compared with a plain filter and sort of all tasks."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.clock import now as current_time
from chalicelib.jobs.deferred_updates import run_deferred_updates
from chalicelib.tasks.due_dates import get_zone
from chalicelib.tasks.models import get_tasks
from tests.support import Person, error_locations, in_hours, sign_up

Task = dict[str, Any]
NEVER = "9999"
RANK = {"high": 0, "medium": 1, "low": 2}


def _listed(person: Person, parameters: str, limit: int = 100) -> list[Task]:
    """Return the tasks of all pages of a list. Each page is full except the last."""
    *full, last = person.list_pages(f"/api/tasks?limit={limit}&{parameters}")
    assert all(len(page) == limit for page in full)
    return [*itertools.chain.from_iterable(full), *last]


def _ids(tasks: Any) -> list[str]:
    return [task["id"] for task in tasks]


def _due(task: Task) -> str:
    return _moment(task["due_date"]) if task["due_date"] else NEVER


def _moment(due_date: str) -> str:
    if len(due_date) == 10:
        return f"{due_date}T23:59:59.999"
    return datetime.fromisoformat(due_date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")


ORDERINGS: dict[str, Callable[[Task], Any]] = {
    "created_at": lambda task: task["id"],
    "due_date": lambda task: (_due(task), task["id"]),
    "updated_at": lambda task: (task["updated_at"], task["id"]),
    "priority": lambda task: (RANK[task["priority"]], task["id"]),
}


class World:
    """Tasks of all kinds in two projects of Ann's, one of which Bob is a member of.

    A third project is not hers.
    """

    def __init__(self, client: Client, ann: Person, bob: Person) -> None:
        self.ann, self.bob = ann, bob
        self.project, self.other = ann.create_project("one"), ann.create_project("two")
        ann.add_member(self.project, bob)
        self.label, self.rare_label = (
            ann.post(f"/api/projects/{self.project}/labels", {"name": name}).json_body["id"]
            for name in ("urgent", "rare")
        )
        self.parent = ann.create_task(self.project, "parent of others")["id"]
        kinds = itertools.product(
            ("todo", "in_progress", "done"), ("low", "high"), (None, ann.id, bob.id)
        )
        dues = itertools.cycle((None, in_hours(-30), in_hours(5), in_hours(100), in_hours(500)))
        for number, (status, priority, assignee) in enumerate(kinds):
            labels = [self.label] if number % 3 == 0 else []
            labels += [self.rare_label] if number % 5 == 0 else []
            more = {"labels": labels, "parent": self.parent if number % 4 == 0 else None}
            creator = bob if number % 5 == 0 else ann
            fields = {"status": status, "priority": priority, "assigned_to": assignee, **more}
            creator.create_task(self.project, f"task {number}", due_date=next(dues), **fields)
        today = datetime.now(UTC).date()
        for days in (-1, 0, 3, 9):
            ann.create_task(self.other, due_date=str(today + timedelta(days=days)))
        cleo = sign_up(client, "cleo")
        cleo.create_task(cleo.create_project())

    def all_tasks(self) -> list[Task]:
        return _listed(self.ann, "ordering=created_at")


@pytest.fixture
def world(client: Client, ann: Person, bob: Person) -> World:
    return World(client, ann, bob)


def _filters(world: World, since: str) -> dict[str, Callable[[Task], bool]]:
    """Query parameters, and which tasks each should match."""
    ann, bob, day = world.ann, world.bob, timedelta(days=1)
    now, today = datetime.now(UTC), datetime.now(UTC).date()
    stamp, soon = now.strftime("%Y-%m-%dT%H:%M:%S.000"), in_hours(50)
    return {
        "": lambda task: True,
        f"project={world.project}": lambda task: task["project"] == world.project,
        f"project={world.other},{world.project}": lambda task: True,
        "status=done": lambda task: task["status"] == "done",
        "priority=low": lambda task: task["priority"] == "low",
        "status=todo&priority=high": lambda task: (
            (task["status"], task["priority"]) == ("todo", "high")
        ),
        "assigned_to=me": lambda task: task["assigned_to"] == ann.id,
        "assigned_to=none": lambda task: task["assigned_to"] is None,
        f"assigned_to={bob.id}&status=done": lambda task: (
            (task["assigned_to"], task["status"]) == (bob.id, "done")
        ),
        f"created_by={bob.id}": lambda task: task["created_by"] == bob.id,
        f"label={world.label}": lambda task: world.label in task["labels"],
        f"label={world.label}&assigned_to=none": lambda task: (
            world.label in task["labels"] and task["assigned_to"] is None
        ),
        "label=none": lambda task: not task["labels"],
        "label=none&parent=none&status=done": lambda task: (
            (task["labels"], task["parent"], task["status"]) == ([], None, "done")
        ),
        f"parent={world.parent}": lambda task: task["parent"] == world.parent,
        "parent=none&priority=high": lambda task: (
            (task["parent"], task["priority"]) == (None, "high")
        ),
        f"due_before={soon}": lambda task: _due(task) < _moment(soon),
        f"due_after={soon}": lambda task: _moment(soon) < _due(task) < NEVER,
        f"due_before={today + day}&due_after={today - day}": lambda task: (
            _due(task)[:10] == str(today)
        ),
        "due=today": lambda task: _due(task)[:10] == str(today),
        "due=none": lambda task: task["due_date"] is None,
        "due=none&overdue=false": lambda task: task["due_date"] is None,
        "due=none&assigned_to=me": lambda task: (
            (task["due_date"], task["assigned_to"]) == (None, ann.id)
        ),
        "due=none&assigned_to=none": lambda task: (
            (task["due_date"], task["assigned_to"]) == (None, None)
        ),
        f"due=none&label=none&project={world.project}": lambda task: (
            (task["due_date"], task["labels"]) == (None, [])
        ),
        f"due=none&label={world.label}": lambda task: (
            task["due_date"] is None and world.label in task["labels"]
        ),
        "due=next_7_days": lambda task: str(today) <= _due(task)[:10] <= str(today + 6 * day),
        "overdue=true": lambda task: task["status"] != "done" and _due(task) < stamp,
        "overdue=false&status=todo": lambda task: task["status"] == "todo" and _due(task) >= stamp,
        f"updated_since={since}": lambda task: task["updated_at"] >= since,
        **_filters_with_several_values(world),
    }


def _filters_with_several_values(world: World) -> dict[str, Callable[[Task], bool]]:
    ann, bob, label, rare = world.ann, world.bob, world.label, world.rare_label
    today = str(datetime.now(UTC).date())
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")

    def is_open(task: Task) -> bool:
        return bool(task["status"] != "done")

    def is_overdue(task: Task) -> bool:
        return is_open(task) and _due(task) < stamp

    def is_due_today(task: Task) -> bool:
        return _due(task)[:10] == today

    return {
        "status=todo,done": lambda task: task["status"] in {"todo", "done"},
        "status=in_progress,in_progress": lambda task: task["status"] == "in_progress",
        "status=open": is_open,
        "status=open,done": lambda task: True,
        "status=open&priority=high": lambda task: is_open(task) and task["priority"] == "high",
        "status=done&due=none": lambda task: not is_open(task) and task["due_date"] is None,
        "status=open&due=none": lambda task: is_open(task) and task["due_date"] is None,
        "status=open&overdue=true": is_overdue,
        "priority=low,medium": lambda task: task["priority"] in {"low", "medium"},
        f"assigned_to=me,{bob.id}": lambda task: task["assigned_to"] in {ann.id, bob.id},
        f"assigned_to=none,{bob.id}": lambda task: task["assigned_to"] in {None, bob.id},
        f"assigned_to={bob.id},me&due=none,next_7_days": lambda task: (
            task["assigned_to"] is not None
            and (_due(task) == NEVER or _due(task) < in_hours(168))
            and _due(task)[:10] >= today
        ),
        f"created_by=me,{bob.id}": lambda task: True,
        f"label={label},{rare}": lambda task: bool({label, rare} & {*task["labels"]}),
        f"label={rare},none": lambda task: rare in task["labels"] or not task["labels"],
        f"label_all={label}": lambda task: label in task["labels"],
        f"label_all={label},{rare}": lambda task: {label, rare} <= {*task["labels"]},
        f"label_all={label}&label={rare},{label}": lambda task: label in task["labels"],
        "due=overdue": is_overdue,
        "due=today,overdue": lambda task: is_overdue(task) or is_due_today(task),
        "due=overdue,none": lambda task: is_overdue(task) or task["due_date"] is None,
        "due=overdue,today&assigned_to=me": lambda task: (
            task["assigned_to"] == ann.id and (is_overdue(task) or is_due_today(task))
        ),
        "due=today,overdue&overdue=false": lambda task: is_due_today(task) and not is_overdue(task),
        "due=none,today,next_7_days&status=open": lambda task: (
            is_open(task)
            and _due(task)[:10] >= today
            and (_due(task) == NEVER or _due(task) < in_hours(168))
        ),
    }


def test_every_filter_and_ordering_equals_a_plain_filter_and_sort(world: World) -> None:
    changed = world.all_tasks()[8]["id"]
    since = world.ann.patch(f"/api/tasks/{changed}", {"title": "x"}).json_body["updated_at"]
    tasks, filters = world.all_tasks(), _filters(world, since)
    assert len(tasks) == 23
    signs = itertools.cycle(("", "-", "-", ""))  # each ordering is tested in both directions
    for (parameters, matches), ordering in itertools.product(filters.items(), ORDERINGS):
        sign = next(signs)
        expected = sorted(filter(matches, tasks), key=ORDERINGS[ordering], reverse=bool(sign))
        found = _listed(world.ann, f"{parameters}&ordering={sign}{ordering}")
        assert _ids(found) == _ids(expected), (parameters, sign, ordering)
        assert expected, parameters


def test_pages_continue_each_other_in_every_ordering(world: World) -> None:
    tasks = world.all_tasks()
    filters: dict[str, Callable[[Task], bool]] = {
        "": lambda task: True,
        "priority=high": lambda task: task["priority"] == "high",
        "due=none": lambda task: task["due_date"] is None,
        "label=none": lambda task: not task["labels"],
        "status=todo,done": lambda task: task["status"] != "in_progress",
        f"label={world.label},{world.rare_label}": lambda task: task["labels"] != [],
        "due=overdue,none": _filters_with_several_values(world)["due=overdue,none"],
    }
    for ordering, sign in itertools.product(ORDERINGS, ("", "-")):
        for parameters, is_match in filters.items():
            matches = filter(is_match, tasks)
            expected = sorted(matches, key=ORDERINGS[ordering], reverse=bool(sign))
            found = _listed(world.ann, f"{parameters}&ordering={sign}{ordering}", limit=3)
            assert _ids(found) == _ids(expected), (parameters, sign, ordering)


def test_no_task_without_a_due_date_is_overdue(world: World) -> None:
    for ordering in ORDERINGS:
        assert _listed(world.ann, f"due=none&overdue=true&ordering={ordering}") == []


def test_lists_without_a_label_or_a_due_date_follow_every_change(ann: Person) -> None:
    project = ann.create_project()
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    task = ann.create_task(project)["id"]
    lists = ("label=none", "due=none", "label=none&due=none&ordering=due_date")
    assert [_ids(_listed(ann, parameters)) for parameters in lists] == [[task]] * 3
    ann.patch(f"/api/tasks/{task}", {"labels": [label], "due_date": "2026-12-01"})
    assert [_ids(_listed(ann, parameters)) for parameters in lists] == [[]] * 3
    ann.patch(f"/api/tasks/{task}", {"labels": [], "due_date": None})
    assert [_ids(_listed(ann, parameters)) for parameters in lists] == [[task]] * 3


def test_a_list_is_ordered_newest_first_by_default(ann: Person) -> None:
    project = ann.create_project()
    tasks = [ann.create_task(project) for _ in range(3)]
    assert _ids(_listed(ann, "")) == _ids(tasks[::-1])


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ("ordering=title", "ordering"),
        ("ordering=--due_date", "ordering"),
        ("due_before=tomorrow", "due_before"),
        ("due_before=", "due_before"),
        ("updated_since=2026-13-01", "updated_since"),
        ("due=today&due_after=2026-01-01", "due"),
        ("due=none&due_before=2026-01-01", "due"),
        ("due=never", "due"),
        ("assigned_to=bob", "assigned_to"),
        ("created_by=none", "created_by"),
        ("overdue=perhaps", "overdue"),
        ("overdue=null", "overdue"),
        ("status=null", "status"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("labels=x", "labels"),
        ("status=todo,", "status"),
        ("status=todo,doing", "status"),
        ("priority=", "priority"),
        ("assigned_to=me,bob", "assigned_to"),
        ("created_by=me,none", "created_by"),
        ("label_all=none", "label_all"),
        ("due=overdue,never", "due"),
        ("due=overdue&due_before=2026-01-01", "due"),
        ("label=" + ",".join(["x"] * 21), "label"),
        ("project=" + ",".join(["x"] * 51), "project"),
    ],
)
def test_an_invalid_parameter_is_named(ann: Person, parameters: str, wrong: str) -> None:
    answer = ann.get(f"/api/tasks?{parameters}")
    assert (answer.status_code, error_locations(answer)) == (400, [wrong])


def test_a_list_of_a_foreign_project_is_not_found(ann: Person, bob: Person) -> None:
    own, foreign = ann.create_project(), bob.create_project()
    bob.create_task(foreign)
    for named in (foreign, f"{own},{foreign}", "x"):
        assert ann.get(f"/api/tasks?project={named}").status_code == 404
    assert list(_listed(ann, f"created_by={bob.id}")) == []


def test_a_deleted_task_or_project_is_in_no_list(ann: Person) -> None:
    project, deleted = ann.create_project(), ann.create_project("gone")
    task = ann.create_task(project, assigned_to=ann.id, due_date=in_hours(1))["id"]
    ann.create_task(deleted, assigned_to=ann.id)
    ann.delete(f"/api/tasks/{task}")
    ann.delete(f"/api/projects/{deleted}")
    for parameters in ("", "assigned_to=me", "status=todo", "priority=medium", "due=next_7_days"):
        for ordering in ORDERINGS:
            assert list(_listed(ann, f"{parameters}&ordering={ordering}")) == []


def test_a_cursor_is_valid_for_its_own_list_only(ann: Person) -> None:
    project = ann.create_project()
    for _ in range(2):
        ann.create_task(project)
    cursor = ann.get(f"/api/tasks?project={project}&limit=1").json_body["next_cursor"]
    for parameters in (
        "",
        f"project={project}&status=todo",
        f"project={project}&ordering=due_date",
    ):
        answer = ann.get(f"/api/tasks?{parameters}&cursor={cursor}")
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


def test_a_day_is_in_the_callers_time_zone(ann: Person) -> None:
    project = ann.create_project()
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Kiritimati"})
    there = datetime.now(UTC).astimezone(get_zone("Pacific/Kiritimati")).date()
    task = ann.create_task(project, due_date=str(there))
    assert _ids(_listed(ann, "due=today")) == [task["id"]]
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    assert _ids(_listed(ann, "due=today")) == []


def test_the_first_and_the_last_day_of_the_calendar_are_valid_filters(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), due_date="9999-12-30T00:00:00Z")["id"]
    for zone in ("UTC", "Asia/Tokyo", "Pacific/Pago_Pago"):
        ann.patch("/api/auth/profile", {"time_zone": zone})
        assert _ids(_listed(ann, "due_before=9999-12-31")) == [task]
        assert _ids(_listed(ann, "due_after=9999-12-31&ordering=due_date")) == []
        assert _ids(_listed(ann, "due_after=0001-01-02&ordering=due_date")) == [task]


def test_a_due_day_ends_in_the_assignees_time_zone(ann: Person) -> None:
    project, day = ann.create_project(), "2026-11-22"
    ann.patch("/api/auth/profile", {"time_zone": "Pacific/Pago_Pago"})
    assigned = ann.create_task(project, due_date=day, assigned_to=ann.id)["id"]
    unassigned = ann.create_task(project, due_date=day)["id"]
    ends = [task.due_at for task in get_tasks([assigned, unassigned])]
    assert ends == ["2026-11-23T10:59:59.999Z", "2026-11-22T23:59:59.999Z"]
    ann.patch(f"/api/tasks/{assigned}/assign", {"assigned_to": None})
    assert get_tasks([assigned])[0].due_at == ends[1]


def test_a_change_of_time_zone_moves_the_due_times_of_assigned_tasks(ann: Person) -> None:
    project, day = ann.create_project(), "2026-11-22"
    task = ann.create_task(project, due_date=day, assigned_to=ann.id)["id"]
    ann.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    assert run_deferred_updates(current_time() + timedelta(minutes=1))["run"] == 1
    assert get_tasks([task])[0].due_at == "2026-11-22T14:59:59.999Z"


def test_statistics_count_tasks_by_status_priority_assignee_and_due_time(
    ann: Person, bob: Person
) -> None:
    project, other = ann.create_project(), ann.create_project("other")
    ann.add_member(project, bob)
    done = ann.create_task(project, status="done", assigned_to=bob.id)
    ann.create_task(project, priority="high", due_date=in_hours(-1))
    ann.create_task(project, status="review", due_date=in_hours(24))
    deleted = ann.create_task(project, priority="high")
    ann.delete(f"/api/tasks/{deleted['id']}")
    ann.create_task(other, priority="low", due_date=in_hours(24 * 8))
    found = ann.get(f"/api/tasks/statistics?project={project}").json_body
    assert found["total"] == 3
    assert found["by_status"] == {"todo": 1, "in_progress": 0, "review": 1, "done": 1}
    assert found["by_priority"] == {"high": 1, "medium": 2, "low": 0}
    assignees = [{"user_id": None, "count": 2}, {"user_id": bob.id, "count": 1}]
    assert found["by_assignee"] == assignees
    assert (found["overdue"], found["due_in_7_days"]) == (1, 1)
    assert len(found["completed_per_day"]) == 30
    assert found["completed_per_day"][0] == {"date": done["completed_at"][:10], "count": 1}
    assert ann.get("/api/tasks/statistics").json_body["total"] == 4
    assert bob.get("/api/tasks/statistics").json_body["total"] == 3


def test_statistics_follow_every_change(ann: Person) -> None:
    project = ann.create_project()
    path = f"/api/tasks/{ann.create_task(project)['id']}"
    ann.patch(path, {"status": "done", "priority": "high", "assigned_to": ann.id})
    ann.patch(path, {"status": "todo"})
    found = ann.get(f"/api/tasks/statistics?project={project}").json_body
    assert found["by_status"]["todo"] == found["by_priority"]["high"] == found["total"] == 1
    assert found["by_assignee"] == [{"user_id": ann.id, "count": 1}]
    assert sum(day["count"] for day in found["completed_per_day"]) == 0


def test_statistics_of_a_foreign_project_are_not_found(ann: Person, bob: Person) -> None:
    assert bob.get(f"/api/tasks/statistics?project={ann.create_project()}").status_code == 404
