"""A page of a list costs the same, however many tasks the project has."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.store.meter import metered
from tests.store.seeds import fill
from tests.support import Person

pytestmark = pytest.mark.usefixtures("real_table")

# In the small project every filter finds more than lists read at once for a page; in the large one,
# more than they sort in memory.
SMALL, LARGE, PAGE = 60, 1_000, 1
ORDERINGS = ("created_at", "due_date", "updated_at", "priority")
DIRECT = (
    *(f"ordering={sign}{name}" for name in ORDERINGS for sign in ("", "-")),
    "status=todo",
    "priority=high",
    "assigned_to=me",
    "assigned_to=me&ordering=due_date",
    "created_by=me",
    "label={label}",
    "parent={parent}",
    "overdue=true&ordering=due_date",
    "due_after=2026-01-01&ordering=due_date",
    "due_before=2036-01-01&ordering=due_date",
    "priority=high&ordering=priority",
    "updated_since=2026-01-01&ordering=updated_at",
)
# What finds many tasks in another order than is asked for, or is not found but walked past.
SORTED = (
    "status=todo&ordering=due_date",
    "created_by=me&ordering=priority",
    "created_by=me&ordering=-updated_at",
    "updated_since=2026-01-01",
    "assigned_to=none",
    "due=next_7_days",
)
SORTED_MAX, SORTED_CALLS_MAX = 340, 9


class Cost(NamedTuple):
    read: float
    calls: tuple[str, ...]


class Full(NamedTuple):
    """A project with many tasks, and what its lists can be narrowed to."""

    person: Person
    project: str
    label: str
    parent: str

    def costs(self, parameters: str, pages: int = 3) -> Iterator[Cost]:
        """What each of the first pages costs."""
        asked = parameters.format(label=self.label, parent=self.parent)
        path = f"/api/tasks?project={self.project}&limit={PAGE}&{asked}"
        cursor = ""
        for _ in range(pages):
            with metered() as meter:
                page = self.person.get(path + cursor)
            assert page.status_code == 200, page.json_body
            assert len(page.json_body["items"]) == PAGE
            yield Cost(meter.read, tuple(meter.operations))
            cursor = f"&cursor={page.json_body['next_cursor']}"


def _full(ann: Person, bob: Person, count: int) -> Full:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    made = fill(project, [ann.id, bob.id], label, count)
    return Full(ann, project, label, made[0].id)


def test_a_list_costs_the_same_in_a_large_project(ann: Person, bob: Person) -> None:
    small, large = _full(ann, bob, SMALL), _full(ann, bob, LARGE)
    costs = {each: (list(small.costs(each)), list(large.costs(each))) for each in DIRECT}
    assert {each: cost for each, cost in costs.items() if cost[0] != cost[1]} == {}
    worst = max(max(large.costs(each, pages=2)) for each in SORTED)
    assert worst.read <= SORTED_MAX
    assert len(worst.calls) <= SORTED_CALLS_MAX
