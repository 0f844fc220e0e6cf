"""Filters with several values: their limits, their cursors, and the partitions that they read."""

from typing import Any

import pytest

from chalicelib.task_lists.filters import Filters
from chalicelib.task_lists.partitions import MAX_PARTITIONS, find_partitions
from chalicelib.task_lists.sources import CREATED, DUE
from tests.costs.meter import metered
from tests.earlier_cursors import encode_earlier_cursor
from tests.support import Person


def _ids(person: Person, parameters: str) -> list[str]:
    return [task["id"] for task in person.list_all(f"/api/tasks?{parameters}")]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"status": "todo"},
        {"priority": "medium", "assigned_to": "none"},
        {"created_by": "me", "due": "none", "overdue": False},
    ],
)
def test_a_cursor_of_an_earlier_version_continues_its_list(
    ann: Person, parameters: dict[str, Any]
) -> None:
    project = ann.create_project()
    first, second = (ann.create_task(project)["id"] for _ in range(2))
    cursor = encode_earlier_cursor(ann, second, **parameters)
    sent = "&".join(f"{name}={str(value).lower()}" for name, value in parameters.items())
    assert _ids(ann, f"{sent}&cursor={cursor}") == [first]


def test_a_cursor_of_an_earlier_version_continues_a_list_of_several_projects(ann: Person) -> None:
    one, two = ann.create_project("one"), ann.create_project("two")
    first, second = ann.create_task(two)["id"], ann.create_task(one)["id"]
    cursor = encode_earlier_cursor(ann, second, project=f"{two},{one}")
    assert _ids(ann, f"project={two},{one}&cursor={cursor}") == [first]


def test_a_cursor_is_valid_for_its_own_values_only(ann: Person) -> None:
    project = ann.create_project()
    for _ in range(2):
        ann.create_task(project)
    page = ann.get("/api/tasks?status=todo,done&label_all=x&limit=1").json_body
    assert page["next_cursor"] is None
    cursor = ann.get("/api/tasks?status=todo,done&limit=1").json_body["next_cursor"]
    assert ann.get(f"/api/tasks?status=todo,done&cursor={cursor}").status_code == 200
    for parameters in ("status=todo", "status=todo,done,review", "status=todo,done&label_all=x"):
        answer = ann.get(f"/api/tasks?{parameters}&cursor={cursor}")
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("name", ["status=todo", "label={label}", "assigned_to=me"])
def test_a_value_that_is_given_twice_counts_once(ann: Person, name: str) -> None:
    project = ann.create_project()
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    task = ann.create_task(project, labels=[label], assigned_to=ann.id)["id"]
    parameters = name.format(label=label)
    with metered() as once:
        assert _ids(ann, parameters) == [task]
    with metered() as twice:
        assert _ids(ann, f"{parameters},{parameters.partition('=')[2]}") == [task]
    assert sorted(twice.operations) == sorted(once.operations)


def test_a_parameter_with_several_values_may_be_repeated(ann: Person) -> None:
    project = ann.create_project()
    tasks = [ann.create_task(project, status=status)["id"] for status in ("todo", "review", "done")]
    assert _ids(ann, "status=todo&status=review") == tasks[1::-1]
    cursor = ann.get("/api/tasks?status=todo&status=review&limit=1").json_body["next_cursor"]
    assert _ids(ann, f"status=todo,review&cursor={cursor}") == tasks[:1]
    assert ann.get("/api/tasks?overdue=true&overdue=true").status_code == 400


def test_a_task_with_several_of_the_labels_is_listed_once(ann: Person) -> None:
    project = ann.create_project()
    labels = [
        ann.post(f"/api/projects/{project}/labels", {"name": name}).json_body["id"]
        for name in ("a", "b", "c", "d")
    ]
    tasks = [ann.create_task(project, labels=labels[:count])["id"] for count in (1, 3, 4)]
    for limit in (1, 2, 100):
        assert _ids(ann, f"label={','.join(labels)}&limit={limit}") == tasks[::-1]


def test_a_list_that_needs_many_partitions_reads_none() -> None:
    projects = [str(number) for number in range(MAX_PARTITIONS)]
    two = Filters(now="", status=frozenset({"todo", "done"}))
    three = Filters(now="", status=frozenset({"todo", "review", "done"}))
    assert len(find_partitions(projects, two, CREATED)) == 2 * len(projects)
    assert find_partitions(projects, three, CREATED) == []
    assert len(find_partitions(projects[:8], three, CREATED)) == 24

    labels = Filters(now="", label=frozenset(map(str, range(20))))
    assert find_partitions(projects, labels, CREATED) == []
    assert len(find_partitions(projects[:3], labels, CREATED)) == 1


def test_ranges_by_due_time_that_overlap_are_read_as_one(ann: Person) -> None:
    project = ann.create_project()
    for parameters, queries in (
        ("due=overdue", 1),
        ("due=today", 2),
        ("due=today,next_7_days", 2),
        ("due=overdue,today", 2),
        ("due=overdue,none", 3),
    ):
        with metered() as meter:
            ann.get(f"/api/tasks?project={project}&ordering={DUE.name}&{parameters}")
        assert meter.operations.count("Query") == queries, parameters
