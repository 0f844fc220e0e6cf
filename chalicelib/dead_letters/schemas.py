"""JSON types of the dead letters."""

from enum import StrEnum

from msgspec import Struct

from chalicelib.dead_letters.service import DeadLetterQueue, QueuedLetter
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.http.fields import Time


class LetterSource(StrEnum):
    """The source of the event: the table's stream, or another one."""

    STREAM = "stream"
    EVENT = "event"


class DeadLetterSummary(Struct):
    """An event that a function gave up on, without its content.

    `reason` is the word of Lambda or EventBridge for it, `request_id` the id of the last invocation
    in the function's log, and `records` the number of records of the stream.
    """

    id: str
    function: str | None
    source: LetterSource
    reason: str | None
    invocations: int | None
    records: int | None
    request_id: str | None
    sent_at: Time


class DeadLetters(Struct):
    """The queue of dead letters: its size, which is approximate, and up to ten of its messages.

    `being_replayed` are messages that somebody is replaying now; these are not in `items`.
    """

    waiting: int
    being_replayed: int
    items: list[DeadLetterSummary]


def present_dead_letters(queue: DeadLetterQueue) -> DeadLetters:
    """Return the queue as JSON type."""
    # The count is behind, so it may be smaller than the number of messages seen.
    waiting = max(queue.counts.visible, len(queue.letters))
    return DeadLetters(waiting, queue.counts.in_flight, [_present(each) for each in queue.letters])


def _present(queued: QueuedLetter) -> DeadLetterSummary:
    letter, batch = queued.letter, queued.letter.batch
    return DeadLetterSummary(
        id=letter.id,
        function=queued.function,
        source=LetterSource.EVENT if batch is None else LetterSource.STREAM,
        reason=letter.reason,
        invocations=letter.invocations,
        records=None if batch is None else int(batch.get("batchSize", 0)),
        request_id=letter.request_id,
        sent_at=format_timestamp(queued.sent_at),
    )
