"""The work of jobs whose costs docs/data-model.md states, by name in its table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any

import time_machine

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from chalicelib.dynamodb.batch_writes import batch_delete
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
from chalicelib.jobs.time_budget import TimeBudget, unlimited_budget
from chalicelib.live.jobs import deliver_events
from chalicelib.live.socket_routes import handle_socket_event
from chalicelib.mail.jobs import deliver_mail, sweep_outbox
from chalicelib.mail.sending_rate import SendingRate
from chalicelib.members.jobs import REASSIGNED_IN_REQUEST
from chalicelib.notifications.digests import queue_daily_digests
from chalicelib.projects.jobs import continue_counter_repair
from chalicelib.projects.models import list_months
from chalicelib.reminders.jobs import queue_due_reminders, send_reminders
from chalicelib.reminders.overdue_digests import queue_due_digests
from chalicelib.reports.jobs import start_due_reports
from chalicelib.task_lists.models import list_entry_sort_keys
from chalicelib.task_lists.reindex import reindex_project
from chalicelib.task_lists.snapshots import REFRESH_EVERY, refresh_on_change
from chalicelib.tasks.jobs import TaskChange
from chalicelib.tasks.models import list_project_tasks
from chalicelib.trash.jobs import purge_trash
from tests.attachment_files import upload_attachment
from tests.costs import webhook_costs
from tests.costs.costs import Scenario
from tests.import_files import start_import, todoist_file
from tests.job_results import PLENTY_MS, run_sweep
from tests.moto_stack import set_watermarks
from tests.support import PASSWORD, Person, in_hours
from tests.table_items import put_task_copies, scan_items

Action = Callable[[], Any]
START = "2026-11-24T10:20:00+00:00"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class JobWorld(Scenario):
    """A world whose clock can be moved."""

    clock: time_machine.Traveller

    def later(self, time: timedelta) -> None:
        """Move the clock; the sweeps are up to date and Ann has logged in again."""
        self.clock.shift(time - HOUR)
        set_watermarks()
        self.clock.shift(HOUR)
        self.ann.log_in()

    def until(self, hour: int, *, days: int = 1) -> None:
        """Move the clock to twenty minutes past `hour`, `days` days later."""
        day = now() + days * DAY
        self.later(day.replace(hour=hour, minute=20) - now())


Prepare = Callable[[JobWorld], Any]


def _send_newest(kind: str) -> Action:
    """Return the action that sends the newest queued mail of a kind."""
    mails = (item for item in scan_items() if item["SK"]["S"] == "MAIL" and "outcome" not in item)
    candidates = [mail for mail in mails if mail["kind"]["S"] == kind]
    newest = max(candidates, key=lambda mail: str(mail["created_at"]["S"]))
    mail_id = str(newest["PK"]["S"]).removeprefix("OUTBOX#")
    return lambda: deliver_mail(mail_id, now=now(), rate=SendingRate(_time_budget()))


def _time_budget() -> TimeBudget:
    return TimeBudget(now, sleep, lambda: PLENTY_MS)


def _assignment_mail(world: JobWorld) -> Action:
    world.task(assigned_to=world.bob.id)
    return _send_newest("assigned")


def _assignment_with_settings(world: JobWorld, **settings: Any) -> Action:
    """Return the action that delivers the mail of an assignment to a person with these settings."""
    person = world.new_member()
    assert person.patch("/api/auth/profile", settings).status_code == 200
    world.task(assigned_to=person.id)
    return _send_newest("assigned")


def _daily_digest(world: JobWorld) -> None:
    """Gather a notification for a digest that is due now."""
    _assignment_with_settings(world, digest_hour=9)()
    world.until(9)


def _daily_digest_mail(world: JobWorld) -> Action:
    _daily_digest(world)
    queue_daily_digests(now())
    return _send_newest("daily_digest")


def _reminder_mail(world: JobWorld) -> Action:
    world.task(assigned_to=world.bob.id, due_date=in_hours(2))
    queue_due_reminders(now())
    return _send_newest("due_soon")


def _comment_fan_out(world: JobWorld) -> Action:
    path = world.task()
    for person in (world.new_member(), world.new_member()):
        person.put(path + "/watchers/me")
    world.ann.post(path + "/comments", {"body": "Done?"})
    return _send_newest("commented")


def _comment_mail(world: JobWorld) -> Action:
    _comment_fan_out(world)()
    return _send_newest("comment")


def _account_mail(world: JobWorld) -> Action:
    _delete_account(world, world.new_member())
    return _send_newest("leaving")


def _delete_account(world: JobWorld, person: Person) -> None:
    answer = person.call("DELETE", "/api/auth/profile", {"password": PASSWORD})
    assert answer.status_code == 204


def _token_mail(world: JobWorld) -> Action:
    world.ann.post("/api/auth/forgot-password", {"email": world.bob.email})
    return _send_newest("reset")


LONG_TEXT = " ".join(f"word{number}" for number in range(1_000))


def _stream_change(world: JobWorld, **fields: Any) -> Action:
    """Return the action that processes the stream record of a change of `fields`."""
    path = _task_without_renewal(world)
    return _stream_record(path, lambda: world.ann.patch(path, fields))


def _task_without_renewal(world: JobWorld) -> str:
    """Create a task whose first change does not renew the list snapshot, and return its path."""
    while True:
        path = world.task()
        task = world.ann.get(path).json_body
        if (int(task["key"].rpartition("-")[2]) + 2) % REFRESH_EVERY:
            return path


def _stream_blocker(world: JobWorld) -> Action:
    """Return the action that processes the stream record of a task that becomes blocked."""
    path = _task_without_renewal(world)
    body = {"kind": "blocked_by", "task": world.task().removeprefix("/api/tasks/")}
    return _stream_record(path, lambda: world.ann.post(f"{path}/relations", body))


def _stream_record(path: str, change: Callable[[], Any]) -> Action:
    """Make a change of the task and return the action that processes its stream record."""
    task = path.removeprefix("/api/tasks/")
    before = _image(task)
    change()
    images = {"Keys": before, "OldImage": before, "NewImage": _image(task)}
    at = {"SequenceNumber": "1", "ApproximateCreationDateTime": now().timestamp()}
    record = {"eventID": task, "eventName": "MODIFY", "dynamodb": {**images, **at}}
    return lambda: process_stream_records([record], now=now())


def _snapshot_renewal(world: JobWorld) -> Action:
    """Return the action that processes a change which renews the list snapshot."""
    tasks = list_project_tasks(world.full_project, limit=REFRESH_EVERY, start=None).items
    world.later(HOUR)
    task = next(
        task for task in tasks if (int(task.number or 0) + task.version) % REFRESH_EVERY == 0
    )
    return lambda: refresh_on_change(TaskChange("1", None, task), now())


def _image(task: str) -> Any:
    (image,) = (item for item in scan_items() if item["SK"]["S"] == f"TASK#{task}")
    return image


def _overdue_digest_mail(world: JobWorld) -> Action:
    """Return the action that sends a user's first overdue digest, of two tasks."""
    person = world.new_member()
    for _ in range(2):
        world.task(assigned_to=person.id, due_date=in_hours(2))
    queue_due_reminders(now())
    world.later(3 * HOUR)
    queue_due_reminders(now())
    world.until(9)
    queue_due_digests(now())
    return _send_newest("overdue")


