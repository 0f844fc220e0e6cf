"""What holds after any sequence of changes: counts, edges, lists and copies are those of a recount.

`HYPOTHESIS_PROFILE=thorough` tries many more sequences.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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

from chalicelib.dynamodb.table import query_all
from chalicelib.projects.counter_models import get_project_counts
from chalicelib.task_lists.models import FILTER_KINDS, FilterEntry
from tests.costs.seeds import fill
from tests.support import Person, sign_up
from tests.sync_client import SyncClient

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
BOUNDED = settings(
    max_examples=200 if THOROUGH else 3,
    stateful_step_count=50 if THOROUGH else 20,
    deadline=None,
    derandomize=not THOROUGH,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

STATUSES = st.sampled_from(["todo", "in_progress", "review", "done"])
PRIORITIES = st.sampled_from(["low", "medium", "high"])
DUE_DATES = st.sampled_from([None, "2020-01-01", "2027-01-01", "2027-06-01T10:00:00+02:00"])
ORDERINGS = tuple(
    f"{sign}{name}"
    for name in ("created_at", "due_date", "updated_at", "priority")
    for sign in ("", "-")
)
# Read from a partition of the order, or nearly always from the catalogue; each lets all pass.
SIEVES = ("", "&updated_since=2020-01-01")

Fields = dict[str, Any]


@dataclass
class Known:
    """A task as the model has it."""

    fields: Fields
    trashed: bool = False
    comments: set[str] = field(default_factory=set)


class Office(RuleBasedStateMachine):
    """Ann and Bob change a project's tasks in any order; a dict does the same."""

    client: Client
    people: tuple[Person, Person]

    tasks = Bundle("tasks")
    comments = Bundle("comments")

    @initialize(target=tasks)
    def opens(self) -> MultipleResults[str]:
        self.ann, self.bob = self.people
        self.project = self.ann.create_project()
        self.ann.add_member(self.project, self.bob)
        path = f"/api/projects/{self.project}/labels"
        names = ("red", "green")
        self.labels = [self.ann.post(path, {"name": name}).json_body["id"] for name in names]
        self.known: dict[str, Known] = {}
        self.checks = 0
        self.copy = SyncClient(self.bob)
        return multiple(*self._tasks_of_all_kinds())

    def _tasks_of_all_kinds(self) -> Iterator[str]:
        red, green = self.labels
        for number, status in enumerate(["todo", "review", "done"]):
            fields = {
                "status": status,
                "priority": ["low", "medium", "high"][number],
                "due_date": [None, "2020-01-01", "2027-01-01"][number],
                "assigned_to": [None, self.ann.id, self.bob.id][number],
                "labels": [[], [red], [red, green]][number],
                "parent": next(iter(self.known)) if number == 2 else None,
            }
            yield self._creates(self.ann, fields)

    def _creates(self, creator: Person, fields: Fields) -> str:
        task = str(creator.create_task(self.project, **fields)["id"])
        self.known[task] = Known({**fields, "created_by": creator.id})
        return task

    @rule(target=tasks, status=STATUSES, priority=PRIORITIES, due=DUE_DATES, data=st.data())
    def creates(self, status: str, priority: str, due: str | None, data: st.DataObject) -> str:
        fields = {
            "status": status,
            "priority": priority,
            "due_date": due,
            "assigned_to": data.draw(st.sampled_from([None, *self._ids])),
            "labels": data.draw(st.lists(st.sampled_from(self.labels), unique=True)),
        }
        return self._creates(data.draw(st.sampled_from(self.people)), {**fields, "parent": None})

    @rule(task=tasks, status=STATUSES)
    def moves(self, task: str, status: str) -> None:
        self._changes(task, "/status", status=status)

    @rule(task=tasks, data=st.data())
    def assigns(self, task: str, data: st.DataObject) -> None:
        self._changes(task, "/assign", assigned_to=data.draw(st.sampled_from([None, *self._ids])))

    @rule(task=tasks, priority=PRIORITIES, due=DUE_DATES)
    def plans(self, task: str, priority: str, due: str | None) -> None:
        self._changes(task, "", priority=priority, due_date=due)

    @rule(task=tasks, data=st.data())
    def labels_it(self, task: str, data: st.DataObject) -> None:
        some = st.lists(st.sampled_from(self.labels), unique=True)
        self._changes(task, "", labels=data.draw(some))

    @rule(task=tasks, parent=st.one_of(st.none(), tasks))
    def hangs_under(self, task: str, parent: str | None) -> None:
        answer = self.ann.patch(f"/api/tasks/{task}", {"parent": parent})
        assert answer.status_code == self._expected_of_move(task, parent), answer.json_body
        if answer.status_code == 200:
            self.known[task].fields["parent"] = parent

    @rule(task=tasks)
    def deletes(self, task: str) -> None:
        answer = self.ann.delete(f"/api/tasks/{task}")
        if self.known[task].trashed:
            assert answer.status_code == 404
        elif self._children(task):
            assert answer.status_code == 409
        else:
            assert answer.status_code == 204
            self.known[task].trashed = True

    @rule(task=tasks)
    def restores(self, task: str) -> None:
        answer = self.ann.post(f"/api/tasks/{task}/restore")
        assert answer.status_code == 200, answer.json_body
        known = self.known[task]
        parent = known.fields["parent"]
        if known.trashed and parent is not None:
            fits = not self.known[parent].trashed and self._depth(parent) < 3
            known.fields["parent"] = parent if fits else None
        known.trashed = False

    @rule(target=comments, task=tasks)
    def comments_on(self, task: str) -> tuple[str, str]:
        answer = self.bob.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
        if self.known[task].trashed:
            assert answer.status_code == 404
            return task, "0" * 26
        self.known[task].comments.add(answer.json_body["id"])
        return task, answer.json_body["id"]

    @rule(comment=consumes(comments))
    def takes_back(self, comment: tuple[str, str]) -> None:
        task, comment_id = comment
        answer = self.bob.delete(f"/api/tasks/{task}/comments/{comment_id}")
        known = self.known[task]
        there = comment_id in known.comments and not known.trashed
        assert answer.status_code == (204 if there else 404)
        if there:
            known.comments.remove(comment_id)

    @rule(some=st.lists(tasks, unique=True, max_size=3), status=STATUSES, atomic=st.booleans())
    def moves_many(self, some: list[str], status: str, atomic: bool) -> None:
        assume(some)
        operations = [{"op": "update", "id": task, "status": status} for task in some]
        body = {"operations": operations, "atomic": atomic}
        answer = self.ann.post("/api/tasks/bulk", body)
        trashed = [task for task in some if self.known[task].trashed]
        if atomic and trashed:
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.json_body
        for task in set(some) - set(trashed):
            self.known[task].fields["status"] = status

    @precondition(lambda self: hasattr(self, "known"))
    @invariant()
    def everything_is_a_recount(self) -> None:
        live = {task: known for task, known in self.known.items() if not known.trashed}
        self._compare_counts(live)
        self._compare_edges(live)
        self._compare_lists(live, ORDERINGS[self.checks // 2 % len(ORDERINGS)])
        if self.checks % 4 == 0:
            self._compare_statistics(live)
            self._compare_copy(live)
        self.checks += 1

    @property
    def _ids(self) -> list[str]:
        return [person.id for person in self.people]

    def _changes(self, task: str, verb: str, **fields: Any) -> None:
        known, path = self.known[task], f"/api/tasks/{task}"
        before = self.ann.get(path)
        answer = self.ann.patch(path + verb, fields)
        if known.trashed:
            assert before.status_code == answer.status_code == 404
            return
        assert answer.status_code == 200, answer.json_body
        known.fields |= fields
        follow = {"version", "updated_at", "completed_at"}
        kept = before.json_body.keys() - fields.keys() - follow
        assert {name: answer.json_body[name] for name in kept} == {
            name: before.json_body[name] for name in kept
        }

    def _children(self, task: str) -> list[str]:
        return [
            child
            for child, known in self.known.items()
            if known.fields["parent"] == task and not known.trashed
        ]

    def _depth(self, task: str | None) -> int:
        return 0 if task is None else 1 + self._depth(self.known[task].fields["parent"])

    def _expected_of_move(self, task: str, parent: str | None) -> int:
        known = self.known[task]
        if known.trashed:
            return 404
        if parent == known.fields["parent"]:
            return 200
        if parent is not None and (parent == task or self.known[parent].trashed):
            return 422
        depth = self._depth(parent) + 1
        if depth > 3:
            return 422
        return 409 if depth != self._depth(task) and self._children(task) else 200

    def _compare_counts(self, live: dict[str, Known]) -> None:
        fields = [known.fields for known in live.values()]
        statuses = Counter(each["status"] for each in fields)
        today = datetime.now(UTC).date().isoformat()
        wanted = Counter({f"status:{status}": n for status, n in statuses.items()})
        wanted += Counter(f"priority:{each['priority']}" for each in fields)
        wanted += Counter(f"assignee:{each['assigned_to'] or 'none'}" for each in fields)
        wanted[f"done:{today}"] += statuses["done"]
        assert +get_project_counts(self.project) == +wanted

    def _compare_statistics(self, live: dict[str, Known]) -> None:
        fields = [known.fields for known in live.values()]
        told = self.ann.get(f"/api/tasks/statistics?project={self.project}").json_body
        assert +Counter(told["by_status"]) == Counter(each["status"] for each in fields)
        assert told["total"] == len(live)
        open_and_late = [
            each for each in fields if each["due_date"] == "2020-01-01" and each["status"] != "done"
        ]
        assert told["overdue"] == len(open_and_late)

    def _compare_edges(self, live: dict[str, Known]) -> None:
        wanted = set()
        for task, known in live.items():
            kinds = {"creator": known.fields["created_by"], "parent": known.fields["parent"]}
            kinds |= {"assignee": known.fields["assigned_to"] or "none"}
            names = {f"{kind}:{value}" for kind, value in kinds.items() if value}
            names |= {f"label:{label}" for label in known.fields["labels"]}
            wanted |= {f"BY#{name}#{task}" for name in names}
        partition = f"PROJECT#{self.project}"
        rows = query_all(FilterEntry, partition, FilterEntry.SK.startswith("BY#"))
        assert {row.SK for row in rows} == wanted
        assert set(FILTER_KINDS) == {"creator", "parent", "assignee", "label"}

    def _compare_lists(self, live: dict[str, Known], ordering: str) -> None:
        sieve = SIEVES[self.checks % len(SIEVES)]
        asked = f"project={self.project}&ordering={ordering}&limit=100{sieve}"
        listed = self.ann.get(f"/api/tasks?{asked}").json_body["items"]
        assert len(listed) == len(live)
        for card in listed:
            known = live[card["id"]]
            assert {name: card[name] for name in known.fields} == known.fields
            assert card["comments_count"] == len(known.comments)
            assert card["subtasks_count"] == len(self._children(card["id"]))

    def _compare_copy(self, live: dict[str, Known]) -> None:
        self.copy.sync()
        kept = {
            each["id"]: each for each in self.copy.tasks.values() if each["project"] == self.project
        }
        assert kept.keys() == live.keys()
        for task, known in live.items():
            assert {name: kept[task][name] for name in known.fields} == known.fields


def _runs(client: Client) -> None:
    people = (sign_up(client, "ann"), sign_up(client, "bob"))
    machine = type("Ours", (Office,), {"client": client, "people": people})
    run_state_machine_as_test(machine, settings=BOUNDED)


def test_everything_equals_a_recount_after_any_sequence(client: Client) -> None:
    _runs(client)


@pytest.mark.usefixtures("local_table")
def test_everything_equals_a_recount_in_the_real_engine(client: Client) -> None:
    _runs(client)


FIELDS = {
    "title": st.text("abc é漢", min_size=1, max_size=200),
    "description": st.text(st.characters(exclude_categories=["C"]), max_size=2_000),
    "status": STATUSES,
    "priority": PRIORITIES,
    "due_date": DUE_DATES,
}
FOLLOWING = {"version", "updated_at", "completed_at"}


def test_patching_one_field_leaves_every_other_equal(ann: Person) -> None:
    project = ann.create_project()
    path = "/api/tasks/" + ann.create_task(project, due_date="2027-02-02", assigned_to=ann.id)["id"]

    @settings(BOUNDED, max_examples=1_000 if THOROUGH else 25)
    @given(st.sampled_from(sorted(FIELDS)).flatmap(lambda n: st.tuples(st.just(n), FIELDS[n])))
    def patches(change: tuple[str, Any]) -> None:
        name, value = change
        before = ann.get(path).json_body
        answer = ann.patch(path, {name: value})
        assert answer.status_code == 200, answer.json_body
        after = ann.get(path).json_body
        assert after[name] == value
        kept = before.keys() - {name} - FOLLOWING
        assert {each: after[each] for each in kept} == {each: before[each] for each in kept}

    patches()


@pytest.mark.usefixtures("local_table")
def test_a_walk_sees_all_that_stays_once_while_others_come_and_go(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "red"}).json_body["id"]
    # More than the megabyte that one answer of DynamoDB holds.
    made = fill(project, [ann.id, bob.id], label, 90, description="x" * 15_000)
    there = {task.id for task in made}
    removable = [task.id for task in made[1:]]

    @settings(BOUNDED, max_examples=100 if THOROUGH else 5)
    @given(st.integers(1, 100), st.sampled_from(ORDERINGS), st.sampled_from(SIEVES), st.data())
    @example(1, "-created_at", SIEVES[0], None)
    @example(100, "created_at", SIEVES[0], None)
    @example(3, "priority", SIEVES[1], None)
    def walks(size: int, ordering: str, sieve: str, data: st.DataObject | None) -> None:
        seen: list[str] = []
        staying = set(there)
        path = f"/api/tasks?project={project}&limit={size}&ordering={ordering}{sieve}"
        for number, page in enumerate(ann.list_pages(path)):
            assert len(page) <= size
            seen += [task["id"] for task in page]
            if number % 10 == 0 and removable:
                place = data.draw(st.integers(0, len(removable) - 1)) if data else 0
                gone = removable.pop(place)
                assert bob.delete(f"/api/tasks/{gone}").status_code == 204
                staying.discard(gone)
                there.discard(gone)
                new = str(bob.create_task(project, priority="high", due_date="2026-12-12")["id"])
                there.add(new)
        assert len(seen) == len(set(seen))
        assert staying <= set(seen)

    walks()
