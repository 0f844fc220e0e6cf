"""The filter entries of ranks, which have the moved tasks of a project in their order."""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import query_all
from chalicelib.dynamodb.transactions import ConditionCheck
from chalicelib.task_lists.models import FilterEntry
from chalicelib.tasks.models import Task

PREFIX = "BY#rank:"
# Sorts after every rank that begins alike.
AFTER_ALL_RANKS = "~"


class RankEntry(NamedTuple):
    """A task that was moved, and its rank."""

    id: str
    rank: str


def list_entries_before(
    project_id: str, slot: str, position: str, *, first: int
) -> Iterator[RankEntry]:
    """Yield the entries of a slot up to a position, the nearest first.

    A position is a rank, `#` and a task's id. The first query reads `first` entries.
    """
    return _list_entries(project_id, slot, position, first=first, newest_first=True)


def list_entries_after(
    project_id: str, slot: str, position: str, *, first: int
) -> Iterator[RankEntry]:
    """Yield the entries of a slot from a position on, the nearest first.

    A position is a rank, `#` and a task's id. The first query reads `first` entries.
    """
    return _list_entries(project_id, position, slot + AFTER_ALL_RANKS, first=first)


def _list_entries(
    project_id: str, low: str, high: str, *, first: int, newest_first: bool = False
) -> Iterator[RankEntry]:
    entries = query_all(
        FilterEntry,
        f"PROJECT#{project_id}",
        FilterEntry.SK.between(PREFIX + low, PREFIX + high),
        first=first,
        newest_first=newest_first,
    )
    for entry in entries:
        rank, _, task_id = entry.SK.removeprefix(PREFIX).partition("#")
        yield RankEntry(task_id, rank)


def unchanged_rank_check(task: Task) -> ConditionCheck:
    """Return the check that a task still exists, outside the trash, with the rank that was read."""
    return ConditionCheck(Task.key(task.id), Task.PK.exists() & is_unchanged(task, "rank"))
