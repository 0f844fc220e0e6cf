"""Mail that is owed: a row written in its cause's transaction, kept as the ledger of what went.

A row's id says what the mail is (a reminder's: task, due value, recipient), so the same cause can
never owe the same mail twice. It waits, is claimed for the length of a lease, and ends as sent,
dropped or parked. A row without a recipient stands for several mails, and ends as spread, when each
has a row of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table, wake
from chalicelib.store.table import Key, Row
from chalicelib.store.times import epoch, moment, stamp
from chalicelib.store.transaction import ConditionFailed, Put, Update, transact

# Longer than one mail may take, with the wait for its turn.
LEASE = timedelta(seconds=120)
KEPT = timedelta(days=90)


class Mail(Row):
    kind = UnicodeAttribute()
    recipient = UnicodeAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    epoch = NumberAttribute(null=True)
    task_id = UnicodeAttribute(null=True)
    comment_id = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    reminder = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    attempts = NumberAttribute(default=0)
    leased_until = UnicodeAttribute(null=True)
    settled_at = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)

    @staticmethod
    def key(mail_id: str) -> "Key[Mail]":
        return Key(Mail, f"OUTBOX#{mail_id}", "MAIL")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("OUTBOX#")

    @property
    def is_retaken(self) -> bool:
        """Whether somebody held it before us and never gave it back."""
        return self.leased_until is not None


def owed(
    mail_id: str,
    *,
    kind: str,
    recipient: str | None,
    now: datetime,
    task_id: str | None = None,
    comment_id: str | None = None,
    address: str | None = None,
    user_epoch: float | None = None,
    actor: str | None = None,
    due_at: str | None = None,
    reminder: str | None = None,
    at: datetime | None = None,
) -> Put:
    """The write that owes one mail, to be sent at once or `at` a time; put it into the transaction
    of the mail's cause."""
    key = Mail.key(mail_id)
    row = Mail(
        key.pk,
        key.sk,
        kind=kind,
        recipient=recipient,
        address=address,
        epoch=user_epoch,
        task_id=task_id,
        comment_id=comment_id,
        actor=actor,
        due_at=due_at,
        reminder=reminder,
        created_at=stamp(now),
        expires_at=epoch(now + KEPT),
        **wake.keys("mail", stamp(at or now), mail_id),  # type: ignore[arg-type]
    )
    return Put(row)


def in_stream(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The mails that a batch of the table's stream speaks of: sequence number and mail id."""
    for record in records:
        change = record["dynamodb"]
        yield change["SequenceNumber"], change["Keys"]["PK"]["S"].removeprefix("OUTBOX#")


def by_id(mail_id: str) -> Mail | None:
    return table.get(Mail.key(mail_id))


def claim(mail: Mail, now: datetime) -> bool:
    """Take the mail for the length of a lease; False when somebody has it or it is settled."""
    free = Mail.leased_until.does_not_exist() | (Mail.leased_until < stamp(now))
    unsettled = Mail.PK.exists() & Mail.settled_at.does_not_exist()
    actions = (Mail.leased_until.set(stamp(now + LEASE)), Mail.attempts.add(1))
    try:
        transact(Update(Mail.key(mail.id), actions, unsettled & free))
    except ConditionFailed:
        return False
    mail.attempts += 1
    return True


def settle(mail: Mail, outcome: str, now: datetime, message_id: str | None = None) -> None:
    """Close the row for good: `sent`, `dropped` (no longer wanted) or `parked` (gave up)."""
    sent = () if message_id is None else (Mail.message_id.set(message_id),)
    actions = (
        Mail.settled_at.set(stamp(now)),
        Mail.outcome.set(outcome),
        Mail.wake_key.remove(),
        Mail.wake_at.remove(),
        Mail.expires_at.set(epoch(now + KEPT)),
        *sent,
    )
    transact(Update(Mail.key(mail.id), actions))


def postpone(mail: Mail, until: datetime, *, tried: bool = True) -> None:
    """Give the mail back, to be tried again from `until` on; not `tried` is not counted."""
    waking = wake.keys("mail", stamp(until), mail.id)
    uncounted = () if tried else (Mail.attempts.add(-1),)
    actions = (
        *uncounted,
        Mail.leased_until.remove(),
        Mail.wake_key.set(str(waking["wake_key"])),
        Mail.wake_at.set(str(waking["wake_at"])),
    )
    transact(Update(Mail.key(mail.id), actions))


def is_due(mail: Mail, now: datetime) -> bool:
    """Whether the mail waits, its time has come and nobody has it."""
    if mail.wake_at is None or moment(mail.wake_at) > now:
        return False
    return mail.leased_until is None or mail.leased_until < stamp(now)
