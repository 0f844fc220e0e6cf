"""Properties after any sequence of changes: counts, filter entries, lists and copies are correct.

`HYPOTHESIS_PROFILE=thorough` tries many more sequences.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize

import pytest
from chalice.test import Client
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib.dynamodb.ids import ID_LENGTH
from chalicelib.dynamodb.table import query_all
from chalicelib.projects.counter_models import get_project_counts
from chalicelib.task_lists.models import FilterEntry
from tests.costs.seeds import fill
from tests.support import Person, sign_up
from tests.sync_client import SyncClient

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BOUNDED = settings(
    max_examples=200 if THOROUGH else 3,
    stateful_step_count=50 if THOROUGH else 20,
    derandomize=not THOROUGH,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

STATUSES = st.sampled_from(["todo", "in_progress", "review", "done"])
PRIORITIES = st.sampled_from(["low", "medium", "high"])
DUE_DATES = st.sampled_from([None, "2020-01-01", "2099-01-01", "2099-06-01T10:00:00+02:00"])
# Never after a due date, and with the start times that they stand for: everybody is in UTC.
START_DATES = st.sampled_from([None, "2019-01-01", "2019-06-01T10:00:00+02:00"])
START_TIMES = {
    "2019-01-01": "2019-01-01T00:00:00.000Z",
    "2019-06-01T10:00:00+02:00": "2019-06-01T08:00:00.000Z",
}
ORDERINGS = tuple(
    f"{sign}{name}"
    for name in ("created_at", "due_date", "updated_at", "priority", "rank")
    for sign in ("", "-")
)
# Lists from an index partition, and lists that nearly always come from the list snapshot. Neither
# filters anything out.
FILTERS = ("", "&updated_since=2020-01-01")

Fields = dict[str, Any]


@dataclass
class ExpectedTask:
    """The expected state of a task."""

    fields: Fields
    trashed: bool = False
    rank: str | None = None
    comments: set[str] = field(default_factory=set)


class ProjectMachine(RuleBasedStateMachine):
    """Ann and Bob change a project's tasks in any order; a dict has the expected state."""

    client: Client
    users: tuple[Person, Person]

    tasks = Bundle("tasks")
    comments = Bundle("comments")

    @initialize(target=tasks)
    def opens(self) -> MultipleResults[str]:
        self.ann, self.bob = self.users
        self.project = self.ann.create_project()
        self.ann.add_member(self.project, self.bob)
        path = f"/api/projects/{self.project}/labels"
        names = ("red", "green")
        self.labels = [self.ann.post(path, {"name": name}).json_body["id"] for name in names]
        self.expected: dict[str, ExpectedTask] = {}
        self.repeated: set[str] = set()
        self.checks = 0
        self.copy = SyncClient(self.bob)
        return multiple(*self._tasks_of_all_kinds())

    def _tasks_of_all_kinds(self) -> Iterator[str]:
        red, green = self.labels
        for number, status in enumerate(["todo", "review", "done"]):
            fields = {
                "status": status,
                "priority": ["low", "medium", "high"][number],
                "start_date": [None, None, "2019-01-01"][number],
                "due_date": [None, "2020-01-01", "2099-01-01"][number],
                "assigned_to": [None, self.ann.id, self.bob.id][number],
                "labels": [[], [red], [red, green]][number],
                "parent": next(iter(self.expected)) if number == 2 else None,
            }
            yield self._creates(self.ann, fields)

    def _creates(self, creator: Person, fields: Fields) -> str:
        task = str(creator.create_task(self.project, **fields)["id"])
        self.expected[task] = ExpectedTask({**fields, "created_by": creator.id})
        return task

    @rule(target=tasks, status=STATUSES, priority=PRIORITIES, due=DUE_DATES, data=st.data())
    def creates(self, status: str, priority: str, due: str | None, data: st.DataObject) -> str:
        fields = {
            "status": status,
            "priority": priority,
            "start_date": None,
            "due_date": due,
            "assigned_to": data.draw(st.sampled_from([None, *self._ids])),
            "labels": data.draw(st.lists(st.sampled_from(self.labels), unique=True)),
        }
        return self._creates(data.draw(st.sampled_from(self.users)), {**fields, "parent": None})

    @rule(task=tasks, status=STATUSES)
    def moves(self, task: str, status: str) -> None:
        self._changes(task, "/status", status=status)

    @rule(task=tasks, data=st.data())
    def assigns(self, task: str, data: st.DataObject) -> None:
        self._changes(task, "/assign", assigned_to=data.draw(st.sampled_from([None, *self._ids])))

    @rule(task=tasks, priority=PRIORITIES, start=START_DATES, due=DUE_DATES)
    def plans(self, task: str, priority: str, start: str | None, due: str | None) -> None:
        self._changes(task, "", priority=priority, start_date=start, due_date=due)

    @rule(task=tasks, data=st.data())
    def labels_it(self, task: str, data: st.DataObject) -> None:
        some = st.lists(st.sampled_from(self.labels), unique=True)
        self._changes(task, "", labels=data.draw(some))

    @rule(task=tasks, parent=st.one_of(st.none(), tasks))
    def moves_under(self, task: str, parent: str | None) -> None:
        answer = self.ann.patch(f"/api/tasks/{task}", {"parent": parent})
        assert answer.status_code == self._expected_of_move(task, parent), answer.json_body
        if answer.status_code == 200:
            self.expected[task].fields["parent"] = parent

    @rule(task=tasks, other=tasks, side=st.sampled_from(["after", "before"]))
    def moves_by_hand(self, task: str, other: str, side: str) -> None:
        answer = self.ann.patch(f"/api/tasks/{task}/position", {side: other})
        if self.expected[task].trashed:
            assert answer.status_code == 404
        elif task == other or self.expected[other].trashed:
            assert answer.status_code == 422
        else:
            assert answer.status_code == 200, answer.json_body
            self.expected[task].rank = answer.json_body["rank"]
            is_after = self._rank_position(task) > self._rank_position(other)
            assert is_after == (side == "after")

    @rule(task=tasks)
    def deletes(self, task: str) -> None:
        answer = self.ann.delete(f"/api/tasks/{task}")
        if self.expected[task].trashed:
            assert answer.status_code == 404
        elif self._children(task):
            assert answer.status_code == 409
        else:
            assert answer.status_code == 204
            self.expected[task].trashed = True

    @rule(task=tasks)
    def restores(self, task: str) -> None:
        answer = self.ann.post(f"/api/tasks/{task}/restore")
        assert answer.status_code == 200, answer.json_body
        expected = self.expected[task]
        parent = expected.fields["parent"]
        if expected.trashed and parent is not None:
            fits = not self.expected[parent].trashed and self._depth(parent) < 3
            expected.fields["parent"] = parent if fits else None
        expected.trashed = False

    @rule(target=tasks, task=tasks)
    def repeats(self, task: str) -> str:
        """Complete the task as one of a series, and end the series."""
        expected, path = self.expected[task], f"/api/tasks/{task}"
        assume(not expected.trashed and task not in self.repeated)
        self.repeated.add(task)
        self._changes(task, "", status="todo", start_date=None, due_date="2099-01-01")
        assert self.ann.patch(path, {"rrule": "FREQ=YEARLY"}).status_code == 200
        following = str(self.bob.patch(path, {"status": "done"}).json_body["next_task"])
        self.expected[following] = ExpectedTask({**expected.fields, "due_date": "2100-01-01"})
        expected.fields["status"] = "done"
        for each in (task, following):
            assert self.ann.patch(f"/api/tasks/{each}", {"rrule": None}).status_code == 200
        return following

    @rule(target=comments, task=tasks)
    def comments_on(self, task: str) -> tuple[str, str]:
        answer = self.bob.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
        if self.expected[task].trashed:
            assert answer.status_code == 404
            return task, "0" * 26
        self.expected[task].comments.add(answer.json_body["id"])
        return task, answer.json_body["id"]

    @rule(comment=consumes(comments))
    def deletes_comment(self, comment: tuple[str, str]) -> None:
        task, comment_id = comment
        answer = self.bob.delete(f"/api/tasks/{task}/comments/{comment_id}")
        expected = self.expected[task]
        existing = comment_id in expected.comments and not expected.trashed
        assert answer.status_code == (204 if existing else 404)
        if existing:
            expected.comments.remove(comment_id)

    @rule(some=st.lists(tasks, unique=True, max_size=3), status=STATUSES, atomic=st.booleans())
    def moves_many(self, some: list[str], status: str, atomic: bool) -> None:
        assume(some)
        operations = [{"op": "update", "id": task, "status": status} for task in some]
        body = {"operations": operations, "atomic": atomic}
        answer = self.ann.post("/api/tasks/bulk", body)
        trashed = [task for task in some if self.expected[task].trashed]
        if atomic and trashed:
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.json_body
        for task in set(some) - set(trashed):
            self.expected[task].fields["status"] = status

    @precondition(lambda self: hasattr(self, "expected"))
    @invariant()
    def everything_is_as_expected(self) -> None:
        live = {task: expected for task, expected in self.expected.items() if not expected.trashed}
        self._compare_counts(live)
        self._compare_filter_entries(live)
        self._compare_lists(live, ORDERINGS[self.checks // 2 % len(ORDERINGS)])
        if self.checks % 4 == 0:
            self._compare_statistics(live)
            self._compare_copy(live)
        self.checks += 1

    @property
    def _ids(self) -> list[str]:
        return [person.id for person in self.users]

    def _changes(self, task: str, verb: str, **fields: Any) -> None:
        expected, path = self.expected[task], f"/api/tasks/{task}"
        before = self.ann.get(path)
        answer = self.ann.patch(path + verb, fields)
        if expected.trashed:
            assert before.status_code == answer.status_code == 404
            return
        assert answer.status_code == 200, answer.json_body
        expected.fields |= fields
        derived = {"version", "updated_at", "completed_at"}
        kept = before.json_body.keys() - fields.keys() - derived
        assert {name: answer.json_body[name] for name in kept} == {
            name: before.json_body[name] for name in kept
        }

    def _children(self, task: str) -> list[str]:
        return [
            child
            for child, expected in self.expected.items()
            if expected.fields["parent"] == task and not expected.trashed
        ]

    def _rank_position(self, task: str) -> tuple[str, str]:
        return self.expected[task].rank or task[:ID_LENGTH], task

    def _depth(self, task: str | None) -> int:
        return 0 if task is None else 1 + self._depth(self.expected[task].fields["parent"])

    def _expected_of_move(self, task: str, parent: str | None) -> int:
        expected = self.expected[task]
        if expected.trashed:
            return 404
        if parent == expected.fields["parent"]:
            return 200
        if parent is not None and (parent == task or self.expected[parent].trashed):
            return 422
        depth = self._depth(parent) + 1
        if depth > 3:
            return 422
        return 409 if depth != self._depth(task) and self._children(task) else 200

    def _compare_counts(self, live: dict[str, ExpectedTask]) -> None:
        fields = [expected.fields for expected in live.values()]
        statuses = Counter(each["status"] for each in fields)
        today = datetime.now(UTC).date().isoformat()
        expected_counts = Counter({f"status:{status}": n for status, n in statuses.items()})
        expected_counts += Counter(f"priority:{each['priority']}" for each in fields)
        expected_counts += Counter(f"assignee:{each['assigned_to'] or 'none'}" for each in fields)
        expected_counts[f"done:{today}"] += statuses["done"]
        assert +get_project_counts(self.project).counts == +expected_counts

    def _compare_statistics(self, live: dict[str, ExpectedTask]) -> None:
        fields = [expected.fields for expected in live.values()]
        statistics = self.ann.get(f"/api/tasks/statistics?project={self.project}").json_body
        assert +Counter(statistics["by_status"]) == Counter(each["status"] for each in fields)
        assert statistics["total"] == len(live)
        overdue = [
            each for each in fields if each["due_date"] == "2020-01-01" and each["status"] != "done"
        ]
        assert statistics["overdue"] == len(overdue)

    def _compare_filter_entries(self, live: dict[str, ExpectedTask]) -> None:
        expected_keys = set()
        for task, expected in live.items():
            kinds = {"creator": expected.fields["created_by"], "parent": expected.fields["parent"]}
            kinds |= {"assignee": expected.fields["assigned_to"] or "none"}
            kinds |= {"rank": expected.rank}
            kinds |= {"start": START_TIMES.get(expected.fields["start_date"])}
            names = {f"{kind}:{value}" for kind, value in kinds.items() if value}
            names |= {f"label:{label}" for label in expected.fields["labels"]}
            expected_keys |= {f"BY#{name}#{task}" for name in names}
        partition = f"PROJECT#{self.project}"
        entries = query_all(FilterEntry, partition, FilterEntry.SK.startswith("BY#"))
        assert {entry.SK for entry in entries} == expected_keys

    def _compare_lists(self, live: dict[str, ExpectedTask], ordering: str) -> None:
        filters = FILTERS[self.checks % len(FILTERS)]
        asked = f"project={self.project}&ordering={ordering}&limit=100{filters}"
        listed = self.ann.get(f"/api/tasks?{asked}").json_body["items"]
        assert len(listed) == len(live)
        if ordering.endswith("rank"):
            by_hand = sorted(live, key=self._rank_position, reverse=ordering.startswith("-"))
            assert [card["id"] for card in listed] == by_hand
        for card in listed:
            expected = live[card["id"]]
            shown = {name: text for name, text in expected.fields.items() if name != "start_date"}
            assert {name: card[name] for name in shown} == shown
            assert card["comments_count"] == len(expected.comments)
            assert card["subtasks_count"] == len(self._children(card["id"]))

    def _compare_copy(self, live: dict[str, ExpectedTask]) -> None:
        self.copy.sync()
        kept = {
            each["id"]: each for each in self.copy.tasks.values() if each["project"] == self.project
        }
        assert kept.keys() == live.keys()
        for task, expected in live.items():
            assert {name: kept[task][name] for name in expected.fields} == expected.fields


def _runs(client: Client) -> None:
    users = (sign_up(client, "ann"), sign_up(client, "bob"))
    machine = type("Ours", (ProjectMachine,), {"client": client, "users": users})
    run_state_machine_as_test(machine, settings=BOUNDED)


def test_everything_is_as_expected_after_any_sequence(client: Client) -> None:
    _runs(client)


@pytest.mark.usefixtures("local_table")
def test_everything_is_as_expected_in_the_real_engine(client: Client) -> None:
    _runs(client)


LETTERS = st.characters(exclude_categories=["C"])
FIELDS = {
    # Text as it is stored: a title is trimmed, and all text is in NFC.
    "title": st.text("abc é漢", min_size=1, max_size=200).map(str.strip).filter(bool),
    "description": st.text(LETTERS, max_size=2_000).map(lambda text: normalize("NFC", f"x{text}")),
    "status": STATUSES,
    "priority": PRIORITIES,
    "start_date": START_DATES,
    "due_date": DUE_DATES,
}
DERIVED = {"version", "updated_at", "completed_at"}


def test_patching_one_field_leaves_every_other_equal(ann: Person) -> None:
    project = ann.create_project()
    path = "/api/tasks/" + ann.create_task(project, due_date="2099-02-02", assigned_to=ann.id)["id"]

    @settings(BOUNDED, max_examples=1_000 if THOROUGH else 25)
    @given(st.sampled_from(sorted(FIELDS)).flatmap(lambda n: st.tuples(st.just(n), FIELDS[n])))
    def patches(change: tuple[str, Any]) -> None:
        name, value = change
        before = ann.get(path).json_body
        answer = ann.patch(path, {name: value})
        assert answer.status_code == 200, answer.json_body
        after = ann.get(path).json_body
        assert after[name] == value
        kept = before.keys() - {name} - DERIVED
        assert {each: after[each] for each in kept} == {each: before[each] for each in kept}

    patches()


@pytest.mark.usefixtures("local_table")
def test_paging_lists_each_remaining_task_once_during_concurrent_changes(
    ann: Person, bob: Person
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "red"}).json_body["id"]
    # More than the megabyte that one response of DynamoDB contains.
    seeded = fill(project, [ann.id, bob.id], label, 90, description="x" * 15_000)
    existing = {task.id for task in seeded}
    removable = [task.id for task in seeded[1:]]

    @settings(BOUNDED, max_examples=100 if THOROUGH else 5)
    @given(st.integers(1, 100), st.sampled_from(ORDERINGS), st.sampled_from(FILTERS), st.data())
    @example(1, "-created_at", FILTERS[0], None)
    @example(100, "created_at", FILTERS[0], None)
    @example(3, "priority", FILTERS[1], None)
    def pages_through(size: int, ordering: str, filters: str, data: st.DataObject | None) -> None:
        seen: list[str] = []
        remaining = set(existing)
        path = f"/api/tasks?project={project}&limit={size}&ordering={ordering}{filters}"
        for number, page in enumerate(ann.list_pages(path)):
            assert len(page) <= size
            seen += [task["id"] for task in page]
            if number % 10 == 0 and removable:
                index = data.draw(st.integers(0, len(removable) - 1)) if data else 0
                removed = removable.pop(index)
                assert bob.delete(f"/api/tasks/{removed}").status_code == 204
                remaining.discard(removed)
                existing.discard(removed)
                added = str(bob.create_task(project, priority="high", due_date="2026-12-12")["id"])
                existing.add(added)
        assert len(seen) == len(set(seen))
        assert remaining <= set(seen)

    pages_through()
