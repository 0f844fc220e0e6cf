"""Text search: finds tasks by the beginnings of the words in their titles and descriptions."""

import re
import unicodedata
from datetime import datetime

from chalicelib.errors import BadRequest, FieldError
from chalicelib.task_lists import models
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

# Only the first words of a task are indexed, and of each word only the beginning.
MAX_TERMS, MAX_TERM_LENGTH = 200, 40
MAX_QUERY_TERMS = 8
# A prefix with more matches does not narrow the search and takes too long to read.
MAX_MATCHES = 1_000
# With this few candidates, the remaining prefixes are checked in the tasks, not in the index.
FEW_CANDIDATES = 100

_WORD = re.compile(r"[^\W_]+")


def extract_terms(text: str) -> list[str]:
    """Return the words of `text` without case, width and accents, in order of first appearance."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return list(dict.fromkeys(word[:MAX_TERM_LENGTH] for word in _WORD.findall(plain)))


def find_candidates(project_id: str, text: str) -> set[str]:
    """Return the ids of tasks that may match `text`; `matches_text` decides for each.

    Tasks written a few seconds ago may be missing. Raises `BadRequest` if every word of `text` has
    too many matches.
    """
    prefixes = extract_terms(text)[:MAX_QUERY_TERMS]
    candidates: set[str] | None = None
    # Longer prefixes have fewer matches, so they are looked up first.
    for prefix in sorted(prefixes, key=len, reverse=True):
        if candidates is not None and len(candidates) <= FEW_CANDIDATES:
            break
        found = models.find_task_ids_by_prefix(project_id, prefix, limit=MAX_MATCHES)
        if found is not None:
            candidates = found if candidates is None else candidates & found

    if prefixes and candidates is None:
        quoted = " and with ".join(prefixes)
        message = f"more than {MAX_MATCHES} words begin with {quoted}; use longer words"
        raise BadRequest("The search is too broad", errors=(FieldError("q", message),))
    return candidates or set()


def matches_text(task: Task, text: str) -> bool:
    """Return whether each word of `text` is the beginning of a word of the task.

    The task needs its description. The check is necessary because the search index may lag behind
    the task, and not every word of `text` is looked up there.
    """
    terms = task_terms(task)
    prefixes = extract_terms(text)[:MAX_QUERY_TERMS]
    return all(any(term.startswith(prefix) for term in terms) for prefix in prefixes)


def update_search_index(change: TaskChange, now: datetime) -> None:
    """Replace the search terms of a changed task. Idempotent."""
    old, new = task_terms(change.before), task_terms(change.after)
    task = change.after or change.before
    if task is not None and old != new:
        models.replace_search_terms(task.project_id, task.id, removed=old - new, added=new - old)


def task_terms(task: Task | None) -> set[str]:
    """Return the words that a task is found by: none for a task in the trash."""
    if task is None or isinstance(task, TrashedTask):
        return set()
    return set(extract_terms(f"{task.title}\n{task.description}")[:MAX_TERMS])
