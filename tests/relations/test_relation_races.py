"""Relations under concurrent requests, on DynamoDB Local."""

import random
from collections.abc import Callable
from itertools import count, product
from typing import Any

import pytest

from chalicelib.access.permissions import Action
from chalicelib.access.service import RequestContext, TaskAccess, authorize_task
from chalicelib.clock import now
from chalicelib.errors import ApiError, Conflict
from chalicelib.relations.models import BLOCKED_BY, BLOCKS, is_blocking, list_relations
from chalicelib.relations.service import create_relation, delete_relation
from chalicelib.sessions.credentials import parse_credential
from chalicelib.tasks.models import Task, get_task_or_trashed
from chalicelib.tasks.service import delete_task, update_task
from chalicelib.trash.service import restore_task
from tests.dynamodb.test_races import at_once
from tests.faults import after_each_call
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


@pytest.fixture
def make_tasks(ann: Person, project: str) -> Callable[[int], list[str]]:
    """Create `count` tasks and return their ids."""
    return lambda count: [str(ann.create_task(project)["id"]) for _ in range(count)]


def _authorize(ann: Person, task: str, action: Action = Action.WRITE_TASKS) -> TaskAccess:
    return authorize_task(RequestContext(parse_credential(ann.token), action, now()), task)


def _block(ann: Person, blocker: str, blocked: str) -> str:
    created = create_relation(_authorize(ann, blocker), kind=BLOCKS, target=blocked)
    return created.relation.id


def _codes(answers: list[Any]) -> list[str]:
    return [answer.stable_code for answer in answers if isinstance(answer, ApiError)]


def _load(task_id: str) -> Task:
    task = get_task_or_trashed(task_id)
    assert task is not None
    return task


def _check_counts(task_ids: list[str]) -> None:
    """Check that the counts of the tasks agree with their relations, and these with each other."""
    for task_id in task_ids:
        task, relations = _load(task_id), list_relations(task_id)
        blockers = [each.other_id for each in relations if each.kind == BLOCKED_BY]
        open_blockers = sum(is_blocking(_load(each)) for each in blockers)
        counts = (int(task.relations_count or 0), int(task.open_blockers_count or 0))
        assert counts == (len(relations), open_blockers)
        for relation in relations:
            assert relation.inverse.SK in {each.SK for each in list_relations(relation.other_id)}


def _has_cycle(task_ids: list[str]) -> bool:
    blocked = {each: [r.other_id for r in list_relations(each, BLOCKS)] for each in task_ids}
    reached = {each: {each} for each in task_ids}
    for _, first in product(task_ids, task_ids):
        reached[first] |= {other for each in reached[first] for other in blocked[each]}
    return any(first in reached[other] for first in task_ids for other in blocked[first])


@pytest.mark.parametrize("length", [2, 3, 4])
def test_concurrent_requests_do_not_close_a_cycle(
    ann: Person, make_tasks: Callable[[int], list[str]], length: int
) -> None:
    for _ in range(5):
        tasks = make_tasks(length)
        answers = at_once(length, lambda n, t=tasks: _block(ann, t[n], t[(n + 1) % len(t)]))
        assert _codes(answers) == ["relation_cycle"]
        assert not _has_cycle(tasks)
        _check_counts(tasks)


def test_two_halves_of_a_cycle_through_other_tasks_are_not_both_created(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    """a -> b -> c and d -> e -> f exist; c -> d and f -> a together would close a cycle."""
    for _ in range(5):
        tasks = make_tasks(6)
        a, b, c, d, e, f = tasks
        for first, second in ((a, b), (b, c), (d, e), (e, f)):
            _block(ann, first, second)
        pairs = [(c, d), (f, a)]
        answers = at_once(2, lambda n, p=pairs: _block(ann, *p[n]))
        assert _codes(answers) == ["relation_cycle"]
        assert not _has_cycle(tasks)


def test_a_relation_is_created_once_by_concurrent_requests(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    tasks = make_tasks(2)
    answers = at_once(6, lambda n: _block(ann, *tasks))
    assert _codes(answers) == ["already_related"] * 5
    _check_counts(tasks)


def test_a_relation_is_removed_once_by_concurrent_requests(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    tasks = make_tasks(2)
    relation = _block(ann, *tasks)
    answers = at_once(6, lambda n: delete_relation(_authorize(ann, tasks[n % 2]), relation))
    assert _codes(answers) == ["not_found"] * 5
    _check_counts(tasks)


def test_a_task_does_not_become_done_while_it_gets_a_blocker(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    for _ in range(5):
        blocker, task = make_tasks(2)
        access = _authorize(ann, task)
        _block(ann, blocker, task)
        with pytest.raises(Conflict, match="Open tasks block this one"):
            update_task(access, {"status": "done"})


def test_a_blocker_that_is_finished_while_it_gets_a_relation_is_counted_right(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    for _ in range(5):
        blocker, first, second = tasks = make_tasks(3)
        relation = _block(ann, blocker, first)
        access = _authorize(ann, blocker)
        acts: list[Callable[[], Any]] = [
            lambda a=access: update_task(a, {"status": "done"}),
            lambda b=blocker, s=second: _block(ann, b, s),
            lambda f=first, r=relation: delete_relation(_authorize(ann, f), r),
        ]
        assert _codes(at_once(3, lambda n, a=acts: a[n]())) == []
        _check_counts(tasks)


def test_relations_that_change_between_read_and_write_are_counted_right(
    ann: Person, make_tasks: Callable[[int], list[str]]
) -> None:
    """One relation is removed and another created, so the number of relations stays the same."""
    blocker, first, second = tasks = make_tasks(3)
    relation = _block(ann, blocker, first)
    access = _authorize(ann, blocker)
    reads = count()

    def swap() -> None:
        if next(reads) == 0:
            delete_relation(_authorize(ann, blocker), relation)
            _block(ann, blocker, second)

    with after_each_call("Query", swap):
        update_task(access, {"status": "done"})
    assert next(reads) > 1
    _check_counts(tasks)


@pytest.mark.parametrize("seed", range(4))
def test_any_concurrent_changes_leave_right_counts_and_no_cycle(
    ann: Person, make_tasks: Callable[[int], list[str]], seed: int
) -> None:
    tasks = make_tasks(5)

    def act(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        for _ in range(12):
            task, other = chance.sample(tasks, 2)
            try:
                _change(ann, task, other, chance)
            except ApiError as error:
                assert error.status in {404, 409, 422, 503}, error.stable_code

    assert at_once(4, act) == [None] * 4
    _check_counts(tasks)
    assert not _has_cycle(tasks)


def _change(ann: Person, task: str, other: str, chance: random.Random) -> None:
    match chance.randrange(8):
        case 0:
            delete_task(_authorize(ann, task))
        case 1 | 2:
            restore_task(_authorize(ann, task, Action.RESTORE_TASK))
        case 3 | 4:
            status = chance.choice(["todo", "done"])
            update_task(_authorize(ann, task), {"status": status}, force=chance.random() < 0.5)
        case 5:
            relations = list_relations(task)
            if relations:
                delete_relation(_authorize(ann, task), chance.choice(relations).id)
        case _:
            kind = chance.choice([BLOCKS, BLOCKED_BY, "relates_to"])
            create_relation(_authorize(ann, task), kind=kind, target=other)
