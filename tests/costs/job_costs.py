"""What the jobs do whose prices stand in docs/data-model.md, row by row; see `costs`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any

import time_machine

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from chalicelib.jobs.deferred_updates import run_deferred_updates
from chalicelib.jobs.maintenance_models import (
    COUNTER_REPAIR,
    advance_run,
    claim_run,
    release_run,
    start_run,
)
from chalicelib.jobs.stream import process_stream_records
from chalicelib.jobs.tick import run_tick
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail.jobs import deliver_mail, sweep_outbox
from chalicelib.mail.sending_rate import SendingRate
from chalicelib.members.jobs import REASSIGNED_IN_REQUEST
from chalicelib.projects.jobs import continue_counter_repair
from chalicelib.projects.models import list_months
from chalicelib.reminders.jobs import queue_due_reminders, send_reminders
from chalicelib.reminders.overdue_digests import queue_due_digests
from chalicelib.reports.jobs import start_due_reports
from chalicelib.task_lists.snapshots import REFRESH_EVERY, refresh_on_change
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import list_project_tasks
from chalicelib.trash.jobs import purge_trash
from tests.attachment_files import upload_attachment
from tests.costs.costs import Scenario
from tests.job_results import PLENTY_MS, run_sweep
from tests.moto_stack import set_watermarks
from tests.support import PASSWORD, Person, in_hours
from tests.table_items import put_task_copies, scan_items

Act = Callable[[], Any]
START = "2026-11-24T10:20:00+00:00"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class JobScenario(Scenario):
    """A world whose clock can be moved."""

    clock: time_machine.Traveller

    def later(self, time: timedelta) -> None:
        """So much later: the jobs have run as they should, and Ann has signed in again."""
        self.clock.shift(time - HOUR)
        set_watermarks()
        self.clock.shift(HOUR)
        self.ann.log_in()

    def until(self, hour: int, *, days: int = 1) -> None:
        """... twenty past an hour of another day."""
        there = now() + days * DAY
        self.later(there.replace(hour=hour, minute=20) - now())


Prepare = Callable[[JobScenario], Any]


def _sends(kind: str) -> Act:
    """The newest mail of a kind that waits."""
    rows = (row for row in scan_items() if row["SK"]["S"] == "MAIL" and "outcome" not in row)
    ours = [row for row in rows if row["kind"]["S"] == kind]
    newest = max(ours, key=lambda row: str(row["created_at"]["S"]))
    mail_id = str(newest["PK"]["S"]).removeprefix("OUTBOX#")
    return lambda: deliver_mail(mail_id, now=now(), rate=SendingRate(_pace()))


def _pace() -> TimeBudget:
    return TimeBudget(now, sleep, lambda: PLENTY_MS)


def _assigned(office: JobScenario) -> Act:
    office.task(assigned_to=office.bob.id)
    return _sends("assigned")


def _reminded(office: JobScenario) -> Act:
    office.task(assigned_to=office.bob.id, due_date=in_hours(2))
    queue_due_reminders(now())
    return _sends("due_soon")


def _commented(office: JobScenario) -> Act:
    path = office.task()
    for person in (office.member(), office.member()):
        person.put(path + "/watchers/me")
    office.ann.post(path + "/comments", {"body": "Done?"})
    return _sends("commented")


def _spread(office: JobScenario) -> Act:
    _commented(office)()
    return _sends("comment")


def _left(office: JobScenario) -> Act:
    _leaves(office, office.member())
    return _sends("leaving")


def _leaves(office: JobScenario, person: Person) -> None:
    answer = person.call("DELETE", "/api/auth/profile", {"password": PASSWORD})
    assert answer.status_code == 204


def _forgot(office: JobScenario) -> Act:
    office.ann.post("/api/auth/forgot-password", {"email": office.bob.email})
    return _sends("reset")


def _changed(office: JobScenario, **fields: Any) -> Act:
    """The stream tells that a task was given `fields`."""
    path = office.task()
    task = path.removeprefix("/api/tasks/")
    before = _image(task)
    office.ann.patch(path, fields)
    images = {"Keys": before, "OldImage": before, "NewImage": _image(task)}
    record = {"eventID": task, "dynamodb": {**images, "SequenceNumber": "1"}}
    return lambda: process_stream_records([record], now=now())


def _has_its_turn(office: JobScenario) -> Act:
    """The stream tells of a change with which the catalogue is renewed."""
    many = list_project_tasks(office.full, limit=REFRESH_EVERY, start=None).rows
    office.later(HOUR)
    task = next(
        task for task in many if (int(task.number or 0) + task.version) % REFRESH_EVERY == 0
    )
    return lambda: refresh_on_change(TaskChange("1", None, task), now())


def _image(task: str) -> Any:
    (row,) = (row for row in scan_items() if row["SK"]["S"] == f"TASK#{task}")
    return row


def _late(office: JobScenario) -> Act:
    """A digest of two tasks that are overdue, for somebody who waits for none yet."""
    person = office.member()
    for _ in range(2):
        office.task(assigned_to=person.id, due_date=in_hours(2))
    queue_due_reminders(now())
    office.later(3 * HOUR)
    queue_due_reminders(now())
    office.until(9)
    queue_due_digests(now())
    return _sends("overdue")


# What is done with one thing that is at hand.
AT_HAND: dict[str, Callable[[JobScenario], Act]] = {
    "one mail about a task sent": _assigned,
    "... a reminder": _reminded,
    "one comment spread to 2 people": _commented,
    "one mail about a comment sent": _spread,
    "one mail about an account sent": _left,
    "... with a token": _forgot,
    "`follow_changes`, a new status": lambda office: _changed(office, status="done"),
    "... a new assignee": lambda office: _changed(office, assigned_to=office.bob.id),
    "... a catalogue renewed": _has_its_turn,
    "one digest of 2 tasks sent": _late,
}


def _tick() -> None:
    run_tick(now(), _pace())


def _remind() -> dict[str, int]:
    return send_reminders(now(), lambda: True)


# What a schedule costs that finds nothing to do.
IDLE: dict[str, Act] = {
    "`tick`, nothing to do": _tick,
    "`sweep_mail`, nothing to do": lambda: sweep_outbox(now(), _pace()),
    "`sweep_jobs`, nothing to do": run_sweep,
    "`send_reminders`, nothing to do": _remind,
}


def _walk(office: JobScenario) -> None:
    """The recount is at the projects of this month, of which there is one."""
    office.busy_task()
    office.task()
    start_run(COUNTER_REPAIR, now())
    sweep = claim_run(COUNTER_REPAIR, now())
    assert sweep is not None
    advance_run(sweep, list_months(now()).index(f"{now():%Y-%m}"), None, {})
    release_run(sweep)


def _departed(office: JobScenario) -> None:
    """More tasks than are handed on at once, by one."""
    person = office.member()
    path = f"/api/projects/{office.project}/members/{person.id}"
    put_task_copies(
        office.task(assigned_to=person.id).removeprefix("/api/tasks/"), REASSIGNED_IN_REQUEST
    )
    assert office.ann.delete(path).status_code == 204


def _trashed_task(office: JobScenario) -> None:
    task = office.task().removeprefix("/api/tasks/")
    upload_attachment(office.ann, task)
    office.ann.delete(f"/api/tasks/{task}")
    office.later(30 * DAY)


def _trashed_project(office: JobScenario) -> None:
    project = office.shared("Apart")
    office.ann.create_task(project)  # of two it is chance in how many rows they are counted
    office.ann.delete(f"/api/projects/{project}")
    office.later(30 * DAY)


def _leaving(office: JobScenario) -> None:
    _leaves(office, office.member())
    office.later(7 * DAY)


def _due_tomorrow(office: JobScenario) -> None:
    office.task(assigned_to=office.bob.id, due_date=in_hours(30))
    office.later(6 * HOUR)


def _overdue(office: JobScenario) -> None:
    office.task(assigned_to=office.bob.id, due_date=in_hours(2))
    queue_due_reminders(now())
    office.later(3 * HOUR)


def _next_morning(office: JobScenario) -> None:
    office.until(9)


def _monday(office: JobScenario) -> None:
    office.until(7, days=7 - now().weekday())


def _a_week_later(office: JobScenario) -> None:
    office.later(7 * DAY)


def _asks(what: str, office: JobScenario) -> None:
    body = {} if what == "reports" else None
    answer = office.ann.post(f"/api/projects/{office.full}/{what}", body)
    assert answer.status_code == 202, answer.json_body


# What somebody does, and what the job does then, beyond what it costs to find nothing.
FOUND: dict[str, tuple[Act, Prepare]] = {
    "`tick`, one project of 2 tasks recounted": (lambda: continue_counter_repair(now()), _walk),
    "`sweep_jobs`, the Monday of who owns 1 project": (
        lambda: start_due_reports(now()),
        _monday,
    ),
    "`tick`, one departure with a task left": (lambda: run_deferred_updates(now()), _departed),
    "`tick`, one task purged, with a file": (lambda: purge_trash(now()), _trashed_task),
    "`tick`, one project of 1 task purged": (lambda: purge_trash(now()), _trashed_project),
    "`tick`, one account erased": (lambda: delete_due_accounts(now()), _leaving),
    "`send_reminders`, one task looked at": (_remind, _due_tomorrow),
    "... one task overdue": (_remind, _overdue),
    "... one digest with a task": (_remind, _next_morning),
    "`sweep_jobs`, one export of 60 tasks": (run_sweep, partial(_asks, "exports")),
    "... one report on 60 tasks": (run_sweep, partial(_asks, "reports")),
    "... the results of both removed": (run_sweep, _a_week_later),
}
