"""Mails about comments: to whom they go, and what they say.

A comment owes one row, whoever watches. When its turn comes it is spread into a mail for each
person, under an id made of comment and person, so that spreading again owes nothing twice.
"""

import re
from datetime import datetime

from chalicelib.accounts.models import User, find_user_ids_by_username
from chalicelib.comments import models
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import COMMENT, MENTIONED, queue_comment_copy_write, wants_mail
from chalicelib.mail.rendering import Email
from chalicelib.members.models import get_member_users
from chalicelib.tasks.emails import build_task_email, load_task_context
from chalicelib.tasks.models import get_task

# Not in the middle of a word, so that no address is one.
_MENTION = re.compile(r"(?<![\w.+-])@([\w.+-]{3,50})")
MAX_MENTIONS = 50


def fan_out_comment(owed: OutboxMail, now: datetime) -> None:
    """Owe a mail to everybody who watches the task or is mentioned, if they may see it; to one who
    is both, as mentioned. Not to who wrote the comment."""
    task, comment = get_task(owed.task_id), models.get_comment(owed.task_id, owed.comment_id)
    if task is None or comment is None:
        return
    named, watching = find_mentioned_users(comment.body), models.list_watcher_ids(task)
    for person in get_member_users(task.project_id, (named | watching) - {owed.actor}):
        reasons = {MENTIONED: named, COMMENT: watching}
        kind = _first_wanted(person, [kind for kind, ids in reasons.items() if person.id in ids])
        if kind is not None:
            _queue(owed, person, kind, now)


def find_mentioned_users(text: str) -> set[str]:
    """The ids of the people whose names stand behind an @, the first fifty of them. A name may end
    like a sentence, so it is looked up with and without its last signs."""
    names = list(dict.fromkeys(_MENTION.findall(text)))[:MAX_MENTIONS]
    return find_user_ids_by_username({*names, *(name.rstrip(".+-") for name in names)})


def build_comment_email(owed: OutboxMail, now: datetime) -> Email | None:
    """What a watcher gets; None if they have stopped."""
    if owed.recipient not in _watchers(owed.task_id):
        return None
    return _about_comment(owed, "New comment")


def build_mention_email(owed: OutboxMail, now: datetime) -> Email | None:
    """What somebody gets who was named."""
    return _about_comment(owed, "You were mentioned")


def _watchers(task_id: str) -> set[str]:
    task = get_task(task_id)
    return set() if task is None else models.list_watcher_ids(task)


def _first_wanted(person: User, kinds: list[str]) -> str | None:
    wanted = (kind for kind in kinds if wants_mail(person, kind))
    return next(wanted, None) if person.is_active else None


def _queue(owed: OutboxMail, person: User, kind: str, now: datetime) -> None:
    try:
        transact(queue_comment_copy_write(owed, person, kind, now))
    except ConditionFailed:  # owed before, by a try that did not get to its end
        return


def _about_comment(owed: OutboxMail, what: str) -> Email | None:
    matter, said = load_task_context(owed), models.get_comment(owed.task_id, owed.comment_id)
    if matter is None or said is None:
        return None
    return build_task_email(matter, f"{what}: {matter.task.title}", who=matter.who, said=said.body)
