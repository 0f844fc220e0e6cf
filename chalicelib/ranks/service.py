"""Moving a task to another position of the manual order.

A moved task gets a rank between those of its new neighbors. Only tasks that were moved have a
stored rank and, sorted by it, a filter entry. All ranks of a slot belong to moved tasks, so the
neighbors are found by one query, however many tasks the project has (decision 0041).
"""

from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice

from msgspec import Struct

from chalicelib.access.service import TaskAccess
from chalicelib.dynamodb.ids import is_task_id, project_id_of
from chalicelib.dynamodb.optimistic_locking import retry_on_conflict
from chalicelib.dynamodb.transactions import ConditionFailed, Write, item_key, transact
from chalicelib.errors import Conflict
from chalicelib.ranks import models
from chalicelib.ranks.fractional_index import (
    WINDOW,
    find_fraction,
    make_room,
    previous_slot,
    split_rank,
)
from chalicelib.ranks.models import AFTER_ALL_RANKS, RankEntry
from chalicelib.tasks.cards import get_rank, rank_sort_key
from chalicelib.tasks.keys import resolve_reference
from chalicelib.tasks.models import Task, get_task, get_tasks
from chalicelib.tasks.references import PlannedChange, invalid_field
from chalicelib.tasks.service import ChangeAuthor, get_author, plan_update

ATTEMPTS = 10
# The first query for a neighbor may find the two tasks of the move beside it.
FIRST_READ = 3


class Gap(Struct, frozen=True):
    """The place directly after or before the task `anchor`, where `task` goes.

    `slot` has all ranks of this place, and `position` divides them into those below and above.
    """

    task: Task
    anchor: Task
    is_after: bool
    slot: str
    position: str

    def list_below(self, first: int = FIRST_READ) -> Iterator[RankEntry]:
        """Yield the moved tasks of the slot that are before the gap, the nearest first."""
        found = models.list_entries_before(
            self.task.project_id, self.slot, self.position, first=first
        )
        return self._without(found, () if self.is_after else (self.anchor.id,))

    def list_above(self, first: int = FIRST_READ) -> Iterator[RankEntry]:
        """Yield the moved tasks of the slot that are behind the gap, the nearest first."""
        found = models.list_entries_after(
            self.task.project_id, self.slot, self.position, first=first
        )
        return self._without(found, (self.anchor.id,) if self.is_after else ())

    def _without(
        self, entries: Iterator[RankEntry], other_ids: Collection[str]
    ) -> Iterator[RankEntry]:
        return (entry for entry in entries if entry.id not in {self.task.id, *other_ids})


def move_task(
    access: TaskAccess, *, after: str | None, before: str | None, version: int | None = None
) -> Task:
    """Move the task directly after or directly before another task (an id or a key) of its project.

    Exactly one of the two is given. A task that is already there does not change. Raises `Invalid`
    when the other task is none of the project, `PreconditionFailed` when `version` is given and is
    not the stored one, and `Conflict` when concurrent requests moved the other task too often.
    """
    field, text = ("before", before) if after is None else ("after", after)
    anchor_id = resolve_reference(access, text)
    commit = partial(_commit_move, field=field, anchor_id=anchor_id, author=get_author(access))
    return retry_on_conflict(access.task, version=version, commit=commit)


def _commit_move(task: Task, *, field: str, anchor_id: str | None, author: ChangeAuthor) -> Task:
    """Move the task beside the task that `field` names; plan again if that one changed meanwhile.

    Raises `ConditionFailed` when the task itself changed since it was read.
    """
    for _ in range(ATTEMPTS):
        gap = _find_gap(task, _get_anchor(task, field, anchor_id), is_after=field == "after")
        changes = _plan_move(gap, author)
        if not changes:
            return task
        try:
            transact(*_build_writes(gap, changes))
        except ConditionFailed as failed:
            if item_key(failed.write) == (task.PK, task.SK):
                raise
        else:
            return changes[0].task
    raise Conflict("The tasks around this position were moved at the same moment; try again")


