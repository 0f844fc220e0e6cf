"""The words of a project's tasks, for the search: a row for each word of each task, nothing but its
key. The reader of the table's stream keeps them, so they lag a moment behind the tasks."""

from collections.abc import Iterable
from itertools import islice

from chalicelib.store import table
from chalicelib.store.table import Key, Row


class Word(Row):
    """Says that the task at its end has the word in its sort key."""

    @staticmethod
    def key(project_id: str, word: str, task_id: str) -> "Key[Word]":
        return Key(Word, f"PROJECT#{project_id}", f"WORD#{word}#{task_id}")


def replace(project_id: str, task_id: str, *, gone: Iterable[str], come: Iterable[str]) -> None:
    """Take words from a task and give it others. Doing it again changes nothing."""
    old = [Word.key(project_id, word, task_id) for word in sorted(gone)]
    new = [Word.key(project_id, word, task_id) for word in sorted(come)]
    table.delete([(key.pk, key.sk) for key in old])
    table.put([key.bare() for key in new])


def beginning(project_id: str, prefix: str, *, limit: int) -> set[str] | None:
    """The ids of the tasks with a word that begins so; None if there are more than `limit` rows."""
    ours = Word.SK.startswith(f"WORD#{prefix}")
    found = table.query_all(Word, f"PROJECT#{project_id}", ours, consistent=False)
    rows = list(islice(found, limit + 1))
    if len(rows) > limit:
        return None
    return {row.SK.rpartition("#")[2] for row in rows}
