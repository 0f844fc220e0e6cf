"""Queues of SQS: read one without taking its messages, and send to one that keeps the order."""

from typing import Any

from msgspec import Struct

from chalicelib.aws import clients
from chalicelib.dynamodb.outages import translate_outages

PEEKED_MAX = 10  # what one call of SQS can return
SENT_MAX = 10  # what one call of SQS can send
# SQS asks all of its servers, and not only some, when a call may wait.
WAIT_SECONDS = 1


class MessageCounts(Struct, frozen=True):
    """About how many messages a queue has: those that a reader can receive now, and those that some
    reader has received and not yet deleted."""

    visible: int
    in_flight: int


class OrderedMessage(Struct, frozen=True):
    """A message of a FIFO queue. The messages of a `group` are delivered in order; one that is sent
    again within five minutes, with the same `id`, is delivered once."""

    group: str
    id: str
    body: str


class NotSent(Exception):
    """SQS refused messages."""


def send_in_order(queue_url: str, messages: list[OrderedMessage]) -> None:
    """Send messages to a FIFO queue. Raises `NotSent`, or `Unavailable` in an outage."""
    for start in range(0, len(messages), SENT_MAX):
        entries = [
            {
                "Id": str(number),
                "MessageGroupId": message.group,
                "MessageDeduplicationId": message.id,
                "MessageBody": message.body,
            }
            for number, message in enumerate(messages[start : start + SENT_MAX])
        ]
        with translate_outages():
            answer = clients.sqs_client().send_message_batch(QueueUrl=queue_url, Entries=entries)
        if answer.get("Failed"):
            raise NotSent(answer["Failed"][0]["Code"])


def count_messages(queue_url: str) -> MessageCounts:
    """Return how many messages the queue has. The counts are approximate and a minute behind."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    with translate_outages():
        found = clients.sqs_client().get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    visible, in_flight = (int(found["Attributes"][name]) for name in names)
    return MessageCounts(visible, in_flight)


def peek_messages(queue_url: str) -> list[dict[str, Any]]:
    """Return up to `PEEKED_MAX` messages as SQS delivers them; other readers still receive them.

    SQS picks the messages, so a longer queue may show others each time.
    """
    with translate_outages():
        received = clients.sqs_client().receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=PEEKED_MAX,
            VisibilityTimeout=0,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["TARGET_ARN", "ERROR_CODE"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
    return list(received.get("Messages", []))
