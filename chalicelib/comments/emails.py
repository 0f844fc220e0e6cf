"""Emails about comments: who receives them, and what they say.

A new comment queues one mail, however many people watch the task. When that mail is dispatched, it
is fanned out into one mail for each recipient. The id of each of these consists of the comment and
the recipient, so fanning out again queues no second mail.
"""

from contextlib import suppress
from datetime import datetime
from itertools import islice

from chalicelib.accounts.models import User, find_user_ids_by_username
from chalicelib.accounts.notification_preferences import choose_channels, is_wanted
from chalicelib.comments import models
from chalicelib.comments.mentions import parse_mentions
from chalicelib.copies.location_models import find_task
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import COMMENT, MENTIONED, queue_comment_copy_write
from chalicelib.mail.rendering import Email
from chalicelib.members.models import get_member_users
from chalicelib.tasks.emails import build_task_email, load_task_context


def fan_out_comment(mail: OutboxMail, now: datetime) -> None:
    """Queue a mail for each project member who watches the task or is mentioned in the comment.

    A member who is both receives the one about the mention, or the other one if only that is sent
    to them by mail, or if mentions are switched off. The author receives none.
    """
    task = find_task(mail.task_id)
    comment = models.get_comment(task.original_id, mail.comment_id) if task else None
    if task is None or comment is None:
        return
    watching = models.list_watcher_ids(task)
    members, mentioned = _find_recipients(mail, task.project_id, comment.body, watching)
    for user in members:
        kinds = [
            kind
            for kind, user_ids in ((MENTIONED, mentioned), (COMMENT, watching))
            if user.id in user_ids and is_wanted(user, kind)
        ]
        if not kinds:
            continue
        mailed = [kind for kind in kinds if choose_channels(user, kind).mail]
        with suppress(ConditionFailed):  # queued already, by an attempt that did not finish
            transact(queue_comment_copy_write(mail, user, (mailed or kinds)[0], now))


def _find_recipients(
    mail: OutboxMail, project_id: str, text: str, watching: set[str]
) -> tuple[list[User], set[str]]:
    """Return the members of the project who watch the task or may be mentioned in `text`, without
    the author, and the ids of the mentioned ones.

    A mention may be read as several names. The longest name of a member counts, so nobody outside
    of the project can take a mention away by choosing a longer name.
    """
    mentions = parse_mentions(text)
    ids_by_name = find_user_ids_by_username(name for names in mentions for name in names)
    user_ids = {*watching, *ids_by_name.values()} - {mail.actor}
    members = get_member_users(project_id, user_ids)
    member_ids = {mail.actor, *(user.id for user in members)}
    mentioned: set[str] = set()
    for names in mentions:
        named_members = (
            ids_by_name[name] for name in names if ids_by_name.get(name, "") in member_ids
        )
        mentioned.update(islice(named_members, 1))
    return members, mentioned


def build_comment_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to a watcher, or None if there is no reason for it any more."""
    task = find_task(mail.task_id)
    if task is None or mail.recipient not in models.list_watcher_ids(task):
        return None
    return _build_email(mail, "New comment")


def build_mention_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email to a mentioned user, or None if there is no reason for it any more."""
    return _build_email(mail, "You were mentioned")


def _build_email(mail: OutboxMail, subject: str) -> Email | None:
    context = load_task_context(mail)
    if context is None:
        return None
    comment = models.get_comment(context.task.original_id, mail.comment_id)
    if comment is None:
        return None
    return build_task_email(
        context, f"{subject}: {context.task.title}", who=context.who, said=comment.body
    )
