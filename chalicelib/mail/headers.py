"""The headers of an email and the tags that SES reports with its events."""

from hashlib import sha256

from chalicelib import settings
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email


def build_headers(mail: OutboxMail, email: Email) -> dict[str, str]:
    """Return the headers of an email by name, without From, To and Subject.

    All emails about a task refer to one Message-ID that no email has: mail clients build threads by
    it, and SES replaces the Message-ID that we set.
    """
    domain = settings.MAIL_SENDER.rpartition("@")[2]
    headers = {"Message-ID": f"<{_hash_id(mail)}@{domain}>", "Auto-Submitted": "auto-generated"}
    if mail.task_id is not None:
        thread = f"<task.{mail.task_id}@{domain}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    if email.unsubscribe is not None:
        headers["List-Unsubscribe"] = f"<{email.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def build_tags(mail: OutboxMail) -> dict[str, str]:
    """Return the tags that SES adds to each event about the email. A tag may contain letters,
    digits, `_` and `-`."""
    return {"stage": settings.STAGE, "kind": mail.kind, "mail": _hash_id(mail)}


def _hash_id(mail: OutboxMail) -> str:
    return sha256(mail.id.encode()).hexdigest()[:32]
