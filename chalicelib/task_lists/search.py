"""Text search: finds tasks by the beginnings of the words in their titles and descriptions."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.errors import BadRequest, FieldError
from chalicelib.task_lists import models, tokenizer
from chalicelib.task_lists.tokenizer import Word
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import Task, TrashedTask

MAX_QUERY_WORDS = 8
# Of one word, at most this many parts or pairs of characters are looked up. All are checked in the
# tasks.
MAX_LOOKUPS = 8
# A prefix with more matches does not narrow the search and takes too long to read.
MAX_MATCHES = 1_000
# With this few candidates, the remaining prefixes are checked in the tasks, not in the index.
FEW_CANDIDATES = 100


def find_text_errors(text: str) -> Iterator[FieldError]:
    """Yield an error if the search text `text` has no word or too many words."""
    count = len(_split_query(text))
    if count == 0:
        yield FieldError("q", "must contain a letter or a digit")
    elif count > MAX_QUERY_WORDS:
        yield FieldError("q", f"has {count} words; use at most {MAX_QUERY_WORDS}")


def find_candidates(project_id: str, text: str) -> set[str]:
    """Return the ids of tasks that may match `text`; `matches_text` decides for each.

    Tasks written a few seconds ago may be missing. Raises `BadRequest` if every word of `text` has
    too many matches.
    """
    query = [tokenizer.query_prefixes(word) for word in _split_query(text)]
    candidates: set[str] | None = None
    # Longer words have fewer matches, so they are looked up first.
    for alternatives in sorted(query, key=lambda each: len("".join(each[0])), reverse=True):
        if candidates is not None and len(candidates) <= FEW_CANDIDATES:
            break
        found = _look_up_word(project_id, alternatives)
        if found is not None:
            candidates = found if candidates is None else candidates & found
    if candidates is None:
        prefixes = dict.fromkeys(max(alternatives[-1], key=len) for alternatives in query)
        quoted = " and with ".join(prefixes)
        message = f"more than {MAX_MATCHES} words begin with {quoted}; use longer words"
        raise BadRequest("The search is too broad", errors=(FieldError("q", message),))
    return candidates | _find_earlier_candidates(project_id, text, query)


def matches_text(task: Task, text: str) -> bool:
    """Return whether each word of `text` is the beginning of a word of the task.

    In scripts without spaces it may be any part of a word. The task needs its description. The
    check is necessary because the search index may lag behind the task, and not every word of
    `text` is looked up there.
    """
    task_words = _task_words(task)
    terms = _index_terms(task_words)
    runs = {"".join(word.parts) for word in task_words if word.is_unspaced}
    for word in _split_query(text):
        if word.is_unspaced:
            run = "".join(word.parts)
            matches = any(run in each for each in runs)
        else:
            matches = any(
                all(any(term.startswith(prefix) for term in terms) for prefix in prefixes)
                for prefixes in tokenizer.query_prefixes(word)
            )
        if not matches:
            return False
    return True


def update_search_index(change: TaskChange, now: datetime) -> None:
    """Replace the search terms of a changed task. Idempotent.

    Terms of earlier versions that are no longer used remain: lists check each candidate.
    """
    old, new = task_terms(change.before), task_terms(change.after)
    task = change.after or change.before
    if task is not None and old != new:
        models.replace_search_terms(task.project_id, task.id, removed=old - new, added=new - old)


def task_terms(task: Task | None) -> set[str]:
    """Return the terms that a task is found by: none for a task in the trash."""
    return _index_terms(_task_words(task))


def _index_terms(task_words: set[Word]) -> set[str]:
    return {term for word in task_words for term in tokenizer.index_terms(word)}


def _task_words(task: Task | None) -> set[Word]:
    if task is None or isinstance(task, TrashedTask):
        return set()
    return set(tokenizer.split_words(f"{task.title}\n{task.description}"))


def _split_query(text: str) -> list[Word]:
    """Return the words of a search text without duplicates."""
    return list(dict.fromkeys(tokenizer.split_words(text)))


def _look_up_word(project_id: str, alternatives: list[list[str]]) -> set[str] | None:
    """Return the ids of tasks that match one of the alternatives, None if they are too many."""
    found: set[str] = set()
    for prefixes in alternatives:
        ids = _look_up(project_id, prefixes)
        if ids is None:
            return None
        found |= ids
    return found


def _look_up(project_id: str, prefixes: list[str]) -> set[str] | None:
    """Return the ids of tasks that may match all prefixes, None if each has too many matches."""
    candidates: set[str] | None = None
    # The last first, because many tasks may begin alike.
    for prefix in sorted(reversed(prefixes), key=len, reverse=True)[:MAX_LOOKUPS]:
        if candidates is not None and len(candidates) <= FEW_CANDIDATES:
            break
        found = models.find_task_ids_by_prefix(project_id, prefix, limit=MAX_MATCHES)
        if found is not None:
            candidates = found if candidates is None else candidates & found
    return candidates


def _find_earlier_candidates(project_id: str, text: str, query: list[list[list[str]]]) -> set[str]:
    """Return the ids of tasks that only the terms of earlier versions find.

    Returns none if these are many: each is read to check it.
    """
    earlier = tokenizer.earlier_terms(text)
    known = {prefix for alternatives in query for prefixes in alternatives for prefix in prefixes}
    if not earlier or set(earlier) <= known:
        return set()
    found = _look_up(project_id, earlier)
    return found if found is not None and len(found) <= FEW_CANDIDATES else set()
