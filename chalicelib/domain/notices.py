"""Which change owes whom a mail. Who really gets it is decided when it is sent."""

from datetime import date, datetime

from chalicelib.store import alarms, outbox
from chalicelib.store.comments import Comment
from chalicelib.store.ids import new_id
from chalicelib.store.invitations import Invitation
from chalicelib.store.outbox import Mail
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import Put
from chalicelib.store.users import User

ASSIGNED, DUE_SOON, REMINDER, OVERDUE = "assigned", "due_soon", "reminder", "overdue"
COMMENT, MENTIONED, COMMENTED = "comment", "mentioned", "commented"
VERIFY, RESET, PASSWORD_CHANGED = "verify", "reset", "password_changed"
NEW_EMAIL, EMAIL_CHANGED, LEAVING = "new_email", "email_changed", "leaving"
INVITATION = "invitation"
WEEKLY_REPORT = "weekly_report"


def wants(user: User, kind: str) -> bool:
    """Whether somebody has not switched this kind of mail off."""
    return bool((user.notifications or {}).get(kind, True))


def assigned(
    task: Task, before: str | None, *, actor: str | None, now: datetime
) -> tuple[Put, ...]:
    """The mail to a new assignee, unless they assigned themselves."""
    if task.assigned_to in (None, before, actor):
        return ()
    owed = outbox.owed(
        new_id(now),
        kind=ASSIGNED,
        recipient=str(task.assigned_to),
        task_id=task.id,
        actor=actor,
        now=now,
    )
    return (owed,)


def due_soon(task: Task, *, at: datetime, now: datetime) -> Put:
    """The reminder of one task, due value and recipient: its id, so it can be owed only once."""
    return outbox.owed(
        f"{DUE_SOON}:{task.id}:{task.due_at}:{task.assigned_to}",
        kind=DUE_SOON,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=task.due_at,
        at=at,
        now=now,
    )


def reminder(task: Task, chosen: str, *, now: datetime) -> Put:
    """A reminder that was set for the task. One that counts from the due date is another when that
    moves; one at a time is not."""
    due_at = task.due_at if chosen.startswith(alarms.BEFORE) else None
    return outbox.owed(
        f"{REMINDER}:{task.id}:{due_at}:{chosen}:{task.assigned_to}",
        kind=REMINDER,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=due_at,
        reminder=chosen,
        now=now,
    )


def commented(comment: Comment, now: datetime) -> Put:
    """The mails about a new comment, however many: `comment_letters.spread` works out to whom."""
    return outbox.owed(
        f"{COMMENTED}:{comment.id}",
        kind=COMMENTED,
        recipient=None,
        task_id=comment.task_id,
        comment_id=comment.id,
        actor=comment.author,
        now=now,
    )


def of_comment(spread: Mail, person: User, kind: str, now: datetime) -> Put:
    """The mail to one person of all those about a comment: its id, so it can be owed only once."""
    return outbox.owed(
        f"{COMMENT}:{spread.comment_id}:{person.id}",
        kind=kind,
        recipient=person.id,
        task_id=spread.task_id,
        comment_id=spread.comment_id,
        actor=spread.actor,
        now=now,
    )


def overdue(user: User, day: date, *, now: datetime) -> Put:
    """The digest of one person and day."""
    return outbox.owed(f"{OVERDUE}:{user.id}:{day}", kind=OVERDUE, recipient=user.id, now=now)


def about_account(user: User, kind: str, now: datetime, *, address: str | None = None) -> Put:
    """A mail about the account itself, to `address` if that is not the account's own."""
    return outbox.owed(
        new_id(now), kind=kind, recipient=user.id, address=address, user_epoch=user.epoch, now=now
    )


def invitation(of: Invitation, now: datetime) -> Put:
    """The mail with the link of an invitation, one for each sending. Its recipient has no account:
    in place of one stands the invitation, its id and its project's."""
    return outbox.owed(
        f"{INVITATION}:{of.id}{of.project_id}:{int(of.sending)}",
        kind=INVITATION,
        recipient=of.id + of.project_id,
        user_epoch=of.sending,
        now=now,
    )


def weekly_report(job_id: str, recipient: str, now: datetime) -> Put:
    """The mail that a weekly report ends with; its id says which, so it can be owed only once."""
    mail_id = f"{WEEKLY_REPORT}:{job_id}"
    return outbox.owed(mail_id, kind=WEEKLY_REPORT, recipient=recipient, now=now)


def job_of(owed: Mail) -> str:
    """The job whose report the mail brings."""
    return owed.id.removeprefix(f"{WEEKLY_REPORT}:")
