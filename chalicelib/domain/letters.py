"""Mails: what each says, and whether there is still a reason to say it.

One function for each kind, from the owed row to the filled template; None when the reason has gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import settings
from chalicelib.domain import notices, one_time
from chalicelib.domain.stationery import Letter, filled
from chalicelib.store import table, tasks, users
from chalicelib.store.members import Member
from chalicelib.store.one_time import Purpose
from chalicelib.store.outbox import Mail
from chalicelib.store.projects import Project
from chalicelib.store.tasks import OPEN, Task
from chalicelib.store.users import User

__all__ = ["Letter", "write"]


@dataclass(frozen=True)
class _Matter:
    """A task, as its recipient may still see it."""

    task: Task
    project: Project
    recipient: User
    actor: User | None


def write(owed: Mail, now: datetime) -> Letter | None:
    """The mail that `owed` stands for, or None when nobody wants it any more."""
    return _WRITERS[owed.kind](owed, now)


def _assigned(owed: Mail, now: datetime) -> Letter | None:
    matter = _matter(owed)
    if matter is None:
        return None
    who = matter.actor.username if matter.actor else "Somebody"
    subject = f"Assigned to you: {matter.task.title}"
    return _about_task("assigned", subject, matter, who=who)


def _due_soon(owed: Mail, now: datetime) -> Letter | None:
    matter = _matter(owed)
    if matter is None or matter.task.status not in OPEN or matter.task.due_at != owed.due_at:
        return None
    return _about_task("due_soon", f"Due soon: {matter.task.title}", matter)


def _verify(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None or user.is_verified:
        return None
    return _with_token("verify", "Confirm your address", user, Purpose.VERIFICATION, now)


def _reset(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None:
        return None
    return _with_token("reset", "Choose a new password", user, Purpose.RESET, now)


def _new_email(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None or user.new_email is None:
        return None
    subject, to = "Confirm your new address", user.new_email
    return _with_token("new_email", subject, user, Purpose.NEW_EMAIL, now, to=to)


def _password_changed(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None:
        return None
    subject, link = "Your password was changed", f"{settings.APP_URL}/forgot-password"
    return filled("password_changed", subject, to=user.email, link=link, user=user)


def _email_changed(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None:
        return None
    subject, link = "The address of your account was changed", settings.APP_URL
    return filled("email_changed", subject, to=owed.address, link=link, user=user)


def _leaving(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None or user.leaving_at is None:
        return None
    subject = "Your account will be deleted"
    link = f"{settings.APP_URL}/login"
    return filled("leaving", subject, to=user.email, link=link, user=user, day=user.leaving_at[:10])


_WRITERS: dict[str, Callable[[Mail, datetime], Letter | None]] = {
    notices.ASSIGNED: _assigned,
    notices.DUE_SOON: _due_soon,
    notices.VERIFY: _verify,
    notices.RESET: _reset,
    notices.NEW_EMAIL: _new_email,
    notices.PASSWORD_CHANGED: _password_changed,
    notices.EMAIL_CHANGED: _email_changed,
    notices.LEAVING: _leaving,
}


def _account(owed: Mail) -> User | None:
    user = users.by_id(owed.recipient)
    return user if user is not None and user.may_enter else None


def _same_password(owed: Mail) -> User | None:
    """The account, unless its password was changed since: that voids what was asked for before."""
    user = _account(owed)
    return user if user is not None and user.epoch == owed.epoch else None


def _with_token(
    template: str, subject: str, user: User, purpose: Purpose, now: datetime, to: str = ""
) -> Letter | None:
    token = one_time.issue(user, purpose, now)
    if token is None:
        return None
    link = f"{settings.APP_URL}/{template.replace('_', '-')}?token={token}"
    return filled(template, subject, to=to or user.email, link=link, user=user)


def _about_task(template: str, subject: str, matter: _Matter, **context: str) -> Letter:
    return filled(
        template,
        subject,
        to=matter.recipient.email,
        link=f"{settings.APP_URL}/tasks/{matter.task.id}",
        user=matter.recipient,
        task=matter.task,
        project=matter.project,
        **context,
    )


def _matter(owed: Mail) -> _Matter | None:
    """The task that a mail is about, if its recipient is assigned to it and may still see it."""
    task = tasks.by_id(owed.task_id)
    if task is None or task.deleted_at is not None or task.assigned_to != owed.recipient:
        return None
    meta, member = Project.key(task.project_id), Member.key(task.project_id, owed.recipient)
    recipient, actor = User.key(owed.recipient), User.key(owed.actor or owed.recipient)
    rows = table.read(meta, member, recipient, actor)
    project, user = rows.get(meta), rows.get(recipient)
    if project is None or project.deleted_at is not None or rows.get(member) is None:
        return None
    if user is None or not user.may_enter or not _wants(user, owed.kind):
        return None
    return _Matter(task, project, user, rows.get(actor) if owed.actor else None)


def _wants(user: User, kind: str) -> bool:
    return bool((user.notifications or {}).get(kind, True))
