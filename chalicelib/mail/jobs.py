"""The mail dispatcher: claim a mail, check it again, put its notification into the inbox, wait for
a sending slot, send, record the result.

SES has no idempotency token. So no mail is lost, and a mail is sent twice only when a dispatcher
crashes after SES accepted the mail and before the result is recorded.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts.models import get_user
from chalicelib.accounts.notification_preferences import NO_CHANNELS, choose_channels
from chalicelib.aws import ses
from chalicelib.aws.ses import SendFailed, Throttled
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, transact
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail import headers, kinds, models
from chalicelib.mail.kinds import FAN_OUTS, MAIL_KINDS
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.notifications import GATHERED_KINDS
from chalicelib.mail.rendering import Email
from chalicelib.mail.sending_rate import SendingRate
from chalicelib.newer_releases import UNKNOWN_KIND, is_left_to_newer_release
from chalicelib.notifications import digests, inbox
from chalicelib.notifications.quiet_hours import find_quiet_end
from chalicelib.observability import logger, record_outcome

MAX_ATTEMPTS = 4
RETRY_DELAY = timedelta(seconds=60)
# SES throttles: the mails are sent too fast, or the daily quota is used up.
THROTTLE_DELAY = timedelta(seconds=60)
FAILED, DELAYED = "failed", "delayed"


def sweep_outbox(now: datetime, budget: TimeBudget | None = None) -> dict[str, int]:
    """Deliver all mail that is due and count the outcomes; usually the stream has delivered it.

    Without a `budget` there is no deadline and no sending rate.
    """
    due_ids = (entry.PK.removeprefix("OUTBOX#") for entry in time_index.list_due("mail", now))
    outcomes = Counter(dict(_deliver_each(due_ids, now, budget)).values())
    time_index.advance_watermark("mail", now)
    return record_outcome("mail", outcomes)


def dispatch_streamed_mail(
    records: list[dict[str, Any]], *, now: datetime, budget: TimeBudget | None = None
) -> dict[str, Any]:
    """Deliver the new mails of a stream batch. The sweep delivers the mails left at the end of the
    time.

    Returns the sequence numbers of the mails that failed, so that only they are delivered again
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html).
    """
    numbers = {}
    for record in records:
        change = record["dynamodb"]
        mail_id = change["Keys"]["PK"]["S"].removeprefix("OUTBOX#")
        numbers[mail_id] = change["SequenceNumber"]
    outcomes = dict(_deliver_each(numbers, now, budget))
    record_outcome("mail", Counter(outcomes.values()))
    failed = [mail_id for mail_id, outcome in outcomes.items() if outcome == FAILED]
    return {"batchItemFailures": [{"itemIdentifier": numbers[mail_id]} for mail_id in failed]}


def _deliver_each(
    mail_ids: Iterable[str], now: datetime, budget: TimeBudget | None
) -> Iterator[tuple[str, str]]:
    """Deliver the mails one by one, until the time is used up or SES takes no more.

    Yields each id with its outcome. An error is logged and does not stop the other mails.
    """
    rate = None if budget is None else SendingRate(budget)
    for mail_id in mail_ids:
        if budget is not None:
            if not budget.has_time():
                return
            now = budget.clock()
        try:
            outcome = deliver_mail(mail_id, now=now, rate=rate)
        except Exception:
            logger.exception("mail delivery failed", mail_id=mail_id)
            outcome = FAILED
        yield mail_id, outcome
        if outcome == DELAYED:
            return


def deliver_mail(mail_id: str, *, now: datetime, rate: SendingRate | None = None) -> str:
    """Deliver one mail and return the outcome.

    The outcomes: `sent`; `spread` (fanned out to several mails); `dropped` (no longer wanted);
    `inbox` (the recipient wants it only there); `gathered` (the daily digest will tell of it);
    `quiet` (due again when the recipient's quiet hours end);
    `postponed` (SES did not accept it, try later); `delayed` (no sending slot, or throttled by
    SES); `parked` (given up); `unknown_kind` (left to a newer release); `taken` (settled, leased by
    another dispatcher, or not yet due). Without a `rate` the mail is sent without waiting for a
    sending slot.
    """
    mail = models.get_mail(mail_id)
    if mail is None or not models.is_mail_due(mail, now):
        return "taken"
    created_at = parse_timestamp(mail.created_at)
    if not kinds.is_known(mail.kind) and is_left_to_newer_release(created_at, now):
        return UNKNOWN_KIND
    return _deliver_claimed(mail, now, rate) if models.claim_mail(mail, now) else "taken"


def _deliver_claimed(mail: OutboxMail, now: datetime, rate: SendingRate | None) -> str:
    if mail.leased_until is not None:
        # A dispatcher leased the mail before and died, perhaps after SES accepted the mail.
        record_outcome("mail", {"retaken": 1})
    # Every dispatcher so far died, or none knew the kind for a day.
    if mail.attempts > MAX_ATTEMPTS or not kinds.is_known(mail.kind):
        return _settle(mail, "parked", now)
    if mail.kind in FAN_OUTS:
        FAN_OUTS[mail.kind](mail, now)
        return _settle(mail, "spread", now)
    if MAIL_KINDS[mail.kind].switchable:
        return _notify(mail, now, rate)
    return _deliver_by_mail(mail, None, now, rate)


def _notify(mail: OutboxMail, now: datetime, rate: SendingRate | None) -> str:
    """Deliver a notification in the ways that its recipient has chosen.

    The inbox gets it first, whether or not the mail has to wait.
    """
    user = get_user(str(mail.recipient))
    channels = NO_CHANNELS if user is None else choose_channels(user, mail.kind)
    email = None if channels == NO_CHANNELS else kinds.build_email(mail, now)
    if user is None or email is None:
        return _settle(mail, "dropped", now)
    if channels.inbox and not mail.in_inbox:
        inbox.add_notification(mail, now)
        mail.in_inbox = True
    if not channels.mail:
        return _settle(mail, "inbox", now)
    if user.digest_hour is not None and mail.kind in GATHERED_KINDS:
        digests.gather(mail, user, now)
        return "gathered"
    quiet_until = find_quiet_end(now, user)
    if quiet_until is not None:
        models.postpone_mail(mail, quiet_until, tried=False)
        return "quiet"
    return _deliver_by_mail(mail, email, now, rate)


def _deliver_by_mail(
    mail: OutboxMail, email: Email | None, now: datetime, rate: SendingRate | None
) -> str:
    """Send a mail when there is a sending slot. Without an `email` it is built then, and it is
    built again after a wait, because its task and recipient may have changed."""
    waited = timedelta(0)
    if rate is not None:
        slot_wait = rate.wait_for_slot()
        if slot_wait is None:
            return _delay(mail, now)
        now, waited = rate.budget.clock(), slot_wait
    if waited and MAIL_KINDS[mail.kind].switchable:
        user = get_user(str(mail.recipient))
        if user is None or not choose_channels(user, mail.kind).mail:
            return _settle(mail, "dropped", now)
    if email is None or waited:
        email = kinds.build_email(mail, now)
    if email is None or not kinds.accepts_mail(email.to, mail.kind):
        return _settle(mail, "dropped", now)
    return _send(mail, email, now)


def _send(mail: OutboxMail, email: Email, now: datetime) -> str:
    try:
        message_id = ses.send_email(
            to=email.to,
            subject=email.subject,
            text=email.text,
            html=email.html,
            pictures=email.pictures,
            headers=headers.build_headers(mail, email),
            tags=headers.build_tags(mail),
        )
    except Throttled:
        return _delay(mail, now)
    except SendFailed:
        logger.warning(
            "SES did not accept the mail", exc_info=True, mail_id=mail.id, tries=mail.attempts
        )
        if mail.attempts >= MAX_ATTEMPTS:
            return _settle(mail, "parked", now)
        models.postpone_mail(mail, now + RETRY_DELAY * mail.attempts)
        return "postponed"
    return _settle(mail, "sent", now, message_id)


def _settle(mail: OutboxMail, outcome: str, now: datetime, message_id: str | None = None) -> str:
    with suppress(ConditionFailed):  # the lease has ended, and another dispatcher was faster
        transact(models.settle_mail_write(mail, outcome, now, message_id))
    return outcome


def _delay(mail: OutboxMail, now: datetime) -> str:
    """Give the mail back without counting the attempt: nothing is wrong with the mail."""
    models.postpone_mail(mail, now + THROTTLE_DELAY, tried=False)
    return DELAYED


def measure_backlog(now: datetime) -> dict[str, int]:
    """Record how many seconds the oldest due mail has been waiting; 0 when no mail waits."""
    since = time_index.find_oldest_due("mail", now)
    return record_outcome("outbox", {"oldest_seconds": int((now - (since or now)).total_seconds())})
