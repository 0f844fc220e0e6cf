"""Edges: which tasks have this label, this parent, this assignee or none, this creator.

An edge is a row that is nothing but its key, written and removed in the transaction that changes
the task, in the project's own partition. So the tasks behind one of these are found without a look
at any other, in the order of their creation, at once and not when an index has caught up.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from chalicelib.dynamodb.table import Item, Key, batch_delete, batch_put, query_all
from chalicelib.dynamodb.transactions import Delete, UnconditionalPut, Write
from chalicelib.tasks.models import NOBODY, Task

FILTER_KINDS = ("assignee", "creator", "label", "parent")
FILTER_PAGE = 100
# Sorts behind everything that an id holds.
AFTER_ALL_IDS = "~"


class FilterEntry(Item):
    """Says that the task at its end is of the kind and value in its sort key."""

    @staticmethod
    def key(project_id: str, name: str, task_id: str) -> "Key[FilterEntry]":
        return Key(FilterEntry, f"PROJECT#{project_id}", f"BY#{name}#{task_id}")


def filter_names(task: Task) -> set[str]:
    """What a task is found by: `label:<id>`, `assignee:<user>`, ..."""
    names = {f"creator:{task.created_by}", f"assignee:{task.assigned_to or NOBODY}"}
    names |= {f"label:{label}" for label in task.labels or ()}
    if task.parent is not None:
        names.add(f"parent:{task.parent}")
    return names


def move_filter_entries_writes(before: Task | None, after: Task | None) -> tuple[Write, ...]:
    """The writes that make a task found as it is `after` and no more as it was `before`; None
    stands for a task that is not there, or in the trash."""
    task = after or before
    assert task is not None
    old, new = filter_names(before) if before else set(), filter_names(after) if after else set()
    gone = (Delete(FilterEntry.key(task.project_id, name, task.id)) for name in sorted(old - new))
    come = (
        UnconditionalPut(FilterEntry.key(task.project_id, name, task.id).empty_item())
        for name in sorted(new - old)
    )
    return (*gone, *come)


def list_task_ids(
    project_id: str,
    name: str,
    *,
    after: str | None = None,
    newest_first: bool = False,
    first: int = FILTER_PAGE,
) -> Iterator[str]:
    """The ids of the tasks that `name` finds, in the order of their creation, behind `after`; the
    `first` so many are read at once."""
    prefix = f"BY#{name}#"
    low, high = prefix, prefix + AFTER_ALL_IDS
    if after is not None:
        low, high = (low, prefix + after) if newest_first else (prefix + after, high)
    rows = query_all(
        FilterEntry,
        f"PROJECT#{project_id}",
        FilterEntry.SK.between(low, high),
        first=first,
        newest_first=newest_first,
    )
    found = (row.SK.removeprefix(prefix) for row in rows)
    return (task_id for task_id in found if task_id != after)


class SearchTerm(Item):
    """Says that the task at its end has the word in its sort key."""

    @staticmethod
    def key(project_id: str, word: str, task_id: str) -> "Key[SearchTerm]":
        return Key(SearchTerm, f"PROJECT#{project_id}", f"WORD#{word}#{task_id}")


def replace_search_terms(
    project_id: str, task_id: str, *, gone: Iterable[str], come: Iterable[str]
) -> None:
    """Take words from a task and give it others. Doing it again changes nothing."""
    old = [SearchTerm.key(project_id, word, task_id) for word in sorted(gone)]
    new = [SearchTerm.key(project_id, word, task_id) for word in sorted(come)]
    batch_delete([(key.pk, key.sk) for key in old])
    batch_put([key.empty_item() for key in new])


def find_task_ids_by_prefix(project_id: str, prefix: str, *, limit: int) -> set[str] | None:
    """The ids of the tasks with a word that begins so; None if there are more than `limit` rows."""
    ours = SearchTerm.SK.startswith(f"WORD#{prefix}")
    found = query_all(SearchTerm, f"PROJECT#{project_id}", ours, consistent=False)
    rows = list(islice(found, limit + 1))
    if len(rows) > limit:
        return None
    return {row.SK.rpartition("#")[2] for row in rows}
