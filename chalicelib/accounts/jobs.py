"""Deletion of accounts at the end of their grace period of seven days.

Memberships and everything in the account's own partitions are deleted, and the user's comments and
tasks become anonymous. docs/privacy.md has the table of what is deleted and what remains.
"""

from collections import Counter
from contextlib import suppress
from datetime import datetime

from chalicelib.access.permissions import Role
from chalicelib.accounts import models
from chalicelib.accounts.models import User
from chalicelib.attachments.avatars import discard_avatar
from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_service_write
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, transact
from chalicelib.errors import NotFound
from chalicelib.identity_providers.models import delete_identity, list_user_identities
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget, unlimited_budget
from chalicelib.live.models import remove_user_connections
from chalicelib.mail.models import Suppression
from chalicelib.members.models import list_memberships
from chalicelib.members.service import end_membership
from chalicelib.notifications.models import delete_inbox
from chalicelib.observability import record_outcome

# Left to the jobs that the tick runs after this one.
RESERVED_MILLISECONDS = 120_000


def delete_due_accounts(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Delete the accounts whose grace period is over, and count them as `erased`.

    When the time budget is used up, the rest is left to the next run, and `put_off` is 1.
    Every step is idempotent, so the next run also completes an interrupted deletion.
    """
    budget = (budget or unlimited_budget(now)).reserving(RESERVED_MILLISECONDS)
    outcome = Counter(erased=0)
    try:
        for item in budget.each(time_index.list_due("leaving", now)):
            user = models.get_user(item.PK.removeprefix("USER#"))
            if user is None or user.leaving_at is None:
                continue
            if user.leaving_at <= format_timestamp(now):
                outcome["erased"] += _delete_account(user, budget)
    except OutOfTime:
        outcome["put_off"] = 1
    time_index.advance_watermark("leaving", now)
    return record_outcome("account_deletions", outcome)


def _delete_account(user: User, budget: TimeBudget) -> bool:
    """Delete an account, and return whether this run completed its deletion."""
    if not _close_account(user, budget.clock()):
        return False
    for membership in budget.each(list(list_memberships(user.id))):
        # A project that the user still owns is in the trash; the purge deletes its memberships.
        if membership.role != Role.OWNER:
            with suppress(NotFound):  # the project was purged, or is in the trash
                _end_membership(membership.project_id, user.id, budget.clock())
    discard_avatar(user, budget.clock())
    remove_user_connections(user.id)
    for identity in budget.each(list(list_user_identities(user.id))):
        delete_identity(identity)
    models.delete_account_items(user.id)
    delete_inbox(user.id)
    _forget_address(user.email)
    return _anonymize(user, budget.clock())


def _end_membership(project_id: str, user_id: str, now: datetime) -> None:
    entry = audit_service_write(
        AuditAction.MEMBER_LEFT, project_id, now=now, target=user_id, reason="account_deleted"
    )
    end_membership(project_id, user_id, entry, reassign_to=None, now=now)


def _forget_address(address: str) -> None:
    """Delete the state of an address unless it says that nothing may be sent there. Idempotent."""
    no_reason = Suppression.reason.does_not_exist() & Suppression.unsubscribed_at.does_not_exist()
    with suppress(ConditionFailed):
        transact(Delete(Suppression.key(address), no_reason))


def _close_account(user: User, now: datetime) -> bool:
    """Refuse all further requests of the account; return False if its deletion was canceled."""
    if user.erased_at is not None:  # an earlier run closed it
        return True
    not_canceled = User.leaving_at == user.leaving_at
    erased = User.erased_at.set(format_timestamp(now))
    try:
        transact(models.update_user_write(user.id, erased, condition=not_canceled))
    except ConditionFailed:
        return False
    return True


def _anonymize(user: User, now: datetime) -> bool:
    """Release address and username, and clear the profile. Return False if a concurrent run did.

    The user id remains, because tasks and comments refer to it.
    """
    try:
        transact(
            models.anonymize_user_write(user, f"deleted-{user.id[-8:]}"),
            models.release_email_write(user),
            models.release_username_write(user.username, user.id),
            audit_service_write(AuditAction.ACCOUNT_DELETED, user.id, now=now),
        )
    except ConditionFailed:
        return False
    return True
