"""The front door: the app and everything that can start our code. No logic.

Schedules and event handlers stand here and not in a Blueprint: there they would deploy without
this file, hence without the app (https://github.com/aws/chalice/issues/1566).
"""

import time
from datetime import datetime
from typing import Any

from chalice.app import CloudWatchEvent, ConvertToMiddleware, Rate

from chalicelib.api import (
    activity,
    api_tokens,
    attachments,
    auth,
    bulk,
    changes,
    comments,
    exports,
    health,
    invitations,
    labels,
    members,
    profile,
    projects,
    reminders,
    reports,
    schema,
    sessions,
    task_lists,
    tasks,
    trash,
    unsubscribe,
    users,
    watchers,
)
from chalicelib.clock import now
from chalicelib.domain import attachments as files
from chalicelib.domain import (
    feedback,
    following,
    mailing,
    reconciliation,
    recounting,
    reminding,
    ticking,
    working,
)
from chalicelib.domain.pacing import Pace
from chalicelib.entry import TaskManager
from chalicelib.observability import logger

app = TaskManager(app_name="task-manager", configure_logs=False)
app.log = logger  # type: ignore[assignment]  # it logs like one
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context), "all")
nouns = (
    health,
    schema,
    auth,
    profile,
    sessions,
    api_tokens,
    users,
    projects,
    members,
    invitations,
    labels,
    tasks,
    task_lists,
    bulk,
    trash,
    changes,
    attachments,
    comments,
    activity,
    watchers,
    exports,
    unsubscribe,
    reports,
    reminders,
)
for noun in nouns:
    app.register_blueprint(noun.bp)
app.answer_preflights()


@app.schedule(Rate(5, unit=Rate.MINUTES))
def tick(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: uploads that never came, errands, accounts whose time has come, what is
    to be purged or recounted."""
    return ticking.tick(now(), _pace(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_mail(event: CloudWatchEvent) -> dict[str, int]:
    """Every minute: mail that waits for its time, for another try, or that the stream left over."""
    return mailing.sweep(now(), _pace(event.context))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_jobs(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: jobs that are not over, and results that were kept long enough."""
    context: Any = event.context
    return working.sweep(now(), context.get_remaining_time_in_millis)


@app.schedule("cron(0/5 * * * ? *)")
def send_reminders(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes, so that it is nine o'clock everywhere: reminders and digests whose time
    had come by the event's own."""
    return reminding.remind_and_tell(_scheduled(event), _pace(event.context).has_time)


@app.schedule("cron(0 2 ? * SUN *)")
def clean_up(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 02:00 UTC: begin to walk through table and bucket; the ticks walk on."""
    return reconciliation.begin(now())


@app.schedule("cron(0 3 ? * SUN *)")
def recount(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 03:00 UTC: begin to recount the tasks of all projects; the ticks count."""
    return recounting.begin(now())


@app.lambda_function()
def dispatch_mail(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The table's stream, filtered to new outbox rows: send each at once."""
    return mailing.dispatch(event["Records"], now=now(), pace=_pace(context))


@app.lambda_function()
def follow_changes(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The table's stream, filtered to tasks and new jobs: what follows from each change."""
    return following.follow(event["Records"], now=now())


@app.lambda_function()
def run_jobs(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`follow_changes` tells of a new job: begin it at once."""
    time_left = context.get_remaining_time_in_millis
    return working.dispatch(event["Records"], now=now(), time_left=time_left)


@app.on_cw_event({"source": ["aws.s3"], "detail-type": ["Object Created"]})
def confirm_upload(event: CloudWatchEvent) -> str:
    """The storage has a new object; `infra/` narrows the rule to our bucket."""
    return files.arrived(event.detail["object"]["key"], now=now())


@app.on_cw_event(
    {"source": ["aws.ses"], "detail-type": ["Email Bounced", "Email Complaint Received"]}
)
def mail_feedback(event: CloudWatchEvent) -> dict[str, int]:
    """A mail came back, or somebody complained; `infra/` narrows the rule to our mails."""
    return feedback.receive(event.detail)


def _pace(context: Any) -> Pace:
    return Pace(now, time.sleep, context.get_remaining_time_in_millis)


def _scheduled(event: CloudWatchEvent) -> datetime:
    return datetime.fromisoformat(event.to_dict()["time"])
