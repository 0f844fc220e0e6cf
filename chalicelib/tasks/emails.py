"""Mails about tasks: what each says. None when the reason has gone, or the recipient may not see
the task any more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import settings
from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import wants_mail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.tasks.models import Task


@dataclass(frozen=True)
class TaskEmailContext:
    """A task, as the recipient of a mail may still see it."""

    kind: str
    task: Task
    project: Project
    recipient: User
    actor: User | None

    @property
    def who(self) -> str:
        """Who did it, by name."""
        return self.actor.username if self.actor else "Somebody"


def build_assignment_email(owed: OutboxMail, now: datetime) -> Email | None:
    matter = load_assignee_context(owed)
    if matter is None:
        return None
    return build_task_email(matter, f"Assigned to you: {matter.task.title}", who=matter.who)


def build_task_email(matter: TaskEmailContext, subject: str, **context: Any) -> Email:
    """The mail of `matter`, from the template that bears its kind's name."""
    return render_email(
        matter.kind,
        subject,
        to=matter.recipient.email,
        link=f"{settings.APP_URL}/tasks/{matter.task.id}",
        unsubscribe=build_unsubscribe_link(matter.recipient.id, matter.kind),
        user=matter.recipient,
        task=matter.task,
        project=matter.project,
        **context,
    )


def load_assignee_context(owed: OutboxMail) -> TaskEmailContext | None:
    """The task that a mail is about, if its recipient is still assigned to it."""
    matter = load_task_context(owed)
    return matter if matter is not None and matter.task.assigned_to == owed.recipient else None


def load_task_context(owed: OutboxMail) -> TaskEmailContext | None:
    """The task that a mail is about, if its recipient may still see it and wants such mails."""
    about, project_id = Task.key(owed.task_id), project_id_of(owed.task_id)
    meta, member = Project.key(project_id), Member.key(project_id, owed.recipient)
    recipient, actor = User.key(owed.recipient), User.key(owed.actor or owed.recipient)
    rows = batch_get(about, meta, member, recipient, actor)
    task, project, user = rows.get(about), rows.get(meta), rows.get(recipient)
    if task is None or task.deleted_at is not None:
        return None
    if project is None or project.deleted_at is not None or rows.get(member) is None:
        return None
    if user is None or not user.is_active or not wants_mail(user, owed.kind):
        return None
    return TaskEmailContext(owed.kind, task, project, user, rows.get(actor) if owed.actor else None)
