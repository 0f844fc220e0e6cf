"""Mails: one table of all kinds, from the owed row to the filled template.

A writer looks again whether there is still a reason for its mail, and gives None if there is none.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain import (
    account_letters,
    comment_letters,
    invitation_letters,
    notices,
    report_letters,
    task_letters,
)
from chalicelib.domain.stationery import Letter
from chalicelib.store import suppressions
from chalicelib.store.outbox import Mail

__all__ = ["KINDS", "SPREAD", "Kind", "Letter", "write"]


class Kind(NamedTuple):
    """One kind of mail: who writes it, whether a person may switch it off in their profile, whether
    it is about the safety of the account, so that it alone carries no link to unsubscribe, and
    whether it verifies its address, so that it goes to one that is suppressed too."""

    write: Callable[[Mail, datetime], Letter | None]
    switchable: bool = False
    security: bool = False
    verifies: bool = False


KINDS: dict[str, Kind] = {
    notices.ASSIGNED: Kind(task_letters.assigned, switchable=True),
    notices.DUE_SOON: Kind(task_letters.due_soon, switchable=True),
    notices.COMMENT: Kind(comment_letters.comment, switchable=True),
    notices.MENTIONED: Kind(comment_letters.mentioned, switchable=True),
    notices.WEEKLY_REPORT: Kind(report_letters.weekly, switchable=True),
    notices.REMINDER: Kind(task_letters.reminder, switchable=True),
    notices.OVERDUE: Kind(task_letters.overdue, switchable=True),
    notices.VERIFY: Kind(account_letters.verify, security=True, verifies=True),
    notices.RESET: Kind(account_letters.reset, security=True),
    notices.NEW_EMAIL: Kind(account_letters.new_email, security=True, verifies=True),
    notices.PASSWORD_CHANGED: Kind(account_letters.password_changed, security=True),
    notices.EMAIL_CHANGED: Kind(account_letters.email_changed, security=True),
    notices.LEAVING: Kind(account_letters.leaving, security=True),
    notices.INVITATION: Kind(invitation_letters.invite),
}


# Rows that stand for several mails, and what owes each of them.
SPREAD: dict[str, Callable[[Mail, datetime], None]] = {
    notices.COMMENTED: comment_letters.spread,
}


def write(owed: Mail, now: datetime) -> Letter | None:
    """The mail that `owed` stands for, or None when nobody wants it any more, or when nothing may
    be sent to its address."""
    kind = KINDS[owed.kind]
    letter = kind.write(owed, now)
    if letter is None or (not kind.verifies and suppressions.holds(letter.to)):
        return None
    return letter
