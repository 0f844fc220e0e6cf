"""The search for cycles among the tasks that block each other.

A new relation "A blocks B" closes a cycle if B already blocks A, directly or through other tasks.
The search goes forward from B and backward from A in turns, level by level. It ends when one of the
two finds no more tasks: then there is no way from B to A.

Two concurrent requests could each close one half of a cycle. So the transaction of the new relation
requires that the tasks at which the finished search looked still have the relations that it read.
Tasks in the trash and done tasks count, because they can come back.
"""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field
from functools import partial
from itertools import chain

from chalicelib.copies.location_models import find_tasks_anywhere
from chalicelib.dynamodb.concurrency import run_concurrently
from chalicelib.dynamodb.transactions import ConditionCheck
from chalicelib.errors import Conflict
from chalicelib.relations.models import (
    BLOCKED_BY,
    BLOCKS,
    list_relations,
    unchanged_relations_check,
)
from chalicelib.tasks.models import Task

# The transaction has a check for each task and about ten other writes; DynamoDB allows 100.
SEARCHED_TASKS_MAX = 80


@dataclass
class _Search:
    """A breadth-first search from a task along the relations of one kind.

    `visited` has the tasks by original id, `frontier` those whose relations are not read yet.
    """

    kind: str
    start: InitVar[Task]
    frontier: list[Task] = field(init=False)
    visited: dict[str, Task] = field(init=False)

    def __post_init__(self, start: Task) -> None:
        self.visited = {}
        self._visit({start.original_id: start})

    def advance(self) -> None:
        """Go one level further. Raises `Conflict` when there are too many tasks."""
        sources = [task.original_id for task in self.frontier]
        relations = chain.from_iterable(
            run_concurrently(partial(list_relations, kind=self.kind), sources)
        )
        new_ids = {relation.other_id for relation in relations} - self.visited.keys()
        if len(self.visited) + len(new_ids) > SEARCHED_TASKS_MAX:
            raise Conflict(
                f"More than {SEARCHED_TASKS_MAX} tasks block each other in a row on both sides of "
                "this relation, too many to search for a cycle",
                code="chain_too_long",
            )
        # A task is read before its relations, so a later change of these changes its version.
        self._visit(find_tasks_anywhere(new_ids))

    def _visit(self, tasks: dict[str, Task]) -> None:
        self.visited |= tasks
        self.frontier = [task for task in tasks.values() if task.relations_count]


def find_cycle_checks(blocker: Task, blocked: Task) -> Iterable[ConditionCheck]:
    """Return the checks under which "`blocker` blocks `blocked`" closes no cycle.

    They leave out these two tasks; the transaction must require that their relations are as they
    were read. Raises `Conflict` when the relation would close a cycle, and when too many tasks
    would have to be searched.
    """
    ends = {blocker.original_id, blocked.original_id}
    forward, backward = _Search(BLOCKS, blocked), _Search(BLOCKED_BY, blocker)
    while forward.frontier and backward.frontier:
        search = min(forward, backward, key=lambda each: len(each.visited))
        search.advance()
        if ends <= search.visited.keys():
            raise Conflict(
                "The tasks would block each other in a cycle; remove one of the other relations",
                code="relation_cycle",
            )
    finished = forward if not forward.frontier else backward
    others = (task for task in finished.visited.values() if task.original_id not in ends)
    return map(unchanged_relations_check, others)
