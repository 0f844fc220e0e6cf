"""Items that lists find tasks by: filter entries and search terms.

A filter entry says that a task has a certain label, parent, assignee (or none), creator, start time
or stored rank, or that an open task blocks it. It consists of its key only, in the project's own
partition, and is written and removed in the transaction that changes the task; the last kind also
by the stream, because the other task may change. A list by one of the first four therefore reads
only matching tasks, in the order of their creation, and is consistent; an index would lag behind.
The entries of start times sort by time, so a key range of them holds the tasks that start between
two times, and those of ranks by rank.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb.batch_writes import batch_delete, batch_put
from chalicelib.dynamodb.mapping.expressions import is_unchanged
from chalicelib.dynamodb.table import Item, Key, query_all, query_raw
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, UnconditionalPut, Write
from chalicelib.relations.models import is_blocked
from chalicelib.tasks.models import NOBODY, Task

FILTER_PAGE = 100
BLOCKED = "blocked"
# Sorts after every character of an id.
AFTER_ALL_IDS = "~"
FULL_WIDTH_NUMBER_SIGN = "\uff03"


class FilterEntry(Item):
    """A task that has the property `name`, for example `label:<id>`."""

    @staticmethod
    def key(project_id: str, name: str, task_id: str) -> "Key[FilterEntry]":
        return Key(FilterEntry, f"PROJECT#{project_id}", f"BY#{name}#{task_id}")


def filter_names(task: Task) -> set[str]:
    """Return the names of the task's filter entries: `label:<id>`, `blocked`, ..."""
    names = {f"creator:{task.created_by}", f"assignee:{task.assigned_to or NOBODY}"}
    names |= {f"label:{label}" for label in task.labels or ()}
    if task.parent is not None:
        names.add(f"parent:{task.parent}")
    if task.start_at is not None:
        names.add(f"start:{task.start_at}")
    if task.rank is not None:
        names.add(f"rank:{task.rank}")
    if is_blocked(task):
        names.add(BLOCKED)
    return names


def move_filter_entries_writes(before: Task | None, after: Task | None) -> tuple[Write, ...]:
    """Return the writes that replace the task's filter entries when it changes.

    Pass None as `before` or `after` for a task that does not exist or is in the trash.
    """
    task = after or before
    assert task is not None
    old = filter_names(before) if before else set()
    new = filter_names(after) if after else set()

    writes: list[Write] = []
    for name in sorted(old - new):
        writes.append(Delete(FilterEntry.key(task.project_id, name, task.id)))
    for name in sorted(new - old):
        key = FilterEntry.key(task.project_id, name, task.id)
        writes.append(UnconditionalPut(key.empty_item()))
    return tuple(writes)


def set_blocked_entry(task: Task, *, is_blocked: bool) -> None:
    """Add or remove the filter entry of a blocked task. Idempotent."""
    key = FilterEntry.key(task.project_id, BLOCKED, task.id)
    if is_blocked:
        batch_put([key.empty_item()])
    else:
        batch_delete([(key.pk, key.sk)])


def list_task_ids(
    project_id: str,
    name: str,
    *,
    after: str | None = None,
    newest_first: bool = False,
    first: int = FILTER_PAGE,
) -> Iterator[str]:
    """Yield the ids of the tasks that have the filter entry `name`, in the order of creation.

    `after` is the task id to continue behind. The first query reads `first` entries.
    """
    prefix = f"BY#{name}#"
    low, high = prefix, prefix + AFTER_ALL_IDS
    if after is not None:
        low, high = (low, prefix + after) if newest_first else (prefix + after, high)
    entries = query_all(
        FilterEntry,
        f"PROJECT#{project_id}",
        FilterEntry.SK.between(low, high),
        first=first,
        newest_first=newest_first,
    )
    for entry in entries:
        task_id = entry.SK.removeprefix(prefix)
        if task_id != after:
            yield task_id


