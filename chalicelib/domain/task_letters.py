"""Mails about tasks: what each says. None when the reason has gone, or the recipient may not see
the task any more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import settings
from chalicelib.domain import notices, unsubscribing
from chalicelib.domain import overdue as digest
from chalicelib.domain.stationery import Letter, filled
from chalicelib.store import ids, table, users
from chalicelib.store.cards import OPEN
from chalicelib.store.members import Member
from chalicelib.store.outbox import Mail
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task
from chalicelib.store.users import User

DIGEST_MAX = 50


@dataclass(frozen=True)
class Matter:
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


def assigned(owed: Mail, now: datetime) -> Letter | None:
    matter = matter_of_assignee(owed)
    if matter is None:
        return None
    return about_task(matter, f"Assigned to you: {matter.task.title}", who=matter.who)


def due_soon(owed: Mail, now: datetime) -> Letter | None:
    matter = _matter_to_do(owed)
    if matter is None or matter.task.due_at != owed.due_at:
        return None
    return about_task(matter, f"Due soon: {matter.task.title}")


def reminder(owed: Mail, now: datetime) -> Letter | None:
    matter = _matter_to_do(owed)
    if matter is None or owed.reminder not in (matter.task.reminders or ()):
        return None
    if owed.due_at is not None and matter.task.due_at != owed.due_at:
        return None
    return about_task(matter, f"Reminder: {matter.task.title}")


def overdue(owed: Mail, now: datetime) -> Letter | None:
    user = users.by_id(owed.recipient)
    if user is None or not user.may_enter or not notices.wants(user, owed.kind):
        return None
    late = _within_reach(user.id, digest.tasks_of(user.id))
    if not late:
        return None
    count = len(late)
    return filled(
        owed.kind,
        "1 task is overdue" if count == 1 else f"{count} tasks are overdue",
        to=user.email,
        link=f"{settings.APP_URL}/tasks",
        unsubscribe=unsubscribing.link(user.id, owed.kind),
        user=user,
        late=late[:DIGEST_MAX],
        base=settings.APP_URL,
    )


def about_task(matter: Matter, subject: str, **context: Any) -> Letter:
    """The mail of `matter`, from the template that bears its kind's name."""
    return filled(
        matter.kind,
        subject,
        to=matter.recipient.email,
        link=f"{settings.APP_URL}/tasks/{matter.task.id}",
        unsubscribe=unsubscribing.link(matter.recipient.id, matter.kind),
        user=matter.recipient,
        task=matter.task,
        project=matter.project,
        **context,
    )


def _matter_to_do(owed: Mail) -> Matter | None:
    """The task that a reminder is about, if there is still something to do."""
    matter = matter_of_assignee(owed)
    if matter is None or matter.task.status not in OPEN or matter.project.archived_at:
        return None
    return matter


def _within_reach(user_id: str, found: list[Task]) -> list[tuple[Task, Project]]:
    """Of these tasks, those in projects where somebody can do something about them."""
    ids = {task.project_id for task in found}
    rows = table.read(
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


def matter_of_assignee(owed: Mail) -> Matter | None:
    """The task that a mail is about, if its recipient is still assigned to it."""
    matter = matter_of(owed)
    return matter if matter is not None and matter.task.assigned_to == owed.recipient else None


def matter_of(owed: Mail) -> Matter | None:
    """The task that a mail is about, if its recipient may still see it and wants such mails."""
    about, project_id = Task.key(owed.task_id), ids.project_of(owed.task_id)
    meta, member = Project.key(project_id), Member.key(project_id, owed.recipient)
    recipient, actor = User.key(owed.recipient), User.key(owed.actor or owed.recipient)
    rows = table.read(about, meta, member, recipient, actor)
    task, project, user = rows.get(about), rows.get(meta), rows.get(recipient)
    if task is None or task.deleted_at is not None:
        return None
    if project is None or project.deleted_at is not None or rows.get(member) is None:
        return None
    if user is None or not user.may_enter or not notices.wants(user, owed.kind):
        return None
    return Matter(owed.kind, task, project, user, rows.get(actor) if owed.actor else None)
