"""Handle what SES reports about sent mail: permanent bounces and complaints.

Nothing more is sent to such an address until it is verified again.
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
    """Suppress the addresses of a permanent bounce or a complaint, and count them.

    An event that was handled before or is older than the last verification of the address is
    counted as `known` and changes nothing.
    """
    outcome = {"suppressed": 0, "known": 0}
    for address, reason, at in _list_reported_addresses(event):
        outcome["suppressed" if _suppress(address, reason, at) else "known"] += 1
    return record_outcome("mail_feedback", outcome)


def _list_reported_addresses(event: Mapping[str, Any]) -> Iterator[tuple[str, str, datetime]]:
    """Yield each address with the reason to suppress it and the time of the report."""
    bounce, complaint = event.get(BOUNCE, {}), event.get(COMPLAINT, {})
    if bounce.get("bounceType") == "Permanent":
        at = datetime.fromisoformat(bounce["timestamp"])
        for recipient in bounce["bouncedRecipients"]:
            yield recipient["emailAddress"], BOUNCE, at
    if complaint and complaint.get("complaintFeedbackType") != "not-spam":
        at = datetime.fromisoformat(complaint["timestamp"])
        for recipient in complaint["complainedRecipients"]:
            yield recipient["emailAddress"], COMPLAINT, at


def _suppress(address: str, reason: str, at: datetime) -> bool:
    """Suppress an address and unverify its account, if it has one. Returns whether that is new."""
    report = models.report_address_write(address, reason, at)
    unverify: tuple[Write, ...] = ()
    user = find_user_by_email(address)
    if user is not None:
        same_address = User.email == user.email
        unverified = User.is_verified.set(False)
        unverify = (update_user_write(user.id, unverified, condition=same_address),)
    try:
        transact(report, *unverify)
    except ConditionFailed as failed:
        if failed.write is not report:
            raise  # the account changed its address just now; the event is delivered again
        return False
    return True
