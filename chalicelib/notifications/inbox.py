"""Put notifications into the inbox. The mail dispatcher does this before it sends the mail."""

from contextlib import suppress
from datetime import datetime

from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.models import get_job
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import WEEKLY_REPORT, report_job_id
from chalicelib.notifications import models


def add_notification(mail: OutboxMail, now: datetime) -> None:
    """Put the notification of a claimed mail into its recipient's inbox, unread.

    Its id is that which the first claim assigned, so it is written once, however often dispatchers
    die and repeat each other's work. A notification that was read meanwhile stays read.
    """
    job = get_job(report_job_id(mail)) if mail.kind == WEEKLY_REPORT else None
    writes = models.create_notification_writes(
        str(mail.recipient),
        str(mail.notification_id),
        kind=mail.kind,
        now=now,
        actor=mail.actor,
        task_id=mail.task_id,
        comment_id=mail.comment_id,
        job_id=None if job is None else job.id,
        project_id=None if job is None else job.subject,
    )
    with suppress(ConditionFailed):  # a dispatcher that died wrote it
        transact(*writes)
