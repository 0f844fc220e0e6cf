"""Emails about comments: who receives them, and what they say.

A new comment queues one mail, however many people watch the task. When that mail is dispatched, it
is fanned out into one mail for each recipient. The id of each of these consists of the comment and
the recipient, so fanning out again queues no second mail.
"""

import re
from contextlib import suppress
from datetime import datetime

from chalicelib.accounts.models import find_user_ids_by_username
from chalicelib.comments import models
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import COMMENT, MENTIONED, queue_comment_copy_write, wants_mail
from chalicelib.mail.rendering import Email
from chalicelib.members.models import get_member_users
from chalicelib.tasks.emails import build_task_email, load_task_context
from chalicelib.tasks.models import get_task

# Not after a character of a word, so that an e-mail address is no mention.
_MENTION = re.compile(r"(?<![\w.+-])@([\w.+-]{3,50})")
MAX_MENTIONS = 50


def fan_out_comment(mail: OutboxMail, now: datetime) -> None:
    """Queue a mail for each project member who watches the task or is mentioned in the comment.

    A member who is both receives the mail about the mention, or the other one if that kind is
    switched off. The author receives none.
    """
    task, comment = get_task(mail.task_id), models.get_comment(mail.task_id, mail.comment_id)
    if task is None or comment is None:
        return
    mentioned, watching = find_mentioned_users(comment.body), models.list_watcher_ids(task)
    for user in get_member_users(task.project_id, (mentioned | watching) - {mail.actor}):
        kinds = [
            kind
            for kind, user_ids in ((MENTIONED, mentioned), (COMMENT, watching))
            if user.id in user_ids and wants_mail(user, kind)
        ]
        if not kinds or not user.is_active:
            continue
        with suppress(ConditionFailed):  # queued already, by an attempt that did not finish
            transact(queue_comment_copy_write(mail, user, kinds[0], now))


def find_mentioned_users(text: str) -> set[str]:
    """Return the ids of the users whose names follow an @ in `text`.

    Only the first fifty names count. Because a name may be followed by punctuation that a name can
    also contain, it is looked up with and without its last characters.
    """
    names = list(dict.fromkeys(_MENTION.findall(text)))[:MAX_MENTIONS]
    return find_user_ids_by_username({*names, *(name.rstrip(".+-") for name in names)})


def build_comment_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to a watcher, or None if there is no reason for it any more."""
    task = get_task(mail.task_id)
    if task is None or mail.recipient not in models.list_watcher_ids(task):
        return None
    return _build_email(mail, "New comment")


def build_mention_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to a mentioned user, or None if there is no reason for it any more."""
    return _build_email(mail, "You were mentioned")


def _build_email(mail: OutboxMail, subject: str) -> Email | None:
    context = load_task_context(mail)
    comment = models.get_comment(mail.task_id, mail.comment_id)
    if context is None or comment is None:
        return None
    return build_task_email(
        context, f"{subject}: {context.task.title}", who=context.who, said=comment.body
    )
