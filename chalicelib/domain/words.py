"""Search: the words of titles and descriptions, found by how they begin."""

import re
import unicodedata
from datetime import datetime

from chalicelib.errors import BadRequest, FieldError
from chalicelib.store import words
from chalicelib.store.stream import Change
from chalicelib.store.tasks import Task, TrashedTask

# Of one task, the first of its words; of one word, its beginning.
WORDS_MAX, WORD_LENGTH = 200, 40
ASKED_MAX = 8
# A beginning that finds more than this says nothing; nobody waits for it either.
FOUND_MAX = 1_000
# Of so few tasks, the other words are looked for in the tasks themselves.
ENOUGH = 100

_WORD = re.compile(r"[^\W_]+")


def of_text(text: str) -> list[str]:
    """The words of `text`, folded: without case, width and accents, in the order of their first
    appearance."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(bare)))


def candidates(project_id: str, text: str) -> set[str]:
    """The ids of tasks that may have, for each word of `text`, one that begins so; what was written
    some seconds ago may be missing. Raises `BadRequest` when no word of `text` is rare enough."""
    asked, found = _asked(text), None
    for word in sorted(asked, key=len, reverse=True):
        if found is None or len(found) > ENOUGH:
            having = words.beginning(project_id, word, limit=FOUND_MAX)
            if having is not None:
                found = having if found is None else found & having
    if asked and found is None:
        prefixes = " and with ".join(asked)
        what = f"more than {FOUND_MAX} words begin with {prefixes}; give more of it"
        raise BadRequest("The search is too broad", errors=(FieldError("q", what),))
    return found or set()


def has(task: Task, text: str) -> bool:
    """Whether the whole task has, for each word of `text`, one that begins so: the index may be
    behind, and not every word is looked up there."""
    own = _of_task(task)
    return all(any(word.startswith(beginning) for word in own) for beginning in _asked(text))


def _asked(text: str) -> list[str]:
    return of_text(text)[:ASKED_MAX]


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
