"""The weekly reports: on Monday at 07:00, in the owner's own time zone, one for each project.

A job's id is made of project and Monday, so whoever comes late, twice or at the same moment finds
it written down already.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain import notices, reporting
from chalicelib.domain.access import Role
from chalicelib.domain.jobs import WEEKLY_REPORT
from chalicelib.observability import logger, report
from chalicelib.store import ids, jobs, members, table, users, wake, weekly
from chalicelib.store.projects import Project
from chalicelib.store.transaction import ConditionFailed, Put, transact
from chalicelib.store.users import User
from chalicelib.store.weekly import Weekly

MORNING = time(7)
WEEK = timedelta(days=7)


def begin_due(now: datetime) -> dict[str, int]:
    """Write down the jobs of every owner whose Monday morning has come, and count them."""
    outcomes: Counter[str] = Counter()
    for row in wake.ready("weekly", now):
        outcomes.update(_guarded(row.PK.removeprefix("USER#"), now))
    wake.settle("weekly", now)
    return report("weekly", outcomes)


def _guarded(user_id: str, now: datetime) -> Counter[str]:
    """What one owner is due; whatever goes wrong with it does not stop the rest."""
    try:
        return _begin(user_id, now)
    except Exception:
        logger.exception("weekly reports could not be begun", user_id=user_id)
        return Counter(failed=1)


def _begin(user_id: str, now: datetime) -> Counter[str]:
    row, user = weekly.of_owner(user_id), users.by_id(user_id)
    if row is None or not wake.is_ready(row, now):  # the index lags
        return Counter()
    if user is None or user.erased_at is not None:
        weekly.forget(row)
        return Counter()
    monday = last_monday(user.time_zone, now)
    outcomes = _reports(user, monday, now) if _is_due(row, monday) else Counter[str]()
    newest = max(monday, _reported(row) or monday)
    weekly.sleep(row, newest.isoformat(), morning_of(newest + WEEK, user.time_zone))
    return outcomes


def last_monday(zone: str, now: datetime) -> date:
    """The last Monday of which 07:00 has come there."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday())
    return monday if morning_of(monday, zone) <= now else monday - WEEK


def morning_of(monday: date, zone: str) -> datetime:
    return datetime.combine(monday, MORNING, ZoneInfo(zone)).astimezone(UTC)


def _reported(row: Weekly) -> date | None:
    return None if row.monday is None else date.fromisoformat(row.monday)


def _is_due(row: Weekly, monday: date) -> bool:
    """A row without a Monday is of a new owner, whose first week is not over yet."""
    before = _reported(row)
    return before is not None and before < monday


def _reports(user: User, monday: date, now: datetime) -> Counter[str]:
    if not user.may_enter or not notices.wants(user, WEEKLY_REPORT):
        return Counter()
    return Counter(_ask(user, project, monday, now) for project in _owned(user.id))


def _owned(user_id: str) -> Iterator[str]:
    """The projects that are worked on: neither archived nor in the trash."""
    owned = [e.project_id for e in members.of_user(user_id) if e.role == Role.OWNER]
    rows = table.read(*(Project.key(project_id) for project_id in owned))
    for project_id in owned:
        project = rows.get(Project.key(project_id))
        if project is not None and project.deleted_at is None and project.archived_at is None:
            yield project_id


def _ask(user: User, project_id: str, monday: date, now: datetime) -> str:
    about = reporting.about(monday - WEEK, monday - timedelta(days=1), user.time_zone)
    job_id = ids.derived_id(datetime.combine(monday, time.min, UTC), f"weekly {project_id}")
    try:
        transact(Put(jobs.new(WEEKLY_REPORT, project_id, user.id, about, now, job_id)))
    except ConditionFailed:
        return "known"
    return "begun"
