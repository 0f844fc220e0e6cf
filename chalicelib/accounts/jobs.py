"""The end of an account, seven days after it was asked for: memberships end, authorship is
anonymous."""

from collections import Counter
from datetime import datetime

from chalicelib.access.permissions import Role
from chalicelib.accounts import models
from chalicelib.accounts.models import User
from chalicelib.attachments.avatars import discard_avatar
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import NotFound
from chalicelib.jobs.time_budget import OutOfTime, TimeBudget, unlimited_budget
from chalicelib.members.models import list_memberships
from chalicelib.members.service import end_membership
from chalicelib.observability import record_outcome
from chalicelib.sessions.models import (
    delete_api_token,
    list_user_api_tokens,
    list_user_sessions,
    revoke_session,
)

# Is left to those behind us in the tick.
RESERVED_MILLISECONDS = 120_000


def delete_due_accounts(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Erase the accounts whose grace is over, as far as there is time, and count them. Each step
    can be done again, so a run that was cut short is finished by the next."""
    pace = (pace or unlimited_budget(now)).leaving(RESERVED_MILLISECONDS)
    outcome = Counter(erased=0)
    try:
        for row in pace.each(time_index.list_due("leaving", now)):
            user = models.get_user(row.PK.removeprefix("USER#"))
            if (
                user is not None
                and user.leaving_at is not None
                and user.leaving_at <= format_timestamp(now)
            ):
                outcome["erased"] += _delete_account(user, pace)
    except OutOfTime:
        outcome["put_off"] = 1
    time_index.advance_watermark("leaving", now)
    return record_outcome("account_deletions", outcome)


def _delete_account(user: User, pace: TimeBudget) -> bool:
    if not _close_account(user, pace.clock()):
        return False
    for edge in pace.each(list(list_memberships(user.id))):
        if edge.role != Role.OWNER:  # what one still owns is in the trash, and is purged with it
            _end_membership(edge.project_id, user.id, pace.clock())
    for token in pace.each(list(list_user_api_tokens(user.id))):
        delete_api_token(user.id, token.id)
    for session in pace.each(list(list_user_sessions(user.id))):
        if session.revoked_at is None:
            revoke_session(user.id, session.id, pace.clock())
    discard_avatar(user, pace.clock())
    return _anonymise(user)


def _close_account(user: User, now: datetime) -> bool:
    """Nobody enters from here on; False for somebody who came back in time."""
    if user.erased_at is not None:  # an earlier run got this far
        return True
    still_leaving = User.leaving_at == user.leaving_at
    shutting = models.update_user_write(
        user.id, User.erased_at.set(format_timestamp(now)), condition=still_leaving
    )
    try:
        transact(shutting)
    except ConditionFailed:
        return False
    return True


def _end_membership(project_id: str, user_id: str, now: datetime) -> None:
    try:
        end_membership(project_id, user_id, reassign_to=None, now=now)
    except NotFound:  # the project is in the trash, and goes with it
        return


def _anonymise(user: User) -> bool:
    """Free address and username, and leave a profile that says nothing; its id stays in what the
    person wrote."""
    nobody = f"deleted-{user.id[-8:]}"
    try:
        transact(
            models.anonymize_user_write(user, nobody),
            models.release_email_write(user.email, user.id),
            models.release_username_write(user.username, user.id),
        )
    except ConditionFailed:  # a run beside this one was first
        return False
    return True
