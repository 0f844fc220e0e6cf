"""Mail that is owed: a row written in its cause's transaction, kept as the ledger of what went.

A row's id says what the mail is (a reminder's: task, due value, recipient), so the same cause can
never owe the same mail twice. It waits, is claimed for the length of a lease, and ends as sent,
dropped or parked. A row without a recipient stands for several mails, and ends as spread, when each
has a row of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.accounts.models import normalize_identifier
from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.table import Item, Key, backoff_delays, get_item
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, Upsert, transact

# Longer than one mail may take, with the wait for its turn.
MAIL_LEASE = timedelta(seconds=120)
MAIL_KEPT_FOR = timedelta(days=90)


class OutboxMail(Item):
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
    def key(mail_id: str) -> "Key[OutboxMail]":
        return Key(OutboxMail, f"OUTBOX#{mail_id}", "MAIL")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("OUTBOX#")

    @property
    def is_reclaimed(self) -> bool:
        """Whether somebody held it before us and never gave it back."""
        return self.leased_until is not None


def queue_mail_write(
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
    key = OutboxMail.key(mail_id)
    row = OutboxMail(
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
        created_at=format_timestamp(now),
        expires_at=to_epoch_seconds(now + MAIL_KEPT_FOR),
        **time_index.build_keys("mail", format_timestamp(at or now), mail_id),  # type: ignore[arg-type]
    )
    return Put(row)


def list_streamed_mail(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The mails that a batch of the table's stream speaks of: sequence number and mail id."""
    for record in records:
        change = record["dynamodb"]
        yield change["SequenceNumber"], change["Keys"]["PK"]["S"].removeprefix("OUTBOX#")


def get_mail(mail_id: str) -> OutboxMail | None:
    return get_item(OutboxMail.key(mail_id))


def claim_mail(mail: OutboxMail, now: datetime) -> bool:
    """Take the mail for the length of a lease; False when somebody has it or it is settled."""
    free = OutboxMail.leased_until.does_not_exist() | (
        OutboxMail.leased_until < format_timestamp(now)
    )
    unsettled = OutboxMail.PK.exists() & OutboxMail.settled_at.does_not_exist()
    actions = (
        OutboxMail.leased_until.set(format_timestamp(now + MAIL_LEASE)),
        OutboxMail.attempts.add(1),
    )
    try:
        transact(Update(OutboxMail.key(mail.id), actions, unsettled & free))
    except ConditionFailed:
        return False
    mail.attempts += 1
    return True


def settle_mail(
    mail: OutboxMail, outcome: str, now: datetime, message_id: str | None = None
) -> None:
    """Close the row for good: `sent`, `dropped` (no longer wanted) or `parked` (gave up)."""
    sent = () if message_id is None else (OutboxMail.message_id.set(message_id),)
    actions = (
        OutboxMail.settled_at.set(format_timestamp(now)),
        OutboxMail.outcome.set(outcome),
        OutboxMail.wake_key.remove(),
        OutboxMail.wake_at.remove(),
        OutboxMail.expires_at.set(to_epoch_seconds(now + MAIL_KEPT_FOR)),
        *sent,
    )
    transact(Update(OutboxMail.key(mail.id), actions))


def postpone_mail(mail: OutboxMail, until: datetime, *, tried: bool = True) -> None:
    """Give the mail back, to be tried again from `until` on; not `tried` is not counted."""
    waking = time_index.build_keys("mail", format_timestamp(until), mail.id)
    uncounted = () if tried else (OutboxMail.attempts.add(-1),)
    actions = (
        *uncounted,
        OutboxMail.leased_until.remove(),
        OutboxMail.wake_key.set(str(waking["wake_key"])),
        OutboxMail.wake_at.set(str(waking["wake_at"])),
    )
    transact(Update(OutboxMail.key(mail.id), actions))


def is_mail_due(mail: OutboxMail, now: datetime) -> bool:
    """Whether the mail waits, its time has come and nobody has it."""
    if mail.wake_at is None or parse_timestamp(mail.wake_at) > now:
        return False
    return mail.leased_until is None or mail.leased_until < format_timestamp(now)


class Suppression(Item):
    """Its key is a digest: the address stands nowhere in it."""

    reason = UnicodeAttribute(null=True)
    reported_at = UnicodeAttribute(null=True)
    verified_at = UnicodeAttribute(null=True)
    unsubscribed_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(address: str) -> "Key[Suppression]":
        return Suppression.of_digest(hash_address(address))

    @staticmethod
    def of_digest(digest: str) -> "Key[Suppression]":
        return Key(Suppression, f"ADDRESS#{digest}", "SUPPRESSION")


def hash_address(address: str) -> str:
    """What stands for an address where it should not stand itself."""
    return sha256(normalize_identifier(address).encode()).hexdigest()


def report_address_write(address: str, reason: str, at: datetime) -> Update:
    """The write that notes a report; it does not hold for one that is older than what is known."""
    newer = Suppression.reported_at.does_not_exist() | (
        Suppression.reported_at < format_timestamp(at)
    )
    unverified = Suppression.verified_at.does_not_exist() | (
        Suppression.verified_at < format_timestamp(at)
    )
    actions = (Suppression.reason.set(reason), Suppression.reported_at.set(format_timestamp(at)))
    return Update(Suppression.key(address), actions, newer & unverified)


def lift_suppression_write(address: str, now: datetime) -> Upsert:
    """The write that notes that the address was verified."""
    return Upsert(Suppression.key(address), (Suppression.verified_at.set(format_timestamp(now)),))


def unsubscribe_address_write(digest: str, now: datetime) -> Upsert:
    """The write that notes that whoever reads mail at an address wants no more invitations."""
    noting = Suppression.unsubscribed_at.set(format_timestamp(now))
    return Upsert(Suppression.of_digest(digest), (noting,))


def accepts_invitations(address: str) -> bool:
    row = get_item(Suppression.key(address))
    return row is None or row.unsubscribed_at is None


def is_suppressed(address: str) -> bool:
    """Whether nothing may be sent to the address."""
    row = get_item(Suppression.key(address))
    if row is None or row.reported_at is None:
        return False
    return row.verified_at is None or row.verified_at < row.reported_at


MAX_ATTEMPTS = 50
MICROSECOND = timedelta(microseconds=1)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SendRate(Item):
    """`next_turn` is in microseconds since 1970: at 500 mails a second a turn has two thousand."""

    next_turn = NumberAttribute()

    @staticmethod
    def key() -> "Key[SendRate]":
        return Key(SendRate, "SENDRATE", "SENDRATE")


def reserve_send_slot(earliest: datetime, every: timedelta, until: datetime) -> datetime | None:
    """The next turn that nobody has, `every` after the one before it, and not before `earliest`;
    None when that is after `until` or when rivals were always first."""
    turn = (earliest - UNIX_EPOCH) // MICROSECOND
    for _ in backoff_delays(MAX_ATTEMPTS):
        if UNIX_EPOCH + turn * MICROSECOND > until:
            return None
        free = SendRate.PK.does_not_exist() | (SendRate.next_turn <= turn)
        taking = SendRate.next_turn.set(turn + every // MICROSECOND)
        try:
            transact(Update(SendRate.key(), (taking,), free))
        except ConditionFailed as failed:
            turn = _next_turn(failed)
            continue
        return UNIX_EPOCH + turn * MICROSECOND
    return None


def _next_turn(failed: ConditionFailed) -> int:
    """Where the turns of others end."""
    row = failed.row or {}
    return int(row["next_turn"]["N"])
