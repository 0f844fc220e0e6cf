"""The dispatcher: claim -> look again -> send -> mark.

SES has no idempotency token, so the promise is: never lost, at most one mail more for each crash
between SES's acceptance and the mark, and none otherwise.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain import letters
from chalicelib.domain.letters import Letter
from chalicelib.observability import logger, report
from chalicelib.store import mail, outbox, wake
from chalicelib.store.mail import SendFailed
from chalicelib.store.outbox import Mail

MAX_ATTEMPTS = 4
RETRY_AFTER = timedelta(seconds=60)
FAILED = "failed"


def sweep(now: datetime) -> dict[str, int]:
    """Deliver all mail whose time has come; the stream's dispatcher has usually been first."""
    outcomes: Counter[str] = Counter()
    for row in wake.ready("mail", now):
        outcomes[_guarded(row.PK.removeprefix("OUTBOX#"), now)] += 1
    wake.settle("mail", now)
    return report("mail", outcomes)


def dispatch(records: list[dict[str, Any]], *, now: datetime) -> dict[str, Any]:
    """Deliver the mails of a stream batch; those that failed are named, so that only they return
    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)."""
    outcomes: Counter[str] = Counter()
    failures = []
    for sequence_number, mail_id in outbox.in_stream(records):
        outcome = _guarded(mail_id, now)
        outcomes[outcome] += 1
        if outcome == FAILED:
            failures.append({"itemIdentifier": sequence_number})
    report("mail", outcomes)
    return {"batchItemFailures": failures}


def _guarded(mail_id: str, now: datetime) -> str:
    """Deliver one mail; whatever goes wrong with it does not stop the rest."""
    try:
        return deliver(mail_id, now=now)
    except Exception:
        logger.exception("mail could not be brought to an end", mail_id=mail_id)
        return FAILED


def deliver(mail_id: str, *, now: datetime) -> str:
    """Bring one mail to its end and say which: sent, dropped, postponed, parked, or `taken` when
    somebody else has it or had it."""
    owed = outbox.by_id(mail_id)
    if owed is None or not outbox.claim(owed, now):
        return "taken"
    if owed.attempts > MAX_ATTEMPTS:  # each try before died on the way
        outbox.settle(owed, "parked", now)
        return "parked"
    letter = letters.write(owed, now)
    if letter is None:
        outbox.settle(owed, "dropped", now)
        return "dropped"
    return _send(owed, letter, now)


def _send(owed: Mail, letter: Letter, now: datetime) -> str:
    try:
        accepted = mail.send(
            to=letter.to, subject=letter.subject, text=letter.text, html=letter.html
        )
    except SendFailed:
        return _try_later(owed, now)
    outbox.settle(owed, "sent", now, accepted)
    return "sent"


def _try_later(owed: Mail, now: datetime) -> str:
    logger.warning("mail was not accepted", exc_info=True, mail_id=owed.id, tries=owed.attempts)
    if owed.attempts >= MAX_ATTEMPTS:
        outbox.settle(owed, "parked", now)
        return "parked"
    outbox.postpone(owed, now + RETRY_AFTER * owed.attempts)
    return "postponed"
