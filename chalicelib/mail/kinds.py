"""Mails: one table of all kinds, from the owed row to the filled template.

A writer looks again whether there is still a reason for its mail, and gives None if there is none.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from chalicelib.accounts.emails import (
    build_deletion_email,
    build_email_change_email,
    build_email_changed_email,
    build_password_changed_email,
    build_password_reset_email,
    build_verification_email,
)
from chalicelib.comments.emails import build_comment_email, build_mention_email, fan_out_comment
from chalicelib.mail import models
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import (
    ASSIGNED,
    COMMENT,
    COMMENTED,
    DUE_SOON,
    EMAIL_CHANGED,
    INVITATION,
    LEAVING,
    MENTIONED,
    NEW_EMAIL,
    OVERDUE,
    PASSWORD_CHANGED,
    REMINDER,
    RESET,
    VERIFY,
    WEEKLY_REPORT,
)
from chalicelib.mail.rendering import Email
from chalicelib.members.emails import build_invitation_email
from chalicelib.reminders.emails import (
    build_due_soon_email,
    build_overdue_digest_email,
    build_reminder_email,
)
from chalicelib.reports.emails import build_weekly_report_email
from chalicelib.tasks.emails import build_assignment_email


class MailKind(NamedTuple):
    """One kind of mail: who writes it, whether a person may switch it off in their profile, whether
    it is about the safety of the account, so that it alone carries no link to unsubscribe, and
    whether it verifies its address, so that it goes to one that is suppressed too."""

    write: Callable[[OutboxMail, datetime], Email | None]
    switchable: bool = False
    security: bool = False
    verifies: bool = False


MAIL_KINDS: dict[str, MailKind] = {
    ASSIGNED: MailKind(build_assignment_email, switchable=True),
    DUE_SOON: MailKind(build_due_soon_email, switchable=True),
    COMMENT: MailKind(build_comment_email, switchable=True),
    MENTIONED: MailKind(build_mention_email, switchable=True),
    WEEKLY_REPORT: MailKind(build_weekly_report_email, switchable=True),
    REMINDER: MailKind(build_reminder_email, switchable=True),
    OVERDUE: MailKind(build_overdue_digest_email, switchable=True),
    VERIFY: MailKind(build_verification_email, security=True, verifies=True),
    RESET: MailKind(build_password_reset_email, security=True),
    NEW_EMAIL: MailKind(build_email_change_email, security=True, verifies=True),
    PASSWORD_CHANGED: MailKind(build_password_changed_email, security=True),
    EMAIL_CHANGED: MailKind(build_email_changed_email, security=True),
    LEAVING: MailKind(build_deletion_email, security=True),
    INVITATION: MailKind(build_invitation_email),
}


# Rows that stand for several mails, and what owes each of them.
FAN_OUTS: dict[str, Callable[[OutboxMail, datetime], None]] = {
    COMMENTED: fan_out_comment,
}


def build_email(owed: OutboxMail, now: datetime) -> Email | None:
    """The mail that `owed` stands for, or None when nobody wants it any more, or when nothing may
    be sent to its address."""
    kind = MAIL_KINDS[owed.kind]
    letter = kind.write(owed, now)
    if letter is None or (not kind.verifies and models.is_suppressed(letter.to)):
        return None
    return letter
