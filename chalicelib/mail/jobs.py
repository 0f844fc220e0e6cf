"""The dispatcher: claim -> wait for a turn -> look again -> send -> mark.

SES has no idempotency token, so the promise is: never lost, at most one mail more for each crash
between SES's acceptance and the mark, and none otherwise.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import ses
from chalicelib.aws.ses import SendFailed, Throttled
from chalicelib.dynamodb import time_index
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.mail import headers, kinds, models
from chalicelib.mail.kinds import FAN_OUTS
from chalicelib.mail.models import OutboxMail
from chalicelib.mail.rendering import Email
from chalicelib.observability import logger, record_outcome

MAX_ATTEMPTS = 4
RETRY_DELAY = timedelta(seconds=60)
# SES takes no more: too fast for the moment, or the day's quota is used up.
THROTTLE_DELAY = timedelta(seconds=60)
FAILED, DELAYED = "failed", "delayed"


def sweep_outbox(now: datetime, pace: TimeBudget | None = None) -> dict[str, int]:
    """Deliver all mail whose time has come; the stream's dispatcher has usually been first.

    Without a `pace` it hurries: it looks at no deadline and at no quota.
    """
    waiting = (row.PK.removeprefix("OUTBOX#") for row in time_index.list_due("mail", now))
    outcomes = Counter(dict(_deliver_all(waiting, now, pace)).values())
    time_index.advance_watermark("mail", now)
    return record_outcome("mail", outcomes)


def dispatch_streamed_mail(
    records: list[dict[str, Any]], *, now: datetime, pace: TimeBudget | None = None
) -> dict[str, Any]:
    """Deliver the mails of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html). What
    there was no time for is left to the sweep."""
    numbers = {mail_id: number for number, mail_id in models.list_streamed_mail(records)}
    outcomes = dict(_deliver_all(numbers, now, pace))
    record_outcome("mail", Counter(outcomes.values()))
    failed = [mail_id for mail_id, outcome in outcomes.items() if outcome == FAILED]
    return {"batchItemFailures": [{"itemIdentifier": numbers[mail_id]} for mail_id in failed]}


def _deliver_all(
    mail_ids: Iterable[str], now: datetime, pace: TimeBudget | None
) -> Iterable[tuple[str, str]]:
    """Deliver one mail after the other, as long as there is time and SES takes any."""
    for mail_id in mail_ids:
        if pace is not None and not pace.has_time():
            return
        outcome = _guarded(mail_id, now if pace is None else pace.clock(), pace)
        yield mail_id, outcome
        if outcome == DELAYED:
            return


def _guarded(mail_id: str, now: datetime, pace: TimeBudget | None) -> str:
    """Deliver one mail; whatever goes wrong with it does not stop the rest."""
    try:
        return deliver_mail(mail_id, now=now, pace=pace)
    except Exception:
        logger.exception("mail could not be brought to an end", mail_id=mail_id)
        return FAILED


def deliver_mail(mail_id: str, *, now: datetime, pace: TimeBudget | None = None) -> str:
    """Bring one mail to its end and say which: sent, spread, dropped, postponed, delayed, parked,
    or `taken` when somebody else has it or had it, or its time has not come."""
    owed = models.get_mail(mail_id)
    if owed is None or not models.is_mail_due(owed, now) or not models.claim_mail(owed, now):
        return "taken"
    if owed.is_reclaimed:
        record_outcome("mail", {"retaken": 1})  # whoever had it died, perhaps after SES accepted it
    if owed.attempts > MAX_ATTEMPTS:  # each try before died on the way
        models.settle_mail(owed, "parked", now)
        return "parked"
    if owed.kind in FAN_OUTS:
        return _fan_out(owed, now)
    if pace is not None:
        if not pace.take_turn():
            return _delay(owed, now)
        now = pace.clock()
    letter = kinds.build_email(owed, now)  # not before the wait: much may change in it
    if letter is None:
        models.settle_mail(owed, "dropped", now)
        return "dropped"
    return _send(owed, letter, now)


def _fan_out(owed: OutboxMail, now: datetime) -> str:
    FAN_OUTS[owed.kind](owed, now)
    models.settle_mail(owed, "spread", now)
    return "spread"


def _send(owed: OutboxMail, letter: Email, now: datetime) -> str:
    try:
        accepted = ses.send_email(
            to=letter.to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            pictures=letter.pictures,
            headers=headers.build_headers(owed, letter),
            tags=headers.build_tags(owed),
        )
    except Throttled:
        return _delay(owed, now)
    except SendFailed:
        return _try_later(owed, now)
    models.settle_mail(owed, "sent", now, accepted)
    return "sent"


def _delay(owed: OutboxMail, now: datetime) -> str:
    """Give the mail back, with the try that was none."""
    models.postpone_mail(owed, now + THROTTLE_DELAY, tried=False)
    return DELAYED


def _try_later(owed: OutboxMail, now: datetime) -> str:
    logger.warning(
        "SES did not accept the mail", exc_info=True, mail_id=owed.id, tries=owed.attempts
    )
    if owed.attempts >= MAX_ATTEMPTS:
        models.settle_mail(owed, "parked", now)
        return "parked"
    models.postpone_mail(owed, now + RETRY_DELAY * owed.attempts)
    return "postponed"


def measure_backlog(now: datetime) -> dict[str, int]:
    """Seconds since the oldest mail should have gone out; 0 when none waits."""
    since = time_index.find_oldest_due("mail", now)
    return record_outcome("outbox", {"oldest_seconds": int((now - (since or now)).total_seconds())})
