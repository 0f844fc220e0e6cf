"""The app and all entry points: routes, schedules, stream and event handlers. No logic.

Schedules and event handlers are in this file because handlers in a Blueprint are deployed without
this file and so without the app (https://github.com/aws/chalice/issues/1566). Each of them is a
Lambda function and imports what it calls when it is called, so that no function imports what only
another one needs. The routes are imported by name (see `TaskManagerApp`).
"""

import gc

# A cold start keeps almost everything that it allocates, so collections would only cost time.
gc.disable()

import time
from datetime import datetime
from typing import Any

from chalice.app import CloudWatchEvent, ConvertToMiddleware, Rate

from chalicelib.clock import now
from chalicelib.http.envelope import TaskManagerApp
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.observability import logger

app = TaskManagerApp(app_name="task-manager", configure_logs=False)
# No body is binary: Chalice compares the types of each request and response with this list.
app.api.binary_types = []
app.log = logger  # type: ignore[assignment]  # has the methods of a logger
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context), "all")
app.add_routes(
    ("chalicelib.tasks.routes", "chalicelib.task_lists.routes"),
    later=(
        "chalicelib.http.health",
        "chalicelib.http.documentation",
        "chalicelib.accounts.routes",
        "chalicelib.sessions.routes",
        "chalicelib.second_factors.routes",
        "chalicelib.identity_providers.routes",
        "chalicelib.attachments.avatar_routes",
        "chalicelib.projects.routes",
        "chalicelib.members.routes",
        "chalicelib.labels.routes",
        "chalicelib.views.routes",
        "chalicelib.ranks.routes",
        "chalicelib.relations.routes",
        "chalicelib.copies.routes",
        "chalicelib.markdown.routes",
        "chalicelib.trash.routes",
        "chalicelib.attachments.routes",
        "chalicelib.comments.routes",
        "chalicelib.activity.routes",
        "chalicelib.live.routes",
        "chalicelib.exports.routes",
        "chalicelib.mail.routes",
        "chalicelib.notifications.routes",
        "chalicelib.reports.routes",
        "chalicelib.reminders.routes",
        "chalicelib.dead_letters.routes",
        "chalicelib.calendar_feeds.routes",
        "chalicelib.webhooks.routes",
        "chalicelib.imports.routes",
        "chalicelib.audit.routes",
    ),
)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def tick(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: expired uploads, deferred task updates, account deletions, purges, the
    maintenance runs, and webhooks to try again."""
    from chalicelib.jobs.tick import run_tick

    return run_tick(now(), _time_budget(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_mail(event: CloudWatchEvent) -> dict[str, int]:
    """Every minute: mail that is due, mail to try again, and mail that the stream left over."""
    from chalicelib.mail.jobs import sweep_outbox

    return sweep_outbox(now(), _time_budget(event.context))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_jobs(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: unfinished jobs, and results that have expired."""
    from chalicelib.jobs import runner

    context: Any = event.context
    return runner.sweep_jobs(now(), context.get_remaining_time_in_millis)


@app.schedule("cron(0/5 * * * ? *)")
def send_reminders(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes, for 09:00 in every time zone: reminders and digests that are due at the
    event's scheduled time."""
    from chalicelib.reminders import jobs

    scheduled_at = datetime.fromisoformat(event.to_dict()["time"])
    return jobs.send_reminders(scheduled_at, _time_budget(event.context).has_time)


@app.schedule("cron(0 2 ? * SUN *)")
def clean_up(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 02:00 UTC: start the weekly attachment clean-up; the tick continues it."""
    from chalicelib.attachments.jobs import start_cleanup

    return start_cleanup(now())


@app.schedule("cron(0 3 ? * SUN *)")
def repair_counters(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 03:00 UTC: start the weekly counter repair; the tick continues it."""
    from chalicelib.projects.jobs import start_counter_repair

    return start_counter_repair(now())


@app.lambda_function()
def dispatch_mail(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On new outbox items in the table's stream: send each mail at once."""
    from chalicelib.mail.jobs import dispatch_streamed_mail

    return dispatch_streamed_mail(event["Records"], now=now(), budget=_time_budget(context))


@app.lambda_function()
def follow_changes(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On changes in the table's stream: write activity, update search, queue live events, start
    webhook deliveries and jobs."""
    from chalicelib.jobs.stream import process_stream_records

    return process_stream_records(event["Records"], now=now())


@app.lambda_function()
def run_jobs(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On a new job that `follow_changes` passes on: start it at once."""
    from chalicelib.jobs.runner import run_streamed_jobs

    time_left = context.get_remaining_time_in_millis
    return run_streamed_jobs(event["Records"], now=now(), time_left=time_left)


@app.lambda_function()
def live_socket(event: dict[str, Any], context: Any) -> dict[str, int]:
    """On a live connection: it opens, closes, or sends a message."""
    from chalicelib.live.socket_routes import handle_socket_event

    return handle_socket_event(event, now())


@app.lambda_function()
def send_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On live events that `follow_changes` queues: send them to the subscribed connections."""
    from chalicelib.live.jobs import deliver_events

    return deliver_events(event["Records"], now=now())


@app.lambda_function()
def deliver_webhooks(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On a webhook with deliveries to be made: send them to its receiver, in order."""
    from chalicelib.webhooks.delivery_run import run_deliveries

    return run_deliveries(event["Records"], _time_budget(context))


@app.on_cw_event({"source": ["aws.s3"], "detail-type": ["Object Created"]})
def confirm_upload(event: CloudWatchEvent) -> str:
    """On a new object in S3; `infra/` limits the rule to this stack's bucket."""
    from chalicelib.attachments.service import handle_object_created

    return handle_object_created(event.detail["object"]["key"], now=now())


@app.on_cw_event(
    {"source": ["aws.ses"], "detail-type": ["Email Bounced", "Email Complaint Received"]}
)
def mail_feedback(event: CloudWatchEvent) -> dict[str, int]:
    """On a bounce or a complaint; `infra/` limits the rule to this stack's mail."""
    from chalicelib.mail.bounces import handle_ses_event

    return handle_ses_event(event.detail)


def _time_budget(context: Any) -> TimeBudget:
    return TimeBudget(now, time.sleep, context.get_remaining_time_in_millis)


# What was imported stays, so later collections need not visit it.
gc.freeze()
gc.enable()
