"""The outbox, suppressed addresses and the sending rate.

An outbox item is written in the transaction of its cause and kept as the record of what was sent.
Its id says what the mail is (for a reminder: task, due time and recipient), so the same cause never
queues the same mail twice. The mail is due at a time, is leased while it is sent, and ends as sent,
dropped or parked; as `inbox` when it goes only to the inbox, and as `gathered` when the daily
digest tells of it. An item without a recipient stands for several mails and ends as spread when
each of them has an item of its own.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.mapping.expressions import is_unchanged, set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, Upsert, transact
from chalicelib.email_addresses import canonical_address
from chalicelib.jobs.models import is_lease_free

# Longer than one mail takes, including the wait for its sending slot.
MAIL_LEASE = timedelta(seconds=120)
MAIL_KEPT_FOR = timedelta(days=90)
SLOT_ATTEMPTS = 50
MICROSECOND = timedelta(microseconds=1)
# The outcomes of mails that were not sent themselves, so the ledger does not list them.
UNLISTED = frozenset({"spread", "inbox", "gathered"})
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OutboxMail(Item):
    """One queued mail. `recipient` is a user id, `epoch` the user's epoch or the number of an
    invitation's sending, when that must not change before the mail is sent. `notification_id` is
    the id of its notification, assigned by the first dispatcher; `in_inbox` says that the inbox has
    it. `digest` is the number of the daily digest that the mail contains."""

    kind = UnicodeAttribute()
    recipient = UnicodeAttribute(null=True)
    actor = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    epoch = NumberAttribute(null=True)
    task_id = UnicodeAttribute(null=True)
    comment_id = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    reminder = UnicodeAttribute(null=True)
    digest = NumberAttribute(null=True)
    notification_id = UnicodeAttribute(null=True)
    in_inbox = BooleanAttribute(null=True)
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


UNSETTLED = OutboxMail.PK.exists() & OutboxMail.settled_at.does_not_exist()


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
    digest: int | None = None,
    at: datetime | None = None,
) -> Put:
    """Return the write that queues one mail, due now or `at` a time.

    It belongs into the transaction of the mail's cause, and fails when the mail is queued already.
    """
    key = OutboxMail.key(mail_id)
    mail = OutboxMail(
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
        digest=digest,
        created_at=format_timestamp(now),
        expires_at=to_epoch_seconds(now + MAIL_KEPT_FOR),
        **time_index.build_keys("mail", format_timestamp(at or now), mail_id),
    )
    return Put(mail)


def queue_once(mail: Put) -> bool:
    """Commit the write of a mail alone. Returns False when the mail was queued before."""
    try:
        transact(mail)
    except ConditionFailed:
        return False
    return True


def get_mail(mail_id: str) -> OutboxMail | None:
    """Return the mail, or None if it does not exist."""
    return get_item(OutboxMail.key(mail_id))


def is_mail_due(mail: OutboxMail, now: datetime) -> bool:
    """Return whether the mail is not settled, is due, and no dispatcher holds its lease."""
    if mail.settled_at is not None or not time_index.is_due(mail, now):
        return False
    return mail.leased_until is None or mail.leased_until < format_timestamp(now)


def claim_mail(mail: OutboxMail, now: datetime) -> bool:
    """Lease the mail for `MAIL_LEASE`. Returns False when it is leased or settled.

    The first claim assigns the id of the mail's notification, and every later one finds it, so a
    dispatcher that repeats the work of a dead one writes the same notification.
    """
    notification_id = mail.notification_id or new_id(now)
    actions = (
        OutboxMail.leased_until.set(format_timestamp(now + MAIL_LEASE)),
        OutboxMail.attempts.add(1),
        OutboxMail.notification_id.set(notification_id),
    )
    condition = (
        UNSETTLED
        & is_lease_free(OutboxMail.leased_until, now)
        & is_unchanged(mail, "notification_id")
    )
    try:
        transact(Update(OutboxMail.key(mail.id), actions, condition))
    except ConditionFailed:
        return False
    mail.attempts += 1
    mail.notification_id = notification_id
    return True


def ledger_key(outcome: str, month: str) -> str:
    """Return the partition of the time index with the mails that ended so in a month (`2026-11`).

    Their range key is the time of the end.
    """
    return f"mail_{outcome}#{month}"


def settle_mail_write(
    mail: OutboxMail, outcome: str, now: datetime, message_id: str | None = None
) -> Update:
    """Return the write of the final outcome: `sent`, `spread`, `dropped`, `parked`, `inbox` or
    `gathered`. It fails when the mail is settled already.

    The time index then lists the mail by the time at which it ended, unless it is `UNLISTED`.
    """
    time = format_timestamp(now)
    ledger = None if outcome in UNLISTED else ledger_key(outcome, time[:7])
    sent = () if message_id is None else (OutboxMail.message_id.set(message_id),)
    actions = (
        OutboxMail.settled_at.set(time),
        OutboxMail.outcome.set(outcome),
        set_or_remove(OutboxMail, "wake_key", ledger),
        set_or_remove(OutboxMail, "wake_at", ledger and time),
        OutboxMail.expires_at.set(to_epoch_seconds(now + MAIL_KEPT_FOR)),
        *sent,
    )
    return Update(OutboxMail.key(mail.id), actions, UNSETTLED)


def postpone_mail(mail: OutboxMail, until: datetime, *, tried: bool = True) -> None:
    """Give up the lease of a mail and make it due at `until`. With `tried=False` the attempt does
    not count."""
    index_keys = time_index.build_keys("mail", format_timestamp(until), mail.id)
    uncounted = () if tried else (OutboxMail.attempts.add(-1),)
    actions = (
        *uncounted,
        OutboxMail.leased_until.remove(),
        OutboxMail.wake_key.set(str(index_keys["wake_key"])),
        OutboxMail.wake_at.set(str(index_keys["wake_at"])),
        set_or_remove(OutboxMail, "in_inbox", mail.in_inbox),
    )
    transact(Update(OutboxMail.key(mail.id), actions))


class Suppression(Item):
    """The state of an address: bounces, complaints and unsubscriptions. The key is a hash, so the
    item does not contain the address."""

    reason = UnicodeAttribute(null=True)
    reported_at = UnicodeAttribute(null=True)
    verified_at = UnicodeAttribute(null=True)
    unsubscribed_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(address: str) -> "Key[Suppression]":
        return Suppression.key_of_hash(hash_address(address))

    @staticmethod
    def key_of_hash(address_hash: str) -> "Key[Suppression]":
        return Key(Suppression, f"ADDRESS#{address_hash}", "SUPPRESSION")


def hash_address(address: str) -> str:
    """Return the hash that stands for an address where the address itself must not appear."""
    return sha256(canonical_address(address).encode()).hexdigest()


def report_address_write(address: str, reason: str, at: datetime) -> Update:
    """Return the write that records a bounce or complaint.

    It fails when the report is not newer than the last report and the last verification.
    """
    time = format_timestamp(at)
    newer = Suppression.reported_at.does_not_exist() | (Suppression.reported_at < time)
    unverified = Suppression.verified_at.does_not_exist() | (Suppression.verified_at < time)
    actions = (Suppression.reason.set(reason), Suppression.reported_at.set(time))
    return Update(Suppression.key(address), actions, newer & unverified)


def lift_suppression_write(address: str, now: datetime) -> Upsert:
    """Return the write that records that the address was verified."""
    return Upsert(Suppression.key(address), (Suppression.verified_at.set(format_timestamp(now)),))


def get_suppression(address: str) -> Suppression | None:
    """Return the state of an address; None if there is none."""
    return get_item(Suppression.key(address))


def unsubscribe_address_write(address_hash: str, now: datetime) -> Upsert:
    """Return the write that records that an address wants no more invitations."""
    unsubscribed = Suppression.unsubscribed_at.set(format_timestamp(now))
    return Upsert(Suppression.key_of_hash(address_hash), (unsubscribed,))


def accepts_invitations(address: str) -> bool:
    """Return whether the address has not unsubscribed from invitations."""
    suppression = get_suppression(address)
    return suppression is None or suppression.unsubscribed_at is None


def is_suppressed(address: str) -> bool:
    """Return whether nothing may be sent to the address."""
    known = get_suppression(address)
    if known is None or known.reported_at is None:
        return False
    return known.verified_at is None or known.verified_at < known.reported_at


class SendRate(Item):
    """The start of the next free sending slot, in microseconds since 1970: at 500 mails a second a
    slot lasts two thousand of them."""

    next_turn = NumberAttribute()

    @staticmethod
    def key() -> "Key[SendRate]":
        return Key(SendRate, "SENDRATE", "SENDRATE")


def reserve_send_slot(earliest: datetime, every: timedelta, until: datetime) -> datetime | None:
    """Reserve the next free sending slot and return its start.

    Slots are `every` apart and the reserved one is not before `earliest`. Returns None when it
    would start after `until`, or when concurrent writers win every one of `SLOT_ATTEMPTS` tries.
    """
    slot = (earliest - UNIX_EPOCH) // MICROSECOND
    for _ in range(SLOT_ATTEMPTS):
        if UNIX_EPOCH + slot * MICROSECOND > until:
            return None
        free = SendRate.PK.does_not_exist() | (SendRate.next_turn <= slot)
        reserve = SendRate.next_turn.set(slot + every // MICROSECOND)
        try:
            transact(Update(SendRate.key(), (reserve,), free))
        except ConditionFailed as failed:
            stored = failed.item or {}
            slot = int(stored["next_turn"]["N"])
            continue
        return UNIX_EPOCH + slot * MICROSECOND
    return None
