"""Which change owes whom a mail. Who really gets it is decided when it is sent."""

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
INVITATION = "invitation"
WEEKLY_REPORT = "weekly_report"


def wants_mail(user: User, kind: str) -> bool:
    """Whether somebody has not switched this kind of mail off."""
    return bool((user.notifications or {}).get(kind, True))


def queue_assignment_writes(
    task: Task, before: str | None, *, actor: str | None, now: datetime
) -> tuple[Put, ...]:
    """The mail to a new assignee, unless they assigned themselves."""
    if task.assigned_to in (None, before, actor):
        return ()
    owed = models.queue_mail_write(
        new_id(now),
        kind=ASSIGNED,
        recipient=str(task.assigned_to),
        task_id=task.id,
        actor=actor,
        now=now,
    )
    return (owed,)


def queue_due_soon_write(task: Task, *, at: datetime, now: datetime) -> Put:
    """The reminder of one task, due value and recipient: its id, so it can be owed only once."""
    return models.queue_mail_write(
        f"{DUE_SOON}:{task.id}:{task.due_at}:{task.assigned_to}",
        kind=DUE_SOON,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=task.due_at,
        at=at,
        now=now,
    )


def queue_reminder_write(task: Task, chosen: str, *, now: datetime) -> Put:
    """A reminder that was set for the task. One that counts from the due date is another when that
    moves; one at a time is not."""
    due_at = task.due_at if chosen.startswith(BEFORE) else None
    return models.queue_mail_write(
        f"{REMINDER}:{task.id}:{due_at}:{chosen}:{task.assigned_to}",
        kind=REMINDER,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=due_at,
        reminder=chosen,
        now=now,
    )


def queue_comment_write(comment: Comment, now: datetime) -> Put:
    """The mails about a new comment, however many: `comment_letters.spread` works out to whom."""
    return models.queue_mail_write(
        f"{COMMENTED}:{comment.id}",
        kind=COMMENTED,
        recipient=None,
        task_id=comment.task_id,
        comment_id=comment.id,
        actor=comment.author,
        now=now,
    )


def queue_comment_copy_write(spread: OutboxMail, person: User, kind: str, now: datetime) -> Put:
    """The mail to one person of all those about a comment: its id, so it can be owed only once."""
    return models.queue_mail_write(
        f"{COMMENT}:{spread.comment_id}:{person.id}",
        kind=kind,
        recipient=person.id,
        task_id=spread.task_id,
        comment_id=spread.comment_id,
        actor=spread.actor,
        now=now,
    )


def queue_overdue_digest_write(user: User, day: date, *, now: datetime) -> Put:
    """The digest of one person and day."""
    return models.queue_mail_write(
        f"{OVERDUE}:{user.id}:{day}", kind=OVERDUE, recipient=user.id, now=now
    )


def queue_account_write(user: User, kind: str, now: datetime, *, address: str | None = None) -> Put:
    """A mail about the account itself, to `address` if that is not the account's own."""
    return models.queue_mail_write(
        new_id(now), kind=kind, recipient=user.id, address=address, user_epoch=user.epoch, now=now
    )


def queue_invitation_write(of: Invitation, now: datetime) -> Put:
    """The mail with the link of an invitation, one for each sending. Its recipient has no account:
    in place of one stands the invitation, its id and its project's."""
    return models.queue_mail_write(
        f"{INVITATION}:{of.id}{of.project_id}:{int(of.sending)}",
        kind=INVITATION,
        recipient=of.id + of.project_id,
        user_epoch=of.sending,
        now=now,
    )


def queue_weekly_report_write(job_id: str, recipient: str, now: datetime) -> Put:
    """The mail that a weekly report ends with; its id says which, so it can be owed only once."""
    mail_id = f"{WEEKLY_REPORT}:{job_id}"
    return models.queue_mail_write(mail_id, kind=WEEKLY_REPORT, recipient=recipient, now=now)


def report_job_id(owed: OutboxMail) -> str:
    """The job whose report the mail brings."""
    return owed.id.removeprefix(f"{WEEKLY_REPORT}:")
