"""The dead letters of the stack: events that functions gave up on, as AWS sends them to a queue.

A letter about an asynchronous invocation, or from an EventBridge rule, holds the event. One about a
stream holds the position of the failed records in the stream.

- https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
- https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html

This module reads no settings, so `make replay` uses it too.
"""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class DeadLetter(Struct, frozen=True):
    """A message of the dead-letter queue; `attributes` are its message attributes as text."""

    id: str
    receipt: str
    content: dict[str, Any]
    attributes: dict[str, str]

    @property
    def function_arn(self) -> str:
        """The function that gave up; empty if the message does not say so.

        A rule names its target in an attribute.
        """
        return str(self._context.get("functionArn") or self.attributes.get("TARGET_ARN", ""))

    @property
    def function_name(self) -> str:
        """The function's physical name, without a qualifier."""
        return (self.function_arn.split(":") + [""] * 7)[6]

    @property
    def batch(self) -> dict[str, Any] | None:
        """The position of a failed batch in the stream; None for other events."""
        return self.content.get("DDBStreamBatchInfo")

    @property
    def reason(self) -> str | None:
        """The reason for which Lambda or EventBridge gave up, such as `RetriesExhausted`."""
        reason = self._context.get("condition") or self.attributes.get("ERROR_CODE")
        return None if reason is None else str(reason)

    @property
    def request_id(self) -> str | None:
        """The id of the last invocation, which the function's log has too."""
        request_id = self._context.get("requestId")
        return None if request_id is None else str(request_id)

    @property
    def invocations(self) -> int | None:
        """The number of times the function was invoked, if the message has it."""
        count = self._context.get("approximateInvokeCount")
        return count if isinstance(count, int) else None

    @property
    def _context(self) -> dict[str, Any]:
        context = self.content.get("requestContext")
        return context if isinstance(context, dict) else {}


def parse_message(message: Mapping[str, Any]) -> DeadLetter:
    """Return a message that SQS delivered; its content is empty if it is no JSON object."""
    try:
        content = json.loads(message["Body"])
    except json.JSONDecodeError:
        content = {}
    attributes = {
        name: str(value.get("StringValue"))
        for name, value in message.get("MessageAttributes", {}).items()
    }
    content = content if isinstance(content, dict) else {}
    return DeadLetter(message["MessageId"], message["ReceiptHandle"], content, attributes)
