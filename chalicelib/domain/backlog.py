"""How long the mail that waits longest has been waiting: what the alarm on the outbox looks at."""

from datetime import datetime

from chalicelib.observability import report
from chalicelib.store import wake


def measure(now: datetime) -> dict[str, int]:
    """Seconds since the oldest mail should have gone out; 0 when none waits."""
    since = wake.oldest("mail", now)
    return report("backlog", {"mail_seconds": int((now - (since or now)).total_seconds())})
