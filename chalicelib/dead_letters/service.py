"""The dead letters at a glance, for site staff; an operator replays them with `make replay`."""

import re
from datetime import UTC, datetime

from msgspec import Struct

from chalicelib import settings
from chalicelib.aws import sqs
from chalicelib.aws.sqs import MessageCounts
from chalicelib.dead_letters.messages import DeadLetter, parse_message

# CloudFormation names a function `<stack>-<logical id>-<random characters>`.
_PHYSICAL_NAME = re.compile(r"-([A-Za-z]\w*)-\w+$")


class QueuedLetter(Struct, frozen=True):
    """A dead letter and the time when it came into the queue."""

    letter: DeadLetter
    sent_at: datetime

    @property
    def function(self) -> str | None:
        """The function's name in the template, such as `FollowChanges`; None if it is unknown."""
        name = self.letter.function_name
        match = _PHYSICAL_NAME.search(name)
        return match[1] if match else name or None


class DeadLetterQueue(Struct, frozen=True):
    """The size of the queue, and some of its messages, the oldest first."""

    counts: MessageCounts
    letters: list[QueuedLetter]


def read_queue() -> DeadLetterQueue:
    """Return the size of the queue and up to ten of its messages, which stay in it."""
    counts = sqs.count_messages(settings.DEAD_LETTERS_URL)
    letters = {}
    for message in sqs.peek_messages(settings.DEAD_LETTERS_URL):
        milliseconds = int(message["Attributes"]["SentTimestamp"])
        sent_at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        letters[message["MessageId"]] = QueuedLetter(parse_message(message), sent_at)
    return DeadLetterQueue(counts, sorted(letters.values(), key=lambda each: each.sent_at))
