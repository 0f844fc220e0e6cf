"""Mails about tasks: what each says. None when the reason has gone, or the recipient may not see
the task any more."""

from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import wants_mail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.reminders import overdue_digests
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.emails import TaskEmailContext, build_task_email, load_assignee_context
from chalicelib.tasks.models import Task

DIGEST_MAX = 50


def build_due_soon_email(owed: OutboxMail, now: datetime) -> Email | None:
    matter = _load_open_task_context(owed)
    if matter is None or matter.task.due_at != owed.due_at:
        return None
    return build_task_email(matter, f"Due soon: {matter.task.title}")


def build_reminder_email(owed: OutboxMail, now: datetime) -> Email | None:
    matter = _load_open_task_context(owed)
    if matter is None or owed.reminder not in (matter.task.reminders or ()):
        return None
    if owed.due_at is not None and matter.task.due_at != owed.due_at:
        return None
    return build_task_email(matter, f"Reminder: {matter.task.title}")


def build_overdue_digest_email(owed: OutboxMail, now: datetime) -> Email | None:
    user = get_user(owed.recipient)
    if user is None or not user.is_active or not wants_mail(user, owed.kind):
        return None
    late = _keep_accessible(user.id, overdue_digests.list_overdue_tasks(user.id))
    if not late:
        return None
    count = len(late)
    return render_email(
        owed.kind,
        "1 task is overdue" if count == 1 else f"{count} tasks are overdue",
        to=user.email,
        link=f"{settings.APP_URL}/tasks",
        unsubscribe=build_unsubscribe_link(user.id, owed.kind),
        user=user,
        late=late[:DIGEST_MAX],
        base=settings.APP_URL,
    )


def _load_open_task_context(owed: OutboxMail) -> TaskEmailContext | None:
    """The task that a reminder is about, if there is still something to do."""
    matter = load_assignee_context(owed)
    if matter is None or matter.task.status not in OPEN_STATUSES or matter.project.archived_at:
        return None
    return matter


def _keep_accessible(user_id: str, found: list[Task]) -> list[tuple[Task, Project]]:
    """Of these tasks, those in projects where somebody can do something about them."""
    ids = {task.project_id for task in found}
    rows = batch_get(
        *(Project.key(project_id) for project_id in ids),
        *(Member.key(project_id, user_id) for project_id in ids),
    )
    mine = {
        project_id: project
        for project_id in ids
        if rows.get(Member.key(project_id, user_id))
        and (project := rows.get(Project.key(project_id)))
        and not project.deleted_at
        and not project.archived_at
    }
    return [(task, mine[task.project_id]) for task in found if task.project_id in mine]
