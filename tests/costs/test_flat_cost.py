"""Tests that a page of a list costs the same in a small and in a large project."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from chalicelib.task_lists.models import replace_search_terms
from tests.costs.meter import Meter, metered
from tests.costs.seeds import fill, multiply
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")

# In the small project every filter finds more tasks than a page of one reads at once, and there are
# enough tasks for a list snapshot.
SMALL, LARGE = 120, 600
ORDERINGS = ("created_at", "due_date", "updated_at", "priority")
SIGNED = tuple(f"ordering={sign}{name}" for name in ORDERINGS for sign in ("", "-"))
# Orders without a filter, and each filter in an order that a partition or index has.
FROM_PARTITIONS = (
    *SIGNED,
    "status=todo",
    "priority=high",
    "assigned_to=me",
    "assigned_to=none",
    "assigned_to=me&ordering=due_date",
    "created_by=me",
    "label={label}",
    "parent={parent}",
    "due=none",
    "due=none&assigned_to=me",
    "due=none&ordering=-due_date",
    "due=none&assigned_to=me&ordering=due_date",
    "overdue=true&ordering=due_date",
    "due_after=2026-01-01&ordering=due_date",
    "due_before=2036-01-01&ordering=due_date",
    "priority=high&ordering=priority",
    "updated_since=2026-01-01&ordering=updated_at",
    "status=todo,review",
    "status=open",
    "status=open&ordering=due_date",
    "status=done&ordering=-due_date",
    "priority=high,low",
    "priority=high,medium&ordering=-priority",
    "assigned_to=me,none",
    "label={label},another",
    "label_all={label}",
    "due=overdue,today,none&ordering=due_date",
    "due=overdue&status=open&ordering=due_date",
)
# Lists that no partition or index has in that order.
FROM_SNAPSHOT = (
    "status=todo&ordering=due_date",
    "status=todo,review&ordering=due_date",
    "status=open&label={label},another",
    "label_all={label},another",
    "due=overdue,today&assigned_to=me&ordering=due_date",
    "priority=high&ordering=-updated_at",
    "assigned_to=me&ordering=-due_date",
    "assigned_to=none&ordering=priority",
    "created_by=me&ordering=updated_at",
    "updated_since=2026-01-01",
    "parent=none&overdue=false&ordering=-updated_at",
    "label=none",
    "due=none&status=todo&ordering=-priority",
    "label=none&assigned_to=me&ordering=due_date",
    "status=todo&parent={parent}&ordering=-due_date",
    "label={label}&assigned_to=me&ordering=created_at",
    "q=usual&status=todo",
    "ordering=rank",
    "status=todo&ordering=-rank",
)
TRIPS_MAX = 5
FILTERS = (
    "status=todo",
    "status=open",
    "priority=high",
    "assigned_to=me",
    "assigned_to=none",
    "created_by=me",
    "label={label}",
    "label=none",
    "parent={parent}",
    "parent=none",
    "overdue=true",
    "overdue=false",
    "due=next_7_days",
    "due=none",
    "due=overdue,today",
    "due_after=2026-01-01",
    "due_before=2036-01-01",
    "updated_since=2026-01-01",
    "q=usual",
)


class Cost(NamedTuple):
    read: float
    calls: tuple[str, ...]
    trips: int


@dataclass(frozen=True)
class FullProject:
    """A project with many tasks, with the ids that its lists are filtered by."""

    person: Person
    project: str
    label: str
    parent: str

    def costs(self, parameters: str, pages: int) -> list[Cost]:
        """Return the costs of the first `pages` pages of one task each."""
        query = parameters.format(label=self.label, parent=self.parent)
        walk = self.person.list_pages(f"/api/tasks?project={self.project}&limit=1&{query}")
        costs: list[Cost] = []
        for _ in range(pages):
            with metered() as meter:
                if next(walk, None) is None:
                    break
            costs.append(_cost(meter))
        return costs

    def statistics_cost(self) -> Cost:
        """Return the cost of the project's statistics."""
        with metered() as meter:
            answer = self.person.get(f"/api/tasks/statistics?project={self.project}")
        assert answer.json_body["overdue"] > 0
        return _cost(meter)


