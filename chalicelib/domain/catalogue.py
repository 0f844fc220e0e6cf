"""What lists know of all tasks of a project at once: its catalogue, and what changed since.

Lists that no partition has in their order are chosen and sorted from it, so they read the same
however many tasks there are. No change waits for it: the reader of the table's stream writes it
anew with every sixteenth change or so, a page that had to read far behind it does too, and once a
week it is begun from nothing. What was lost of it is back by then; lists miss nothing meanwhile.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from chalicelib.errors import Unavailable
from chalicelib.observability import logger
from chalicelib.store import catalogue, projects, task_lists, tasks
from chalicelib.store.cards import Line
from chalicelib.store.catalogue import Catalogue, line_of
from chalicelib.store.projects import Project
from chalicelib.store.side_by_side import side_by_side
from chalicelib.store.stream import Change
from chalicelib.store.task_lists import FIRST, OVERLAP
from chalicelib.store.times import stamp
from chalicelib.store.transaction import transact

EVERY = 16
# Fewer tasks are as well read from the index.
WORTH_IT = 50
# How many changes more than must be a page reads before it has the catalogue renewed.
FAR_BEHIND = 100
# How many changes are read at once, and then four times as many.
AT_ONCE = 250
# How many changes are taken over at a time; what is more, the next time.
MOST = 10_000

NOTHING = Catalogue(FIRST, [])


def lines(wanted: Iterable[Project], now: datetime) -> Iterator[Line]:
    """A line for each task of the projects; one that was just deleted may still be there."""
    until = _settled(now)
    for project, last, news in side_by_side(_read, wanted):
        if sum(line.updated_at < until for line in news) > FAR_BEHIND:
            renew(project, now)
        yield from _joined(last, news)


def follow(change: Change, now: datetime) -> None:
    """Renew the catalogue if it is the change's turn, and the last time is some minutes ago."""
    task = change.after or change.before
    if task is None or (int(task.number or 0) + int(task.version)) % EVERY:
        return
    project = projects.by_id(task.project_id)
    if project is not None and (project.catalogued_until or "") < _settled(now - OVERLAP):
        renew(project, now)


def renew(project: Project, now: datetime, *, anew: bool = False) -> None:
    """Write the catalogue from the last one, or `anew`, unless the project is small or in the
    trash. While the bucket does not answer it stays as it was, which only makes lists dearer."""
    if project.deleted_at is not None:
        return
    try:
        _renew(project, now, anew)
    except Unavailable:
        logger.warning("a catalogue could not be renewed", project_id=project.id)


def _renew(project: Project, now: datetime, anew: bool) -> None:
    last, most = (NOTHING, None) if anew else (_last(project), MOST)
    news = list(islice(_news(project, last), most))
    if project.catalogued_until is None and len(news) < WORTH_IT:
        return
    until = _settled(now)
    if len(news) == most:
        until = min(until, tasks.updated_sort(news[-1]))
    gone = set(task_lists.deleted(project.id, last.until)) if last.blocks else set()
    there = (line for line in _joined(last, news) if line.id not in gone)
    catalogue.write(project.id, catalogue.made(until, there))
    transact(projects.catalogued(project.id, until))


def _read(project: Project) -> tuple[Project, Catalogue, list[Line]]:
    last = _last(project)
    return project, last, list(_news(project, last))


def _last(project: Project) -> Catalogue:
    """The catalogue that was written last; an empty one if there was none, or it is lost."""
    known = None if project.catalogued_until is None else catalogue.read(project.id)
    return known or NOTHING


def _news(project: Project, last: Catalogue) -> Iterator[Line]:
    """The tasks that changed since then, as they are now, the latest last."""
    changed = task_lists.by_update(project.id, last.until)
    walk = changed.walk(None, backwards=False, first=AT_ONCE)
    return (line_of(task) for _, task in walk)


def _joined(last: Catalogue, news: list[Line]) -> Iterator[Line]:
    changed = {line.id for line in news}
    yield from (line for line in last.lines if line.id not in changed)
    yield from news


def _settled(now: datetime) -> str:
    """Until when all changes are visible by now."""
    return stamp(now - OVERLAP)
