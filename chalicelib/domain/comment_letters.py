"""Mails about comments: to whom they go, and what they say.

A comment owes one row, whoever watches. When its turn comes it is spread into a mail for each
person, under an id made of comment and person, so that spreading again owes nothing twice.
"""

import re
from datetime import datetime

from chalicelib.domain import notices
from chalicelib.domain.stationery import Letter
from chalicelib.domain.task_letters import about_task, matter_of
from chalicelib.store import comments, members, tasks, users, watchers
from chalicelib.store.outbox import Mail
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User

# Not in the middle of a word, so that no address is one.
_MENTION = re.compile(r"(?<![\w.+-])@([\w.+-]{3,50})")
MENTIONS_MAX = 50


def spread(owed: Mail, now: datetime) -> None:
    """Owe a mail to everybody who watches the task or is mentioned, if they may see it; to one who
    is both, as mentioned. Not to who wrote the comment."""
    task, comment = tasks.by_id(owed.task_id), comments.by_id(owed.task_id, owed.comment_id)
    if task is None or comment is None:
        return
    named, watching = mentioned_in(comment.body), watchers.of_task(task)
    for person in members.among(task.project_id, (named | watching) - {owed.actor}):
        reasons = {notices.MENTIONED: named, notices.COMMENT: watching}
        kind = _first_wanted(person, [kind for kind, ids in reasons.items() if person.id in ids])
        if kind is not None:
            _owe(owed, person, kind, now)


def mentioned_in(text: str) -> set[str]:
    """The ids of the people whose names stand behind an @, the first fifty of them. A name may end
    like a sentence, so it is looked up with and without its last signs."""
    names = list(dict.fromkeys(_MENTION.findall(text)))[:MENTIONS_MAX]
    return users.ids_by_username({*names, *(name.rstrip(".+-") for name in names)})


def comment(owed: Mail, now: datetime) -> Letter | None:
    """What a watcher gets; None if they have stopped."""
    if owed.recipient not in _watchers(owed.task_id):
        return None
    return _about_comment(owed, "New comment")


def mentioned(owed: Mail, now: datetime) -> Letter | None:
    """What somebody gets who was named."""
    return _about_comment(owed, "You were mentioned")


def _watchers(task_id: str) -> set[str]:
    task = tasks.by_id(task_id)
    return set() if task is None else watchers.of_task(task)


def _first_wanted(person: User, kinds: list[str]) -> str | None:
    wanted = (kind for kind in kinds if notices.wants(person, kind))
    return next(wanted, None) if person.may_enter else None


def _owe(owed: Mail, person: User, kind: str, now: datetime) -> None:
    try:
        transact(notices.of_comment(owed, person, kind, now))
    except ConditionFailed:  # owed before, by a try that did not get to its end
        return


def _about_comment(owed: Mail, what: str) -> Letter | None:
    matter, said = matter_of(owed), comments.by_id(owed.task_id, owed.comment_id)
    if matter is None or said is None:
        return None
    return about_task(matter, f"{what}: {matter.task.title}", who=matter.who, said=said.body)
