"""The emails about due tasks: due soon, reminders and the overdue digest.

Each function returns None when the reason for the email is gone or the recipient can no longer see
the task.
"""

from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.accounts.notification_preferences import is_wanted
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.reminders import overdue_digests
from chalicelib.tasks.cards import OPEN_STATUSES
from chalicelib.tasks.emails import TaskEmailContext, build_task_email, load_assignee_context
from chalicelib.tasks.models import Task

DIGEST_MAX = 50


def build_due_soon_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email about a task due within a day; None when its due time has changed."""
    context = _load_open_task_context(mail)
    if context is None or context.task.due_at != mail.due_at:
        return None
    return build_task_email(context, f"Due soon: {context.task.title}")


def build_reminder_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email of a reminder that was set for a task.

    None when the reminder was removed, or when it is relative to a due time that has changed.
    """
    context = _load_open_task_context(mail)
    if context is None or mail.reminder not in (context.task.reminders or ()):
        return None
    if mail.due_at is not None and context.task.due_at != mail.due_at:
        return None
    return build_task_email(context, f"Reminder: {context.task.title}")


def build_overdue_digest_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the overdue digest of a person, with at most `DIGEST_MAX` tasks; None without any."""
    user = get_user(mail.recipient)
    if user is None or not is_wanted(user, mail.kind):
        return None
    overdue = _with_projects(user.id, overdue_digests.list_overdue_tasks(user.id))
    if not overdue:
        return None
    count = len(overdue)
    return render_email(
        mail.kind,
        "1 task is overdue" if count == 1 else f"{count} tasks are overdue",
        to=user.email,
        link=f"{settings.APP_URL}/tasks",
        unsubscribe=build_unsubscribe_link(user.id, mail.kind),
        user=user,
        overdue=overdue[:DIGEST_MAX],
        base=settings.APP_URL,
    )


def _load_open_task_context(mail: OutboxMail) -> TaskEmailContext | None:
    """Return the task of a reminder; None unless it is open and its project is not archived."""
    context = load_assignee_context(mail)
    if context is None or context.task.status not in OPEN_STATUSES or context.project.archived_at:
        return None
    return context


def _with_projects(user_id: str, tasks: list[Task]) -> list[tuple[Task, Project]]:
    """Return the tasks with their projects, without those whose project is archived, deleted or no
    longer accessible to the user."""
    project_ids = {task.project_id for task in tasks}
    items = batch_get(
        *(Project.key(project_id) for project_id in project_ids),
        *(Member.key(project_id, user_id) for project_id in project_ids),
    )
    projects: dict[str, Project] = {}
    for project_id in project_ids:
        project = items.get(Project.key(project_id))
        is_active = project and not project.deleted_at and not project.archived_at
        if project and is_active and items.get(Member.key(project_id, user_id)):
            projects[project_id] = project
    return [(task, projects[task.project_id]) for task in tasks if task.project_id in projects]
