"""What SES reports of mails that it took: addresses that do not exist, people who complain.

Nothing more is sent to such an address until it is verified anew.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.accounts.models import User, find_user_by_email, update_user_write
from chalicelib.dynamodb.transactions import ConditionFailed, Write, transact
from chalicelib.mail import models
from chalicelib.observability import record_outcome

BOUNCE, COMPLAINT = "bounce", "complaint"


def handle_ses_event(event: Mapping[str, Any]) -> dict[str, int]:
    """Suppress the addresses of a bounce that is permanent, or of a complaint, and count them. An
    event that came before, or is older than the last verification, changes nothing."""
    outcome = {"suppressed": 0, "known": 0}
    for address, reason, at in _reported(event):
        outcome["suppressed" if _suppress(address, reason, at) else "known"] += 1
    return record_outcome("mail_feedback", outcome)


def _reported(event: Mapping[str, Any]) -> Iterator[tuple[str, str, datetime]]:
    bounce, complaint = event.get(BOUNCE, {}), event.get(COMPLAINT, {})
    if bounce.get("bounceType") == "Permanent":
        for recipient in bounce["bouncedRecipients"]:
            yield recipient["emailAddress"], BOUNCE, _time(bounce)
    if complaint and complaint.get("complaintFeedbackType") != "not-spam":
        for recipient in complaint["complainedRecipients"]:
            yield recipient["emailAddress"], COMPLAINT, _time(complaint)


def _time(notice: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(notice["timestamp"])


def _suppress(address: str, reason: str, at: datetime) -> bool:
    noting = models.report_address_write(address, reason, at)
    try:
        transact(noting, *_unverified(address))
    except ConditionFailed as failed:
        if failed.write is not noting:
            raise  # the account moved at this moment; the event comes again
        return False
    return True


def _unverified(address: str) -> tuple[Write, ...]:
    """An account of that address has to verify it anew."""
    user = find_user_by_email(address)
    if user is None:
        return ()
    same = User.email == user.email
    return (update_user_write(user.id, User.is_verified.set(False), condition=same),)
