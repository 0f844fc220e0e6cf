"""The dispatcher: claim -> look again -> send -> mark.

SES has no idempotency token, so the promise is: never lost, at most one mail more for each crash
between SES's acceptance and the mark, and none otherwise.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import notices
from chalicelib.domain.letters import Letter, assigned_letter, due_soon_letter
from chalicelib.observability import logger, report
from chalicelib.store import mail, outbox, table, tasks, users, wake
from chalicelib.store.mail import SendFailed
from chalicelib.store.outbox import Mail
from chalicelib.store.projects import Member, Project
from chalicelib.store.tasks import OPEN, Task
from chalicelib.store.users import User

MAX_ATTEMPTS = 4
RETRY_AFTER = timedelta(seconds=60)


def sweep(*, now: datetime) -> dict[str, int]:
    """Deliver all mail whose time has come; the stream's dispatcher has usually been first."""
    outcomes: Counter[str] = Counter()
    for row in wake.ready("mail", now):
        outcomes[deliver(row.PK.removeprefix("OUTBOX#"), now=now)] += 1
    wake.settle("mail", now)
    return report("mail", outcomes)


def dispatch(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Deliver the mails of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    outcomes: Counter[str] = Counter()
    failures = []
    for sequence_number, mail_id in outbox.in_stream(records):
        try:
            outcomes[deliver(mail_id, now=now)] += 1
        except Exception:
            logger.exception("mail could not be brought to an end", mail_id=mail_id)
            failures.append({"itemIdentifier": sequence_number})
    report("mail", outcomes | {"failed": len(failures)})
    return {"batchItemFailures": failures}


def deliver(mail_id: str, *, now: datetime) -> str:
    """Bring one mail to its end and say which: sent, dropped, postponed, parked, or `taken` when
    somebody else has it or had it."""
    owed = outbox.by_id(mail_id)
    if owed is None or not outbox.claim(owed, now):
        return "taken"
    letter = _letter(owed)
    if letter is None:
        outbox.settle(owed, "dropped", now)
        return "dropped"
    return _send(owed, letter, now)


def _send(owed: Mail, letter: Letter, now: datetime) -> str:
    try:
        accepted = mail.send(
            to=letter.to, subject=letter.subject, text=letter.text, html=letter.html
        )
    except SendFailed:
        return _try_later(owed, now)
    outbox.settle(owed, "sent", now, accepted)
    return "sent"


def _try_later(owed: Mail, now: datetime) -> str:
    logger.warning("mail was not accepted", exc_info=True, mail_id=owed.id, tries=owed.attempts)
    if owed.attempts >= MAX_ATTEMPTS:
        outbox.settle(owed, "parked", now)
        return "parked"
    outbox.postpone(owed, now + RETRY_AFTER * owed.attempts)
    return "postponed"


def _letter(owed: Mail) -> Letter | None:
    """What to write, or None when the reason to write has gone."""
    task = tasks.by_id(owed.task_id)
    if task is None or task.deleted_at is not None or task.assigned_to != owed.recipient:
        return None
    people = users.by_ids({owed.recipient, owed.actor or owed.recipient})
    project = _shared_project(task, owed.recipient)
    recipient = people.get(owed.recipient)
    if project is None or recipient is None:
        return None
    if owed.kind == notices.DUE_SOON:
        return _due_soon(owed, task, project, recipient)
    return assigned_letter(task, project, recipient, people.get(owed.actor or ""))


def _due_soon(owed: Mail, task: Task, project: Project, recipient: User) -> Letter | None:
    still_due = task.status in OPEN and task.due_at == owed.due_at
    return due_soon_letter(task, project, recipient) if still_due else None


def _shared_project(task: Task, user_id: str) -> Project | None:
    """The task's project, if `user_id` may still see it."""
    meta, membership = Project.key(task.project_id), Member.key(task.project_id, user_id)
    rows = table.read(meta, membership)
    project = rows.get(meta)
    if project is None or project.deleted_at is not None or rows.get(membership) is None:
        return None
    return project
