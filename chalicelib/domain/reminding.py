"""What the reminder schedule does: reminders of tasks, then digests of what is overdue."""

from datetime import datetime

from chalicelib.domain import overdue, reminders
from chalicelib.domain.reminders import HasTime


def remind_and_tell(now: datetime, has_time: HasTime) -> dict[str, int]:
    """Both, as far as there is time; a failure of one does not stop the other."""
    try:
        outcome = dict(reminders.remind(now, has_time))
    finally:
        digests = overdue.tell(now, has_time)
    return outcome | digests
