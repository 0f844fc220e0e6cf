"""The email of the daily digest: what others did, with a link to each task."""

from datetime import datetime

from msgspec import Struct

from chalicelib import settings
from chalicelib.accounts.models import get_user
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email, render_email
from chalicelib.mail.unsubscribe import build_unsubscribe_link
from chalicelib.notifications import details, digest_models
from chalicelib.notifications.details import EXCERPT_MAX, Details, Reference

LISTED_MAX = 50


class DigestLine(Struct, frozen=True):
    """A line of the digest: the kind of an event, and the objects that it concerns."""

    kind: str
    details: Details

    @property
    def who(self) -> str:
        """The username of the actor."""
        return self.details.actor.username if self.details.actor else "Somebody"

    @property
    def said(self) -> str | None:
        """The beginning of the comment, if the event is one."""
        return self.details.comment.body[:EXCERPT_MAX] if self.details.comment else None


def build_daily_digest_email(mail: OutboxMail, now: datetime) -> Email | None:
    """Return the email of a daily digest, with its first `LISTED_MAX` events.

    Events whose task or comment was deleted are left out, and so are those of projects that the
    recipient can no longer read. None without any, or when the account is closed or closing.
    """
    user = get_user(str(mail.recipient))
    if user is None or not user.is_active or user.is_closing:
        return None
    entries = list(digest_models.list_entries(user.id, int(mail.digest)))
    listed = entries[:LISTED_MAX]
    references = [Reference(each.task_id, each.comment_id, each.actor) for each in listed]
    loaded = details.load_details(user.id, references)
    lines = [
        DigestLine(entry.kind, about)
        for entry, about in zip(listed, loaded, strict=True)
        if about.task is not None and (entry.comment_id is None or about.comment is not None)
    ]
    if not lines:
        return None
    count = len(lines) + len(entries) - len(listed)
    return render_email(
        mail.kind,
        "1 notification" if count == 1 else f"{count} notifications",
        to=user.email,
        link=f"{settings.APP_URL}/notifications",
        unsubscribe=build_unsubscribe_link(user.id, mail.kind),
        user=user,
        lines=lines,
        more=count - len(lines),
        base=settings.APP_URL,
    )
