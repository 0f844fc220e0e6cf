"""The daily digest: one mail a day, at the person's hour, in place of a mail for each event.

It gathers the notifications of what others do. Those about a time, such as reminders, are sent at
their time.
"""

from contextlib import suppress
from datetime import datetime

from chalicelib import settings
from chalicelib.accounts.models import User, get_user
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.errors import Unavailable
from chalicelib.jobs.attempts import Attempts
from chalicelib.jobs.time_budget import HasTime
from chalicelib.mail.models import OutboxMail, settle_mail_write
from chalicelib.mail.notifications import queue_daily_digest_write
from chalicelib.notifications import digest_models
from chalicelib.observability import record_outcome
from chalicelib.reminders.delivery_times import next_delivery_time
from chalicelib.tasks.due_dates import local_date

# A digest is closed once a day, so a second try is enough.
GATHER_TRIES = 3


def gather(mail: OutboxMail, user: User, now: datetime) -> None:
    """Settle a claimed mail and add its event to the next digest of the recipient instead.

    Both are one transaction, so the digest contains the event once. Raises `Unavailable` when the
    digest was closed at each of `GATHER_TRIES` tries.
    """
    settle = settle_mail_write(mail, "gathered", now)
    for _ in range(GATHER_TRIES):
        digest = digest_models.get_digest(user.id)
        entry, schedule = digest_models.add_entry_writes(
            user.id,
            1 if digest is None else int(digest.number),
            str(mail.notification_id),
            kind=mail.kind,
            actor=mail.actor,
            task_id=mail.task_id,
            comment_id=mail.comment_id,
            at=next_delivery_time(now, user.time_zone, int(user.digest_hour)),
            now=now,
        )
        try:
            transact(settle, entry, schedule)
            return
        except ConditionFailed as failed:
            if failed.write is not schedule:  # another dispatcher did it
                return
    raise Unavailable()


def reschedule_digest(user: User, now: datetime) -> None:
    """Move a scheduled digest to the user's new hour or time zone.

    A digest that was switched off keeps its time, and contains the events gathered before.
    """
    digest = digest_models.get_digest(user.id)
    if digest is None or digest.wake_at is None or user.digest_hour is None:
        return
    at = next_delivery_time(now, user.time_zone, int(user.digest_hour))
    with suppress(ConditionFailed):  # it was closed or scheduled anew meanwhile
        transact(digest_models.update_digest_write(digest, number=digest.number, at=at))


def queue_daily_digests(now: datetime, has_time: HasTime = lambda: True) -> dict[str, int]:
    """Queue the mails of the daily digests that are due at `now`, and count them.

    A digest that fails does not stop the others and is tried again by the next run. Raises
    `ExceptionGroup` at the end when one failed.
    """
    queued, attempts = 0, Attempts("a daily digest could not be queued")
    for entry in time_index.list_due("daily", now):
        if not has_time():
            break
        user_id = entry.PK.removeprefix("INBOX#")
        with attempts.attempt(user_id=user_id):
            queued += _queue_digest(user_id, now)
    time_index.advance_watermark("daily", now)
    record_outcome("daily_digests", {"queued": queued})
    attempts.raise_failures()
    return {"daily_digests": queued}


def _queue_digest(user_id: str, now: datetime) -> bool:
    """Close the digest of one person and queue its mail; return whether that was done.

    The mail's id contains the local day. When the day's mail is queued already, because the person
    has chosen another hour or time zone since, the digest waits for the next day.
    """
    digest, user = digest_models.get_digest(user_id), get_user(user_id)
    if digest is None or user is None or not time_index.is_due(digest, now):
        return False
    close = digest_models.update_digest_write(digest, number=digest.number + 1, at=None)
    is_closed_account = not user.is_active or user.is_closing
    today, number = local_date(now, user.time_zone), int(digest.number)
    mails = () if is_closed_account else (queue_daily_digest_write(user, today, number, now=now),)
    try:
        transact(*mails, close)
        return bool(mails)
    except ConditionFailed as failed:
        if failed.write is close:  # a concurrent run has closed or scheduled it
            return False
    hour = settings.REMINDER_HOUR if user.digest_hour is None else int(user.digest_hour)
    tomorrow = next_delivery_time(now, user.time_zone, hour)
    with suppress(ConditionFailed):
        transact(digest_models.update_digest_write(digest, number=number, at=tomorrow))
    return False
