"""The kinds of mail: one table of the function that builds each kind of email and its properties.

Such a function checks again whether there is still a reason for its email, and returns None if
there is none.
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
from chalicelib.identity_providers.emails import (
    build_identity_linked_email,
    build_identity_unlinked_email,
)
from chalicelib.mail import models
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import (
    ASSIGNED,
    COMMENT,
    COMMENTED,
    DAILY_DIGEST,
    DUE_SOON,
    EMAIL_CHANGED,
    FACTOR_ADDED,
    FACTOR_REMOVED,
    FACTORS_RESET,
    IDENTITY_LINKED,
    IDENTITY_UNLINKED,
    INVITATION,
    LEAVING,
    MENTIONED,
    NEW_EMAIL,
    OVERDUE,
    PASSWORD_CHANGED,
    RECOVERY_CODE_USED,
    REMINDER,
    RESET,
    VERIFY,
    WEBHOOK_DISABLED,
    WEEKLY_REPORT,
)
from chalicelib.mail.rendering import Email
from chalicelib.members.emails import build_invitation_email
from chalicelib.notifications.emails import build_daily_digest_email
from chalicelib.reminders.emails import (
    build_due_soon_email,
    build_overdue_digest_email,
    build_reminder_email,
)
from chalicelib.reports.emails import build_weekly_report_email
from chalicelib.second_factors.emails import (
    build_factor_added_email,
    build_factor_removed_email,
    build_factors_reset_email,
    build_recovery_code_used_email,
)
from chalicelib.tasks.emails import build_assignment_email
from chalicelib.webhooks.emails import build_webhook_disabled_email


class MailKind(NamedTuple):
    """One kind of mail.

    `build` returns the email, or None when there is no reason for it any more. A `switchable` kind
    is also a kind of notification: the profile says whether it is mailed. A `security` kind is
    about the safety of the account, or says that something of its owner stopped; only these have no
    link to unsubscribe. A kind that `verifies` its address is sent to suppressed addresses too.
    """

    build: Callable[[OutboxMail, datetime], Email | None]
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
    DAILY_DIGEST: MailKind(build_daily_digest_email),
    VERIFY: MailKind(build_verification_email, security=True, verifies=True),
    RESET: MailKind(build_password_reset_email, security=True),
    NEW_EMAIL: MailKind(build_email_change_email, security=True, verifies=True),
    PASSWORD_CHANGED: MailKind(build_password_changed_email, security=True),
    EMAIL_CHANGED: MailKind(build_email_changed_email, security=True),
    FACTOR_ADDED: MailKind(build_factor_added_email, security=True),
    FACTOR_REMOVED: MailKind(build_factor_removed_email, security=True),
    FACTORS_RESET: MailKind(build_factors_reset_email, security=True),
    RECOVERY_CODE_USED: MailKind(build_recovery_code_used_email, security=True),
    IDENTITY_LINKED: MailKind(build_identity_linked_email, security=True),
    IDENTITY_UNLINKED: MailKind(build_identity_unlinked_email, security=True),
    LEAVING: MailKind(build_deletion_email, security=True),
    INVITATION: MailKind(build_invitation_email),
    WEBHOOK_DISABLED: MailKind(build_webhook_disabled_email, security=True),
}

# Outbox items that stand for several mails, and the function that queues each of those mails.
FAN_OUTS: dict[str, Callable[[OutboxMail, datetime], None]] = {
    COMMENTED: fan_out_comment,
}


def is_known(kind: str) -> bool:
    """Return whether this code can deliver a mail of `kind`; a newer release may have queued it."""
    return kind in MAIL_KINDS or kind in FAN_OUTS


def build_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email of an outbox item; None when there is no reason for it any more."""
    return MAIL_KINDS[mail.kind].build(mail, now)


def accepts_mail(address: str, kind: str) -> bool:
    """Return whether this kind may be sent to the address, which may be suppressed."""
    return MAIL_KINDS[kind].verifies or not models.is_suppressed(address)
