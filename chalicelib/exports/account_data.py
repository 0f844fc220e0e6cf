"""The data in the export of an account beside tasks: all that is stored about the person.

It holds no secret and no digest of one. docs/privacy.md lists every kind of item, with the name
under which it is here; a test compares the two.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.permissions import Action, is_allowed
from chalicelib.accounts.models import User, get_user
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.models import ORIGIN, AuditEntry, is_by_others
from chalicelib.audit.service import list_history
from chalicelib.calendar_feeds.models import list_user_feeds
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.exports.columns import Record
from chalicelib.exports.task_files import VIEW_FIELDS, select_fields
from chalicelib.identity_providers.models import list_user_identities
from chalicelib.jobs.models import JOB_KEPT_FOR, Job
from chalicelib.live.models import list_user_slots
from chalicelib.mail.models import get_suppression
from chalicelib.members.invitation_models import list_invitations_to, list_project_invitations
from chalicelib.members.models import UserMembership, list_former_memberships, list_memberships
from chalicelib.notifications.digest_models import get_digest as get_daily_digest
from chalicelib.notifications.models import list_inbox
from chalicelib.projects.models import Project
from chalicelib.reminders.models import get_digest as get_overdue_digest
from chalicelib.reminders.models import list_overdue
from chalicelib.reports.models import get_schedule
from chalicelib.second_factors.models import get_second_factor, list_passkeys
from chalicelib.sessions.models import list_user_api_tokens, list_user_sessions
from chalicelib.views.models import list_project_views, list_user_views
from chalicelib.webhooks.models import list_webhooks

PROFILE_FIELDS = (
    *("id", "username", "email", "new_email", "display_name", "time_zone", "avatar"),
    *("notifications", "inbox", "digest_hour", "quiet_start", "quiet_end"),
    *("is_verified", "is_staff", "created_at", "disabled_at", "leaving_at"),
)
SESSION_FIELDS = (
    "id",
    "created_at",
    "idle_until",
    "absolute_until",
    "revoked_at",
    "device",
    "proved_at",
)
SECOND_FACTOR_FIELDS = ("totp_since", "recovery_since")
PASSKEY_FIELDS = ("id", "name", "created_at", "last_used_at")
TOKEN_FIELDS = ("id", "name", "created_at", "valid_until", "last_used_at")
IDENTITY_FIELDS = (
    *("id", "provider", "issuer", "subject"),
    *("email", "created_at", "last_used_at"),
)
FEED_FIELDS = ("id", "name", "show_as", "project_id", "created_at", "last_used_at")
NOTIFICATION_FIELDS = (
    *("id", "kind", "created_at", "actor"),
    *("task_id", "comment_id", "project_id", "job_id"),
)
WEBHOOK_FIELDS = ("id", "project_id", "url", "is_active", "created_at", "updated_at")
INVITATION_FIELDS = ("id", "project_id", "email", "role", "created_at", "valid_until")
AUDIT_FIELDS = (
    *("id", "at", "action", "subject", "actor", "credential"),
    *("source", "request_id", "target", "details"),
)
JOB_FIELDS = ("id", "kind", "subject", "about", "status", "created_at", "finished_at")
SUPPRESSION_FIELDS = ("reason", "reported_at", "verified_at", "unsubscribed_at")
JOB_ACTIONS = {
    AuditAction.ACCOUNT_EXPORTED,
    AuditAction.PROJECT_EXPORTED,
    AuditAction.PROJECT_REPORTED,
    AuditAction.PROJECT_IMPORTED,
    AuditAction.PROJECT_COPIED,
}
PAGE = 1_000


def collect_account_data(user_id: str, now: datetime) -> Record:
    """Return the data of an account, without the tasks."""
    user = get_user(user_id)
    memberships = list(list_memberships(user_id))
    factor = get_second_factor(user_id)
    security_events, actions = list_history(user_id, now)
    return {
        "exported_at": format_timestamp(now),
        "time_zone": user.time_zone if user else "UTC",
        "profile": select_fields(user, PROFILE_FIELDS),
        **_export_credentials(user_id),
        "second_factors": _select_all([factor] if factor else [], SECOND_FACTOR_FIELDS),
        "passkeys": _select_all(list_passkeys(user_id), PASSKEY_FIELDS),
        "memberships": _export_memberships(memberships),
        "former_memberships": [
            {"project": each.project_id, "left_at": each.left_at}
            for each in list_former_memberships(user_id)
        ],
        **_export_project_items(user_id, memberships),
        "views": _select_all(list_user_views(user_id), VIEW_FIELDS),
        "notifications": [
            select_fields(each, NOTIFICATION_FIELDS, is_read=is_read)
            for each, is_read in list_inbox(user_id, now)
        ],
        **_export_schedules(user_id),
        **_export_address(user),
        "security_events": [_export_event(entry) for entry in security_events],
        "actions_in_projects": _select_all(actions, AUDIT_FIELDS),
        "jobs": _export_jobs([*security_events, *actions], now),
    }


def _export_event(entry: AuditEntry) -> Record:
    hidden: Record = dict.fromkeys(ORIGIN) if is_by_others(entry) else {}
    return select_fields(entry, AUDIT_FIELDS) | hidden


def _export_credentials(user_id: str) -> Record:
    """Return what acts for the user."""
    tokens = [
        select_fields(
            token,
            TOKEN_FIELDS,
            scopes=sorted(token.scopes or ()),
            projects=sorted(token.projects or ()),
        )
        for token in list_user_api_tokens(user_id)
    ]
    return {
        "sessions": _select_all(list_user_sessions(user_id), SESSION_FIELDS),
        "api_tokens": tokens,
        "calendar_feeds": _select_all(list_user_feeds(user_id), FEED_FIELDS),
        "identities": _select_all(list_user_identities(user_id), IDENTITY_FIELDS),
        "live_connections": _select_all(list_user_slots(user_id), ("connection_id", "held_until")),
    }


def _export_memberships(memberships: list[UserMembership]) -> list[Record]:
    """Return the user's projects, except deleted ones, with the user's role in each."""
    projects = batch_get(*(Project.key(membership.project_id) for membership in memberships))
    records: list[Record] = []
    for membership in memberships:
        project = projects.get(Project.key(membership.project_id))
        if project is not None and project.deleted_at is None:
            records.append({"project": project.id, "name": project.name, "role": membership.role})
    return records


def _export_project_items(user_id: str, memberships: list[UserMembership]) -> Record:
    """Return the shared views, webhooks and invitations that the user has made.

    Of webhooks and invitations those in projects whose members the user manages.
    """
    views: list[Any] = []
    webhooks: list[Any] = []
    invitations: list[Any] = []
    for membership in memberships:
        project_id = membership.project_id
        views += [each for each in list_project_views(project_id) if each.created_by == user_id]
        if is_allowed(membership.role, Action.READ_WEBHOOKS):
            webhooks += [each for each in list_webhooks(project_id) if each.owner_id == user_id]
        if is_allowed(membership.role, Action.READ_INVITATIONS):
            page = list_project_invitations(project_id, limit=PAGE, start=None)
            invitations += [each for each in page.items if each.inviter == user_id]
    return {
        "shared_views": _select_all(views, (*VIEW_FIELDS, "project_id")),
        "webhooks": [
            select_fields(each, WEBHOOK_FIELDS, events=sorted(each.events)) for each in webhooks
        ],
        "invitations_sent": _select_all(invitations, INVITATION_FIELDS),
    }


def _export_schedules(user_id: str) -> Record:
    """Return the times of the next digests and reports, and their contents."""
    daily, overdue = get_daily_digest(user_id), get_overdue_digest(user_id)
    weekly = get_schedule(user_id)
    return {
        "daily_digest": daily and {"at": daily.wake_at},
        "overdue_digest": overdue and {"at": overdue.wake_at},
        "overdue_tasks": [ref._asdict() for ref in list_overdue(user_id)],
        "weekly_reports": weekly and {"at": weekly.wake_at, "monday": weekly.monday},
    }


def _export_address(user: User | None) -> Record:
    """Return what is stored of the user's address: its deliverability, and invitations to it."""
    suppression = get_suppression(user.email) if user else None
    is_verified = user is not None and user.is_verified  # it may belong to somebody else
    invitations = list_invitations_to(user.email) if user and is_verified else ()
    return {
        "mail_delivery": suppression and select_fields(suppression, SUPPRESSION_FIELDS),
        "invitations_received": _select_all(
            invitations, ("project_id", "invitation_id", "valid_until")
        ),
    }


def _export_jobs(entries: list[AuditEntry], now: datetime) -> list[Record]:
    """Return the exports, reports, imports and copies that the user requested and that still exist.

    The audit log has their ids.
    """
    since = format_timestamp(now - JOB_KEPT_FOR - timedelta(days=1))
    keys = [
        Job.key(entry.target)
        for entry in entries
        if entry.action in JOB_ACTIONS and entry.target and entry.at >= since
    ]
    jobs = batch_get(*keys)
    return [select_fields(job, JOB_FIELDS) for key in keys if (job := jobs.get(key))]


def _select_all(items: Iterable[object], names: tuple[str, ...]) -> list[Record]:
    return [select_fields(item, names) for item in items]
