"""Emptying the trash after thirty days: rows, what hangs on them, and the objects in the bucket.

Each tick removes a bounded number of rows, in steps for which there is time; the row that woke it
goes last, so what one tick leaves is found by the next. Whoever purges a project or a task has a
lease on it; every step can be done twice all the same, so a tick may die anywhere.
"""

from datetime import datetime

from chalicelib.domain import attachments as files
from chalicelib.domain.pacing import Pace, unhurried
from chalicelib.observability import report
from chalicelib.store import catalogue, ids, leases, purging, table, wake
from chalicelib.store.members import Belonging
from chalicelib.store.projects import Project
from chalicelib.store.purging import Place
from chalicelib.store.tasks import TrashedTask
from chalicelib.store.times import stamp

PAGE = 100
PAGES_IN_A_TICK = 20
# A step is not begun with less than this left; what comes after us in the tick needs time too.
STEP_MILLISECONDS = 90_000


def purge(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Remove what has been in the trash for thirty days, or go on with it."""
    pace, rows = pace or unhurried(now), 0
    for row in wake.ready("purge", now):
        if not pace.has(STEP_MILLISECONDS):
            break
        rows += _leased(Place(row.PK, row.SK), now, pace)
    wake.settle("purge", now)
    return report("purge", {"purged": rows})


def _leased(place: Place, now: datetime, pace: Pace) -> int:
    """Purge what nobody else is purging."""
    lease = leases.take(f"purge {place.pk} {place.sk}", now)
    if lease is None:
        return 0
    if place.sk == "META":
        removed = _purge_project(place.pk.removeprefix("PROJECT#"), now, pace)
    else:
        removed = _purge_task(place, now)
    leases.give_back(lease)
    return removed


def _purge_project(project_id: str, now: datetime, pace: Pace) -> int:
    project = table.get(Project.key(project_id))
    if project is None or project.deleted_at is None or not _is_over(project.wake_at, now):
        return 0
    removed = 0
    for _ in range(PAGES_IN_A_TICK):
        if not pace.has(STEP_MILLISECONDS):
            break
        page = purging.of_project(project_id, limit=PAGE)
        if not page:
            catalogue.drop(project_id)
            # What came late to the feed, and the project's own row last of all.
            rest = [*purging.of_feed(project_id), Place(project.PK, project.SK)]
            return removed + _remove(rest)
        removed += sum(_hangs_on(place, now) for place in page) + _remove(page)
    return removed


def _purge_task(place: Place, now: datetime) -> int:
    task = table.get(TrashedTask.key(place.after("TRASH#") or ""))
    if task is None or not _is_over(task.wake_at, now):
        return 0
    number = [] if task.number is None else [purging.of_number(task.project_id, int(task.number))]
    return _hangs_on(place, now) + _remove(number) + _remove([place])


def _is_over(wake_at: str | None, now: datetime) -> bool:
    """The index lags: what was restored a moment ago is looked at again."""
    return wake_at is not None and wake_at <= stamp(now)


def _hangs_on(place: Place, now: datetime) -> int:
    """Remove what a row of a project's partition has elsewhere."""
    task_id = place.after("TASK#") or place.after("TRASH#")
    if task_id is not None:
        return _empty_task(task_id, now)
    user_id = place.after("MEMBER#")
    if user_id is not None:
        edge = Belonging.key(user_id, place.pk.removeprefix("PROJECT#"))
        return _remove([Place(edge.pk, edge.sk)])
    return 0


def _empty_task(task_id: str, now: datetime) -> int:
    files.drop_all_of(task_id, now)
    places = [place for place in purging.of_task(task_id) if place.after("FILE#") is None]
    return _remove(places + purging.in_feed(places, ids.project_of(task_id)))


def _remove(places: list[Place]) -> int:
    purging.remove(places)
    return len(places)
