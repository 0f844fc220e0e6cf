"""Notifications: the functions that queue a mail.

Each returns a write for the transaction of the change that the mail is about. An id that is made of
the cause and the recipient makes sure that the same mail is queued only once. Whether the recipient
gets the mail is decided when it is sent.
"""

from datetime import date, datetime

from chalicelib.accounts.models import User
from chalicelib.comments.models import Comment
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.transactions import Put
from chalicelib.mail import models
from chalicelib.mail.models import OutboxMail
from chalicelib.members.invitation_models import Invitation
from chalicelib.reminders.schedule import BEFORE
from chalicelib.tasks.models import Task

ASSIGNED, DUE_SOON, REMINDER, OVERDUE = "assigned", "due_soon", "reminder", "overdue"
COMMENT, MENTIONED, COMMENTED = "comment", "mentioned", "commented"
VERIFY, RESET, PASSWORD_CHANGED = "verify", "reset", "password_changed"
NEW_EMAIL, EMAIL_CHANGED, LEAVING = "new_email", "email_changed", "leaving"
FACTOR_ADDED, FACTOR_REMOVED, FACTORS_RESET = "factor_added", "factor_removed", "factors_reset"
RECOVERY_CODE_USED = "recovery_code_used"
IDENTITY_LINKED, IDENTITY_UNLINKED = "identity_linked", "identity_unlinked"
INVITATION = "invitation"
DAILY_DIGEST = "daily_digest"
# The kinds that the daily digest tells of. The others are about a time, and are sent at that time.
GATHERED_KINDS = (ASSIGNED, COMMENT, MENTIONED)
WEEKLY_REPORT = "weekly_report"
WEBHOOK_DISABLED = "webhook_disabled"


def queue_assignment_writes(
    task: Task, previous_assignee: str | None, *, actor: str | None, now: datetime
) -> tuple[Put, ...]:
    """Queue the mail to the new assignee of a task.

    Returns no write when the assignee stays the same or is the `actor`, or when there is none.
    """
    if task.assigned_to in (None, previous_assignee, actor):
        return ()
    mail = models.queue_mail_write(
        new_id(now),
        kind=ASSIGNED,
        recipient=str(task.assigned_to),
        task_id=task.id,
        actor=actor,
        now=now,
    )
    return (mail,)


def queue_due_soon_write(task: Task, *, at: datetime, now: datetime) -> Put:
    """Queue the "due soon" mail of a task, to be sent `at` a time; one for each due time and
    assignee."""
    return models.queue_mail_write(
        f"{DUE_SOON}:{task.original_id}:{task.due_at}:{task.assigned_to}",
        kind=DUE_SOON,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=task.due_at,
        at=at,
        now=now,
    )


def queue_reminder_write(task: Task, reminder: str, *, now: datetime) -> Put:
    """Queue the mail of a `reminder` that was set for the task, in its stored form.

    A reminder relative to the due time is queued again when the due time changes; a reminder at a
    fixed time is not.
    """
    due_at = task.due_at if reminder.startswith(BEFORE) else None
    return models.queue_mail_write(
        f"{REMINDER}:{task.original_id}:{due_at}:{reminder}:{task.assigned_to}",
        kind=REMINDER,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=due_at,
        reminder=reminder,
        now=now,
    )


def queue_comment_write(comment: Comment, task_id: str, now: datetime) -> Put:
    """Queue one item for all mails about a new comment; `fan_out_comment` finds the recipients."""
    return models.queue_mail_write(
        f"{COMMENTED}:{comment.id}",
        kind=COMMENTED,
        recipient=None,
        task_id=task_id,
        comment_id=comment.id,
        actor=comment.author,
        now=now,
    )


def queue_comment_copy_write(mail: OutboxMail, user: User, kind: str, now: datetime) -> Put:
    """Queue the mail about a comment to one user. `mail` is the item that is fanned out."""
    return models.queue_mail_write(
        f"{COMMENT}:{mail.comment_id}:{user.id}",
        kind=kind,
        recipient=user.id,
        task_id=mail.task_id,
        comment_id=mail.comment_id,
        actor=mail.actor,
        now=now,
    )


def queue_overdue_digest_write(user: User, day: date, *, now: datetime) -> Put:
    """Queue the overdue digest of one user and day."""
    mail_id = f"{OVERDUE}:{user.id}:{day}"
    return models.queue_mail_write(mail_id, kind=OVERDUE, recipient=user.id, now=now)


def queue_daily_digest_write(user: User, day: date, number: int, *, now: datetime) -> Put:
    """Queue the daily digest of one user and day: the digest with this `number`."""
    return models.queue_mail_write(
        f"{DAILY_DIGEST}:{user.id}:{day}",
        kind=DAILY_DIGEST,
        recipient=user.id,
        digest=number,
        now=now,
    )


def queue_account_write(user: User, kind: str, now: datetime, *, address: str | None = None) -> Put:
    """Queue a mail about the account itself, to `address` if that is not the account's own."""
    return models.queue_mail_write(
        new_id(now), kind=kind, recipient=user.id, address=address, user_epoch=user.epoch, now=now
    )


def queue_identity_write(
    user_id: str, identity_id: str, provider_id: str, kind: str, now: datetime
) -> Put:
    """Queue the mail that an identity was linked or unlinked. Its id contains the provider's,
    because an identity that was unlinked is deleted."""
    mail_id = f"{kind}:{identity_id}:{provider_id}"
    return models.queue_mail_write(mail_id, kind=kind, recipient=user_id, now=now)


def identity_provider_id(mail: OutboxMail) -> str:
    """Return the id of the provider of the identity that the mail is about."""
    return mail.id.rpartition(":")[2]


def queue_invitation_write(invitation: Invitation, now: datetime) -> Put:
    """Queue the mail with the link of an invitation; one for each time that it is sent.

    The recipient has no account. In its place the mail stores the id of the invitation followed by
    that of its project.
    """
    return models.queue_mail_write(
        f"{INVITATION}:{invitation.id}{invitation.project_id}:{int(invitation.sending)}",
        kind=INVITATION,
        recipient=invitation.id + invitation.project_id,
        user_epoch=invitation.sending,
        now=now,
    )


def queue_weekly_report_write(job_id: str, recipient: str, now: datetime) -> Put:
    """Queue the mail with the weekly report that a job made."""
    mail_id = f"{WEEKLY_REPORT}:{job_id}"
    return models.queue_mail_write(mail_id, kind=WEEKLY_REPORT, recipient=recipient, now=now)


def report_job_id(mail: OutboxMail) -> str:
    """Return the id of the job that made the report of a weekly report mail."""
    return mail.id.removeprefix(f"{WEEKLY_REPORT}:")


def queue_webhook_disabled_write(
    project_id: str, webhook_id: str, version: int, recipient: str, now: datetime
) -> Put:
    """Queue the mail that a webhook was disabled; one for each `version` that was."""
    mail_id = f"{WEBHOOK_DISABLED}:{project_id}:{webhook_id}:{version}"
    return models.queue_mail_write(mail_id, kind=WEBHOOK_DISABLED, recipient=recipient, now=now)


def disabled_webhook_ids(mail: OutboxMail) -> tuple[str, str]:
    """Return the ids of the project and of the webhook that the mail is about."""
    _, project_id, webhook_id, _ = mail.id.split(":")
    return project_id, webhook_id
