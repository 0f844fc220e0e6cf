"""The email that tells the owner of a webhook that it was disabled."""

from datetime import datetime
from urllib.parse import urlsplit

from chalicelib import settings
from chalicelib.access.permissions import Action, is_allowed
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import batch_get
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import disabled_webhook_ids
from chalicelib.mail.rendering import Email, render_email, to_single_line
from chalicelib.projects.models import Project
from chalicelib.webhooks.models import Webhook
from chalicelib.webhooks.recipients import find_role


def build_webhook_disabled_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email; None when the webhook is active again or deleted, or when the recipient
    may not see it any more."""
    project_id, webhook_id = disabled_webhook_ids(mail)
    user_key, project_key = User.key(mail.recipient), Project.key(project_id)
    webhook_key = Webhook.key(project_id, webhook_id)
    items = batch_get(user_key, project_key, webhook_key)
    user, project, webhook = items.get(user_key), items.get(project_key), items.get(webhook_key)
    if user is None or webhook is None or webhook.is_active or project is None:
        return None
    role = find_role(project_id, user.id)
    if project.deleted_at is not None or user.is_closing or role is None:
        return None
    if not is_allowed(role, Action.READ_WEBHOOKS):
        return None
    name = to_single_line(project.name)
    return render_email(
        "webhook_disabled",
        f"{name}: a webhook was disabled",
        to=user.email,
        link=f"{settings.APP_URL}/projects/{project_id}/settings",
        user=user,
        project=name,
        host=urlsplit(webhook.url).hostname,  # the path may be a secret of the receiver
        reason=webhook.disabled_reason,
    )
