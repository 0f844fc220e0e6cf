"""Search: the words of titles and descriptions, found by how they begin."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from chalicelib.errors import BadRequest, FieldError
from chalicelib.store import words
from chalicelib.store.stream import Change
from chalicelib.store.task_lists import in_chunks
from chalicelib.store.tasks import Task, TrashedTask

# Of one task, the first of its words; of one word, its beginning.
WORDS_MAX, WORD_LENGTH = 200, 40
ASKED_MAX = 8
# A beginning that finds more than this says nothing; nobody waits for it either.
FOUND_MAX = 2_000

_WORD = re.compile(r"[^\W_]+")


def of_text(text: str) -> list[str]:
    """The words of `text`, folded: without case, width and accents, in the order of their first
    appearance."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(bare)))


def find(project_id: str, text: str) -> Iterator[Task]:
    """The project's tasks that have, for each word of `text`, one that begins so; what was written
    some seconds ago may be missing. Raises `BadRequest` when no word of `text` is rare enough."""
    asked = of_text(text)[:ASKED_MAX]
    rows = {word: words.beginning(project_id, word, limit=FOUND_MAX) for word in asked}
    rare = [task_ids for task_ids in rows.values() if task_ids is not None]
    if asked and not rare:
        raise _too_many(asked)
    candidates = sorted(set.intersection(*rare)) if rare else []
    return (task for task in in_chunks(candidates) if _has(task, asked))


def _has(task: Task, asked: list[str]) -> bool:
    """Whether the task still has what the index said, and the words that are not rare."""
    own = _of_task(task)
    return all(any(word.startswith(beginning) for word in own) for beginning in asked)


def follow(change: Change, now: datetime) -> None:
    """Make a task found by the words that it has now, and by no other. Told again, it comes to the
    same."""
    old, new = _of_task(change.before), _of_task(change.after)
    task = change.after or change.before
    if task is not None and old != new:
        words.replace(task.project_id, task.id, gone=old - new, come=new - old)


def _of_task(task: Task | None) -> set[str]:
    """The words by which a task is found; one that is in the trash is not."""
    if task is None or isinstance(task, TrashedTask):
        return set()
    return set(of_text(f"{task.title}\n{task.description}")[:WORDS_MAX])


def _too_many(asked: list[str]) -> BadRequest:
    what = f"more than {FOUND_MAX} words begin with {' and with '.join(asked)}; give more of it"
    return BadRequest("The search is too broad", errors=(FieldError("q", what),))