# Work on one given thing, such as a mail or a stream record.
def _open_connection(person: Person, connection_id: str) -> Action:
    """Return the action that opens a live connection of the person."""
    ticket = person.post("/api/live/tickets").json_body["ticket"]
    return lambda: _receive(connection_id, "CONNECT", queryStringParameters={"ticket": ticket})


def _receive(connection_id: str, kind: str, **fields: Any) -> Any:
    context = {"connectionId": connection_id, "eventType": kind}
    return handle_socket_event({"requestContext": context, **fields}, now())


def _message(world: JobWorld, action: str) -> Action:
    """Return the action that handles a message of a new connection."""
    connection_id = f"{action}1"
    _open_connection(world.ann, connection_id)()
    message = {"action": action} | ({} if action == "ping" else {"project_id": world.project})
    return lambda: _receive(connection_id, "MESSAGE", body=json.dumps(message))


def _close_connection(world: JobWorld) -> Action:
    return lambda: _receive("subscribe1", "DISCONNECT")


def _send_event(world: JobWorld) -> Action:
    """Return the action that sends an event to a connection of Ann and one of Bob."""
    for person, connection_id in ((world.ann, "a1"), (world.bob, "b1")):
        person.log_in()
        _open_connection(person, connection_id)()
        message = json.dumps({"action": "subscribe", "project_id": world.project})
        _receive(connection_id, "MESSAGE", body=message)
    event = {"id": "1", "type": "task.changed", "at": START, "project_id": world.project}
    attributes = {"MessageGroupId": world.project}
    record = {"messageId": "1", "body": json.dumps(event), "attributes": attributes}
    return lambda: deliver_events([record], now=now())


