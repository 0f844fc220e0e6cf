"""The front door: the app and everything that can start our code. No logic.

Schedules and event handlers stand here and not in a Blueprint: there they would deploy without
this file, hence without the app (https://github.com/aws/chalice/issues/1566).
"""

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
app.log = logger  # type: ignore[assignment]  # it logs like one
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
    """Every five minutes: uploads that never came, errands, accounts whose time has come, what is
    to be purged or recounted."""
    return run_tick(now(), _pace(event.context))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_mail(event: CloudWatchEvent) -> dict[str, int]:
    """Every minute: mail that waits for its time, for another try, or that the stream left over."""
    return sweep_outbox(now(), _pace(event.context))


@app.schedule(Rate(5, unit=Rate.MINUTES))
def sweep_jobs(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes: jobs that are not over, and results that were kept long enough."""
    context: Any = event.context
    return jobs_runner.sweep_jobs(now(), context.get_remaining_time_in_millis)


@app.schedule("cron(0/5 * * * ? *)")
def send_reminders(event: CloudWatchEvent) -> dict[str, int]:
    """Every five minutes, so that it is nine o'clock everywhere: reminders and digests whose time
    had come by the event's own."""
    return reminders_jobs.send_reminders(_scheduled(event), _pace(event.context).has_time)


@app.schedule("cron(0 2 ? * SUN *)")
def clean_up(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 02:00 UTC: begin to walk through table and bucket; the ticks walk on."""
    return start_cleanup(now())


@app.schedule("cron(0 3 ? * SUN *)")
def repair_counters(event: CloudWatchEvent) -> dict[str, int]:
    """Sunday 03:00 UTC: start the weekly counter repair; the tick continues it."""
    return start_counter_repair(now())


@app.lambda_function()
def dispatch_mail(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The table's stream, filtered to new outbox rows: send each at once."""
    return dispatch_streamed_mail(event["Records"], now=now(), budget=_pace(context))


@app.lambda_function()
def follow_changes(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The table's stream, filtered to tasks and new jobs: what follows from each change."""
    return process_stream_records(event["Records"], now=now())


@app.lambda_function()
def run_jobs(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`follow_changes` tells of a new job: begin it at once."""
    time_left = context.get_remaining_time_in_millis
    return run_streamed_jobs(event["Records"], now=now(), time_left=time_left)


@app.on_cw_event({"source": ["aws.s3"], "detail-type": ["Object Created"]})
def confirm_upload(event: CloudWatchEvent) -> str:
    """The storage has a new object; `infra/` narrows the rule to our bucket."""
    return handle_object_created(event.detail["object"]["key"], now=now())


@app.on_cw_event(
    {"source": ["aws.ses"], "detail-type": ["Email Bounced", "Email Complaint Received"]}
)
def mail_feedback(event: CloudWatchEvent) -> dict[str, int]:
    """A mail came back, or somebody complained; `infra/` narrows the rule to our mails."""
    return handle_ses_event(event.detail)


def _pace(context: Any) -> TimeBudget:
    return TimeBudget(now, time.sleep, context.get_remaining_time_in_millis)


def _scheduled(event: CloudWatchEvent) -> datetime:
    return datetime.fromisoformat(event.to_dict()["time"])
