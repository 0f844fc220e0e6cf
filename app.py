"""The app and all entry points: routes, schedules, stream and event handlers. No logic.

Schedules and event handlers are in this file because handlers in a Blueprint are deployed without
this file and so without the app (https://github.com/aws/chalice/issues/1566).
"""

import gc

# A cold start keeps almost everything that it allocates, so collections would only cost time.
gc.disable()

import time
from datetime import datetime
from typing import Any

from chalice.app import CloudWatchEvent, ConvertToMiddleware, Rate

from chalicelib.accounts import routes as accounts_routes
from chalicelib.activity import routes as activity_routes
from chalicelib.attachments import avatar_routes
from chalicelib.attachments import routes as attachments_routes
from chalicelib.attachments.jobs import start_cleanup
from chalicelib.attachments.service import handle_object_created
from chalicelib.clock import now
from chalicelib.comments import routes as comments_routes
from chalicelib.exports import routes as exports_routes
from chalicelib.http import documentation, health
from chalicelib.http.envelope import TaskManagerApp
from chalicelib.jobs import runner as jobs_runner
from chalicelib.jobs.runner import run_streamed_jobs
from chalicelib.jobs.stream import process_stream_records
from chalicelib.jobs.tick import run_tick
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.labels import routes as labels_routes
from chalicelib.mail import routes as mail_routes
from chalicelib.mail.bounces import handle_ses_event
from chalicelib.mail.jobs import dispatch_streamed_mail, sweep_outbox
from chalicelib.members import routes as members_routes
from chalicelib.observability import logger
from chalicelib.projects import routes as projects_routes
from chalicelib.projects.jobs import start_counter_repair
from chalicelib.reminders import jobs as reminders_jobs
from chalicelib.reminders import routes as reminders_routes
from chalicelib.reports import routes as reports_routes
from chalicelib.sessions import routes as sessions_routes
from chalicelib.task_lists import routes as task_lists_routes
from chalicelib.tasks import routes as tasks_routes
from chalicelib.trash import routes as trash_routes

app = TaskManagerApp(app_name="task-manager", configure_logs=False)
app.log = logger  # type: ignore[assignment]  # has the methods of a logger
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context), "all")
BLUEPRINTS = (
    health.bp,
    documentation.bp,
    accounts_routes.bp,
    sessions_routes.bp,
    avatar_routes.bp,
    projects_routes.bp,
    members_routes.bp,
    labels_routes.bp,
    tasks_routes.bp,
    task_lists_routes.bp,
    trash_routes.bp,
    attachments_routes.bp,
    comments_routes.bp,
    activity_routes.bp,
    exports_routes.bp,
    mail_routes.bp,
    reports_routes.bp,
    reminders_routes.bp,
)
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
app.answer_preflights()


@app.schedule(Rate(5, unit=Rate.MINUTES))
def tick(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: expired uploads, deferred task updates, account deletions, purges and
    the maintenance runs."""
    return run_tick(now(), _time_budget(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_mail(event: CloudWatchEvent) -> dict[str, int]:
    """Every minute: mail that is due, mail to try again, and mail that the stream left over."""
    return sweep_outbox(now(), _time_budget(event.context))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_jobs(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: unfinished jobs, and results that have expired."""
    context: Any = event.context
    return jobs_runner.sweep_jobs(now(), context.get_remaining_time_in_millis)


@app.schedule("cron(0/5 * * * ? *)")
def send_reminders(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes, for 09:00 in every time zone: reminders and overdue digests that are due
    at the event's scheduled time."""
    scheduled_at = datetime.fromisoformat(event.to_dict()["time"])
    return reminders_jobs.send_reminders(scheduled_at, _time_budget(event.context).has_time)


@app.schedule("cron(0 2 ? * SUN *)")
def clean_up(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 02:00 UTC: start the weekly attachment clean-up; the tick continues it."""
    return start_cleanup(now())


@app.schedule("cron(0 3 ? * SUN *)")
def repair_counters(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 03:00 UTC: start the weekly counter repair; the tick continues it."""
    return start_counter_repair(now())


@app.lambda_function()
def dispatch_mail(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On new outbox items in the table's stream: send each mail at once."""
    return dispatch_streamed_mail(event["Records"], now=now(), budget=_time_budget(context))


@app.lambda_function()
def follow_changes(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On tasks and new jobs in the table's stream: write activity, update search, start jobs."""
    return process_stream_records(event["Records"], now=now())


@app.lambda_function()
def run_jobs(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """On a new job that `follow_changes` passes on: start it at once."""
    time_left = context.get_remaining_time_in_millis
    return run_streamed_jobs(event["Records"], now=now(), time_left=time_left)


@app.on_cw_event({"source": ["aws.s3"], "detail-type": ["Object Created"]})
def confirm_upload(event: CloudWatchEvent) -> str:
    """On a new object in S3; `infra/` limits the rule to this stack's bucket."""
    return handle_object_created(event.detail["object"]["key"], now=now())


@app.on_cw_event(
    {"source": ["aws.ses"], "detail-type": ["Email Bounced", "Email Complaint Received"]}
)
def mail_feedback(event: CloudWatchEvent) -> dict[str, int]:
    """On a bounce or a complaint; `infra/` limits the rule to this stack's mail."""
    return handle_ses_event(event.detail)


def _time_budget(context: Any) -> TimeBudget:
    return TimeBudget(now, time.sleep, context.get_remaining_time_in_millis)


# What was imported stays, so later collections need not visit it.
gc.freeze()
gc.enable()