def _cost(meter: Meter) -> Cost:
    return Cost(meter.read, tuple(sorted(meter.operations)), meter.trips)


def _create_project(ann: Person, bob: Person, count: int, times: int = 1) -> FullProject:
    """Create a project with `count` different tasks, `times` times; two have search terms."""
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    tasks = fill(project, [ann.id, bob.id], label, count)
    for task in tasks[:2]:
        replace_search_terms(project, task.id, removed=(), added=["usual"])
    if times > 1:
        multiply(tasks, times - 1)
    return FullProject(ann, project, label, tasks[0].id)


def test_lists_and_statistics_cost_the_same_in_a_large_project(ann: Person, bob: Person) -> None:
    small = _create_project(ann, bob, SMALL)
    large = _create_project(ann, bob, SMALL, times=LARGE // SMALL)
    for project in (small, large):
        project.costs("status=todo&ordering=due_date", 1)  # writes the list snapshot
    lists = (*FROM_PARTITIONS, *FROM_SNAPSHOT)
    costs = {each: (small.costs(each, 2), large.costs(each, 2)) for each in lists}
    assert {each: cost for each, cost in costs.items() if _unlike(*cost)} == {}
    assert not _unlike([small.statistics_cost()], [large.statistics_cost()])


def _unlike(small: list[Cost], large: list[Cost]) -> bool:
    """Return whether pages differ in units or calls; the trips depend on what was read before."""
    return [cost[:2] for cost in small] != [cost[:2] for cost in large]


def test_many_projects_are_read_concurrently(ann: Person) -> None:
    tasks = [ann.create_task(ann.create_project())["id"] for _ in range(8)]
    with metered() as meter:
        listed = ann.get("/api/tasks?ordering=-updated_at").json_body["items"]
    assert {task["id"] for task in listed} == set(tasks)
    assert len(meter.operations) > 8 > meter.trips


@pytest.mark.proof
@pytest.mark.usefixtures("morning")
def test_a_page_of_ten_thousand_tasks_costs_no_more_than_of_ten(ann: Person, bob: Person) -> None:
    """Test each filter and each pair of filters; print the costs with 10,000 and with 10 tasks."""
    small = _create_project(ann, bob, 10)
    large = _create_project(ann, bob, 100, times=100)
    large.costs("status=todo&ordering=due_date", 1)  # writes the list snapshot
    lists = [f"{each}&{ordering}" for each in ("", *FILTERS) for ordering in SIGNED]
    costs: dict[str, tuple[Cost, Cost]] = {}
    print("\nunits read and trips with 10,000 tasks, with 10")
    for each in (*lists, *_pairs()):
        ann.log_in()  # a token lasts for ten minutes, and this may take longer
        costs[each] = large.costs(each, 1)[0], small.costs(each, 1)[0]
        print(f"{each:70}", *(f"{cost.read:6g} {cost.trips:3}" for cost in costs[each]))
    unsearched = {each for each in costs if "q=" not in each}
    most_in_large = max(costs[each][0].read for each in unsearched)
    assert most_in_large <= max(costs[each][1].read for each in unsearched)
    more_expensive = [
        each for each, (many, few) in costs.items() if many.read > few.read + _tolerance(each)
    ]
    assert more_expensive == []
    assert max(many.trips for many, _ in costs.values()) <= TRIPS_MAX
    assert large.statistics_cost().read <= small.statistics_cost().read


def _tolerance(query: str) -> float:
    """Return the read units that a page of the large project may cost more.

    With ten tasks a list may be empty; with 10,000, two hundred tasks have the search term.
    """
    return 3 if "q=" in query else 2


def _pairs() -> Iterator[str]:
    """Yield each pair of filters that can be combined, each with the next of the orders."""
    orderings = itertools.cycle(SIGNED)
    for one, other in itertools.combinations(FILTERS, 2):
        names = {each.partition("=")[0] for each in (one, other)}
        if len(names) == 2 and len(names & {"due", "due_after", "due_before"}) < 2:
            yield f"{one}&{other}&{next(orderings)}"