def find_task_ids_by_start(project_id: str, low: str, high: str) -> set[str]:
    """Return the ids of the tasks that start at or after `low` and before `high`.

    Reads all entries in between, eventually consistent: the list snapshots, which the ids are
    combined with, are not more recent.
    """
    if low > high:
        return set()
    entries = query_all(
        FilterEntry,
        f"PROJECT#{project_id}",
        FilterEntry.SK.between(f"BY#start:{low}", f"BY#start:{high}"),
        consistent=False,
    )
    return {entry.SK.rpartition("#")[2] for entry in entries}


class SearchTerm(Item):
    """A task whose title or description contains the word."""

    @staticmethod
    def key(project_id: str, word: str, task_id: str) -> "Key[SearchTerm]":
        return Key(SearchTerm, f"PROJECT#{project_id}", f"{_word_key(word)}#{task_id}")


def _word_key(word: str) -> str:
    """Return the beginning of the keys of `word`.

    In `c#` the sign must not end the word. No folded word contains its full-width form.
    """
    return f"WORD#{word.replace('#', FULL_WIDTH_NUMBER_SIGN)}"


def replace_search_terms(
    project_id: str, task_id: str, *, removed: Iterable[str], added: Iterable[str]
) -> None:
    """Remove words from a task's search terms and add others. Idempotent."""
    old_keys = [SearchTerm.key(project_id, word, task_id) for word in sorted(removed)]
    new_keys = [SearchTerm.key(project_id, word, task_id) for word in sorted(added)]
    batch_delete([(key.pk, key.sk) for key in old_keys])
    batch_put([key.empty_item() for key in new_keys])


def find_task_ids_by_prefix(project_id: str, prefix: str, *, limit: int) -> set[str] | None:
    """Return the ids of the tasks with a word that begins with `prefix`.

    Returns None if more than `limit` search terms begin with it.
    """
    found = query_all(
        SearchTerm,
        f"PROJECT#{project_id}",
        SearchTerm.SK.startswith(_word_key(prefix)),
        consistent=False,
    )
    terms = list(islice(found, limit + 1))
    if len(terms) > limit:
        return None
    return {term.SK.rpartition("#")[2] for term in terms}


def entry_sort_keys(task: Task, words: Iterable[str]) -> set[str]:
    """Return the sort keys of a task's filter entries, and of its search terms `words`."""
    filters = (FilterEntry.key(task.project_id, name, task.id).sk for name in filter_names(task))
    terms = (SearchTerm.key(task.project_id, word, task.id).sk for word in words)
    return {*filters, *terms}


def list_entry_sort_keys(project_id: str, *, consistent: bool) -> Iterator[str]:
    """Yield the sort keys of all filter entries and search terms of a project.

    A sort key ends with `#` and the id of the task.
    """
    for prefix in ("BY#", "WORD#"):
        found = query_raw(
            f"PROJECT#{project_id}", Item.SK.startswith(prefix), consistent=consistent
        )
        yield from (raw["SK"]["S"] for raw in found)


def replace_entries_writes(
    project_id: str, *, removed: Iterable[str], added: Iterable[str]
) -> list[Write]:
    """Return the writes that remove and add filter entries and search terms by sort key."""
    old = [Key(Item, f"PROJECT#{project_id}", sort_key) for sort_key in sorted(removed)]
    new = [Key(Item, f"PROJECT#{project_id}", sort_key) for sort_key in sorted(added)]
    return [*map(Delete, old), *(UnconditionalPut(key.empty_item()) for key in new)]


def unchanged_task_check(task_id: str, task: Task | None) -> ConditionCheck:
    """Return the check that the task has the version and the open blockers that were read.

    Pass None as `task` for a task that did not exist or was in the trash: it must still be so.
    """
    absent: Condition = Task.PK.does_not_exist()
    condition = absent
    if task is not None:
        condition = (Task.version == task.version) & is_unchanged(task, "open_blockers_count")
    return ConditionCheck(Task.key(task_id), condition)