GIVEN: dict[str, Callable[[JobWorld], Action]] = {
    "one mail about a task sent": _assignment_mail,
    "... a reminder": _reminder_mail,
    "... only to the inbox": lambda world: _assignment_with_settings(
        world, notifications={"assigned": False}
    ),
    "... only by mail": lambda world: _assignment_with_settings(world, inbox={"assigned": False}),
    "... in quiet hours": lambda world: _assignment_with_settings(
        world, quiet_hours={"start": "00:00", "end": "23:59"}
    ),
    "... gathered for the daily digest": lambda world: _assignment_with_settings(
        world, digest_hour=9
    ),
    "one daily digest of 1 assignment sent": _daily_digest_mail,
    "one comment fanned out to 2 recipients": _comment_fan_out,
    "one mail about a comment sent": _comment_mail,
    "one mail about an account sent": _account_mail,
    "... with a token": _token_mail,
    "`follow_changes`, a new status": lambda world: _stream_change(world, status="done"),
    "... a new assignee": lambda world: _stream_change(world, assigned_to=world.bob.id),
    "... a first open blocker": _stream_blocker,
    "... a description of 1,000 words": lambda world: _stream_change(world, description=LONG_TEXT),
    "... a list snapshot renewed": _snapshot_renewal,
    "one overdue digest of 2 tasks sent": _overdue_digest_mail,
    "`live_socket`, a connection opens": lambda world: _open_connection(world.ann, "open1"),
    "... a ping": lambda world: _message(world, "ping"),
    "... a subscription": lambda world: _message(world, "subscribe"),
    "... a connection with a subscription closes": _close_connection,
    "`send_events`, 1 event to 2 connections": _send_event,
    "an event recorded for 1 webhook": webhook_costs.record_event,
    "`deliver_webhooks`, 1 event": lambda world: webhook_costs.deliver_event(world, 204),
    "... not accepted": lambda world: webhook_costs.deliver_event(world, 500),
}


def _run_tick() -> None:
    run_tick(now(), _time_budget())


def _send_reminders() -> dict[str, int]:
    return send_reminders(now(), lambda: True)


# Scheduled functions that find nothing to do.
IDLE: dict[str, Action] = {
    "`tick`, nothing to do": _run_tick,
    "`sweep_mail`, nothing to do": lambda: sweep_outbox(now(), _time_budget()),
    "`sweep_jobs`, nothing to do": run_sweep,
    "`send_reminders`, nothing to do": _send_reminders,
}


def _start_counter_repair(world: JobWorld) -> None:
    """Start counter repair of the only project, whose two tasks have all their search terms."""
    world.assigned_due_task()
    world.task()
    tasks = list_project_tasks(world.project, limit=2, start=None).items
    assert reindex_project(world.project, tasks, unlimited_budget(now())).mended
    _start_run()


def _start_reindex(world: JobWorld) -> None:
    """Start counter repair of the same project without its search terms."""
    sort_keys = list_entry_sort_keys(world.project, consistent=True)
    terms = [key for key in sort_keys if key.startswith("WORD#")]
    batch_delete([(f"PROJECT#{world.project}", key) for key in terms])
    _start_run()


def _start_run() -> None:
    """Start a run at the projects of this month, of which there is one."""
    start_run(COUNTER_REPAIR, now())
    run = claim_run(COUNTER_REPAIR, now())
    assert run is not None
    advance_run(run, list_months(now()).index(f"{now():%Y-%m}"), None, {})
    release_run(run)


