"""The dispatcher: claim -> wait for a turn -> look again -> send -> mark.

SES has no idempotency token, so the promise is: never lost, at most one mail more for each crash
between SES's acceptance and the mark, and none otherwise.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import envelopes, letters
from chalicelib.domain.letters import Letter
from chalicelib.domain.pacing import Pace
from chalicelib.observability import logger, report
from chalicelib.store import mail, outbox, wake
from chalicelib.store.mail import SendFailed, Throttled
from chalicelib.store.outbox import Mail

MAX_ATTEMPTS = 4
RETRY_AFTER = timedelta(seconds=60)
# SES takes no more: too fast for the moment, or the day's quota is used up.
DELAY = timedelta(seconds=60)
FAILED, DELAYED = "failed", "delayed"


def sweep(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Deliver all mail whose time has come; the stream's dispatcher has usually been first.

    Without a `pace` it hurries: it looks at no deadline and at no quota.
    """
    waiting = (row.PK.removeprefix("OUTBOX#") for row in wake.ready("mail", now))
    outcomes = Counter(dict(_deliver_all(waiting, now, pace)).values())
    wake.settle("mail", now)
    return report("mail", outcomes)


def dispatch(
    records: list[dict[str, Any]], *, now: datetime, pace: Pace | None = None
) -> dict[str, Any]:
    """Deliver the mails of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html). What
    there was no time for is left to the sweep."""
    numbers = {mail_id: number for number, mail_id in outbox.in_stream(records)}
    outcomes = dict(_deliver_all(numbers, now, pace))
    report("mail", Counter(outcomes.values()))
    failed = [mail_id for mail_id, outcome in outcomes.items() if outcome == FAILED]
    return {"batchItemFailures": [{"itemIdentifier": numbers[mail_id]} for mail_id in failed]}


def _deliver_all(
    mail_ids: Iterable[str], now: datetime, pace: Pace | None
) -> Iterable[tuple[str, str]]:
    """Deliver one mail after the other, as long as there is time and SES takes any."""
    for mail_id in mail_ids:
        if pace is not None and not pace.has_time():
            return
        outcome = _guarded(mail_id, now if pace is None else pace.clock(), pace)
        yield mail_id, outcome
        if outcome == DELAYED:
            return


def _guarded(mail_id: str, now: datetime, pace: Pace | None) -> str:
    """Deliver one mail; whatever goes wrong with it does not stop the rest."""
    try:
        return deliver(mail_id, now=now, pace=pace)
    except Exception:
        logger.exception("mail could not be brought to an end", mail_id=mail_id)
        return FAILED


def deliver(mail_id: str, *, now: datetime, pace: Pace | None = None) -> str:
    """Bring one mail to its end and say which: sent, spread, dropped, postponed, delayed, parked,
    or `taken` when somebody else has it or had it, or its time has not come."""
    owed = outbox.by_id(mail_id)
    if owed is None or not outbox.is_due(owed, now) or not outbox.claim(owed, now):
        return "taken"
    if owed.is_retaken:
        report("mail", {"retaken": 1})  # whoever had it died, perhaps after SES accepted it
    if owed.attempts > MAX_ATTEMPTS:  # each try before died on the way
        outbox.settle(owed, "parked", now)
        return "parked"
    if owed.kind in letters.SPREAD:
        return _spread(owed, now)
    if pace is not None:
        if not pace.take_turn():
            return _delay(owed, now)
        now = pace.clock()
    letter = letters.write(owed, now)  # not before the wait: much may change in it
    if letter is None:
        outbox.settle(owed, "dropped", now)
        return "dropped"
    return _send(owed, letter, now)


def _spread(owed: Mail, now: datetime) -> str:
    letters.SPREAD[owed.kind](owed, now)
    outbox.settle(owed, "spread", now)
    return "spread"


def _send(owed: Mail, letter: Letter, now: datetime) -> str:
    try:
        accepted = mail.send(
            to=letter.to,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            pictures=letter.pictures,
            headers=envelopes.headers(owed, letter),
            tags=envelopes.tags(owed),
        )
    except Throttled:
        return _delay(owed, now)
    except SendFailed:
        return _try_later(owed, now)
    outbox.settle(owed, "sent", now, accepted)
    return "sent"


def _delay(owed: Mail, now: datetime) -> str:
    """Give the mail back, with the try that was none."""
    outbox.postpone(owed, now + DELAY, tried=False)
    return DELAYED


def _try_later(owed: Mail, now: datetime) -> str:
    logger.warning("mail was not accepted", exc_info=True, mail_id=owed.id, tries=owed.attempts)
    if owed.attempts >= MAX_ATTEMPTS:
        outbox.settle(owed, "parked", now)
        return "parked"
    outbox.postpone(owed, now + RETRY_AFTER * owed.attempts)
    return "postponed"
