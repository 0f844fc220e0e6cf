"""Disable a webhook that cannot be used any more, with a mail to its owner."""

from datetime import datetime

from chalicelib.audit.actions import AuditAction
from chalicelib.audit.entries import audit_service_write
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.mail.notifications import queue_webhook_disabled_write
from chalicelib.observability import logger, record_outcome
from chalicelib.webhooks import models
from chalicelib.webhooks.models import Webhook

# Why a webhook is disabled: no success in 24 hours, the receiver wants no more, or its owner is no
# longer an admin of the project.
FAILING, RECEIVER_GONE, OWNER_LEFT = "failing", "gone", "owner_left"


def disable_webhook(webhook: Webhook, reason: str, now: datetime) -> None:
    """Make an active webhook inactive, and queue the mail to its owner in the same transaction.

    Nothing changes when it is inactive, or when somebody changes it at the same time.
    """
    if not webhook.is_active:
        return
    fields = {
        **models.DEACTIVATION,
        "is_active": False,
        "disabled_reason": reason,
        "updated_at": format_timestamp(now),
    }
    mail = queue_webhook_disabled_write(
        webhook.project_id, webhook.id, int(webhook.version), webhook.owner_id, now
    )
    # Somebody who left gets no mail about the project.
    mails = () if reason == OWNER_LEFT else (mail,)
    entry = audit_service_write(
        AuditAction.WEBHOOK_DISABLED,
        webhook.project_id,
        now=now,
        target=webhook.id,
        reason=reason,
    )
    try:
        transact(models.update_webhook_write(webhook, fields), *mails, entry)
    except ConditionFailed:
        return
    webhook.is_active = False
    logger.warning("a webhook was disabled", webhook_id=webhook.id, reason=reason)
    record_outcome("webhooks", {"disabled": 1})
