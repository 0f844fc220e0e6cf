"""Search: the words of titles and descriptions, found by how they begin."""

import re
import unicodedata
from datetime import datetime

from chalicelib.errors import BadRequest, FieldError
from chalicelib.task_lists import models
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

# Of one task, the first of its words; of one word, its beginning.
MAX_TERMS, MAX_TERM_LENGTH = 200, 40
MAX_QUERY_TERMS = 8
# A beginning that finds more than this says nothing; nobody waits for it either.
MAX_MATCHES = 1_000
# Of so few tasks, the other words are looked for in the tasks themselves.
FEW_CANDIDATES = 100

_WORD = re.compile(r"[^\W_]+")


def extract_terms(text: str) -> list[str]:
    """The words of `text`, folded: without case, width and accents, in the order of their first
    appearance."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return list(dict.fromkeys(word[:MAX_TERM_LENGTH] for word in _WORD.findall(bare)))


def find_candidates(project_id: str, text: str) -> set[str]:
    """The ids of tasks that may have, for each word of `text`, one that begins so; what was written
    some seconds ago may be missing. Raises `BadRequest` when no word of `text` is rare enough."""
    asked, found = _query_terms(text), None
    for word in sorted(asked, key=len, reverse=True):
        if found is None or len(found) > FEW_CANDIDATES:
            having = models.find_task_ids_by_prefix(project_id, word, limit=MAX_MATCHES)
            if having is not None:
                found = having if found is None else found & having
    if asked and found is None:
        prefixes = " and with ".join(asked)
        what = f"more than {MAX_MATCHES} words begin with {prefixes}; give more of it"
        raise BadRequest("The search is too broad", errors=(FieldError("q", what),))
    return found or set()


def matches_text(task: Task, text: str) -> bool:
    """Whether the whole task has, for each word of `text`, one that begins so: the index may be
    behind, and not every word is looked up there."""
    own = _terms_of(task)
    return all(any(word.startswith(beginning) for word in own) for beginning in _query_terms(text))


def _query_terms(text: str) -> list[str]:
    return extract_terms(text)[:MAX_QUERY_TERMS]


def update_search_index(change: TaskChange, now: datetime) -> None:
    """Make a task found by the words that it has now, and by no other. Told again, it comes to the
    same."""
    old, new = _terms_of(change.before), _terms_of(change.after)
    task = change.after or change.before
    if task is not None and old != new:
        models.replace_search_terms(task.project_id, task.id, gone=old - new, come=new - old)


def _terms_of(task: Task | None) -> set[str]:
    """The words by which a task is found; one that is in the trash is not."""
    if task is None or isinstance(task, TrashedTask):
        return set()
    return set(extract_terms(f"{task.title}\n{task.description}")[:MAX_TERMS])