def _get_anchor(task: Task, field: str, anchor_id: str | None) -> Task:
    """Return the task that the field names. Raises `Invalid` if it cannot be a neighbor."""
    anchor = None
    if anchor_id and is_task_id(anchor_id) and project_id_of(anchor_id) == task.project_id:
        anchor = get_task(anchor_id)
    if anchor is None or anchor.id == task.id:
        raise invalid_field(field, "must be another task of the same project")
    return anchor


def _find_gap(task: Task, anchor: Task, *, is_after: bool) -> Gap:
    """Return the gap beside the anchor. Before a task that was never moved is the slot before."""
    slot, _ = split_rank(get_rank(anchor))
    position = rank_sort_key(anchor)
    if not is_after and anchor.rank is None:
        slot = previous_slot(slot)
        position = slot + AFTER_ALL_RANKS
    return Gap(task, anchor, is_after, slot, position)


def _plan_move(gap: Gap, author: ChangeAuthor) -> list[PlannedChange]:
    """Plan the changes of the moved task and, after it, of others that make room for it.

    Returns an empty list if the task is already in the gap.
    """
    _, anchor_fraction = split_rank(get_rank(gap.anchor))
    neighbor = next(gap.list_above() if gap.is_after else gap.list_below(), None)
    neighbor_fraction = neighbor and _get_fraction(neighbor)
    if gap.is_after:
        low, high = anchor_fraction, neighbor_fraction
    else:
        low, high = neighbor_fraction or "", anchor_fraction or None
    if _is_between(gap, neighbor):
        return []
    fraction = find_fraction(low, high)
    if fraction is None:
        return _plan_spread(gap, author)
    return [plan_update(gap.task, {"rank": gap.slot + fraction}, author)]


def _is_between(gap: Gap, neighbor: RankEntry | None) -> bool:
    """Return whether the task is already between the anchor and the neighbor beyond the gap."""
    if gap.task.rank is None or split_rank(gap.task.rank)[0] != gap.slot:
        return False
    positions = [rank_sort_key(gap.anchor), rank_sort_key(gap.task)]
    if neighbor is not None:
        positions.append(f"{neighbor.rank}#{neighbor.id}")
    return positions == sorted(positions, reverse=not gap.is_after)


def _plan_spread(gap: Gap, author: ChangeAuthor) -> list[PlannedChange]:
    """Plan new ranks for the task and for the moved tasks around the gap.

    Each takes three writes of a transaction, which has at most a hundred.
    """
    below = list(islice(gap.list_below(WINDOW + 1), WINDOW + 1))
    above = list(islice(gap.list_above(WINDOW + 1), WINDOW + 1))
    lower, middle, upper = make_room([*map(_get_fraction, below)], [*map(_get_fraction, above)])
    fractions = {
        **dict(zip(below, lower, strict=False)),
        **dict(zip(above, upper, strict=False)),
    }
    tasks = {task.id: task for task in get_tasks(entry.id for entry in fractions)}
    by_service = ChangeAuthor(None, None, author.now)
    moved = [
        plan_update(tasks[entry.id], {"rank": gap.slot + fraction}, by_service)
        for entry, fraction in fractions.items()
        # Reindex removes an entry whose task no longer exists.
        if entry.id in tasks and tasks[entry.id].rank == entry.rank
    ]
    return [plan_update(gap.task, {"rank": gap.slot + middle}, author), *moved]


def _get_fraction(entry: RankEntry) -> str:
    return split_rank(entry.rank)[1]


def _build_writes(gap: Gap, changes: list[PlannedChange]) -> list[Write]:
    writes = [write for change in changes for write in change.all_writes]
    if all(change.task.id != gap.anchor.id for change in changes):
        writes.append(models.unchanged_rank_check(gap.anchor))
    return writes
