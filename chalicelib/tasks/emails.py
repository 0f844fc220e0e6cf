"""The assignment email, and what all emails about tasks share.

The functions return None when the reason for the email no longer exists, or when the recipient may
no longer see the task.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.accounts.notification_preferences import is_wanted
from chalicelib.copies.location_models import find_current_id
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.tasks.models import Task


class TaskEmailContext(Struct, frozen=True):
    """The data of an email about a task, which its recipient may see; `kind` is the mail's kind."""

    kind: str
    task: Task
    project: Project
    recipient: User
    actor: User | None

    @property
    def who(self) -> str:
        """The username of the actor."""
        return self.actor.username if self.actor else "Somebody"


def build_assignment_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to a new assignee; None if somebody else is assigned by now."""
    context = load_assignee_context(mail)
    if context is None:
        return None
    return build_task_email(context, f"Assigned to you: {context.task.title}", who=context.who)


def load_assignee_context(mail: OutboxMail) -> TaskEmailContext | None:
    """Return the context of a mail to an assignee; None if the recipient is not assigned now."""
    context = load_task_context(mail)
    if context is None or context.task.assigned_to != mail.recipient:
        return None
    return context


def load_task_context(mail: OutboxMail) -> TaskEmailContext | None:
    """Return the context of a mail about a task.

    None if the task or its project was deleted, if the recipient is no longer an active user and
    a member of the project, or if they have switched off this kind of mail. A task that was moved
    to another project is found there.
    """
    return _load_context(mail, str(mail.task_id), is_moved=False)


def _load_context(mail: OutboxMail, task_id: str, *, is_moved: bool) -> TaskEmailContext | None:
    project_id = project_id_of(task_id)
    task_key, project_key = Task.key(task_id), Project.key(project_id)
    member_key, user_key = Member.key(project_id, mail.recipient), User.key(mail.recipient)
    actor_key = User.key(mail.actor or mail.recipient)
    result = batch_get(task_key, project_key, member_key, user_key, actor_key)

    task, project, user = result.get(task_key), result.get(project_key), result.get(user_key)
    if task is None and not is_moved and (current_id := find_current_id(task_id)):
        return _load_context(mail, current_id, is_moved=True)
    if task is None or task.deleted_at is not None:
        return None
    if project is None or project.deleted_at is not None or result.get(member_key) is None:
        return None
    if user is None or not is_wanted(user, mail.kind):
        return None
    actor = result.get(actor_key) if mail.actor else None
    return TaskEmailContext(mail.kind, task, project, user, actor)


def build_task_email(context: TaskEmailContext, subject: str, **fields: Any) -> Email:
    """Render the template of the mail's kind with the task, its project and `fields`."""
    return render_email(
        context.kind,
        subject,
        to=context.recipient.email,
        link=f"{settings.APP_URL}/tasks/{context.task.id}",
        unsubscribe=build_unsubscribe_link(context.recipient.id, context.kind),
        user=context.recipient,
        task=context.task,
        project=context.project,
        **fields,
    )
