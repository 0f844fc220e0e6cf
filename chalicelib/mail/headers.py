"""What stands on the outside of a mail: its headers, and the tags that SES counts it by."""

from hashlib import sha256

from chalicelib import settings
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email


def build_headers(owed: OutboxMail, letter: Email) -> dict[str, str]:
    """The headers of a mail. All mails about one task refer to one message that never was, which
    is what mail clients thread by; SES puts a Message-ID of its own in place of ours."""
    named = {"Message-ID": _message_id(_digest(owed)), "Auto-Submitted": "auto-generated"}
    if owed.task_id is not None:
        root = _message_id(f"task.{owed.task_id}")
        named |= {"In-Reply-To": root, "References": root}
    if letter.unsubscribe is not None:
        named["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        named["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return named


def build_tags(owed: OutboxMail) -> dict[str, str]:
    """What SES notes beside each event about the mail; a tag takes letters, digits, `_` and `-`."""
    return {"stage": settings.STAGE, "kind": owed.kind, "mail": _digest(owed)}


def _digest(owed: OutboxMail) -> str:
    return sha256(owed.id.encode()).hexdigest()[:32]


def _message_id(name: str) -> str:
    return f"<{name}@{settings.MAIL_SENDER.rpartition('@')[2]}>"
