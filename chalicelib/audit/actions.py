"""The actions that the audit log records. docs/api.md lists them; a test compares the two.

An action whose name begins with one of `ACCOUNT_OBJECTS` concerns an account, every other one a
project.
"""

from enum import StrEnum

ACCOUNT_OBJECTS = frozenset({"account", "session", "token", "calendar_feed"})


class AuditAction(StrEnum):
    ACCOUNT_REGISTERED = "account.registered"
    ACCOUNT_UPDATED = "account.updated"
    EMAIL_VERIFIED = "account.email_verified"
    EMAIL_CHANGE_REQUESTED = "account.email_change_requested"
    EMAIL_CHANGED = "account.email_changed"
    PASSWORD_CHANGED = "account.password_changed"
    PASSWORD_RESET_REQUESTED = "account.password_reset_requested"
    PASSWORD_RESET = "account.password_reset"
    ACCOUNT_EXPORTED = "account.exported"
    ACCOUNT_CHANGED_BY_STAFF = "account.changed_by_staff"
    SECOND_FACTOR_ADDED = "account.second_factor_added"
    SECOND_FACTOR_REMOVED = "account.second_factor_removed"
    SECOND_FACTORS_RESET = "account.second_factors_reset"
    RECOVERY_CODES_RENEWED = "account.recovery_codes_renewed"
    RECOVERY_CODE_USED = "account.recovery_code_used"
    IDENTITY_LINKED = "account.identity_linked"
    IDENTITY_UNLINKED = "account.identity_unlinked"
    DELETION_REQUESTED = "account.deletion_requested"
    DELETION_CANCELED = "account.deletion_canceled"
    ACCOUNT_DELETED = "account.deleted"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    TOKEN_CREATED = "token.created"
    TOKEN_DELETED = "token.deleted"
    FEED_CREATED = "calendar_feed.created"
    FEED_DELETED = "calendar_feed.deleted"

    PROJECT_CREATED = "project.created"
    PROJECT_UPDATED = "project.updated"
    PROJECT_ARCHIVED = "project.archived"
    PROJECT_UNARCHIVED = "project.unarchived"
    PROJECT_TRASHED = "project.trashed"
    PROJECT_RESTORED = "project.restored"
    PROJECT_TRANSFERRED = "project.transferred"
    PROJECT_COPIED = "project.copied"
    PROJECT_EXPORTED = "project.exported"
    PROJECT_REPORTED = "project.reported"
    PROJECT_IMPORTED = "project.imported"
    MEMBER_ADDED = "member.added"
    MEMBER_JOINED = "member.joined"
    ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_LEFT = "member.left"
    INVITATION_CREATED = "invitation.created"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_DECLINED = "invitation.declined"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_UPDATED = "webhook.updated"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_DISABLED = "webhook.disabled"


# The actions whose target is a user.
ABOUT_USERS = frozenset(
    {
        AuditAction.PROJECT_TRANSFERRED,
        AuditAction.MEMBER_ADDED,
        AuditAction.MEMBER_JOINED,
        AuditAction.ROLE_CHANGED,
        AuditAction.MEMBER_REMOVED,
        AuditAction.MEMBER_LEFT,
    }
)


def concerns_account(action: str) -> bool:
    """Return whether an action concerns an account rather than a project."""
    return action.partition(".")[0] in ACCOUNT_OBJECTS
