"""The routes that write an entry to the audit log, and the reasons why the others do not.

Every route that changes something is in one of the two tables, unless its permission is for the
content of projects or for the caller's inbox. tests/structure/test_audit.py holds the tables
against the routes, and tests/access/test_access_matrix.py against what each call writes.
"""

import re

from chalicelib.access.permissions import Action
from chalicelib.audit.actions import AuditAction as A

PROJECT = "/api/projects/{project_id}"
AUDITED: dict[str, set[A]] = {
    "POST /api/auth/register": {A.ACCOUNT_REGISTERED},
    "POST /api/auth/verify-email": {A.EMAIL_VERIFIED},
    "POST /api/auth/confirm-email": {A.EMAIL_CHANGED},
    "POST /api/auth/forgot-password": {A.PASSWORD_RESET_REQUESTED},
    "POST /api/auth/reset-password": {A.PASSWORD_RESET},
    "POST /api/auth/login": {A.SESSION_STARTED, A.DELETION_CANCELED},
    "POST /api/auth/login/second-factor": {
        A.SESSION_STARTED,
        A.DELETION_CANCELED,
        A.RECOVERY_CODE_USED,
    },
    "POST /api/auth/sign-in": {A.ACCOUNT_REGISTERED, A.SESSION_STARTED, A.DELETION_CANCELED},
    "POST /api/auth/identities": {A.IDENTITY_LINKED},
    "DELETE /api/auth/identities/{identity_id}": {A.IDENTITY_UNLINKED},
    "POST /api/auth/second-factors/totp/confirm": {A.SECOND_FACTOR_ADDED},
    "DELETE /api/auth/second-factors/totp": {A.SECOND_FACTOR_REMOVED},
    "POST /api/auth/second-factors/passkeys": {A.SECOND_FACTOR_ADDED},
    "DELETE /api/auth/second-factors/passkeys/{passkey_id}": {A.SECOND_FACTOR_REMOVED},
    "POST /api/auth/second-factors/recovery-codes": {A.RECOVERY_CODES_RENEWED},
    "DELETE /api/admin/users/{user_id}/second-factors": {A.SECOND_FACTORS_RESET},
    "POST /api/auth/logout": {A.SESSION_ENDED},
    "POST /api/auth/refresh": {A.SESSION_ENDED},
    "POST /api/auth/change-password": {A.PASSWORD_CHANGED},
    "POST /api/auth/change-email": {A.EMAIL_CHANGE_REQUESTED},
    "PATCH /api/auth/profile": {A.ACCOUNT_UPDATED},
    "DELETE /api/auth/profile": {A.DELETION_REQUESTED},
    "POST /api/auth/profile/exports": {A.ACCOUNT_EXPORTED},
    "DELETE /api/auth/sessions": {A.SESSION_ENDED},
    "DELETE /api/auth/sessions/{session_id}": {A.SESSION_ENDED},
    "POST /api/auth/tokens": {A.TOKEN_CREATED},
    "DELETE /api/auth/tokens/{token_id}": {A.TOKEN_DELETED},
    "POST /api/calendar-feeds": {A.FEED_CREATED},
    "DELETE /api/calendar-feeds/{feed_id}": {A.FEED_DELETED},
    "PATCH /api/admin/users/{user_id}": {A.ACCOUNT_CHANGED_BY_STAFF},
    "POST /api/projects": {A.PROJECT_CREATED},
    f"PUT {PROJECT}": {A.PROJECT_UPDATED},
    f"PATCH {PROJECT}": {A.PROJECT_UPDATED},
    f"DELETE {PROJECT}": {A.PROJECT_TRASHED},
    f"POST {PROJECT}/restore": {A.PROJECT_RESTORED},
    f"POST {PROJECT}/archive": {A.PROJECT_ARCHIVED},
    f"POST {PROJECT}/unarchive": {A.PROJECT_UNARCHIVED},
    f"POST {PROJECT}/duplicate": {A.PROJECT_CREATED, A.PROJECT_COPIED},
    f"POST {PROJECT}/exports": {A.PROJECT_EXPORTED},
    f"POST {PROJECT}/reports": {A.PROJECT_REPORTED},
    "POST /api/imports/{import_id}/start": {A.PROJECT_CREATED, A.PROJECT_IMPORTED},
    f"POST {PROJECT}/members": {A.MEMBER_ADDED, A.INVITATION_CREATED},
    f"PATCH {PROJECT}/members/{{user_id}}": {A.ROLE_CHANGED},
    f"DELETE {PROJECT}/members/{{user_id}}": {A.MEMBER_REMOVED},
    f"POST {PROJECT}/leave": {A.MEMBER_LEFT},
    f"POST {PROJECT}/transfer": {A.PROJECT_TRANSFERRED},
    f"POST {PROJECT}/invitations/{{invitation_id}}/resend": {A.INVITATION_RESENT},
    f"DELETE {PROJECT}/invitations/{{invitation_id}}": {A.INVITATION_REVOKED},
    "POST /api/invitations/accept": {A.MEMBER_JOINED},
    "POST /api/invitations/{invitation_id}/accept": {A.MEMBER_JOINED},
    "POST /api/invitations/{invitation_id}/decline": {A.INVITATION_DECLINED},
    f"POST {PROJECT}/webhooks": {A.WEBHOOK_CREATED},
    f"PATCH {PROJECT}/webhooks/{{webhook_id}}": {A.WEBHOOK_UPDATED},
    f"DELETE {PROJECT}/webhooks/{{webhook_id}}": {A.WEBHOOK_DELETED},
    f"POST {PROJECT}/webhooks/{{webhook_id}}/rotate-secret": {A.WEBHOOK_SECRET_ROTATED},
}
# A refresh ends the session only if the token was used before.
AUDITED_AT_TIMES = {"POST /api/auth/refresh"}
AVATAR = "an image that everybody sees; it gives no access"
CHALLENGE = "a challenge that a passkey has to sign; its use has an entry"
DELIVERY = "the log of the webhook has it"
START = "sends the browser to a provider, whose answer has an entry"
NOT_AUDITED: dict[str, str] = {
    "POST /api/auth/resend-verification": "repeats a mail of the registration, which has an entry",
    "POST /api/auth/profile/avatar": AVATAR,
    "POST /api/auth/profile/avatar/{avatar_id}/complete": AVATAR,
    "DELETE /api/auth/profile/avatar": AVATAR,
    "POST /api/auth/second-factors/totp": "starts a setup; its confirmation has an entry",
    "POST /api/auth/second-factors/passkeys/options": CHALLENGE,
    "POST /api/auth/login/passkey-options": CHALLENGE,
    "POST /api/auth/step-up/passkey-options": CHALLENGE,
    "POST /api/auth/step-up": "a proof of the person, which changes nothing",
    "POST /api/auth/sign-in/start": START,
    "POST /api/auth/identities/start": START,
    "POST /api/imports": "announces a file; the start of the import has an entry",
    "POST /api/unsubscribe": "a switch for mails, which gives no access",
    f"POST {PROJECT}/webhooks/{{webhook_id}}/test": DELIVERY,
    f"POST {PROJECT}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/redeliver": DELIVERY,
}
# Made by the service alone.
SERVICE_ACTIONS = {A.ACCOUNT_DELETED, A.WEBHOOK_DISABLED}
# Tasks have their activity, and only its owner sees the inbox. A ticket for a live connection reads
# what its caller may read, once within thirty seconds.
CONTENT = {
    Action.READ_TASKS,
    Action.WRITE_TASKS,
    Action.MOVE_TASK,
    Action.RESTORE_TASK,
    Action.WATCH_TASKS,
    Action.WRITE_COMMENTS,
    Action.USE_INBOX,
}
# The items of accounts, credentials, members, invitations, webhooks and jobs.
ADMINISTRATIVE_ITEM = re.compile(
    r"USER#\w+ (PROFILE|SESSION|SECOND_FACTOR|PASSKEY|IDENTITY|TOKEN|CALENDAR|PROJECT)"
    r"|(EMAIL|USERNAME)#"
    r"|PROJECT#\w+ (META|MEMBER|INVITE|WEBHOOK)#?"
    r"|JOB#"
)


def find_missing_entry(route: str, changed: set[str]) -> str | None:
    """Return what is wrong if a call of `route` changed the items with the keys in `changed`."""
    is_recorded = any(key.startswith("AUDIT#") for key in changed)
    others = {key for key in changed if not key.startswith("AUDIT#")}
    if is_recorded and not others:
        return "an entry without a change"
    if route in AUDITED_AT_TIMES or route.startswith("GET "):  # which records the use of a token
        return None
    if is_recorded != (route in AUDITED and bool(others)):
        return "an entry that the table does not name" if is_recorded else "no entry"
    administrative = {key for key in others if ADMINISTRATIVE_ITEM.match(key)}
    if administrative and route not in AUDITED and route not in NOT_AUDITED:
        return f"no entry about {administrative}"
    return None