def _remove_member(world: JobWorld) -> None:
    """Remove a member with one task more than the request reassigns."""
    person = world.new_member()
    path = f"/api/projects/{world.project}/members/{person.id}"
    put_task_copies(
        world.task(assigned_to=person.id).removeprefix("/api/tasks/"), REASSIGNED_IN_REQUEST
    )
    assert world.ann.delete(path).status_code == 204


def _trash_task(world: JobWorld) -> None:
    task = world.task().removeprefix("/api/tasks/")
    upload_attachment(world.ann, task)
    world.ann.delete(f"/api/tasks/{task}")
    world.later(30 * DAY)


def _trash_project(world: JobWorld) -> None:
    project = world.shared_project("Apart")
    world.ann.create_task(project)  # two could be counted in one counter item or in two
    world.ann.delete(f"/api/projects/{project}")
    world.later(30 * DAY)


def _end_grace_period(world: JobWorld) -> None:
    _delete_account(world, world.new_member())
    world.later(7 * DAY)


def _task_due_tomorrow(world: JobWorld) -> None:
    world.task(assigned_to=world.bob.id, due_date=in_hours(30))
    world.later(6 * HOUR)


def _overdue_task(world: JobWorld) -> None:
    world.task(assigned_to=world.bob.id, due_date=in_hours(2))
    queue_due_reminders(now())
    world.later(3 * HOUR)


def _next_delivery_time(world: JobWorld) -> None:
    world.until(9)


def _next_monday(world: JobWorld) -> None:
    world.until(7, days=7 - now().weekday())


def _a_week_later(world: JobWorld) -> None:
    world.later(7 * DAY)


def _request_job(collection: str, world: JobWorld) -> None:
    body = {} if collection == "reports" else None
    answer = world.ann.post(f"/api/projects/{world.full_project}/{collection}", body)
    assert answer.status_code == 202, answer.json_body


def _request_copy(world: JobWorld) -> None:
    path = f"/api/projects/{world.full_project}/duplicate"
    answer = world.ann.post(path, {"name": "Copy", "done_tasks": True})
    assert answer.status_code == 202, answer.json_body


def _start_import(world: JobWorld) -> None:
    # One task: the counters of several are in as many items as their random ids happen to need.
    file = todoist_file("task,Task @urgent,,1,1,,ann (1)")
    start_import(world.ann, "todoist_csv", file, project=world.project)


# The job, and the call that gives it work; measured without the cost of a run that finds nothing.
FOUND: dict[str, tuple[Action, Prepare]] = {
    "`tick`, counters of one project of 2 tasks repaired": (
        lambda: continue_counter_repair(now()),
        _start_counter_repair,
    ),
    "... search terms of 2 tasks missing": (
        lambda: continue_counter_repair(now()),
        _start_reindex,
    ),
    "`sweep_jobs`, the weekly report of an owner of 1 project": (
        lambda: start_due_reports(now()),
        _next_monday,
    ),
    "`tick`, one former member with a task left": (
        lambda: run_deferred_updates(now()),
        _remove_member,
    ),
    "`tick`, one task with a file purged": (lambda: purge_trash(now()), _trash_task),
    "`tick`, one project of 1 task purged": (lambda: purge_trash(now()), _trash_project),
    "`tick`, one account deleted": (lambda: delete_due_accounts(now()), _end_grace_period),
    "`send_reminders`, one task checked": (_send_reminders, _task_due_tomorrow),
    "... one task overdue": (_send_reminders, _overdue_task),
    "... one overdue digest of a task": (_send_reminders, _next_delivery_time),
    "... one daily digest": (_send_reminders, _daily_digest),
    "`sweep_jobs`, one export of 60 tasks": (run_sweep, partial(_request_job, "exports")),
    "... one report on 60 tasks": (run_sweep, partial(_request_job, "reports")),
    "... one copy of a project of 60 tasks": (run_sweep, _request_copy),
    "... one import of 1 task with label and assignee": (run_sweep, _start_import),
    "... the results of all removed": (run_sweep, _a_week_later),
}
